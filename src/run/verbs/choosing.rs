//! `pick`: some of the answers, unchanged, chosen by a model that sees all of them or two at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::future::join_all;

use crate::plan::{Ask, Knockout, NodeId};
use crate::run::call::Shown;
use crate::run::combine::{pick, score};
use crate::run::errors::Why;
use crate::run::outcome::{Outcome, Output, Reply};
use crate::run::question::Question;
use crate::run::work::Work;
use crate::template::Data;

/// One answer, or the `count` best in the decider's order. Where there is nothing to choose nobody is asked; a decider that
/// fails without an `else` gives the first.
pub async fn choose(work: &Work<'_>, list: NodeId, ask: &Ask, count: Option<u32>) -> Outcome {
    let replies = match work.answers(list).await {
        Ok(replies) => replies,
        Err(why) => return work.fails(why),
    };
    // Several choices for a client come in order: then all of them are ranked, however few there are.
    let is_ranked = work.node.gives > 1;
    let wanted = if is_ranked { work.node.gives } else { count.unwrap_or(1) } as usize;
    let asks_for = if is_ranked { 1 } else { wanted };
    match replies.as_slice() {
        [] => return work.fails(Why::Nothing),
        all if all.len() <= asks_for => {
            let is_one = all.len() == 1;
            work.note("picked", format!("{}: the only answer{}", names(all), if is_one { "" } else { "s" }));
            return work.gives(given(work, replies, count));
        }
        _ => (),
    }
    let order = order(work, ask, replies.len());
    let question = match count {
        None if is_ranked => Question::Ranking(replies.len()),
        None => Question::Choice(replies.len()),
        Some(_) => Question::Choices { wanted, count: replies.len() },
    };
    let said = work.call(work.id, shown(&replies, &order, question), work.ready).await;
    let read = |reply: Arc<Reply>| {
        let text = &reply.completion.text;
        let numbers = match count {
            None if is_ranked => {
                score::ranking(text, replies.len()).map(|numbers| in_full(numbers, replies.len()))
            }
            None => pick::choice(text, replies.len()).map(|number| vec![number]),
            Some(_) => pick::choices(text, wanted, replies.len()),
        };
        numbers.ok_or_else(|| unreadable(work, work.id))
    };
    let chosen = match said.result.and_then(read) {
        Ok(numbers) => {
            let chosen = numbers.iter().map(|number| Arc::clone(&replies[order[number - 1]]));
            let chosen: Vec<_> = chosen.take(wanted).collect();
            work.note("picked", names(&chosen));
            chosen
        }
        Err(why) if work.node.fallback.is_some() => {
            return Outcome::new(Output::Failed(why), said.waves);
        }
        Err(_) => {
            let first: Vec<_> = replies.into_iter().take(wanted).collect();
            work.note("picked", format!("{}: the first, since the decider failed", names(&first)));
            first
        }
    };
    Outcome::new(given(work, chosen, count), said.waves)
}

/// Two at a time, until one is left. A match without a result goes to the first of the pair.
pub async fn knockout(work: &Work<'_>, knockout: &Knockout) -> Outcome {
    let mut left = match work.answers(knockout.list).await {
        Ok(replies) => replies,
        Err(why) => return work.fails(why),
    };
    let mut waves = work.ready;
    // Who was beaten last stands first.
    let mut beaten: VecDeque<Arc<Reply>> = VecDeque::new();
    for round in &knockout.rounds {
        let pairs = pick::pairs(left.len());
        assert!(pairs.len() <= round.len(), "lowering has a match for every pair");
        let matches = pairs.iter().zip(round).map(|(&(a, b), &judge)| {
            let pair = [Arc::clone(&left[a]), Arc::clone(&left[b])];
            play(work, judge, pair, waves)
        });
        let ended = join_all(matches).await;
        waves = ended.iter().map(|(_, waves)| *waves).fold(waves, u32::max);
        let (mut winners, losers): (Vec<_>, Vec<_>) =
            ended.into_iter().map(|([winner, loser], _)| (winner, loser)).unzip();
        losers.into_iter().rev().for_each(|loser| beaten.push_front(loser));
        winners.extend(left.into_iter().skip(2 * pairs.len()));
        left = winners;
    }
    let output = work.best(left.into_iter().chain(beaten));
    if output.is_success() {
        work.note("picked", names(&output.replies()));
    }
    Outcome::new(output, waves)
}

/// One match: winner and loser, and the waves after it.
async fn play(work: &Work<'_>, judge: NodeId, pair: [Arc<Reply>; 2], before: u32) -> ([Arc<Reply>; 2], u32) {
    let ask = work.core.plan.node(judge).act.ask().expect("a match is a call");
    let order = order(work, ask, 2);
    let said = work.call(judge, shown(&pair, &order, Question::Better), before).await;
    let better = said.result.ok().and_then(|reply| match pick::better(&reply.completion.text) {
        Some(number) => Some(order[number - 1]),
        None => {
            unreadable(work, judge);
            None
        }
    });
    let [a, b] = &pair;
    let (winner, loser) = if better == Some(1) { (b, a) } else { (a, b) };
    let why = if better.is_none() { ": the first, since the decider failed" } else { "" };
    work.core.ledger().note(judge, "won", format!("{} over {}{why}", winner.step, loser.step));
    ([Arc::clone(winner), Arc::clone(loser)], said.waves)
}

/// Answers in the order in which they are shown.
fn shown(replies: &[Arc<Reply>], order: &[usize], question: Question) -> Shown {
    let views = order.iter().map(|&at| Arc::clone(&replies[at].view)).collect();
    Shown { list: Some(Data::Answers(Arc::new(views))), question: Some(question) }
}

/// The order in which a decider is shown `count` answers: one of the seed's, or that of the plan (see
/// [`crate::run::Run::in_order`]).
pub fn order(work: &Work<'_>, ask: &Ask, count: usize) -> Vec<usize> {
    if work.core.is_ordered {
        return (0..count).collect();
    }
    pick::order(count, work.core.seed().wrapping_add(u64::from(ask.number)))
}

/// A decider whose words cannot be read has failed.
pub fn unreadable(work: &Work<'_>, decider: NodeId) -> Why {
    work.lost(decider, &Why::NotReadable);
    Why::NotReadable
}

/// A ranking with those that it leaves out behind those that it names.
fn in_full(mut numbers: Vec<usize>, count: usize) -> Vec<usize> {
    let left_out: Vec<usize> = (1..=count).filter(|number| !numbers.contains(number)).collect();
    numbers.extend(left_out);
    numbers
}

fn given(work: &Work<'_>, replies: Vec<Arc<Reply>>, count: Option<u32>) -> Output {
    if count.is_some() { Output::list(replies) } else { work.best(replies) }
}

fn names(replies: &[Arc<Reply>]) -> String {
    replies.iter().map(|reply| reply.step.as_ref()).collect::<Vec<_>>().join(", ")
}
