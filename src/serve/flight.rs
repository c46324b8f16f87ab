//! One run in flight: its events, what it holds, and the line that is logged when it is over.
//!
//! Dropped, it drops the run with it, and every connection that the run had open.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::Stream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use crate::plan::Plan;
use crate::run::host::Host;
use crate::run::receipt::Receipt;
use crate::run::record::Spoken;
use crate::run::request::Request;
use crate::run::trace::Trace;
use crate::run::{Abandoned, Event, Run};

use super::books::Books;
use super::errors::{self, Refusal};
use super::limits::Limit;
use super::load::BodyShare;
use super::runs::Past;

/// Why the calls of a run were stopped whose client is gone; completes "cancelled: ".
const CLIENT_GONE: &str = "the client left";

/// How a run is begun. There is one way; tests have theirs.
pub trait Runner: Send + Sync + 'static {
    /// Nothing happens before the first poll.
    fn start(&self, plan: Arc<Plan>, request: Arc<Request>) -> Pin<Box<dyn Running>>;
}

/// A run under way.
pub trait Running: Stream<Item = Event> + Send {
    /// Ends it, with every call of it, since nobody waits for it any longer. What happened until then, if anything did.
    fn abandon(self: Pin<&mut Self>) -> Option<Abandoned>;

    /// What was said in it so far, if that is recorded.
    fn spoken(&self) -> Option<Vec<Spoken>>;
}

/// Runs for real.
pub struct HostRunner {
    pub host: Arc<Host>,
    /// What is said in runs is recorded.
    pub records: bool,
}

impl Runner for HostRunner {
    fn start(&self, plan: Arc<Plan>, request: Arc<Request>) -> Pin<Box<dyn Running>> {
        let run = Run::new(plan, request, Arc::clone(&self.host));
        Box::pin(if self.records { run.recording() } else { run })
    }
}

impl Running for Run {
    fn abandon(self: Pin<&mut Self>) -> Option<Abandoned> {
        Run::abandon(self.get_mut(), CLIENT_GONE)
    }

    fn spoken(&self) -> Option<Vec<Spoken>> {
        Run::spoken(self)
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
    run: Option<Pin<Box<dyn Running>>>,
    pub entry: Entry,
    _holds: Holds,
}

// === impl Flight ===

impl Flight {
    #[must_use]
    pub fn new(run: Pin<Box<dyn Running>>, entry: Entry, holds: Holds) -> Self {
        Self { run: Some(run), entry, _holds: holds }
    }

    /// The next event. A panic of the run is a refusal, and so is an end without `Done`; after either, and after
    /// `Done`, the run is gone and must not be asked again.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event, Refusal>> {
        let run = self.run.as_mut().expect("a run is not polled after its end");
        // After a panic it is dropped, and nothing of it is looked at again.
        let polled = catch_unwind(AssertUnwindSafe(|| run.as_mut().poll_next(cx)));
        let event = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Some(event))) => Ok(event),
            Ok(Poll::Ready(None)) | Err(_) => Err(errors::panicked()),
        };
        match event {
            Ok(Event::Delta { .. }) => self.entry.heard(),
            Ok(Event::Done(_)) => {
                self.entry.quote(run.spoken());
                self.run = None;
            }
            Err(_) => self.run = None,
        }
        Poll::Ready(event)
    }

    /// See [`Self::poll_next`].
    pub async fn next(&mut self) -> Result<Event, Refusal> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let Some(mut run) = self.run.take() else { return };
        self.entry.quote(run.spoken());
        if let Some(Abandoned { receipt, trace }) = run.as_mut().abandon() {
            self.entry.tell(receipt, trace);
        }
    }
}

/// What is known of one run; entered into the books when dropped, so that none is forgotten.
pub struct Entry {
    began: Instant,
    past: Option<Past>,
    /// Its first token is waited for.
    listens: bool,
    books: Arc<Books>,
}

// === impl Entry ===

impl Entry {
    /// `past` is what is known at the beginning. `listens` if its first delta is a token of the reply.
    #[must_use]
    pub fn new(past: Past, listens: bool, books: Arc<Books>) -> Self {
        Self { began: Instant::now(), past: Some(past), listens, books }
    }

    /// A delta came.
    fn heard(&mut self) {
        if std::mem::take(&mut self.listens)
            && let Some(past) = &mut self.past
        {
            past.first_token = Some(self.began.elapsed());
        }
    }

    /// What happened.
    pub fn tell(&mut self, receipt: Receipt, trace: Trace) {
        if let Some(past) = &mut self.past {
            past.told = Some((receipt, trace));
        }
    }

    /// What was said, where that is recorded.
    fn quote(&mut self, spoken: Option<Vec<Spoken>>) {
        if let Some(past) = &mut self.past {
            past.spoken = spoken;
        }
    }

    /// It was cut short by a limit of the daemon.
    pub fn reached(&self, limit: Limit) {
        self.books.metrics.reached(limit);
    }

    /// How it ended, as a status. Without one the client was gone before the end.
    pub fn close(&mut self, status: u16) {
        if let Some(past) = &mut self.past {
            past.status = Some(status);
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let Some(mut past) = self.past.take() else { return };
        past.took = self.began.elapsed();
        self.books.close(past);
    }
}
