//! `score`: what judges think of each answer, as a number from 0 to 1.

use std::sync::Arc;

use futures_util::future::join_all;

use crate::plan::{NodeId, Score, ScoreMethod};
use crate::run::call::Shown;
use crate::run::combine::score;
use crate::run::errors::Why;
use crate::run::outcome::{Many, Outcome, Output, Reply};
use crate::run::question::Question;
use crate::run::work::Work;
use crate::template::Data;

use super::choosing::{order, unreadable};

/// What came of all calls.
struct Verdict {
    /// By answer; `None` for one that no judge's word counts for.
    scores: Vec<Option<f64>>,
    /// Calls that were to be made, and those that gave something.
    asked: usize,
    told: usize,
    waves: u32,
}

/// The same answers in the same places, each with its score. What no judge could say anything about has 0.
pub async fn score(work: &Work<'_>, rule: &Score) -> Outcome {
    let many = match work.input(rule.list).await {
        Output::Many(many) => many,
        Output::Failed(_) => return work.fails(work.needs(rule.list)),
        output => match Output::list(output.replies()) {
            Output::Many(many) => many,
            _ => unreachable!("a list is several answers"),
        },
    };
    let replies: Vec<Arc<Reply>> = many.replies.iter().flatten().cloned().collect();
    if replies.is_empty() {
        return work.fails(Why::Nothing);
    }
    let verdict = match rule.method {
        ScoreMethod::Grade => grade(work, rule, &replies).await,
        ScoreMethod::Rank => rank(work, rule, &replies).await,
    };
    if verdict.asked > 0 && verdict.told == 0 {
        return Outcome::new(Output::Failed(Why::AllFailed("judges")), verdict.waves);
    }
    let mut scores = verdict.scores.into_iter().map(|score| score.unwrap_or(0.0));
    let scored: Many =
        many.map(|reply| Arc::new(reply.scored(scores.next().expect("each answer has a score"))));
    let told: Vec<String> = scored.replies.iter().flatten().map(|reply| told(reply)).collect();
    let what = if rule.method == ScoreMethod::Grade { "graded" } else { "ranked" };
    work.note(what, told.join(", "));
    Outcome::new(Output::Many(Arc::new(scored)), verdict.waves)
}

fn told(reply: &Reply) -> String {
    format!("{} {:.2}", reply.step, reply.view.score.unwrap_or_default())
}

/// One answer before one judge: the grade, 0–1, and the waves after it.
pub async fn grade_of(work: &Work<'_>, judge: NodeId, reply: &Reply, before: u32) -> (Result<f64, Why>, u32) {
    let list = Some(Data::Answer(Arc::clone(&reply.view)));
    let said = work.call(judge, Shown { list, question: Some(Question::Grade) }, before).await;
    let read = |said: Arc<Reply>| score::grade(&said.completion.text).ok_or_else(|| unreadable(work, judge));
    (said.result.and_then(read), said.waves)
}

/// Each answer by itself before each judge.
async fn grade(work: &Work<'_>, rule: &Score, replies: &[Arc<Reply>]) -> Verdict {
    let judges = rule.judges.len();
    let calls = replies.iter().enumerate().flat_map(|(answer, reply)| {
        (0..judges).filter(|&judge| !is_own(work, rule, judge, reply)).map(move |judge| async move {
            let (grade, waves) = grade_of(work, rule.calls[answer * judges + judge], reply, work.ready).await;
            (answer, grade.ok(), waves)
        })
    });
    let grades = join_all(calls).await;
    let of = |at: usize| grades.iter().filter(move |(answer, ..)| *answer == at).map(|(_, grade, _)| *grade);
    Verdict {
        scores: (0..replies.len()).map(|answer| score::mean(of(answer))).collect(),
        asked: grades.len(),
        told: grades.iter().filter(|(_, grade, _)| grade.is_some()).count(),
        waves: grades.iter().map(|(.., waves)| *waves).fold(work.ready, u32::max),
    }
}

/// All answers side by side before each judge. Who sees fewer than two has nothing to say.
async fn rank(work: &Work<'_>, rule: &Score, replies: &[Arc<Reply>]) -> Verdict {
    let judges = (0..rule.judges.len()).map(|judge| async move {
        let is_own = |at: &usize| is_own(work, rule, judge, &replies[*at]);
        let (skips, seen): (Vec<usize>, Vec<usize>) = (0..replies.len()).partition(is_own);
        if seen.len() < 2 {
            return (score::Ranking { order: seen, skips }, None, work.ready);
        }
        let (order, waves) = order_of(work, rule.calls[judge], replies, &seen).await;
        let is_told = order.is_some();
        (score::Ranking { order: order.unwrap_or_default(), skips }, Some(is_told), waves)
    });
    let ended = join_all(judges).await;
    // A judge that was lost says nothing; one that was not asked says what little there is.
    let rankings: Vec<_> = ended
        .iter()
        .filter(|(_, told, _)| *told != Some(false))
        .map(|(ranking, ..)| ranking.clone())
        .collect();
    Verdict {
        scores: score::borda(replies.len(), &rankings),
        asked: ended.iter().filter(|(_, told, _)| told.is_some()).count(),
        told: ended.iter().filter(|(_, told, _)| *told == Some(true)).count(),
        waves: ended.iter().map(|(.., waves)| *waves).fold(work.ready, u32::max),
    }
}

/// The answers in the order of one judge, by index; they are shown to it in an order of the seed's.
async fn order_of(
    work: &Work<'_>,
    judge: NodeId,
    replies: &[Arc<Reply>],
    seen: &[usize],
) -> (Option<Vec<usize>>, u32) {
    let ask = work.core.plan.node(judge).act.ask().expect("a judge is a call");
    let order: Vec<usize> = order(work, ask, seen.len()).into_iter().map(|at| seen[at]).collect();
    let views = order.iter().map(|&at| Arc::clone(&replies[at].view)).collect();
    let list = Some(Data::Answers(Arc::new(views)));
    let question = Some(Question::Ranking(seen.len()));
    let said = work.call(judge, Shown { list, question }, work.ready).await;
    let read = |said: Arc<Reply>| match score::ranking(&said.completion.text, seen.len()) {
        Some(numbers) => Some(numbers.into_iter().map(|number| order[number - 1]).collect()),
        None => {
            unreadable(work, judge);
            None
        }
    };
    (said.result.ok().and_then(read), said.waves)
}

/// Whether the judge wrote this answer itself and has no word on it.
fn is_own(work: &Work<'_>, rule: &Score, judge: usize, reply: &Reply) -> bool {
    let name = &work.core.plan.model(rule.judges[judge]).name;
    rule.skips_own && reply.model.as_ref() == Some(name)
}
