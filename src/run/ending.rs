//! A whole run: what is refused before the first call, and what the client is told at the end.

use std::sync::Arc;

use crate::plan::NodeId;
use crate::upstream::{CallError, Delta, Fault, Retry};

use super::core::Core;
use super::errors::{ErrorKind, RunError, Why};
use super::outcome::{Output, Reply};
use super::receipt::{ChoiceReceipt, ChoicesReceipt, ReplyReceipt, Told};
use super::{Abandoned, Choice, Finished};

/// Seconds that a client should wait when nobody listens upstream.
const UNREACHABLE_RETRY_S: u64 = 5;

/// The same when too many calls wait here.
const OVERLOADED_RETRY_S: u64 = 1;

/// Runs the plan to its end. Dropping it drops every call.
pub async fn run(core: Arc<Core>) -> Finished {
    let output = match refuse(&core) {
        Some(error) => Err(error),
        None => finish(&core, core.node(core.plan.reply).await.output),
    };
    let told = output.as_ref().map_or_else(|_| Told::default(), |given| told(&core, given));
    let mut ledger = core.ledger();
    let done = match &output {
        Ok(given) => format!("{} spoke", given.steps()),
        Err(error) => error.message.clone(),
    };
    ledger.event("run".into(), "done", done.into());
    let receipt = ledger.receipt(&core.request, told);
    let result = output.map(|given| given.choices());
    Finished { result, receipt, trace: ledger.take_trace() }
}

/// The books of a run whose calls were all dropped just now, for a reason that completes "cancelled: ".
pub fn abandoned(core: &Core, why: &'static str) -> Abandoned {
    let mut ledger = core.ledger();
    ledger.stopped(why);
    ledger.event("run".into(), "done", why.into());
    let receipt = ledger.receipt(&core.request, Told::default());
    Abandoned { receipt, trace: ledger.take_trace() }
}

/// What the client gets.
struct Given {
    /// Each with its index; at least one, in order.
    replies: Vec<(u32, Arc<Reply>)>,
    /// Answers that were wanted and failed.
    failed: u32,
    /// Answers that were wanted and were another one again: no copy is given.
    same: u32,
}

/// Requests that the plan's bounds rule out, before any call.
fn refuse(core: &Core) -> Option<RunError> {
    let tokens = core.request.tokens();
    let most = core.plan.bounds.request_max.0;
    (tokens > most).then(|| {
        let message = format!(
            "the conversation has about {tokens} tokens; `{}` takes at most {most}",
            core.plan.handle
        );
        RunError::new(ErrorKind::ContextLength, message)
    })
}

/// The reply, sent in one piece where it did not stream; or why there is none.
fn finish(core: &Core, output: Output) -> Result<Given, RunError> {
    let given = match output {
        Output::Failed(why) => return Err(failure(core, &why)),
        Output::Skipped => return Err(failure(core, &Why::Skipped)),
        output => given(core, &output),
    };
    if core.request.strict && core.ledger().is_degraded() && !core.outbox.has_sent(None) {
        return Err(degraded(core));
    }
    if core.request.stream {
        for (index, reply) in given.replies.iter().filter(|(index, _)| *index >= core.outbox.choices()) {
            core.outbox.push_whole(*index, Delta::from(&reply.completion));
        }
    }
    Ok(given)
}

/// Numbers the answers: first those that were heard as they were written, in the order in which they began.
fn given(core: &Core, output: &Output) -> Given {
    let all = output.replies();
    let wanted = all.len();
    let failed = if let Output::Many(many) = output { many.errors.len() as u32 } else { 0 };
    let mut apart: Vec<Arc<Reply>> = Vec::new();
    for reply in all {
        if apart.iter().all(|known| known.step != reply.step) {
            apart.push(reply);
        }
    }
    let same = (wanted - apart.len()) as u32;
    let mut next = core.outbox.choices();
    let mut replies: Vec<(u32, Arc<Reply>)> = Vec::new();
    for reply in apart {
        let index = heard(core, &reply).unwrap_or_else(|| {
            next += 1;
            next - 1
        });
        replies.push((index, reply));
    }
    replies.sort_by_key(|(index, _)| *index);
    Given { replies, failed, same }
}

/// The index under which an answer was heard as it was written.
fn heard(core: &Core, reply: &Reply) -> Option<u32> {
    let speaker = core.plan.nodes.iter().find(|node| reply.streamed && node.id == reply.step)?;
    core.outbox.choice_of(speaker.lane)
}

fn degraded(core: &Core) -> RunError {
    let reasons = core.ledger().reasons().join("; ");
    RunError::new(ErrorKind::Degraded, format!("the run was degraded and `strict` was asked for: {reasons}"))
}

/// Turns the calls' failures into what the client is told.
fn failure(core: &Core, why: &Why) -> RunError {
    if core.request.strict && core.ledger().is_degraded() && !core.outbox.has_sent(None) {
        return degraded(core);
    }
    let ledger = core.ledger();
    let failures = ledger.failures();
    let all =
        |fault: Fault| !failures.is_empty() && failures.iter().all(|(_, why, _)| **why == Why::Fault(fault));
    if all(Fault::Busy) {
        let waits = failures.iter().filter_map(|(_, _, error)| match error.as_ref()?.retry {
            Retry::After(wait) => Some(wait.as_secs_f64().ceil() as u64),
            _ => None,
        });
        let wait = waits.max().unwrap_or(1).max(1);
        return RunError::new(ErrorKind::Busy, format!("`{}`: every model is busy", core.plan.handle))
            .retry_after(wait);
    }
    if !ledger.was_accepted()
        && let Some(error) = unreached(core, &failures)
    {
        return error;
    }
    if all(Fault::ContextFull) {
        let message = format!("the conversation is too long for every model of `{}`", core.plan.handle);
        return RunError::new(ErrorKind::ContextLength, message);
    }
    let mut details = ledger.lost_quorums();
    details.extend(failures.iter().map(|(id, why, _)| {
        let node = core.plan.node(*id);
        let model = node.act.ask().map(|ask| core.plan.model(ask.model).name.as_ref()).unwrap_or_default();
        format!("`{}` ({model}) {why}", node.id)
    }));
    if details.is_empty() {
        details.extend_from_slice(ledger.reasons());
    }
    if details.is_empty() {
        details.push(format!("reply: {why}"));
    }
    RunError::new(ErrorKind::Failed, format!("`{}` failed: {}", core.plan.handle, details.join("; ")))
}

/// Nobody took a single call: what to say if they failed for nothing but that.
fn unreached(core: &Core, failures: &[(NodeId, &Why, Option<&CallError>)]) -> Option<RunError> {
    let any = |wanted: &Why| failures.iter().any(|(_, why, _)| *why == wanted);
    let refused = Why::Fault(Fault::Refused);
    let is_all =
        failures.iter().all(|(_, why, _)| **why == refused || matches!(why, Why::LeftAlone | Why::QueueFull));
    if failures.is_empty() || !is_all {
        return None;
    }
    if any(&Why::QueueFull) {
        let most = core.host.slots.queue_max();
        let message = format!("overload: {most} calls wait for their models already");
        return Some(RunError::new(ErrorKind::Overloaded, message).retry_after(OVERLOADED_RETRY_S));
    }
    let message = match any(&refused) {
        true => "LiteLLM refused the connection; no model was reached".to_owned(),
        false => format!("every model {}; none was reached", Why::LeftAlone),
    };
    Some(RunError::new(ErrorKind::Unreachable, message).retry_after(UNREACHABLE_RETRY_S))
}

/// What the receipt says of the reply.
fn told(core: &Core, given: &Given) -> Told {
    let ledger = core.ledger();
    let of = |reply: &Reply| ReplyReceipt {
        step: reply.step.clone(),
        model: reply.model.clone(),
        streamed: reply.streamed,
        usage: ledger.usage_of(&reply.step),
    };
    let choice = |(index, reply): &(u32, Arc<Reply>)| ChoiceReceipt { index: *index, reply: of(reply) };
    let choices = (core.plan.choices > 1).then(|| ChoicesReceipt {
        asked: core.plan.choices,
        given: given.replies.len() as u32,
        fewer_because: given.fewer_because(core),
        replies: given.replies.iter().map(choice).collect(),
    });
    Told { reply: given.replies.first().map(|(_, reply)| of(reply)).unwrap_or_default(), choices }
}

// === impl Given ===

impl Given {
    fn steps(&self) -> String {
        self.replies.iter().map(|(_, reply)| reply.step.as_ref()).collect::<Vec<_>>().join(", ")
    }

    fn choices(self) -> Vec<Choice> {
        let choice =
            |(index, reply): (u32, Arc<Reply>)| Choice { index, completion: reply.completion.clone() };
        self.replies.into_iter().map(choice).collect()
    }

    /// Why there are fewer choices than were asked for, if there are.
    fn fewer_because(&self, core: &Core) -> Option<String> {
        let asked = core.plan.choices;
        let missing = asked.saturating_sub(self.replies.len() as u32);
        if missing == 0 {
            return None;
        }
        let mut reasons = Vec::new();
        let mut add = |count: u32, what: &str| {
            if count > 0 {
                reasons.push(format!("{count} {what}"));
            }
        };
        add(self.failed, "failed");
        add(self.same, "the same as another");
        add(missing.saturating_sub(self.failed + self.same), "without an answer left to give");
        let broken = (0..core.outbox.choices())
            .filter(|choice| self.replies.iter().all(|(index, _)| index != choice))
            .map(|choice| format!("choice {choice} broke off"));
        reasons.extend(broken);
        Some(format!("{} of {asked}: {}", self.replies.len(), reasons.join(", ")))
    }
}
