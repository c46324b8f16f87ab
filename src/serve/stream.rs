//! A streamed answer as a body: the role at once, then what the run says, as it says it.
//!
//! The run is polled only when the connection can take more, so a slow reader holds it up instead of filling memory.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame};
use tokio::time::{Instant, Sleep, sleep};

use crate::run::receipt::Receipt;
use crate::run::trace::Trace;
use crate::run::{Choice, Event, Finished};
use crate::upstream::Delta;

use super::errors::Refusal;
use super::flight::Flight;
use super::join;
use super::limits::{FRAME_MAX, HEARTBEAT};
use super::status;
use super::wire::Chunks;

pub struct Stream {
    /// `None` once the last event is written.
    flight: Option<Flight>,
    chunks: Chunks,
    include_usage: bool,
    /// Joined so far, not yet written: a piece of one choice.
    held: Option<(u32, Delta)>,
    /// Choices of which a part was written.
    spoken: BTreeSet<u32>,
    heartbeat: Pin<Box<Sleep>>,
    /// When a frame was last given out.
    written_at: Instant,
}

// === impl Stream ===

impl Stream {
    #[must_use]
    pub fn new(flight: Flight, mut chunks: Chunks, include_usage: bool) -> Self {
        // Before anything else: an error that came first would be read as a failed request, and tried again.
        chunks.role(0);
        Self {
            flight: Some(flight),
            chunks,
            include_usage,
            held: None,
            spoken: BTreeSet::new(),
            heartbeat: Box::pin(sleep(HEARTBEAT)),
            written_at: Instant::now(),
        }
    }

    /// Writes all that is there now, up to a frame's worth.
    fn advance(&mut self, cx: &mut Context<'_>) {
        while let Some(flight) = &mut self.flight {
            if self.chunks.len() > FRAME_MAX {
                break;
            }
            match flight.poll_next(cx) {
                Poll::Pending => break,
                Poll::Ready(Ok(Event::Delta { choice, delta })) => self.hold(choice, delta),
                Poll::Ready(Ok(Event::Done(finished))) => self.finish(*finished),
                Poll::Ready(Err(refusal)) => {
                    let status = self.fail(&refusal, None);
                    self.close(None, status);
                }
            }
        }
        self.flush();
    }

    fn hold(&mut self, choice: u32, delta: Delta) {
        if join::is_empty(&delta) {
            return;
        }
        let joins = |held: &mut (u32, Delta)| held.0 == choice && join::join(&mut held.1, &delta);
        if self.held.as_mut().is_some_and(joins) {
            return;
        }
        self.flush();
        self.held = Some((choice, delta));
    }

    fn flush(&mut self) {
        if let Some((choice, delta)) = self.held.take() {
            self.chunks.delta(choice, &delta);
            self.spoken.insert(choice);
        }
    }

    fn finish(&mut self, finished: Finished) {
        let Finished { result, receipt, trace } = finished;
        let status = match result {
            Ok(choices) => self.complete(&choices, &receipt),
            Err(error) => self.fail(&error.into(), Some(&receipt)),
        };
        self.close(Some((receipt, trace)), status);
    }

    fn complete(&mut self, choices: &[Choice], receipt: &Receipt) -> u16 {
        self.flush();
        for choice in choices {
            if !self.spoken.contains(&choice.index) {
                self.hold(choice.index, Delta::from(&choice.completion));
                self.flush();
            }
        }
        self.chunks.end(choices, receipt, self.include_usage);
        status::STREAMED
    }

    /// The status that it would have been.
    fn fail(&mut self, refusal: &Refusal, receipt: Option<&Receipt>) -> u16 {
        self.flush();
        self.chunks.error(refusal, receipt);
        if let (Some(limit), Some(flight)) = (refusal.limit, &self.flight) {
            flight.entry.reached(limit);
        }
        status::status(refusal.kind).0.as_u16()
    }

    /// Drops the run at once: what it held is free before the last bytes are read.
    fn close(&mut self, told: Option<(Receipt, Trace)>, status: u16) {
        if let Some(mut flight) = self.flight.take() {
            if let Some((receipt, trace)) = told {
                flight.entry.tell(receipt, trace);
            }
            flight.entry.close(status);
        }
    }

    /// Writes a comment if nothing was written for a while. The timer is moved only when it fires, not at each token.
    fn beat(&mut self, cx: &mut Context<'_>) {
        while self.heartbeat.as_mut().poll(cx).is_ready() {
            let due = self.written_at + HEARTBEAT;
            let now = Instant::now();
            if due <= now {
                self.chunks.heartbeat();
                self.heartbeat.as_mut().reset(now + HEARTBEAT);
                return;
            }
            self.heartbeat.as_mut().reset(due);
        }
    }
}

impl Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let stream = self.get_mut();
        // The first frame is the role alone: the head leaves before the run has begun.
        if stream.chunks.is_empty() {
            stream.advance(cx);
        }
        if stream.chunks.is_empty() && stream.flight.is_some() {
            stream.beat(cx);
        }
        if !stream.chunks.is_empty() {
            stream.written_at = Instant::now();
            return Poll::Ready(Some(Ok(Frame::data(stream.chunks.take()))));
        }
        if stream.flight.is_some() { Poll::Pending } else { Poll::Ready(None) }
    }

    fn is_end_stream(&self) -> bool {
        self.flight.is_none() && self.chunks.is_empty()
    }
}
