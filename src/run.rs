//! A plan is run: the first line of this crate that waits.
//!
//! A [`Run`] is one future in a stream's clothes. It spawns nothing: dropping it closes every connection that it
//! opened. Knows nothing of HTTP or of where requests come from.

mod backoff;
pub mod breaker;
mod call;
mod combine;
mod contest;
mod conversation;
mod core;
mod ending;
mod errors;
pub mod host;
mod interpreter;
mod ledger;
mod outbox;
mod outcome;
mod prompt;
mod question;
pub mod receipt;
pub mod record;
pub mod rehearse;
pub mod request;
mod scheduler;
mod shape;
pub mod slots;
pub mod span;
pub mod trace;
mod typed;
mod verbs;
mod work;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::Stream;

use crate::plan::Plan;
use crate::upstream::{Completion, Delta};

use self::core::Core;
use self::host::Host;
use self::request::Request;

pub use self::errors::{ErrorKind, RunError};

/// Stack of a thread that polls runs, in bytes: a step that waits for another is polled through it, and a program may hold
/// 16 times 256 steps that wait for each other.
pub const STACK_SIZE: usize = 32 << 20;

/// What a run gives, in order: any number of deltas, then exactly one `Done`, then the stream ends.
#[derive(Debug)]
pub enum Event {
    /// A piece of one choice of the reply, counted from 0. Never holds `finish_reason` or `usage`: those stand in [`Finished`]. Only for a request
    /// with `stream`; an answer that cannot stream comes in one piece.
    Delta {
        choice: u32,
        delta: Delta,
    },
    Done(Box<Finished>),
}

/// How a run ended.
#[derive(Debug)]
pub struct Finished {
    /// The reply, at least one choice of it, in order; when deltas went out before, the same text again in whole.
    pub result: Result<Vec<Choice>, RunError>,
    pub receipt: receipt::Receipt,
    pub trace: trace::Trace,
}

/// What happened in a run that was not let go on to its end.
#[derive(Debug)]
pub struct Abandoned {
    pub receipt: receipt::Receipt,
    pub trace: trace::Trace,
}

/// One answer to the request: the only one, but for a plan made by [`crate::plan::several`].
#[derive(Clone, Debug)]
pub struct Choice {
    /// As in its deltas. One is missing in between if a choice broke off after its first delta.
    pub index: u32,
    pub completion: Completion,
}

/// One run of one plan: a stream of [`Event`]s that ends after `Done`.
///
/// Everything happens in `poll_next`: a run that nobody polls stands still, and a run that is dropped has no call
/// alive. Nothing is read from upstream while deltas wait here, so a slow reader slows the model, not our memory.
pub struct Run {
    core: Option<Arc<Core>>,
    /// Calls that had ended and been begun when that was last told.
    told: (u32, u32),
    plan: Arc<Plan>,
    request: Arc<Request>,
    host: Arc<Host>,
    is_recorded: bool,
    is_ordered: bool,
    state: State,
}

enum State {
    /// Not polled yet.
    New,
    Running(BoxFuture<'static, Finished>),
    /// Over, but deltas may still wait.
    Ended(Option<Box<Finished>>),
}

// === impl Finished ===

impl Finished {
    /// The first choice.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn reply(&self) -> Result<&Completion, &RunError> {
        self.result.as_ref().map(|choices| &choices[0].completion)
    }
}

// === impl Run ===

impl Run {
    /// Nothing happens before the first poll. The run's clock starts there.
    #[must_use]
    pub fn new(plan: Arc<Plan>, request: Arc<Request>, host: Arc<Host>) -> Self {
        Self {
            core: None,
            told: (0, 0),
            plan,
            request,
            host,
            is_recorded: false,
            is_ordered: false,
            state: State::New,
        }
    }

    /// Keeps what every node was asked and gave, for [`Self::record`]. Nothing else is different.
    #[must_use]
    pub fn recording(mut self) -> Self {
        self.is_recorded = true;
        self
    }

    /// Shows deciders answers in the order of the plan, for whoever writes down what they say: it must be known which answer has
    /// which number.
    #[must_use]
    pub fn in_order(mut self) -> Self {
        self.is_ordered = true;
        self
    }

    /// What every node was asked and gave so far; `None` before the first poll, and without [`Self::recording`].
    #[must_use]
    pub fn record(&self) -> Option<record::Record> {
        self.core.as_ref()?.recorder.as_ref().map(record::Recorder::copy)
    }

    /// The same in words, step by step.
    #[must_use]
    pub fn spoken(&self) -> Option<Vec<record::Spoken>> {
        self.record().map(|record| record.spoken(&self.plan))
    }

    /// How far the calls are, if the client wants to know, the reply has not begun, and something has changed.
    fn news(&mut self) -> Option<Delta> {
        let core = self.core.as_ref().filter(|_| self.request.progress && self.request.stream)?;
        let (ended, begun) = core.ledger().progress();
        if core.outbox.has_sent(None) || (ended, begun) == self.told {
            return None;
        }
        self.told = (ended, begun);
        let line = format!("{ended} of {begun} calls, {:.1} s\n", core.elapsed());
        Some(Delta { reasoning: line, ..Delta::default() })
    }

    /// Ends it before its end, with every call of it, for a reason that completes "cancelled: ". What happened until then;
    /// `None` before the first poll and after `Done`.
    pub fn abandon(&mut self, why: &'static str) -> Option<Abandoned> {
        let core = self.core.take()?;
        match std::mem::replace(&mut self.state, State::Ended(None)) {
            State::Ended(Some(finished)) => {
                Some(Abandoned { receipt: finished.receipt, trace: finished.trace })
            }
            State::Running(running) => {
                drop(running);
                Some(ending::abandoned(&core, why))
            }
            State::New | State::Ended(None) => None,
        }
    }

    /// Calls that have ended, and calls that were begun; none before the first poll.
    #[must_use]
    pub fn progress(&self) -> Option<(u32, u32)> {
        self.core.as_ref().map(|core| core.ledger().progress())
    }
}

impl Stream for Run {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            if let Some((choice, delta)) = self.core.as_ref().and_then(|core| core.outbox.take()) {
                return Poll::Ready(Some(Event::Delta { choice, delta }));
            }
            match &mut self.state {
                State::New => {
                    let (plan, request, host) =
                        (Arc::clone(&self.plan), Arc::clone(&self.request), Arc::clone(&self.host));
                    let mut core = Core::new(plan, request, host);
                    core.recorder = self.is_recorded.then(|| record::Recorder::new(&core.plan));
                    core.is_ordered = self.is_ordered;
                    let core = Arc::new(core);
                    self.core = Some(Arc::clone(&core));
                    self.state = State::Running(ending::run(core).boxed());
                }
                State::Running(running) => match running.poll_unpin(cx) {
                    Poll::Ready(finished) => self.state = State::Ended(Some(Box::new(finished))),
                    Poll::Pending if self.core.as_ref().is_some_and(|core| core.outbox.is_waiting()) => (),
                    Poll::Pending => {
                        return match self.news() {
                            Some(delta) => Poll::Ready(Some(Event::Delta { choice: 0, delta })),
                            None => Poll::Pending,
                        };
                    }
                },
                State::Ended(finished) => return Poll::Ready(finished.take().map(Event::Done)),
            }
        }
    }
}

#[cfg(test)]
mod tests;
