//! The last runs, with their receipts and traces: `/v1/runs`. Nothing of it is what a client or a model has said, unless the
//! operator has it recorded.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use serde_json::{Value, json};

use crate::run::receipt::Receipt;
use crate::run::record::Spoken;
use crate::run::span::RunSpan;
use crate::run::trace::{Trace, TraceEvent};

use super::errors::{self, Kind, Refusal};
use super::limits::{PAST_BYTES_MAX, PAST_RUNS_MAX};
use super::{State, respond};

/// A run that is over.
#[derive(Debug)]
pub struct Past {
    pub run: Arc<str>,
    pub handle: Arc<str>,
    /// As it was asked for: the handle or its selector.
    pub model: Arc<str>,
    pub streamed: bool,
    /// Since 1970.
    pub began: Duration,
    pub took: Duration,
    /// Until the first token of a streamed reply.
    pub first_token: Option<Duration>,
    /// As the client saw it; `None` if it was gone before the end.
    pub status: Option<u16>,
    /// Its span, if spans are told to anybody.
    pub span: Option<RunSpan>,
    /// What happened; `None` if a bug ended the run, or if nobody waited for its beginning.
    pub told: Option<(Receipt, Trace)>,
    /// What was said, where that is recorded.
    pub spoken: Option<Vec<Spoken>>,
}

/// The last [`PAST_RUNS_MAX`] runs, or as many as [`PAST_BYTES_MAX`] hold.
#[derive(Debug, Default)]
pub struct Runs {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The oldest first, each with its size.
    runs: VecDeque<(Arc<Past>, usize)>,
    bytes: usize,
}

// === impl Runs ===

impl Runs {
    /// Keeps a run that has just ended, in the place of the oldest.
    pub fn push(&self, past: Arc<Past>) {
        let size = past.size();
        let mut kept = self.kept();
        kept.runs.push_back((past, size));
        kept.bytes += size;
        while kept.runs.len() > PAST_RUNS_MAX || kept.bytes > PAST_BYTES_MAX {
            let Some((_, size)) = kept.runs.pop_front() else { break };
            kept.bytes -= size;
        }
    }

    /// The newest first.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Past>> {
        self.kept().runs.iter().rev().map(|(past, _)| Arc::clone(past)).collect()
    }

    #[must_use]
    pub fn one(&self, run: &str) -> Option<Arc<Past>> {
        self.kept().runs.iter().find(|(past, _)| past.run.as_ref() == run).map(|(past, _)| Arc::clone(past))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Past ===

impl Past {
    /// Its line in the log.
    pub fn log(&self) {
        let (run, handle) = (&*self.run, &*self.handle);
        let wall_s = self.took.as_secs_f64();
        let totals = self.told.as_ref().map(|(receipt, _)| receipt.totals).unwrap_or_default();
        let calls = totals.calls;
        let tokens = totals.prompt_tokens.saturating_add(totals.completion_tokens);
        let degraded = self.told.as_ref().is_some_and(|(receipt, _)| receipt.degraded);
        match self.status {
            Some(status) => tracing::info!(run, handle, calls, tokens, wall_s, degraded, status, "run"),
            None => {
                tracing::info!(
                    run,
                    handle,
                    calls,
                    tokens,
                    wall_s,
                    degraded,
                    "run dropped: the client is gone"
                );
            }
        }
    }

    /// About how many bytes it takes.
    fn size(&self) -> usize {
        let own = size_of::<Self>() + self.run.len() + self.handle.len() + self.model.len();
        let told = self.told.as_ref();
        let told = told.map_or(0, |(receipt, trace)| receipt_size(receipt) + trace_size(trace));
        own + told + self.spoken.iter().flatten().map(Spoken::size).sum::<usize>()
    }

    /// One line of the list.
    fn summary(&self) -> Value {
        let receipt = self.told.as_ref().map(|(receipt, _)| receipt);
        json!({
            "id": self.run,
            "object": "ensc.run",
            "created": self.began.as_secs(),
            "handle": self.handle,
            "model": self.model,
            "stream": self.streamed,
            "status": self.status,
            "seconds": self.took.as_secs_f64(),
            "degraded": receipt.map(|receipt| receipt.degraded),
            "calls": receipt.map(|receipt| receipt.totals.calls),
            "prompt_tokens": receipt.map(|receipt| receipt.totals.prompt_tokens),
            "completion_tokens": receipt.map(|receipt| receipt.totals.completion_tokens),
        })
    }

    /// The line with all that is known.
    fn whole(&self) -> Value {
        let mut whole = self.summary();
        whole["receipt"] = json!(self.told.as_ref().map(|(receipt, _)| receipt));
        whole["trace"] = self.told.as_ref().map_or(Value::Null, |(_, trace)| trace_json(trace));
        if let Some(spoken) = &self.spoken {
            whole["text"] = spoken.iter().map(spoken_json).collect();
        }
        whole
    }
}

/// Names of steps and models are the plan's.
fn receipt_size(receipt: &Receipt) -> usize {
    let texts = |texts: &[String]| texts.iter().map(|text| size_of::<String>() + text.len()).sum::<usize>();
    let calls = receipt.calls.iter().map(|call| size_of_val(call) + call.why.as_ref().map_or(0, String::len));
    let lists = [&receipt.degraded_because, &receipt.ignored, &receipt.capped];
    let names = size_of_val(&*receipt.fallbacks) + size_of_val(&*receipt.skipped);
    let quorums = size_of_val(&*receipt.quorums);
    calls.sum::<usize>() + lists.iter().map(|list| texts(list)).sum::<usize>() + names + quorums
}

fn trace_size(trace: &Trace) -> usize {
    trace.events.iter().map(|event| size_of_val(event) + event.detail.len()).sum()
}

fn trace_json(trace: &Trace) -> Value {
    let event = |TraceEvent { at_ms, step, what, detail }: &TraceEvent| json!({"at_ms": at_ms, "step": step, "what": what, "detail": detail});
    json!({"events": trace.events.iter().map(event).collect::<Vec<_>>(), "dropped": trace.dropped})
}

fn spoken_json(Spoken { step, asked, gave }: &Spoken) -> Value {
    json!({"step": step, "asked": asked, "gave": gave})
}

/// `/v1/runs`
pub fn list(state: &State) -> Response<Body> {
    let data: Vec<Value> = state.books.runs.all().iter().map(|past| past.summary()).collect();
    respond::found(&json!({"object": "list", "text_recorded": state.records, "data": data}))
}

/// `/v1/runs/{id}`
pub fn one(state: &State, run: &str) -> Result<Response<Body>, Refusal> {
    match state.books.runs.one(run) {
        Some(past) => Ok(respond::found(&past.whole())),
        None => {
            let run = errors::quoted(run);
            let why = format!(
                "no run `{run}` is remembered: it is under way, or not among the last {PAST_RUNS_MAX}"
            );
            Err(Refusal::new(Kind::NotFound, why))
        }
    }
}
