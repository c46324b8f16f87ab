//! One call: its attempts, its deadlines, and what is read from its answer.

mod failed;
mod listening;

use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use crate::plan::{Ask, Model, NodeId};
use crate::template::{Answer, Data, RenderError};
use crate::units::Tokens;
use crate::upstream::{Attribution, Call, Completion, Fault, Message, Retry, Role, Usage};

use self::failed::{Failed, Unread, never_ran};
use super::breaker::{Health, Pass};
use super::core::Core;
use super::errors::Why;
use super::host::Host;
use super::outcome::Reply;
use super::question::Question;
use super::slots::{QueueFull, Slot};
use super::{backoff, conversation, prompt, typed};

/// How much longer LiteLLM is given than we wait ourselves: the connection is dropped by us, not by it.
const UPSTREAM_SLACK: Duration = Duration::from_secs(1);

/// What one call is shown and asked, besides its plan.
#[derive(Default)]
pub struct Shown {
    /// The answer or the list that `merge` and deciders show.
    pub list: Option<Data>,
    /// What a decider is asked about it.
    pub question: Option<Question>,
}

/// Marks a call as cancelled when it is dropped before it ended.
struct InFlight {
    core: Arc<Core>,
    node: NodeId,
    reserved: (u64, u64),
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut ledger = self.core.ledger();
        ledger.release(self.reserved.0, self.reserved.1);
        ledger.call_dropped(self.node);
    }
}

/// Makes the call of `node`, with all its attempts, behind `before` others. `scope_of` is the node whose inputs its
/// templates see: itself, or the one that it decides for.
///
/// Dropping it closes the connection and enters the call as dropped: who dropped it says why.
pub async fn make(
    core: &Arc<Core>,
    node: NodeId,
    scope_of: NodeId,
    shown: Shown,
    before: u32,
) -> Result<Reply, Why> {
    let ask = core.plan.node(node).act.ask().expect("only nodes with a call are called");
    if is_live(core, node) && is_strict_lost(core) {
        core.ledger().note(node, "stopped", Why::Strict.to_string());
        return Err(Why::Strict);
    }
    let reserved = reserve(core, node, ask)?;
    core.ledger().call_began(node, before);
    core.host.call_made(&core.plan.handle);
    let _in_flight = InFlight { core: Arc::clone(core), node, reserved };
    let deadline = core.deadline_of(node);
    let making = Making { core, node, ask, deadline, live: is_live(core, node) };
    let made = making.attempts(scope_of, shown).await;
    if let Some(recorder) = &core.recorder {
        recorder.answered(node, made.as_ref().map_err(|failed| &failed.why));
    }
    let mut ledger = core.ledger();
    match made {
        Ok(reply) => {
            ledger.call_fine(node);
            Ok(reply)
        }
        Err(failed) => {
            ledger.call_failed(node, failed.why.clone(), failed.error);
            Err(failed.why)
        }
    }
}

/// What the first attempt of a call would send, if all that it waits for has ended. Its time is that which the plan gives
/// it, since no clock runs.
pub fn would_send(
    core: &Arc<Core>,
    node: NodeId,
    scope_of: NodeId,
    shown: &Shown,
) -> Result<Call, RenderError> {
    let step = core.plan.node(node);
    let ask = step.act.ask().expect("only nodes with a call are asked what they send");
    let making = Making { core, node, ask, deadline: core.deadline, live: is_live(core, node) };
    let messages = making.messages(scope_of, shown)?;
    let own = step.timeout.map_or_else(
        || core.plan.timeout.as_duration() / step.waves_left.max(1),
        |timeout| timeout.as_duration(),
    );
    let timeout = own.min(core.plan.timeout.as_duration());
    Ok(making.call(&messages, making.format(shown).as_ref(), &[], timeout).0)
}

/// Whether the client wants no degraded answer and would get one.
fn is_strict_lost(core: &Core) -> bool {
    core.request.strict && core.ledger().is_degraded()
}

/// Whether the client hears the call's tokens as they come. Never those of a decider: what streams is the way it takes.
fn is_live(core: &Core, node: NodeId) -> bool {
    let node = core.plan.node(node);
    core.request.stream && node.is_live && !node.act.decides()
}

/// The call's own worst case, held back from the handle's `limit` until it has ended.
fn reserve(core: &Core, node: NodeId, ask: &Ask) -> Result<(u64, u64), Why> {
    let attempts = u64::from(crate::plan::bounds::attempts(ask));
    let mut ledger = core.ledger();
    let sent = ask.input_max.of(Tokens(core.request.tokens())).times(attempts);
    let said = ask.max_tokens.times(attempts);
    let price = core.plan.model(ask.model).price;
    let (tokens, cost) =
        (sent.plus(said).0, price.input.per_million(sent).plus(price.output.per_million(said)).0);
    if ledger.reserve(tokens, cost) {
        return Ok((tokens, cost));
    }
    ledger.note(node, "failed", Why::Limit.to_string());
    Err(Why::Limit)
}

struct Making<'a> {
    core: &'a Arc<Core>,
    node: NodeId,
    ask: &'a Ask,
    deadline: Instant,
    live: bool,
}

// === impl Making ===

impl Making<'_> {
    async fn attempts(&self, scope_of: NodeId, shown: Shown) -> Result<Reply, Failed> {
        let mut messages =
            self.messages(scope_of, &shown).map_err(|error| Failed::of(Why::Expression(error.0)))?;
        let mut format = self.format(&shown);
        let (mut retries, mut repairs) = (0, u32::from(self.ask.returns.is_some()));
        let mut without: &[String] = &[];
        let mut before: Option<Failed> = None;
        loop {
            let failed = match self.attempt(&messages, format.as_ref(), without).await {
                Ok(reply) => return Ok(reply),
                // It was not let through: what the attempt before it met says more.
                Err(Failed { why: why @ (Why::LeftAlone | Why::QueueFull), .. }) => {
                    return Err(before.unwrap_or(Failed::of(why)));
                }
                Err(failed) => failed,
            };
            // Once the client has a token of this answer, no other can take its place.
            if self.live && self.has_spoken() {
                return Err(failed);
            }
            let rejected = failed.why == Why::Fault(Fault::Rejected);
            if let (Some(unread), true) = (&failed.unread, repairs > 0) {
                repairs -= 1;
                self.core.ledger().note(
                    self.node,
                    "failed",
                    format!("{}, told so and asked again", failed.why),
                );
                let returns = self.ask.returns.as_ref().expect("only typed calls are unreadable");
                messages.push(Message::ours(Role::Assistant, unread.text.as_str()));
                messages.push(Message::ours(Role::User, typed::complaint(returns, &unread.wrong)));
            } else if rejected && !self.ask.soft.is_empty() && without.is_empty() {
                without = &self.ask.soft;
                let left_out = format!("{}, again without {}", failed.why, without.join(", "));
                self.core.ledger().note(self.node, "failed", left_out);
            } else if rejected && format.is_some() && retries < self.ask.retries {
                // Not every server takes a `response_format`; the prompt asks for the form, too.
                retries += 1;
                format = None;
                let left_out = format!("{}, again without response_format", failed.why);
                self.core.ledger().note(self.node, "failed", left_out);
            } else if retries < self.ask.retries && failed.unread.is_none() {
                retries += 1;
                if self.wait(&failed, retries).await.is_none() {
                    return Err(failed);
                }
            } else {
                return Err(failed);
            }
            before = Some(failed);
        }
    }

    /// Whether the client has heard of the answer that this call would give.
    fn has_spoken(&self) -> bool {
        self.core.outbox.has_sent(self.core.plan.node(self.node).lane)
    }

    /// Waits before another attempt; `None` if there is none to come.
    async fn wait(&self, failed: &Failed, number: u32) -> Option<()> {
        let wait = backoff::wait(failed.retry, number, self.core.random())?;
        let host = &self.core.host;
        let model = &self.core.plan.model(self.ask.model).name;
        if Instant::now() + wait >= self.deadline || host.breakers.is_open(model) {
            return None;
        }
        if !host.may_retry(&self.core.plan.handle) {
            self.core.ledger().unretried(self.node);
            return None;
        }
        self.core.ledger().note(
            self.node,
            "failed",
            format!("{}, again in {} ms", failed.why, wait.as_millis()),
        );
        tokio::time::sleep(wait).await;
        Some(())
    }

    async fn attempt(
        &self,
        messages: &[Message],
        format: Option<&Arc<RawValue>>,
        without: &[String],
    ) -> Result<Reply, Failed> {
        let model = self.core.plan.model(self.ask.model);
        let (_slot, pass) = self.enter(model).await?;
        let timeout = self.deadline.saturating_duration_since(Instant::now());
        let (call, capped) = self.call(messages, format, without, timeout);
        if capped {
            self.core.ledger().capped("max_tokens");
        }
        if let Some(recorder) = &self.core.recorder {
            recorder.asked(self.node, messages);
        }
        self.core.ledger().attempt_began(self.node, &model.name);
        let began = Instant::now();
        let call = Arc::new(call);
        let result = self.answer(call, began).await;
        let error = result.as_ref().err().and_then(|failed| failed.error.as_ref());
        let reached = !error.is_some_and(never_ran);
        let refused = error.is_some_and(|error| error.fault == Fault::Refused);
        pass.ended(match &result {
            Ok(_) => Health::Well,
            Err(_) => error.map_or(Health::Unclear, Health::of),
        });
        self.used(error.and_then(|error| error.usage.as_deref().copied()));
        let mut ledger = self.core.ledger();
        ledger.attempt_ended(self.node, reached);
        if !refused {
            ledger.accepted(self.node);
        }
        drop(ledger);
        result.and_then(|completion| self.judge(completion))
    }

    /// The attempt has said what it used, if it has.
    fn used(&self, usage: Option<Usage>) {
        if let Some(usage) = usage {
            self.core.ledger().used(self.node, usage);
        }
    }

    /// Waits for a slot. The breaker is asked before and behind that: a call whose model fell ill while it waited goes
    /// nowhere, either.
    async fn enter(&self, model: &Model) -> Result<(Slot, Pass<'_>), Failed> {
        let Host { slots, breakers, .. } = &*self.core.host;
        if breakers.is_open(&model.name) {
            return Err(Failed::of(Why::LeftAlone));
        }
        let asked = Instant::now();
        let slot = timeout_at(self.deadline, slots.take(&model.name, model.concurrency)).await;
        self.core.ledger().waited(self.node, asked.elapsed());
        let slot = match slot {
            Ok(Ok(slot)) => slot,
            Ok(Err(QueueFull)) => return Err(Failed::of(Why::QueueFull)),
            Err(_) => return Err(Failed::of(Why::Fault(Fault::TimedOut))),
        };
        let pass = breakers.pass(&model.name).ok_or_else(|| Failed::of(Why::LeftAlone))?;
        Ok((slot, pass))
    }

    /// What goes upstream, and whether the client's `max_tokens` was lowered.
    fn call(
        &self,
        messages: &[Message],
        format: Option<&Arc<RawValue>>,
        without: &[String],
        timeout: Duration,
    ) -> (Call, bool) {
        let (fields, capped) = conversation::fields(self.ask, &self.core.request, format, without);
        let call = Call {
            model: self.core.plan.model(self.ask.model).name.clone(),
            stream: self.live || self.ask.first_token.is_some(),
            messages: messages.to_vec(),
            fields,
            timeout: timeout + UPSTREAM_SLACK,
            attribution: self.attribution(),
        };
        (call, capped)
    }

    fn attribution(&self) -> Attribution {
        let step = &self.core.plan.node(self.node).id;
        let traceparent = self.core.request.traceparent.as_ref();
        Attribution {
            handle: self.core.plan.handle.clone(),
            run: self.core.request.run.clone(),
            step: step.clone(),
            traceparent: traceparent.map(|parent| parent.for_call(step)),
        }
    }

    /// Whether the answer will do.
    fn judge(&self, mut completion: Completion) -> Result<Reply, Failed> {
        let node = self.core.plan.node(self.node);
        let is_empty = completion.text.trim().is_empty() && completion.tool_calls.is_empty();
        let cut_by_client = node.is_final && completion.finish_reason == "length";
        if is_empty && !cut_by_client {
            let fault =
                if completion.finish_reason == "content_filter" { Fault::Filtered } else { Fault::Empty };
            return Err(Failed { retry: Retry::Soon, ..Failed::of(Why::Fault(fault)) });
        }
        let mut value = None;
        if let Some(returns) = &self.ask.returns {
            match returns.read(&completion.text) {
                Ok(reading) => {
                    completion.text = reading.text;
                    value = Some(reading.value);
                }
                Err(wrong) => {
                    let unread = Some(Box::new(Unread { text: completion.text, wrong }));
                    return Err(Failed { unread, ..Failed::of(Why::NotReadable) });
                }
            }
        }
        let view = self.view(&completion, value);
        if let Some(accept) = &self.ask.accept_when {
            let mut scope = self.core.scope(self.node, accept.source().contains("request"));
            scope.set("it", Data::Answer(Arc::clone(&view)));
            match accept.holds(&scope) {
                Ok(true) => (),
                Ok(false) => return Err(Failed { retry: Retry::Soon, ..Failed::of(Why::NotAccepted) }),
                Err(error) => return Err(Failed::of(Why::Expression(error.0))),
            }
        }
        Ok(Reply {
            step: node.id.clone(),
            model: Some(self.core.plan.model(self.ask.model).name.clone()),
            streamed: self.live && self.has_spoken(),
            view,
            completion,
        })
    }

    fn view(&self, completion: &Completion, value: Option<Data>) -> Arc<Answer> {
        let (tokens, cost_usd, seconds) = self.core.ledger().figures(self.node);
        Arc::new(Answer {
            present: true,
            text: completion.text.as_str().into(),
            model: Arc::clone(&self.core.plan.model(self.ask.model).name),
            tokens,
            cost_usd,
            seconds,
            score: None,
            value,
            error: None,
            finish_reason: completion.finish_reason.as_str().into(),
            fits: self.fits(completion),
        })
    }

    /// Only computed where a condition asks: compiling a schema is not free.
    fn fits(&self, completion: &Completion) -> bool {
        let asked = self.ask.accept_when.as_ref().is_some_and(|accept| accept.source().contains("fits"));
        let format = self.core.request.field("response_format").filter(|_| asked);
        let format = format.and_then(|format| serde_json::from_str(format.get()).ok());
        format.is_none_or(|format| typed::fits(&format, &completion.text))
    }

    /// The `response_format` of typed calls and deciders; the client's own goes with its other parameters.
    fn format(&self, shown: &Shown) -> Option<Arc<RawValue>> {
        let format = match (&self.ask.returns, shown.question) {
            (Some(returns), _) => typed::response_format(returns),
            (None, Some(question)) => question.format(),
            (None, None) => return None,
        };
        Some(conversation::raw(&format.to_string()))
    }

    fn messages(&self, scope_of: NodeId, shown: &Shown) -> Result<Vec<Message>, RenderError> {
        let source = prompt::Source {
            core: self.core,
            scope_of,
            shown: shown.list.as_ref(),
            returns: self.ask.returns.as_ref(),
        };
        let prompt = source.turns(&self.ask.prompt)?;
        let system = self.ask.system.as_ref().map(|turn| source.text(turn)).transpose()?;
        let own = self.core.conversation(self.core.plan.node(self.node).frame);
        let conversation = own.as_deref().unwrap_or(&self.core.request.messages);
        Ok(conversation::messages(self.ask.history, conversation, system, prompt))
    }
}
