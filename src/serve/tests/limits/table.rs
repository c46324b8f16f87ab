//! The limits. What is said beyond each was written by hand from what is promised (`docs/daemon.md`), not from what was seen.

use crate::run::breaker::FAILURES_MAX;
use crate::run::slots::{CALLS_MAX, QUEUE_MAX};
use crate::run::trace::EVENTS_MAX;
use crate::serve::limits::{
    Allowed, CHOICES_MAX, DEPTH_MAX, FIELDS_MAX, HEAD_MAX, MESSAGE_MAX, PAST_RUNS_MAX, size,
};
use crate::template::{FUEL, RENDERED_SIZE_MAX};
use crate::upstream::answer::ANSWER_SIZE_MAX;
use crate::upstream::sse::EVENT_SIZE_MAX;

use super::reach::How;

pub struct Row {
    /// How it is reached.
    pub how: How,
    pub what: &'static str,
    /// Its value, as it is built in.
    pub most: fn() -> String,
    /// Its key below `[serve.limits]`.
    pub key: Option<&'static str>,
    pub beyond: Beyond,
    /// A series of `/metrics` that shows it, and its number once it was reached.
    pub metric: Option<(&'static str, Number)>,
}

/// What happens to what goes beyond. In messages `{most}` is the limit.
#[derive(Clone, Copy, Debug)]
pub enum Beyond {
    Refused {
        status: u16,
        code: &'static str,
        message: &'static str,
        retry_after: Option<&'static str>,
    },
    /// By the part of the server that cannot say more.
    RefusedWithoutBody {
        status: u16,
    },
    /// The connection is closed after so many seconds.
    Closed {
        after_s: u64,
    },
    /// The same, and a run on it is dropped.
    Dropped {
        after_s: u64,
    },
    /// It waits: of two that take a second each, the second is answered after two.
    Waits,
    /// The connection is not accepted until another one is closed.
    WaitsToBeAccepted,
    /// The call fails for this reason; the ensemble of the test has no other, so it fails, too.
    CallFails {
        why: &'static str,
        status: u16,
        code: &'static str,
    },
    /// The message of an error ends with `…`.
    Cut {
        status: u16,
        code: &'static str,
    },
    /// So many are kept: the first, or the last.
    Kept {
        most: usize,
        which: &'static str,
    },
    /// The runs go on.
    Lost,
}

#[derive(Clone, Copy, Debug)]
pub enum Number {
    Is(u32),
    /// Not told by the limit alone.
    More,
}

use Beyond::{
    CallFails, Closed, Cut, Dropped, Kept, Lost, Refused, RefusedWithoutBody, Waits, WaitsToBeAccepted,
};
use Number::{Is, More};

const fn invalid(message: &'static str) -> Beyond {
    Refused { status: 400, code: "invalid_request", message, retry_after: None }
}

const fn overloaded(message: &'static str) -> Beyond {
    Refused { status: 503, code: "overloaded", message, retry_after: Some("1") }
}

const fn fails(why: &'static str) -> Beyond {
    CallFails { why, status: 424, code: "ensemble_failed" }
}

macro_rules! limit {
    ($word:literal) => {
        Some((concat!("ensc_limit_reached_total{limit=\"", $word, "\"}"), Is(1)))
    };
}

macro_rules! failed {
    ($why:literal) => {
        Some((concat!("ensc_calls_total{model=\"a\",outcome=\"failed\",why=\"", $why, "\"}"), Is(1)))
    };
}

fn usual() -> Allowed {
    Allowed::default()
}

/// Of requests and connections.
pub const OF_REQUESTS: &[Row] = &[
    Row {
        how: How::Body,
        what: "body of a request",
        most: || size(usual().body),
        key: Some("body"),
        beyond: Refused {
            status: 413,
            code: "body_too_large",
            message: "the body is larger than {most}",
            retry_after: None,
        },
        metric: limit!("body"),
    },
    Row {
        how: How::Bodies,
        what: "all bodies in memory",
        most: || size(usual().bodies),
        key: Some("bodies"),
        beyond: overloaded("overload: too many request bytes held at once"),
        metric: limit!("bodies"),
    },
    Row {
        how: How::Depth,
        what: "nesting of a body",
        most: || format!("{DEPTH_MAX} levels"),
        key: None,
        beyond: invalid("the body is nested more than 128 levels deep"),
        metric: limit!("depth"),
    },
    Row {
        how: How::Fields,
        what: "fields at its top level",
        most: || FIELDS_MAX.to_string(),
        key: None,
        beyond: invalid("the body has more than 128 fields"),
        metric: limit!("fields"),
    },
    Row {
        how: How::Headers,
        what: "headers",
        most: || "100".to_owned(),
        key: None,
        beyond: RefusedWithoutBody { status: 431 },
        metric: limit!("head"),
    },
    Row {
        how: How::Head,
        what: "head",
        most: || size(HEAD_MAX),
        key: None,
        beyond: RefusedWithoutBody { status: 431 },
        metric: limit!("head"),
    },
    Row {
        how: How::HeadTime,
        what: "head, from its first byte",
        most: || seconds(usual().head_time),
        key: Some("head_time"),
        beyond: Closed { after_s: 10 },
        metric: limit!("head_time"),
    },
    Row {
        how: How::BodyTime,
        what: "silence inside a body",
        most: || seconds(usual().body_time),
        key: Some("body_time"),
        beyond: invalid("the body stood still for {most}"),
        metric: limit!("body_time"),
    },
    Row {
        how: How::Idle,
        what: "idle connection",
        most: || seconds(usual().idle),
        key: Some("idle"),
        beyond: Closed { after_s: 150 },
        metric: limit!("idle"),
    },
    Row {
        how: How::Reader,
        what: "a reader that takes nothing, with 64 KiB waiting for it",
        most: || seconds(usual().reader),
        key: Some("reader"),
        beyond: Dropped { after_s: 60 },
        metric: limit!("reader"),
    },
    Row {
        how: How::Connections,
        what: "connections",
        most: || usual().connections.to_string(),
        key: Some("connections"),
        beyond: WaitsToBeAccepted,
        metric: limit!("connections"),
    },
    Row {
        how: How::Runs,
        what: "runs in flight",
        most: || usual().runs.to_string(),
        key: Some("runs"),
        beyond: overloaded("overload: too many runs in flight"),
        metric: limit!("runs"),
    },
    Row {
        how: How::Choices,
        what: "choices, `n`",
        most: || CHOICES_MAX.to_string(),
        key: None,
        beyond: invalid("`n` must be a whole number from 1 to 8"),
        metric: Some(("ensc_refused_total{code=\"invalid_request\"}", Is(1))),
    },
    Row {
        how: How::Path,
        what: "names in `x-ensc-path`",
        most: || "16, in 1 KiB".to_owned(),
        key: None,
        beyond: Refused {
            status: 400,
            code: "nested_ensemble",
            message: "`x-ensc-path` must be at most 16 names of handles in 1024 bytes",
            retry_after: None,
        },
        metric: Some(("ensc_refused_total{code=\"nested_ensemble\"}", Is(1))),
    },
    Row {
        how: How::Message,
        what: "`error.message`",
        most: || size(MESSAGE_MAX),
        key: None,
        beyond: Cut { status: 424, code: "ensemble_failed" },
        metric: limit!("message"),
    },
];

/// Of runs and of their calls.
pub const OF_RUNS: &[Row] = &[
    Row {
        how: How::Calls,
        what: "calls in flight",
        most: || CALLS_MAX.to_string(),
        key: Some("calls"),
        beyond: Waits,
        metric: Some(("ensc_calls_in_flight", Is(1))),
    },
    Row {
        how: How::Concurrency,
        what: "calls in flight of a model",
        most: || "its `concurrency`, or 64".to_owned(),
        key: None,
        beyond: Waits,
        metric: Some(("ensc_slots_in_use{model=\"a\"}", Is(64))),
    },
    Row {
        how: How::Queue,
        what: "calls that wait for that",
        most: || QUEUE_MAX.to_string(),
        key: Some("queue"),
        beyond: overloaded("overload: {most} calls wait for their models already"),
        metric: failed!("queue full"),
    },
    Row {
        how: How::Retries,
        what: "retries of a handle in 10 s",
        most: || "10, and one for every 5 calls".to_owned(),
        key: None,
        beyond: CallFails { why: "busy", status: 429, code: "members_busy" },
        // A hundred calls that each want one.
        metric: Some(("ensc_retries_refused_total{model=\"a\"}", Is(100 - 10 - 20))),
    },
    Row {
        how: How::Failures,
        what: "failures of a model in a row, before it is left alone for 10 s",
        most: || FAILURES_MAX.to_string(),
        key: None,
        beyond: Refused {
            status: 503,
            code: "upstream_unreachable",
            message: "every model is left alone after {most} failures in a row; none was reached",
            retry_after: Some("5"),
        },
        metric: Some(("ensc_breaker_open{model=\"a\"}", Is(1))),
    },
    Row {
        how: How::Answer,
        what: "an answer of a model",
        most: || size(ANSWER_SIZE_MAX),
        key: None,
        beyond: fails("answered more than is taken"),
        metric: failed!("answered more than is taken"),
    },
    Row {
        how: How::Event,
        what: "an event of a streamed answer",
        most: || size(EVENT_SIZE_MAX),
        key: None,
        beyond: fails("answered more than is taken"),
        metric: failed!("answered more than is taken"),
    },
    Row {
        how: How::Silence,
        what: "silence inside a streamed answer",
        most: || "60 s".to_owned(),
        key: None,
        beyond: fails("fell silent in mid-answer"),
        metric: failed!("fell silent in mid-answer"),
    },
    Row {
        how: How::Prompt,
        what: "a prompt as it is rendered",
        most: || size(RENDERED_SIZE_MAX),
        key: None,
        beyond: fails("its template gave more than 8 MiB of text"),
        metric: failed!("template failed"),
    },
    Row {
        how: How::Fuel,
        what: "steps of rendering it",
        most: || FUEL.to_string(),
        key: None,
        beyond: fails("its template ran out of fuel"),
        metric: failed!("template failed"),
    },
    Row {
        how: How::Trace,
        what: "events of a trace",
        most: || EVENTS_MAX.to_string(),
        key: None,
        beyond: Kept { most: 4096, which: "first" },
        metric: Some(("ensc_trace_events_dropped_total{handle=\"opt-x-high-s\"}", More)),
    },
    Row {
        how: How::Past,
        what: "runs that are remembered",
        most: || format!("{PAST_RUNS_MAX}, in 64 MiB"),
        key: None,
        beyond: Kept { most: 1000, which: "last" },
        metric: None,
    },
    Row {
        how: How::Spans,
        what: "runs whose spans wait for the collector",
        most: || "1024".to_owned(),
        key: None,
        beyond: Lost,
        metric: Some(("ensc_spans_total{outcome=\"lost\"}", Is(1))),
    },
];

fn seconds(time: std::time::Duration) -> String {
    format!("{} s", time.as_secs_f64())
}
