//! The interpreter: one arm per kind of node, and all control flow of a run.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};

use crate::plan::{Act, Ask, Group, Node, NodeId, Select, Ties, Vote};
use crate::template::{Answer, Data, Expression, RenderError, Template};
use crate::upstream::{Completion, Delta, Fault, Retry};

use super::Finished;
use super::call::{self, Shown};
use super::combine::{pick, vote};
use super::core::Core;
use super::errors::{ErrorKind, RunError, Why};
use super::outcome::{Outcome, Output, Reply};
use super::receipt::ReplyReceipt;
use super::scheduler::{self, Quorum};

/// Seconds that a client should wait when nobody listens upstream.
const UNREACHABLE_RETRY_S: u64 = 5;

/// Runs the plan to its end. Dropping it drops every call.
pub async fn run(core: Arc<Core>) -> Finished {
    let (output, waves) = match refuse(&core) {
        Some(error) => (Err(error), 0),
        None => {
            let outcome = core.node(core.plan.reply).await;
            (finish(&core, outcome.output), outcome.waves)
        }
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
    let receipt = ledger.receipt(&core.request, reply, waves);
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
        Output::One(reply) => reply,
        Output::Many(_) => unreachable!("the check found that `reply` is one answer"),
        Output::Skipped => return Err(failure(core, &Why::Skipped)),
        Output::Failed(why) => return Err(failure(core, &why)),
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

/// A node from its inputs to its end, its `else` included. It begins after `before` waves of calls.
pub fn evaluate(core: &Arc<Core>, id: NodeId, before: u32) -> BoxFuture<'static, Outcome> {
    let core = Arc::clone(core);
    async move {
        let node = core.plan.node(id);
        let inputs = node.needs().into_iter().map(|input| core.node_after(input, before));
        let inputs = join_all(inputs).await;
        let ready = inputs.iter().map(|outcome| outcome.waves).max().unwrap_or(0).max(before);
        let (output, waves) = match prepare(&core, id) {
            Ok(true) => act(&core, id, ready).await,
            Ok(false) => (Output::Skipped, ready),
            Err(why) => (Output::Failed(why), ready),
        };
        let output = as_declared(node, output);
        if let Output::Failed(why) = &output {
            own_failure(&core, id, why);
        }
        let is_missing = matches!(output, Output::Failed(_) | Output::Skipped);
        let outcome = match node.fallback.filter(|_| is_missing && !core.outbox.has_sent()) {
            None => Outcome { output, waves },
            Some(fallback) => {
                core.ledger().fallback(id, fallback, matches!(output, Output::Failed(_)));
                // Nothing else mentions a fallback, so its end need not be shared.
                evaluate(&core, fallback, waves).await
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
    match (&node.returns, output) {
        (Some(returns), Output::One(reply)) if reply.view.value.is_none() => {
            match returns.read(&reply.completion.text) {
                Ok(reading) => Output::One(Arc::new(reply.read_as(reading.text, reading.value))),
                Err(_) => Output::Failed(Why::NotReadable),
            }
        }
        (_, output) => output,
    }
}

/// Writes down a failure that is the step's own, not that of a call or of a step before it: where the step only drops
/// out of a list, nothing else would tell.
fn own_failure(core: &Core, id: NodeId, why: &Why) {
    let makes_call = core.plan.node(id).act.ask().is_some();
    let mut ledger = core.ledger();
    let is_told = match why {
        Why::NoMajority => false,
        // A call's own template was told with the call.
        Why::Expression(_) => makes_call && ledger.was_called(id),
        // Mostly for a failure that was told already.
        Why::Nothing => ledger.is_degraded(),
        _ => true,
    };
    if !is_told {
        let step = core.plan.node(id).id.clone();
        ledger.degraded(format!("`{step}` {why}"));
        ledger.note(id, "failed", why.to_string());
    }
}

/// Whether the node runs: `skip when`, and no step that it mentions by name has failed.
fn prepare(core: &Core, id: NodeId) -> Result<bool, Why> {
    let node = core.plan.node(id);
    if let Some(condition) = &node.skip_when
        && holds(core, id, condition)?
    {
        core.ledger().skipped(id);
        return Ok(false);
    }
    Ok(true)
}

fn holds(core: &Core, id: NodeId, condition: &Expression) -> Result<bool, Why> {
    let scope = core.scope(id, condition.source().contains("request"));
    condition.holds(&scope).map_err(|error| Why::Expression(error.0))
}

/// Does what the node is for. `ready` counts the waves before it.
async fn act(core: &Arc<Core>, id: NodeId, ready: u32) -> (Output, u32) {
    match &core.plan.node(id).act {
        Act::Ask(_) => ask(core, id, ready).await,
        Act::Group(group) => (gather(core, id, group).await, ready + 1),
        Act::Merge { list, .. } => merge(core, id, *list, ready).await,
        Act::Pick { list, ask, .. } => choose(core, id, *list, ask, ready).await,
        Act::Vote(vote) => count(core, id, vote, ready).await,
        Act::Text(template) => (text(core, id, template).await, ready),
        Act::List(items) => (list(core, items).await, ready),
        Act::Select(select) => (select_from(core, select).await, ready),
        Act::Alias(step) => (core.node(*step).await.output, ready),
        _ => unreachable!("no program is lowered to this yet"),
    }
}

/// A step that a prompt or a text prints and that has failed: going on would ask about nothing, or print nothing where
/// something was meant to stand.
async fn failed_input(core: &Arc<Core>, id: NodeId) -> Option<Why> {
    for input in core.plan.node(id).inputs.iter().filter(|input| input.printed) {
        if let Output::Failed(_) = core.node(input.node).await.output {
            return Some(Why::Needs(core.plan.node(input.node).id.clone()));
        }
    }
    None
}

async fn ask(core: &Arc<Core>, id: NodeId, ready: u32) -> (Output, u32) {
    match failed_input(core, id).await {
        Some(why) => (Output::Failed(why), ready),
        None => call(core, id, Shown::default(), ready).await,
    }
}

/// The node's own call, and the waves after it: no more than before if it was not let through.
async fn call(core: &Arc<Core>, id: NodeId, shown: Shown, ready: u32) -> (Output, u32) {
    match call::make(core, id, id, shown, core.deadline_of(id)).await {
        Ok(reply) => (Output::One(Arc::new(reply)), ready + 1),
        Err(why @ (Why::Limit | Why::Strict)) => (failed(core, id, why), ready),
        Err(why) => (failed(core, id, why), ready + 1),
    }
}

/// A call that failed for good makes the run degraded, whoever goes on from there.
fn failed(core: &Core, id: NodeId, why: Why) -> Output {
    if why == Why::Strict {
        return Output::Failed(why);
    }
    let node = core.plan.node(id);
    let model = node.act.ask().map(|ask| core.plan.model(ask.model).name.as_str()).unwrap_or_default();
    core.ledger().degraded(format!("`{}` ({model}) {why}", node.id));
    Output::Failed(why)
}

async fn gather(core: &Arc<Core>, id: NodeId, group: &Group) -> Output {
    if let Some(why) = failed_input(core, id).await {
        return Output::Failed(why);
    }
    let members: Vec<BoxFuture<'_, scheduler::MemberEnd>> = group
        .members
        .iter()
        .enumerate()
        .map(|(place, &member)| {
            async move {
                let deadline = core.deadline_of(member);
                let result = call::make(core, member, id, Shown::default(), deadline).await;
                if let Err(why) = &result {
                    failed(core, member, why.clone());
                }
                (place, result.map(Arc::new))
            }
            .boxed()
        })
        .collect();
    let need = group.need_of(group.members.len());
    let quorum = Quorum {
        members: group.members.len(),
        need: need as usize,
        grace: group.grace.map(crate::units::Millis::as_duration),
    };
    let decided = |results: &[Option<Result<Arc<Reply>, Why>>]| is_decided(core, group, results);
    let gathered = {
        let gathering = scheduler::gather(&quorum, members, decided);
        gathering.await
    };
    let replies: Vec<Option<Arc<Reply>>> =
        gathered.results.iter().map(|result| result.as_ref()?.as_ref().ok().cloned()).collect();
    let got = replies.iter().flatten().count() as u32;
    let mut ledger = core.ledger();
    if let Some(why) = gathered.stopped {
        for (result, member) in gathered.results.iter().zip(&group.members) {
            if result.is_none() {
                ledger.call_stopped(*member, why);
            }
        }
    }
    ledger.quorum(id, need, group.members.len() as u32, got);
    let decided = gathered.stopped == Some(scheduler::STOPPED_DECIDED);
    if (got < need && !decided) || (got == 0 && !group.members.is_empty() && need > 0) {
        return Output::Failed(Why::Quorum { got, need });
    }
    Output::Many(Arc::new(replies))
}

/// Whether the vote that waits for this group can no longer change.
fn is_decided(core: &Core, group: &Group, results: &[Option<Result<Arc<Reply>, Why>>]) -> bool {
    let Some(decider) = group.decided_by else { return false };
    let Act::Vote(rule) = &core.plan.node(decider).act else { return false };
    let slots: Result<Vec<vote::Slot>, RenderError> = results
        .iter()
        .zip(&group.members)
        .map(|(result, member)| {
            let model = core.plan.node(*member).act.ask().map(|ask| core.plan.model(ask.model).name.as_str());
            Ok(match result {
                Some(Ok(reply)) => match ballot(core, decider, rule, reply)? {
                    Some(ballot) => vote::Slot::Cast(ballot),
                    None => vote::Slot::Abstains,
                },
                Some(Err(_)) => vote::Slot::Abstains,
                None => vote::Slot::Out(weight(core, rule, model)),
            })
        })
        .collect();
    slots.is_ok_and(|slots| vote::is_settled(&slots, rule.matching, rule.min_share))
}

/// What an answer votes for; `None` if it abstains. An error is the key's, and fails the vote `id`.
fn ballot(core: &Core, id: NodeId, rule: &Vote, reply: &Reply) -> Result<Option<vote::Ballot>, RenderError> {
    let rendered = match &rule.key {
        Some(key) => {
            let mut scope = core.scope(id, key.source().contains("request"));
            scope.set("it", Data::Answer(Arc::clone(&reply.view)));
            Some(key.render(&scope)?)
        }
        None => None,
    };
    let weight = weight(core, rule, reply.model.as_deref());
    let key = vote::Key::of(rendered.as_deref(), &reply.completion, reply.view.value.as_ref());
    Ok(key.filter(|_| weight > 0).map(|key| vote::Ballot { key, weight }))
}

fn weight(core: &Core, rule: &Vote, model: Option<&str>) -> u32 {
    let named = rule.weights.iter().find(|(id, _)| Some(core.plan.model(*id).name.as_str()) == model);
    named.map_or(1, |(_, weight)| *weight)
}

async fn merge(core: &Arc<Core>, id: NodeId, list: NodeId, ready: u32) -> (Output, u32) {
    if let Some(why) = failed_input(core, id).await {
        return (Output::Failed(why), ready);
    }
    let answers = core.node(list).await.output;
    if let Output::Failed(_) = answers {
        return (Output::Failed(Why::Needs(core.plan.node(list).id.clone())), ready);
    }
    if answers.replies().is_empty() {
        return (Output::Failed(Why::Nothing), ready);
    }
    let shown = Shown { list: Some(answers.data()), choices: None };
    call(core, id, shown, ready).await
}

/// One answer of the list, unchanged. A single answer needs no decider; a decider that fails without an `else` gives the
/// first.
async fn choose(core: &Arc<Core>, id: NodeId, list: NodeId, ask: &Ask, ready: u32) -> (Output, u32) {
    if let Some(why) = failed_input(core, id).await {
        return (Output::Failed(why), ready);
    }
    let replies = core.node(list).await.output.replies();
    match replies.as_slice() {
        [] => return (Output::Failed(Why::Nothing), ready),
        [only] => {
            core.ledger().note(id, "picked", format!("{}: the only answer", only.step));
            return (Output::One(Arc::clone(only)), ready);
        }
        _ => (),
    }
    let order = pick::order(replies.len(), core.seed().wrapping_add(u64::from(ask.number)));
    let views = order.iter().map(|&at| Arc::clone(&replies[at].view)).collect();
    let shown = Shown { list: Some(Data::Answers(Arc::new(views))), choices: Some(replies.len()) };
    let output = match call::make(core, id, id, shown, core.deadline_of(id)).await {
        Ok(said) => match pick::choice(&said.completion.text, replies.len()) {
            Some(number) => {
                let chosen = &replies[order[number - 1]];
                core.ledger().note(id, "picked", chosen.step.clone());
                Output::One(Arc::clone(chosen))
            }
            None => undecided(core, id, &replies, Why::NotReadable),
        },
        Err(why) => undecided(core, id, &replies, why),
    };
    (output, ready + 1)
}

fn undecided(core: &Core, id: NodeId, replies: &[Arc<Reply>], why: Why) -> Output {
    let output = failed(core, id, why);
    if core.plan.node(id).fallback.is_some() {
        return output;
    }
    core.ledger().note(id, "picked", format!("{}: the first, since the decider failed", replies[0].step));
    Output::One(Arc::clone(&replies[0]))
}

async fn count(core: &Arc<Core>, id: NodeId, rule: &Vote, ready: u32) -> (Output, u32) {
    let answers = core.node(rule.list).await.output;
    if let Output::Failed(_) = answers {
        return (Output::Failed(Why::Needs(core.plan.node(rule.list).id.clone())), ready);
    }
    let replies = answers.replies();
    let mut voters: Vec<&Arc<Reply>> = Vec::new();
    let mut ballots: Vec<vote::Ballot> = Vec::new();
    for reply in &replies {
        match ballot(core, id, rule, reply) {
            Ok(Some(ballot)) => {
                voters.push(reply);
                ballots.push(ballot);
            }
            Ok(None) => (),
            Err(error) => return (Output::Failed(Why::Expression(error.0)), ready),
        }
    }
    let tally = vote::Tally::of(&ballots, rule.matching);
    let leaders = tally.leaders();
    let Some(&first) = leaders.first() else { return (Output::Failed(Why::Nothing), ready) };
    if tally.share(first) < rule.min_share {
        return (Output::Failed(Why::NoMajority), ready);
    }
    let voted_for = |choice: usize| voters[tally.first[choice]];
    let winner = match (leaders.as_slice(), rule.ties) {
        ([_], _) | (_, Ties::First) => voted_for(first),
        (_, Ties::Longest) => {
            let length = |choice: &usize| voted_for(*choice).completion.text.chars().count();
            // `max_by_key` takes the last of equals; the first is wanted.
            voted_for(leaders.iter().rev().copied().max_by_key(length).unwrap_or(first))
        }
        (_, Ties::Step(step)) => {
            core.ledger().note(step, "tie", format!("{} choices have as many votes", leaders.len()));
            let outcome = core.node_after(step, ready).await;
            return (outcome.output, ready.max(outcome.waves));
        }
    };
    let votes = tally.votes[leaders[0]];
    core.ledger().note(rule.list, "voted", format!("{}: {votes} of {}", winner.step, tally.cast()));
    (Output::One(Arc::clone(winner)), ready)
}

async fn text(core: &Arc<Core>, id: NodeId, template: &Template) -> Output {
    if let Some(why) = failed_input(core, id).await {
        return Output::Failed(why);
    }
    let node = core.plan.node(id);
    let scope = core.scope(id, template.source().contains("request"));
    match template.render(&scope) {
        Ok(text) => {
            let view = Answer { present: true, text: text.as_str().into(), fits: true, ..Answer::default() };
            let completion = Completion { text, finish_reason: "stop".to_owned(), ..Completion::default() };
            Output::One(Arc::new(Reply {
                step: node.id.clone(),
                model: None,
                completion,
                view: Arc::new(view),
                streamed: false,
            }))
        }
        Err(error) => Output::Failed(Why::Expression(error.0)),
    }
}

/// Successes in order; what failed or was skipped drops out.
async fn list(core: &Arc<Core>, items: &[NodeId]) -> Output {
    let mut replies = Vec::new();
    for item in items {
        replies.extend(core.node(*item).await.output.replies().into_iter().map(Some));
    }
    Output::Many(Arc::new(replies))
}

async fn select_from(core: &Arc<Core>, select: &Select) -> Output {
    let some = |replies: Vec<Arc<Reply>>| Output::Many(Arc::new(replies.into_iter().map(Some).collect()));
    let one = |reply: Option<&Arc<Reply>>| match reply {
        Some(reply) => Output::One(Arc::clone(reply)),
        None => Output::Failed(Why::Nothing),
    };
    match select {
        Select::First { count, list } => {
            let replies = core.node(*list).await.output.replies();
            match count {
                Some(count) => some(replies.into_iter().take(*count as usize).collect()),
                None => one(replies.first()),
            }
        }
        Select::Last { count, list } => {
            let replies = core.node(*list).await.output.replies();
            match count {
                Some(count) => {
                    let from = replies.len().saturating_sub(*count as usize);
                    some(replies[from..].to_vec())
                }
                None => one(replies.last()),
            }
        }
        Select::Index { index, list } => {
            let replies = core.node(*list).await.output.replies();
            let at = if *index < 0 { replies.len() as i64 + index } else { *index };
            one(usize::try_from(at).ok().and_then(|at| replies.get(at)))
        }
        Select::Without { list, item } => {
            let out = core.node(*item).await.output.replies();
            let replies = core.node(*list).await.output.replies();
            some(
                replies
                    .into_iter()
                    .filter(|reply| !out.iter().any(|other| Arc::ptr_eq(reply, other)))
                    .collect(),
            )
        }
        Select::Concat(lists) => list(core, lists).await,
        _ => unreachable!("no program is lowered to this yet"),
    }
}
