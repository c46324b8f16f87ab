//! A plan is run: the first line of this crate that waits.
//!
//! A [`Run`] is one future in a stream's clothes. It spawns nothing: dropping it closes every connection that it
//! opened. Knows nothing of HTTP or of where requests come from.

pub mod host;
pub mod receipt;
pub mod request;
pub mod trace;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::stream::Stream;

use crate::plan::Plan;
use crate::run::host::Host;
use crate::run::request::Request;
use crate::upstream::{Completion, Delta};

/// One run of one plan: a stream of [`Event`]s that ends after `Done`.
///
/// Everything happens in `poll_next`: a run that nobody polls stands still, and a run that is dropped has no call
/// alive.
pub struct Run {
    _plan: Arc<Plan>,
}

impl Run {
    /// Nothing happens before the first poll. The run's clock starts here.
    #[must_use]
    pub fn new(plan: Arc<Plan>, _request: Arc<Request>, _host: Arc<Host>) -> Self {
        Self { _plan: plan }
    }
}

impl Stream for Run {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Event>> {
        Poll::Ready(None)
    }
}

/// What a run gives, in order: any number of deltas, then exactly one `Done`, then the stream ends.
#[derive(Debug)]
pub enum Event {
    /// A piece of the reply. Never holds `finish_reason` or `usage`: those stand in [`Finished`]. Only for a request
    /// with `stream`; an answer that cannot stream comes in one piece.
    Delta(Delta),
    Done(Box<Finished>),
}

/// How a run ended.
#[derive(Debug)]
pub struct Finished {
    /// The reply; when deltas went out before, the same text again in whole.
    pub result: Result<Completion, RunError>,
    pub receipt: receipt::Receipt,
    pub trace: trace::Trace,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunError {
    pub kind: ErrorKind,
    /// For people and clients: our own words only, at most 2 KiB.
    pub message: String,
    /// For `Busy` and `Unreachable`: seconds to wait.
    pub retry_after_s: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The conversation is longer than the handle takes, or too long for every proposer.
    ContextLength,
    /// The ensemble failed, deadlines included.
    Failed,
    /// All members answered 429.
    Busy,
    /// The upstream could not be reached before any call was accepted.
    Unreachable,
    /// The run was degraded and the client asked for `strict`.
    Degraded,
    /// The worst case of this request is above the handle's `limit`.
    Limit,
}

impl std::fmt::Display for RunError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RunError {}
