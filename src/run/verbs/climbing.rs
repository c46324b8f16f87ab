//! `cascade`: one after the other until an answer is good enough.

use std::sync::Arc;

use crate::plan::Cascade;
use crate::run::errors::Why;
use crate::run::outcome::{Outcome, Output, Reply};
use crate::run::receipt::Cause;
use crate::run::work::Work;

use super::scoring::grade_of;

/// A rung that fails is climbed over; the last one is not graded. If nothing above it has an answer, the last answer that
/// there was is given although it was not good enough.
pub async fn climb(work: &Work<'_>, cascade: &Cascade) -> Outcome {
    let mut waves = work.ready;
    let mut below: Option<Arc<Reply>> = None;
    let last = cascade.rungs.len() - 1;
    for (at, &rung) in cascade.rungs.iter().enumerate() {
        let outcome = work.core.node_after(rung, waves).await;
        waves = waves.max(outcome.waves);
        let reply = outcome.output.replies().into_iter().next();
        let doubt = match &reply {
            // Its tokens were heard: no other answer can take its place.
            None if work.core.outbox.has_sent(work.node.lane) => break,
            None if at == last => break,
            None => "no answer".to_owned(),
            Some(reply) if at == last => return Outcome::new(Output::One(Arc::clone(reply)), waves),
            Some(reply) => match judge(work, cascade, at, reply, &mut waves).await {
                Ok(None) => return Outcome::new(Output::One(Arc::clone(reply)), waves),
                Ok(Some(doubt)) => doubt,
                Err(why) => return Outcome::new(Output::Failed(why), waves),
            },
        };
        work.note("climbed", format!("{doubt}: on to {}", work.core.plan.node(cascade.rungs[at + 1]).id));
        below = reply.or(below);
    }
    match below.filter(|_| !work.core.outbox.has_sent(work.node.lane)) {
        Some(reply) => {
            work.degraded(
                Cause::Cascade,
                &format!("gave the answer of `{}`, which was not good enough", reply.step),
            );
            work.note("climbed", format!("nothing above: back to {}", reply.step));
            Outcome::new(Output::One(reply), waves)
        }
        None => Outcome::new(Output::Failed(Why::AllFailed("rungs")), waves),
    }
}

/// What speaks against the answer of a rung; nothing, if it is good enough.
async fn judge(
    work: &Work<'_>,
    cascade: &Cascade,
    at: usize,
    reply: &Reply,
    waves: &mut u32,
) -> Result<Option<String>, Why> {
    if let Some(condition) = &cascade.accept_when
        && !work.holds_of(condition, reply)?
    {
        return Ok(Some("not accepted".to_owned()));
    }
    let Some(&grader) = cascade.graders.get(at) else { return Ok(None) };
    let (grade, after) = grade_of(work, grader, reply, *waves).await;
    *waves = after;
    let Ok(grade) = grade else { return Ok(Some("no grade".to_owned())) };
    work.note("graded", format!("{} {grade:.2}, {:.2} is enough", reply.step, cascade.accept));
    Ok((grade < cascade.accept).then(|| "not good enough".to_owned()))
}
