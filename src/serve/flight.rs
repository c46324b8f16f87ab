//! One run in flight: its events, what it holds, and the line that is logged when it is over.
//!
//! Dropped, it drops the run with it, and every connection that the run had open.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::stream::{BoxStream, CatchUnwind, StreamExt};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use crate::plan::Plan;
use crate::run::host::Host;
use crate::run::receipt::Receipt;
use crate::run::request::Request;
use crate::run::{Event, Run};

use super::errors::{self, Refusal};
use super::limits::BodyShare;

/// How a run is begun. There is one way; tests have theirs.
pub trait Runner: Send + Sync + 'static {
    /// Nothing happens before the first poll.
    fn start(&self, plan: Arc<Plan>, request: Arc<Request>) -> BoxStream<'static, Event>;
}

/// Runs for real.
pub struct HostRunner(pub Arc<Host>);

impl Runner for HostRunner {
    fn start(&self, plan: Arc<Plan>, request: Arc<Request>) -> BoxStream<'static, Event> {
        Run::new(plan, request, Arc::clone(&self.0)).boxed()
    }
}

/// What a run takes from the daemon as long as it lives.
#[expect(dead_code, reason = "held, never looked at")]
pub struct Holds {
    pub slot: OwnedSemaphorePermit,
    pub body: BodyShare,
}

pub struct Flight {
    /// `None` once it is over.
    events: Option<CatchUnwind<AssertUnwindSafe<BoxStream<'static, Event>>>>,
    pub entry: Entry,
    _holds: Holds,
}

// === impl Flight ===

impl Flight {
    #[must_use]
    pub fn new(events: BoxStream<'static, Event>, entry: Entry, holds: Holds) -> Self {
        Self { events: Some(AssertUnwindSafe(events).catch_unwind()), entry, _holds: holds }
    }

    /// The next event. A panic of the run is a refusal, and so is an end without `Done`; after either, and after
    /// `Done`, the run is gone and must not be asked again.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event, Refusal>> {
        let events = self.events.as_mut().expect("a run is not polled after its end");
        let event = match std::task::ready!(events.poll_next_unpin(cx)) {
            Some(Ok(event)) => Ok(event),
            Some(Err(_)) | None => Err(errors::panicked()),
        };
        if !matches!(event, Ok(Event::Delta { .. })) {
            self.events = None;
        }
        Poll::Ready(event)
    }

    /// See [`Self::poll_next`].
    pub async fn next(&mut self) -> Result<Event, Refusal> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }
}

/// The line of one run in the log: written when dropped, so that none is forgotten.
pub struct Entry {
    run: String,
    handle: String,
    began: Instant,
    calls: u32,
    tokens: u64,
    degraded: bool,
    status: Option<u16>,
}

// === impl Entry ===

impl Entry {
    #[must_use]
    pub fn new(run: String, handle: String) -> Self {
        Self { run, handle, began: Instant::now(), calls: 0, tokens: 0, degraded: false, status: None }
    }

    pub fn count(&mut self, receipt: &Receipt) {
        self.calls = receipt.totals.calls;
        self.tokens = receipt.totals.prompt_tokens.saturating_add(receipt.totals.completion_tokens);
        self.degraded = receipt.degraded;
    }

    /// How it ended, as a status. Without one the client was gone before the end.
    pub fn close(&mut self, status: u16) {
        self.status = Some(status);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let wall_s = self.began.elapsed().as_secs_f64();
        let Self { run, handle, calls, tokens, degraded, .. } = self;
        match self.status {
            Some(status) => tracing::info!(run, handle, calls, tokens, wall_s, degraded, status, "run"),
            None => tracing::info!(run, handle, wall_s, "run dropped: the client is gone"),
        }
    }
}
