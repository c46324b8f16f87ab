//! The interpreter: what a node does from its inputs to its end, and one arm per kind of node.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use crate::plan::{Act, Node, NodeId};

use super::core::{Core, NodeEnd};
use super::errors::Why;
use super::outcome::{Outcome, Output, Reply};
use super::receipt::Cause;
use super::verbs::{
    asking, choosing, climbing, gathering, racing, repeating, routing, scoring, selecting, values, voting,
};
use super::work::Work;

/// A node from its inputs to its end, its `else` included. It begins after `before` waves of calls.
///
/// As many of these stand in each other as steps wait for each other, so this one is small: it waits, and what the node
/// does has a box of its own.
pub async fn evaluate(core: &Arc<Core>, id: NodeId, before: u32) -> Outcome {
    let ready = match core.plan.node(id).needs().as_slice() {
        [] => before,
        &[input] => core.node_after(input, before).await.waves.max(before),
        inputs => all(inputs.iter().map(|&input| core.node_after(input, before)).collect()).await.max(before),
    };
    begin(Arc::clone(core), id, ready).await
}

/// Looks only at those that have news: what many mention would else be looked at once for every way that leads to it.
async fn all(mut inputs: FuturesUnordered<NodeEnd>) -> u32 {
    let mut waves = 0;
    while let Some(outcome) = inputs.next().await {
        waves = waves.max(outcome.waves);
    }
    waves
}

/// The node, now that its inputs are there, and its `else` if it has one and needs it.
fn begin(core: Arc<Core>, id: NodeId, ready: u32) -> BoxFuture<'static, Outcome> {
    async move {
        let node = core.plan.node(id);
        let Outcome { output, waves } = run(&Work::new(&core, id, ready)).await;
        let output = as_declared(node, output);
        if let Output::Failed(why) = &output {
            own_failure(&core, id, why);
        }
        let is_missing = matches!(output, Output::Failed(_) | Output::Skipped);
        let outcome = match node.fallback.filter(|_| is_missing && !core.outbox.has_sent(node.lane)) {
            None => Outcome { output, waves },
            Some(fallback) => {
                core.ledger().fallback(id, fallback, matches!(output, Output::Failed(_)));
                let outcome = core.node_after(fallback, waves).await;
                Outcome { waves: outcome.waves.max(waves), ..outcome }
            }
        };
        if let Some(recorder) = &core.recorder {
            recorder.ended(id, &outcome.output);
        }
        outcome
    }
    .boxed()
}

/// What stands in for an answer with a value is read like it, unless it brings a value of its own.
fn as_declared(node: &Node, output: Output) -> Output {
    let Some(returns) = node.returns.as_ref().filter(|_| !matches!(output, Output::Data(_))) else {
        return output;
    };
    output.each(|reply| match &reply.view.value {
        Some(_) => Ok(reply),
        None => {
            let reading = returns.read(&reply.completion.text).map_err(|_| Why::NotReadable)?;
            Ok(Arc::new(reply.read_as(reading.text, reading.value)))
        }
    })
}

/// The node itself, between its conditions: `skip when` before, `accept when` behind.
async fn run(work: &Work<'_>) -> Outcome {
    let node = work.node;
    if let Some(condition) = &node.skip_when {
        match work.holds(condition) {
            Ok(false) => (),
            Ok(true) => {
                work.core.ledger().skipped(work.id);
                return work.gives(Output::Skipped);
            }
            Err(why) => return work.fails(why),
        }
    }
    if let Some(why) = lost_ground(work) {
        return work.fails(why);
    }
    let outcome = act(work).await;
    let Some(condition) = &node.accept_when else { return outcome };
    let accepted = |it: Arc<Reply>| {
        let holds = work.holds_of(condition, &it)?;
        if holds { Ok(it) } else { Err(Why::NotAccepted) }
    };
    Outcome { output: outcome.output.each(accepted), ..outcome }
}

/// What the node cannot go on without: the conversation of its frame, and what its templates print.
fn lost_ground(work: &Work<'_>) -> Option<Why> {
    let conversation = work.core.plan.frames[work.node.frame.0 as usize].conversation;
    let lost = conversation.filter(|id| matches!(work.core.ended(*id), Some(Output::Failed(_))));
    match lost {
        Some(id) => Some(work.needs(id)),
        // Whether deciders are needed at all is seen later.
        None if may_go_undecided(&work.node.act) => None,
        None => work.failed_input(),
    }
}

fn may_go_undecided(act: &Act) -> bool {
    matches!(act, Act::Route(_) | Act::Score(_) | Act::Knockout(_) | Act::Cascade(_) | Act::Pick { .. })
}

/// Does what the node is for.
async fn act(work: &Work<'_>) -> Outcome {
    match &work.node.act {
        Act::Ask(_) => asking::ask(work).await,
        Act::Merge { list, .. } => asking::merge(work, *list).await,
        Act::Group(group) => gathering::gather(work, group).await,
        Act::Score(score) => scoring::score(work, score).await,
        Act::Pick { list, ask, count, .. } => choosing::choose(work, *list, ask, *count).await,
        Act::Knockout(knockout) => choosing::knockout(work, knockout).await,
        Act::Judge(_) => unreachable!("a judge is asked by the node that it decides for"),
        Act::Vote(vote) => voting::count(work, vote).await,
        Act::Route(route) => routing::route(work, route).await,
        Act::Cascade(cascade) => climbing::climb(work, cascade).await,
        Act::Race(starters) => racing::race(work, starters).await,
        Act::Repeat(repeat) => repeating::repeat(work, repeat).await,
        Act::Stop(condition) => values::stop(work, condition),
        Act::Items { list, most } => values::items(work, list, *most),
        Act::Item { items, index } => values::item(work, *items, *index).await,
        Act::Inline { reply, .. } => values::inline(work, *reply).await,
        Act::Conversation(conversation) => values::conversation(work, conversation),
        Act::Text(template) => values::text(work, template),
        Act::List(items) => work.gives(selecting::list(work, items).await),
        Act::Select(select) => work.gives(selecting::select(work, select).await),
        Act::Alias(step) => values::alias(work, *step).await,
    }
}

/// Writes down a failure that is the step's own, not that of a call or of a step before it: where the step only drops
/// out of a list, nothing else would tell.
fn own_failure(core: &Core, id: NodeId, why: &Why) {
    let makes_call = core.plan.node(id).act.ask().is_some();
    let mut ledger = core.ledger();
    let is_told = match why {
        Why::NoMajority | Why::TooMany { .. } | Why::NotAList(_) => false,
        Why::NotAccepted | Why::NotReadable => makes_call,
        // A call's own template was told with the call.
        Why::Expression(_) => makes_call && ledger.was_called(id),
        // Mostly for a failure that was told already.
        Why::Nothing | Why::AllFailed(_) => ledger.is_degraded(),
        _ => true,
    };
    if !is_told {
        let step = core.plan.node(id).id.clone();
        ledger.degraded(Cause::Step, format!("`{step}` {why}"));
        ledger.note(id, "failed", why.to_string());
    }
}
