//! A whole run: what is refused before the first call, and what the client is told at the end.

use std::sync::Arc;

use crate::upstream::{Delta, Fault, Retry};

use super::Finished;
use super::core::Core;
use super::errors::{ErrorKind, RunError, Why};
use super::outcome::{Output, Reply};
use super::receipt::ReplyReceipt;

/// Seconds that a client should wait when nobody listens upstream.
const UNREACHABLE_RETRY_S: u64 = 5;

/// Runs the plan to its end. Dropping it drops every call.
pub async fn run(core: Arc<Core>) -> Finished {
    let output = match refuse(&core) {
        Some(error) => Err(error),
        None => finish(&core, core.node(core.plan.reply).await.output),
    };
    let reply = match &output {
        Ok(reply) => reply_receipt(&core, reply),
        Err(_) => ReplyReceipt::default(),
    };
    let result = output.map(|reply| reply.completion.clone());
    let mut ledger = core.ledger();
    let done = match &result {
        Ok(_) => format!("{} spoke", reply.step),
        Err(error) => error.message.clone(),
    };
    ledger.event("run".to_owned(), "done", done);
    let receipt = ledger.receipt(&core.request, reply);
    Finished { result, receipt, trace: ledger.take_trace() }
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

/// The reply, sent in one piece if it did not stream; or why there is none.
fn finish(core: &Core, output: Output) -> Result<Arc<Reply>, RunError> {
    let reply = match output {
        Output::Failed(why) => return Err(failure(core, &why)),
        Output::Skipped => return Err(failure(core, &Why::Skipped)),
        output => match output.replies().as_slice() {
            [reply] => Arc::clone(reply),
            _ => unreachable!("the check found that `reply` is one answer"),
        },
    };
    if core.request.strict && core.ledger().is_degraded() && !core.outbox.has_sent() {
        return Err(degraded(core));
    }
    if core.request.stream && !core.outbox.has_sent() {
        core.outbox.push(Delta::from(&reply.completion));
    }
    Ok(reply)
}

fn degraded(core: &Core) -> RunError {
    let reasons = core.ledger().reasons().join("; ");
    RunError::new(ErrorKind::Degraded, format!("the run was degraded and `strict` was asked for: {reasons}"))
}

/// Turns the calls' failures into what the client is told.
fn failure(core: &Core, why: &Why) -> RunError {
    if core.request.strict && core.ledger().is_degraded() && !core.outbox.has_sent() {
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
    if all(Fault::Refused) && !ledger.was_accepted() {
        let message = "LiteLLM refused the connection; no model was reached";
        return RunError::new(ErrorKind::Unreachable, message).retry_after(UNREACHABLE_RETRY_S);
    }
    if all(Fault::ContextFull) {
        let message = format!("the conversation is too long for every model of `{}`", core.plan.handle);
        return RunError::new(ErrorKind::ContextLength, message);
    }
    let mut details = ledger.lost_quorums();
    details.extend(failures.iter().map(|(id, why, _)| {
        let node = core.plan.node(*id);
        let model = node.act.ask().map(|ask| core.plan.model(ask.model).name.as_str()).unwrap_or_default();
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

fn reply_receipt(core: &Core, reply: &Reply) -> ReplyReceipt {
    ReplyReceipt {
        step: reply.step.clone(),
        model: reply.model.clone(),
        streamed: reply.streamed,
        usage: core.ledger().usage_of(&reply.step),
    }
}
