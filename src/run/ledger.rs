//! The books of one run: every call, every surprise. The receipt and the trace are made of it, and nothing else is.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::plan::{NodeId, Plan};
use crate::units::{Price, Tokens};
use crate::upstream::{CallError, Usage};

use super::errors::Why;
use super::receipt::{CallReceipt, Cause, QuorumReceipt, Receipt, Told, Totals, UsageReceipt};
use super::request::Request;
use super::trace::{EVENTS_MAX, Trace, TraceEvent};

/// Why a call was cancelled that was under way at the end of its run.
const RUN_ENDED: &str = "the run ended";

#[derive(Debug)]
pub struct Ledger {
    plan: Arc<Plan>,
    began: Instant,
    /// By node; `None` for what was never called.
    calls: Vec<Option<CallRecord>>,
    because: Vec<String>,
    /// Of each of them.
    causes: Vec<Cause>,
    fallbacks: Vec<Arc<str>>,
    skipped: Vec<Arc<str>>,
    quorums: Vec<QuorumReceipt>,
    capped: Vec<String>,
    trace: Trace,
    spent: Spent,
}

#[derive(Debug)]
pub struct CallRecord {
    /// Calls that stood one behind the other until here, itself counted.
    wave: u32,
    pub attempts: u32,
    pub usage: Option<Usage>,
    /// An attempt reached the model and ended without saying what it used.
    usage_unknown: bool,
    /// Of the attempt that is under way: whether it said what it used.
    under_way: Option<Said>,
    /// An attempt ended in another way than by a refused connection. One that was stopped under way does not count: there
    /// is one upstream, and if it refused the others it would have refused this one.
    accepted: bool,
    began: Instant,
    took: Option<Duration>,
    /// Of that, how long it waited for slots.
    waited: Duration,
    is_unretried: bool,
    end: End,
    /// The last attempt's error.
    pub error: Option<CallError>,
}

/// What an attempt under way has said of what it used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Nothing,
    All,
}

#[derive(Debug, PartialEq)]
enum End {
    Running,
    Fine,
    Failed(Why),
    /// Why is not said yet by whoever stopped it.
    Dropped,
    Cancelled(&'static str),
}

/// What the run has used and holds reserved, against the handle's `limit`.
#[derive(Debug, Default)]
struct Spent {
    calls: u32,
    tokens: u64,
    micro_usd: u64,
}

// === impl Ledger ===

impl Ledger {
    pub fn new(plan: Arc<Plan>) -> Self {
        let calls = plan.ids().map(|_| None).collect();
        Self {
            plan,
            began: Instant::now(),
            calls,
            because: Vec::new(),
            causes: Vec::new(),
            fallbacks: Vec::new(),
            skipped: Vec::new(),
            quorums: Vec::new(),
            capped: Vec::new(),
            trace: Trace::default(),
            spent: Spent::default(),
        }
    }

    pub fn note(&mut self, node: NodeId, what: &'static str, detail: impl Into<Cow<'static, str>>) {
        let step = self.plan.node(node).id.clone();
        self.event(step, what, detail.into());
    }

    pub fn event(&mut self, step: Arc<str>, what: &'static str, detail: Cow<'static, str>) {
        if self.trace.events.len() >= EVENTS_MAX {
            self.trace.dropped += 1;
            return;
        }
        let at_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.trace.events.push(TraceEvent { at_ms, step, what, detail });
    }

    // Calls.

    /// A call begins behind `before` others.
    pub fn call_began(&mut self, node: NodeId, before: u32) {
        self.calls[node.0 as usize] = Some(CallRecord {
            wave: before + 1,
            attempts: 0,
            usage: None,
            usage_unknown: false,
            under_way: None,
            accepted: false,
            began: Instant::now(),
            took: None,
            waited: Duration::ZERO,
            is_unretried: false,
            end: End::Running,
            error: None,
        });
    }

    pub fn attempt_began(&mut self, node: NodeId, model: &str) {
        let record = self.record(node);
        record.attempts += 1;
        record.under_way = Some(Said::Nothing);
        let what = if record.attempts == 1 { "ask" } else { "retry" };
        self.note(node, what, model.to_owned());
    }

    /// An attempt has waited so long for its slots, whether it got them or not.
    pub fn waited(&mut self, node: NodeId, wait: Duration) {
        self.record(node).waited += wait;
    }

    /// The call is not tried again, since the handle has retried too much.
    pub fn unretried(&mut self, node: NodeId) {
        self.record(node).is_unretried = true;
    }

    /// Somebody took the attempt that has just ended, whatever came of it.
    pub fn accepted(&mut self, node: NodeId) {
        self.record(node).accepted = true;
    }

    /// Counts what an attempt reports to have used, as soon as it does: whatever comes of its answer, it was used.
    pub fn used(&mut self, node: NodeId, usage: Usage) {
        let price = self.plan.node(node).act.ask().map(|ask| self.plan.model(ask.model).price);
        let record = self.record(node);
        record.under_way = Some(Said::All);
        *record.usage.get_or_insert_default() += usage;
        self.spent.tokens += usage.prompt_tokens + usage.completion_tokens;
        self.spent.micro_usd += price.map_or(0, |price| cost(price, usage));
    }

    /// An attempt ended by itself. One that reached a model and reported nothing is counted as unknown.
    pub fn attempt_ended(&mut self, node: NodeId, reached: bool) {
        let record = self.record(node);
        record.usage_unknown |= reached && record.under_way == Some(Said::Nothing);
        record.under_way = None;
    }

    pub fn call_fine(&mut self, node: NodeId) {
        self.end(node, End::Fine);
        let usage = self.record(node).usage;
        let detail = match usage.map(|usage| usage.completion_tokens) {
            Some(1) => "1 token".to_owned(),
            Some(tokens) => format!("{tokens} tokens"),
            None => "tokens unknown".to_owned(),
        };
        self.note(node, "answer", detail);
    }

    pub fn call_failed(&mut self, node: NodeId, why: Why, error: Option<CallError>) {
        self.note(node, "failed", why.to_string());
        if let Some(record) = &mut self.calls[node.0 as usize] {
            record.error = error;
        }
        self.end(node, End::Failed(why));
    }

    /// A call that was dropped while it ran. Why is known to whoever dropped it: see [`Ledger::stopped`].
    pub fn call_dropped(&mut self, node: NodeId) {
        let Some(record) = &mut self.calls[node.0 as usize] else { return };
        if record.end == End::Running {
            record.usage_unknown |= record.under_way == Some(Said::Nothing);
            self.end(node, End::Dropped);
        }
    }

    /// Says why calls were dropped just now, with all that they stood in. `why` completes "cancelled: ". Returns the last
    /// wave that had begun among them.
    pub fn stopped(&mut self, why: &'static str) -> u32 {
        let mut wave = 0;
        for node in self.plan.ids() {
            let Some(record) = &mut self.calls[node.0 as usize] else { continue };
            if record.end == End::Dropped {
                record.end = End::Cancelled(why);
                wave = wave.max(record.wave);
                self.note(node, "cancelled", why);
            }
        }
        wave
    }

    fn end(&mut self, node: NodeId, end: End) {
        if let Some(record) = &mut self.calls[node.0 as usize] {
            record.took = Some(record.began.elapsed());
            record.end = end;
        }
    }

    fn record(&mut self, node: NodeId) -> &mut CallRecord {
        self.calls[node.0 as usize].as_mut().expect("a call is entered before it is used")
    }

    /// Whether a call may start that adds at most `tokens` and `micro_usd` to what was spent; if so, it is reserved.
    pub fn reserve(&mut self, tokens: u64, micro_usd: u64) -> bool {
        let limit = &self.plan.limit;
        let within = limit.calls.is_none_or(|most| self.spent.calls < most)
            && limit.tokens.is_none_or(|most| self.spent.tokens + tokens <= most.0)
            && limit.cost.is_none_or(|most| self.spent.micro_usd + micro_usd <= most.0);
        if within {
            self.spent.calls += 1;
            self.spent.tokens += tokens;
            self.spent.micro_usd += micro_usd;
        }
        within
    }

    /// Gives back what a call reserved, once what it used is known.
    pub fn release(&mut self, tokens: u64, micro_usd: u64) {
        self.spent.tokens = self.spent.tokens.saturating_sub(tokens);
        self.spent.micro_usd = self.spent.micro_usd.saturating_sub(micro_usd);
    }

    // What was not as planned.

    pub fn degraded(&mut self, cause: Cause, because: impl Into<String>) {
        let because = because.into();
        if !self.because.contains(&because) {
            self.because.push(because);
            self.causes.push(cause);
        }
    }

    pub fn is_degraded(&self) -> bool {
        !self.because.is_empty()
    }

    pub fn reasons(&self) -> &[String] {
        &self.because
    }

    pub fn fallback(&mut self, node: NodeId, taken: NodeId, degraded: bool) {
        let (from, to) = (self.plan.node(node).id.clone(), self.plan.node(taken).id.clone());
        self.fallbacks.push(Arc::clone(&to));
        self.note(taken, "else", format!("in the place of {from}"));
        if degraded {
            self.degraded(Cause::Else, format!("`{to}` answered in the place of `{from}`"));
        }
    }

    /// Somebody asks for a node that was stopped half-way.
    pub fn late(&mut self, node: NodeId) {
        let why = Why::Stopped;
        self.note(node, "failed", why.to_string());
        self.degraded(Cause::Step, format!("`{}` {why}", self.plan.node(node).id));
    }

    pub fn skipped(&mut self, node: NodeId) {
        let step = self.plan.node(node).id.clone();
        self.skipped.push(step);
        self.note(node, "skipped", "skip when holds");
    }

    pub fn quorum(&mut self, node: NodeId, need: u32, of: u32, got: u32) {
        let step = self.plan.node(node).id.clone();
        self.quorums.push(QuorumReceipt { step, need, of, got });
        self.note(node, "quorum", format!("{got} of {of}, need {need}"));
    }

    pub fn capped(&mut self, field: &str) {
        if !self.capped.iter().any(|known| known == field) {
            self.capped.push(field.to_owned());
        }
    }

    // Reading.

    /// Calls that ended and calls that were started.
    pub fn progress(&self) -> (u32, u32) {
        let began = self.calls.iter().flatten();
        began.fold((0, 0), |(ended, all), record| (ended + u32::from(record.end != End::Running), all + 1))
    }

    /// Every call that failed: its node and its last error.
    pub fn failures(&self) -> Vec<(NodeId, &Why, Option<&CallError>)> {
        self.plan
            .ids()
            .filter_map(|id| match self.calls[id.0 as usize].as_ref()? {
                CallRecord { end: End::Failed(why), error, .. } => Some((id, why, error.as_ref())),
                _ => None,
            })
            .collect()
    }

    /// Groups that did not get what they need, as sentences.
    pub fn lost_quorums(&self) -> Vec<String> {
        let lost = self.quorums.iter().filter(|quorum| quorum.got < quorum.need);
        lost.map(|q| format!("`{}` has {} of the {} answers it needs", q.step, q.got, q.need)).collect()
    }

    /// Whether the node's call was begun.
    pub fn was_called(&self, node: NodeId) -> bool {
        self.calls[node.0 as usize].is_some()
    }

    /// Whether some call was answered, or at least taken.
    pub fn was_accepted(&self) -> bool {
        self.calls.iter().flatten().any(|record| record.accepted)
    }

    /// The longest chain of calls that began.
    fn waves(&self) -> u32 {
        self.calls.iter().flatten().map(|record| record.wave).max().unwrap_or(0)
    }

    pub fn receipt(&self, request: &Request, told: Told) -> Receipt {
        let calls: Vec<CallReceipt> = self.plan.ids().filter_map(|id| self.call_receipt(id)).collect();
        let bounds = &self.plan.bounds;
        let conversation = request.tokens();
        Receipt {
            run: request.run.clone(),
            handle: self.plan.handle.clone(),
            plan: self.plan.short_hash().to_owned(),
            degraded: self.is_degraded(),
            degraded_because: self.because.clone(),
            causes: self.causes.clone(),
            totals: self.totals(&calls),
            calls,
            quorums: self.quorums.clone(),
            fallbacks: self.fallbacks.clone(),
            skipped: self.skipped.clone(),
            reply: told.reply,
            choices: told.choices,
            bound: Totals {
                calls: bounds.calls,
                attempts: bounds.attempts,
                waves: bounds.waves,
                prompt_tokens: bounds.tokens_in.of(Tokens(conversation)).0,
                completion_tokens: bounds.tokens_out.0,
                usage_unknown: bounds.calls,
                cost_usd: bounds.cost.as_usd(),
                seconds: bounds.time.as_seconds(),
            },
            ignored: request.ignored.clone(),
            capped: self.capped.clone(),
        }
    }

    fn call_receipt(&self, id: NodeId) -> Option<CallReceipt> {
        let record = self.calls[id.0 as usize].as_ref()?;
        let node = self.plan.node(id);
        let (outcome, why, word) = match &record.end {
            End::Fine => ("ok", None, ""),
            End::Failed(why) => ("failed", Some(why.to_string()), why.word()),
            End::Cancelled(why) => ("cancelled", Some((*why).to_owned()), *why),
            End::Running | End::Dropped => ("cancelled", Some(RUN_ENDED.to_owned()), RUN_ENDED),
        };
        let took = record.took.unwrap_or_else(|| record.began.elapsed());
        Some(CallReceipt {
            step: node.id.clone(),
            model: node.act.ask().map(|ask| self.plan.model(ask.model).name.clone()).unwrap_or_default(),
            outcome,
            why,
            attempts: record.attempts,
            seconds: seconds(took),
            usage: record.usage.map(usage_receipt),
            word,
            began: record.began.duration_since(self.began),
            took,
            waited: record.waited,
            is_unretried: record.is_unretried,
        })
    }

    fn totals(&self, calls: &[CallReceipt]) -> Totals {
        let mut totals =
            Totals { waves: self.waves(), seconds: seconds(self.began.elapsed()), ..Totals::default() };
        let mut micro_usd = 0;
        for (id, record) in self.plan.ids().zip(&self.calls) {
            let Some(record) = record else { continue };
            let unsaid = record.end == End::Running && record.under_way == Some(Said::Nothing);
            totals.usage_unknown += u32::from(record.usage_unknown || unsaid);
            if let (Some(usage), Some(ask)) = (record.usage, self.plan.node(id).act.ask()) {
                totals.prompt_tokens += usage.prompt_tokens;
                totals.completion_tokens += usage.completion_tokens;
                micro_usd += cost(self.plan.model(ask.model).price, usage);
            }
        }
        totals.calls = calls.len() as u32;
        totals.attempts = calls.iter().map(|call| call.attempts).sum();
        totals.cost_usd = micro_usd as f64 / 1e6;
        totals
    }

    pub fn take_trace(&mut self) -> Trace {
        std::mem::take(&mut self.trace)
    }

    pub fn usage_of(&self, step: &str) -> Option<UsageReceipt> {
        let id = self.plan.ids().find(|&id| self.plan.node(id).id.as_ref() == step)?;
        self.calls[id.0 as usize].as_ref()?.usage.map(usage_receipt)
    }

    /// Tokens and cost of a node's call so far, and how long it has run.
    pub fn figures(&self, node: NodeId) -> (u64, f64, f64) {
        let Some(record) = &self.calls[node.0 as usize] else { return (0, 0.0, 0.0) };
        let usage = record.usage.unwrap_or_default();
        let price =
            self.plan.node(node).act.ask().map(|ask| self.plan.model(ask.model).price).unwrap_or_default();
        (usage.completion_tokens, cost(price, usage) as f64 / 1e6, record.began.elapsed().as_secs_f64())
    }
}

fn cost(price: Price, usage: Usage) -> u64 {
    price.input.per_million(Tokens(usage.prompt_tokens)).0
        + price.output.per_million(Tokens(usage.completion_tokens)).0
}

fn usage_receipt(usage: Usage) -> UsageReceipt {
    UsageReceipt {
        prompt_tokens: usage.prompt_tokens,
        completion_tokens: usage.completion_tokens,
        total_tokens: usage.prompt_tokens + usage.completion_tokens,
    }
}

/// To the millisecond.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}
