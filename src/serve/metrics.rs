//! What is counted of everything that is served, for Prometheus: `/metrics`, and `docs/metrics.md`.
//!
//! Almost all of it is added up once a run, at its end, from what the receipt holds; nothing is counted per token. Names
//! in labels are those of plans, statuses and closed lists: no request can make a series of its own.

mod labels;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

use axum::body::Body;
use axum::http::Response;

use crate::run::receipt::{CallReceipt, Receipt};
use crate::run::slots::SlotUse;

use super::limits::Limit;
use super::runs::Past;
use super::{State, respond};

use labels::{
    Call, Degraded, Handle, Model, Outcome, Reached, Refused, Reload, Request, Tokens, Told, Version,
};

/// Upper ends of buckets, in seconds, of what lasts as long as models take.
const LONG_S: [f64; 13] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0];

/// The same of what we add ourselves.
const SHORT_S: [f64; 12] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0];

type Seconds = Counter<f64, AtomicU64>;

/// A family of histograms with its buckets.
type Histograms<L> = Family<L, Histogram, Buckets>;

#[derive(Clone)]
struct Buckets(&'static [f64]);

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.iter().copied())
    }
}

/// One for the life of the daemon.
pub struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    refused: Family<Refused, Counter>,
    run_seconds: Histograms<Handle>,
    first_token_seconds: Histograms<Handle>,
    added_seconds: Histograms<Handle>,
    degraded: Family<Degraded, Counter>,
    quorums_missed: Family<Handle, Counter>,
    usage_unknown: Family<Handle, Counter>,
    cost: Family<Handle, Seconds>,
    calls: Family<Call, Counter>,
    call_seconds: Family<Outcome, Seconds>,
    retries: Family<Model, Counter>,
    retries_refused: Family<Model, Counter>,
    trace_events_dropped: Family<Handle, Counter>,
    tokens: Family<Tokens, Counter>,
    slot_wait_seconds: Histograms<Model>,
    limits: Family<Reached, Counter>,
    reloads: Family<Reload, Counter>,
    spans: Family<Told, Counter>,
    // Read when somebody asks.
    runs_in_flight: Gauge,
    calls_in_flight: Gauge,
    slots: Family<Model, Gauge>,
    slots_in_use: Family<Model, Gauge>,
    calls_queued: Gauge,
    breaker_open: Family<Model, Gauge>,
    log_lines_lost: Counter,
    upstream_alive: Gauge,
    stale: Gauge,
}

/// What is so right now.
pub struct Now {
    pub runs: usize,
    pub calls: usize,
    pub slots: Vec<SlotUse>,
    pub queued: usize,
    /// Models that are left alone.
    pub open: Vec<String>,
    pub is_alive: bool,
    pub is_stale: bool,
    pub lost_lines: u64,
}

// === impl Metrics ===

impl Metrics {
    fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            requests: Family::default(),
            refused: Family::default(),
            run_seconds: Family::new_with_constructor(Buckets(&LONG_S)),
            first_token_seconds: Family::new_with_constructor(Buckets(&LONG_S)),
            added_seconds: Family::new_with_constructor(Buckets(&SHORT_S)),
            degraded: Family::default(),
            quorums_missed: Family::default(),
            usage_unknown: Family::default(),
            cost: Family::default(),
            calls: Family::default(),
            call_seconds: Family::default(),
            retries: Family::default(),
            retries_refused: Family::default(),
            trace_events_dropped: Family::default(),
            tokens: Family::default(),
            slot_wait_seconds: Family::new_with_constructor(Buckets(&LONG_S)),
            limits: Family::default(),
            reloads: Family::default(),
            spans: Family::default(),
            runs_in_flight: Gauge::default(),
            calls_in_flight: Gauge::default(),
            slots: Family::default(),
            slots_in_use: Family::default(),
            calls_queued: Gauge::default(),
            breaker_open: Family::default(),
            log_lines_lost: Counter::default(),
            upstream_alive: Gauge::default(),
            stale: Gauge::default(),
        };
        metrics.begin_at_zero();
        metrics.register();
        metrics
    }

    /// What can be listed beforehand is there from the beginning: a rate over nothing is no alarm.
    fn begin_at_zero(&self) {
        for limit in Limit::ALL {
            self.limits.get_or_create(&Reached { limit: limit.word() }).inc_by(0);
        }
        [true, false].into_iter().for_each(|are_sent| self.spans(are_sent, 0));
        for outcome in [true, false].map(reload_outcome) {
            self.reloads.get_or_create(&Reload { outcome }).inc_by(0);
        }
    }

    /// Names and explanations. What ends in `_total` has it from the crate.
    fn register(&mut self) {
        let version = Family::<Version, Gauge>::default();
        version.get_or_create(&Version { version: env!("CARGO_PKG_VERSION") }).set(1);
        let mut registry = Registry::with_prefix("ensc");
        let mut add = Adding(&mut registry);
        add.one("requests", "Runs that ended, by what the client saw", &self.requests);
        add.one("refused", "Requests that did not become a run", &self.refused);
        add.one("run_seconds", "From a question that was read to the end of its answer", &self.run_seconds);
        add.one(
            "first_token_seconds",
            "From a question that was read to the first token of a streamed answer",
            &self.first_token_seconds,
        );
        add.one(
            "added_seconds",
            "Time of a run in which none of its calls was under way",
            &self.added_seconds,
        );
        add.one("degraded", "Reasons for which runs were degraded", &self.degraded);
        add.one("quorums_missed", "Groups that got fewer answers than they need", &self.quorums_missed);
        add.one("usage_unknown", "Calls that ran without telling what they used", &self.usage_unknown);
        add.one("cost_usd", "What the calls cost, by the prices of the models", &self.cost);
        add.one("calls", "Calls to models, by how they ended", &self.calls);
        add.one(
            "call_seconds",
            "Time that calls took, retries and waits for a slot included",
            &self.call_seconds,
        );
        add.one("retries", "Attempts of calls beyond the first", &self.retries);
        add.one(
            "retries_refused",
            "Calls that failed while their handle had retried too much",
            &self.retries_refused,
        );
        add.one("trace_events_dropped", "Events that a trace had no room for", &self.trace_events_dropped);
        add.one("tokens", "Tokens that models reported", &self.tokens);
        add.one(
            "slot_wait_seconds",
            "Time that a call waited for a slot of its model",
            &self.slot_wait_seconds,
        );
        add.one("limit_reached", "How often a limit of the daemon was reached", &self.limits);
        add.one("reloads", "Attempts to load the ensembles again", &self.reloads);
        add.one("spans", "Spans that the collector took, or that were lost", &self.spans);
        add.one(
            "log_lines_lost",
            "Lines of the log that were lost because standard error was not read",
            &self.log_lines_lost,
        );
        add.one("runs_in_flight", "Runs under way", &self.runs_in_flight);
        add.one("calls_in_flight", "Calls that hold a slot, over all models", &self.calls_in_flight);
        add.one("calls_queued", "Calls that wait for a slot, over all models", &self.calls_queued);
        add.one("slots", "Slots of a model that was called: its concurrency", &self.slots);
        add.one("slots_in_use", "Slots of a model that calls hold", &self.slots_in_use);
        add.one("breaker_open", "Whether a model is left alone after failures", &self.breaker_open);
        add.one(
            "upstream_alive",
            "Whether the upstream answered when it was last asked",
            &self.upstream_alive,
        );
        add.one("stale", "Whether the files cannot be served as they are", &self.stale);
        add.one("build_info", "The version that runs", &version);
        self.registry = registry;
    }

    /// Adds up a run that is over.
    pub fn observe(&self, past: &Past) {
        let handle = Handle { handle: Arc::clone(&past.handle) };
        self.requests
            .get_or_create(&Request { handle: handle.handle.clone(), status: past.status.into() })
            .inc();
        if past.status.is_some() {
            self.run_seconds.get_or_create(&handle).observe(past.took.as_secs_f64());
        }
        if let Some(first) = past.first_token {
            self.first_token_seconds.get_or_create(&handle).observe(first.as_secs_f64());
        }
        if let Some((receipt, trace)) = &past.told {
            self.trace_events_dropped.get_or_create(&handle).inc_by(trace.dropped);
            self.observe_receipt(&handle, receipt);
            if past.status.is_some() && !receipt.calls.is_empty() {
                let added = past.took.saturating_sub(under_way(&receipt.calls));
                self.added_seconds.get_or_create(&handle).observe(added.as_secs_f64());
            }
        }
    }

    fn observe_receipt(&self, handle: &Handle, receipt: &Receipt) {
        for cause in &receipt.causes {
            self.degraded
                .get_or_create(&Degraded { handle: handle.handle.clone(), cause: cause.word() })
                .inc();
        }
        let missed = receipt.quorums.iter().filter(|quorum| quorum.got < quorum.need).count();
        self.quorums_missed.get_or_create(handle).inc_by(missed as u64);
        self.usage_unknown.get_or_create(handle).inc_by(receipt.totals.usage_unknown.into());
        self.cost.get_or_create(handle).inc_by(receipt.totals.cost_usd);
        receipt.calls.iter().for_each(|call| self.observe_call(call));
    }

    fn observe_call(&self, call: &CallReceipt) {
        let model = Arc::clone(&call.model);
        let by_model = Model { model: model.clone() };
        let why = call.word;
        self.calls.get_or_create(&Call { model: model.clone(), outcome: call.outcome, why }).inc();
        let outcome = Outcome { model: model.clone(), outcome: call.outcome };
        self.call_seconds.get_or_create(&outcome).inc_by(call.took.as_secs_f64());
        self.retries.get_or_create(&by_model).inc_by(call.attempts.saturating_sub(1).into());
        self.retries_refused.get_or_create(&by_model).inc_by(call.is_unretried.into());
        self.slot_wait_seconds.get_or_create(&by_model).observe(call.waited.as_secs_f64());
        if let Some(usage) = call.usage {
            for (direction, tokens) in [("in", usage.prompt_tokens), ("out", usage.completion_tokens)] {
                self.tokens.get_or_create(&Tokens { model: model.clone(), direction }).inc_by(tokens);
            }
        }
    }

    /// A request did not become a run.
    pub fn refused(&self, code: &'static str) {
        self.refused.get_or_create(&Refused { code }).inc();
    }

    pub fn reached(&self, limit: Limit) {
        self.limits.get_or_create(&Reached { limit: limit.word() }).inc();
    }

    pub fn reloaded(&self, went_well: bool) {
        self.reloads.get_or_create(&Reload { outcome: reload_outcome(went_well) }).inc();
    }

    /// So many spans were taken by the collector, or lost.
    pub fn spans(&self, are_sent: bool, count: u64) {
        self.spans.get_or_create(&Told { outcome: span_outcome(are_sent) }).inc_by(count);
    }

    /// Everything, as Prometheus' text.
    pub fn expose(&self, now: &Now) -> String {
        self.runs_in_flight.set(now.runs as i64);
        self.calls_in_flight.set(now.calls as i64);
        self.calls_queued.set(now.queued as i64);
        self.upstream_alive.set(now.is_alive.into());
        self.stale.set(now.is_stale.into());
        self.log_lines_lost.inner().store(now.lost_lines, Ordering::Relaxed);
        for SlotUse { model, slots, in_use } in &now.slots {
            let is_open = now.open.contains(model);
            let model = Model { model: model.as_str().into() };
            self.breaker_open.get_or_create(&model).set(is_open.into());
            self.slots.get_or_create(&model).set((*slots).into());
            self.slots_in_use.get_or_create(&model).set((*in_use).into());
        }
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry).expect("a text takes what is written to it");
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

fn span_outcome(are_sent: bool) -> &'static str {
    if are_sent { "sent" } else { "lost" }
}

fn reload_outcome(went_well: bool) -> &'static str {
    if went_well { "ok" } else { "failed" }
}

/// Puts metrics under their names.
struct Adding<'a>(&'a mut Registry);

impl Adding<'_> {
    fn one(&mut self, name: &str, help: &str, metric: &(impl Metric + Clone)) {
        self.0.register(name, help, metric.clone());
    }
}

/// Time in which at least one of the calls was under way.
fn under_way(calls: &[CallReceipt]) -> Duration {
    let mut spans: Vec<_> = calls.iter().map(|call| (call.began, call.began + call.took)).collect();
    spans.sort_unstable();
    let (mut sum, mut until) = (Duration::ZERO, Duration::ZERO);
    for (from, to) in spans {
        sum += to.saturating_sub(from.max(until));
        until = until.max(to);
    }
    sum
}

/// `/metrics`
pub fn scrape(state: &State) -> Response<Body> {
    respond::metrics(state.books.metrics.expose(&state.now()))
}
