//! A streamed answer: from chunks of bytes to deltas, and the judgement how it ended.
//!
//! Knows no connections. Text is never held back; only the finish is, until usage came with it.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use tokio::time::Sleep;

use crate::upstream::fault;
use crate::upstream::sse::Decoder;
use crate::upstream::wire::{self, Read, Said};
use crate::upstream::{CallError, Delta, Fault, Retry};

/// How long a body may take to end once its answer is whole.
///
/// LiteLLM sends usage, end marker and end as separate packets about 1 ms apart. Who hangs up between them loses
/// the connection for the next call, and LiteLLM may book the call as broken off. A server that never ends its
/// body does not hold up the answer for longer than this.
pub const END_WAIT_MAX: Duration = Duration::from_millis(250);

/// The deltas of one answer. Ends after the one with the finish, or after an error. Dropping it drops the body.
///
/// The finish is given as soon as it is whole; reading on to the end lets the connection be used again.
pub struct Deltas<B> {
    body: Option<B>,
    decoder: Decoder,
    assembly: Assembly,
    ready: VecDeque<Delta>,
    failed: Option<CallError>,
    /// The finish has been handed on; what is left of the body is read for the connection's sake.
    over: bool,
    /// Runs from when the answer was whole and the body fell silent.
    end_wait: Option<Pin<Box<Sleep>>>,
}

/// What has been seen of the answer. Pure: event in, deltas out.
#[derive(Debug)]
pub struct Assembly {
    /// The delta with the finish, once it was seen.
    finish: Option<Delta>,
    /// Whether text, reasoning or tool calls came.
    came: bool,
    /// Usage that came before the finish.
    usage: Option<crate::upstream::Usage>,
    /// Bytes of text, reasoning and arguments so far.
    size: usize,
    size_max: usize,
    done: bool,
}

// === impl Deltas ===

impl<B> Deltas<B> {
    /// `size_max` bounds the bytes of text, reasoning and arguments together.
    pub fn new(body: B, size_max: usize) -> Self {
        Self {
            body: Some(body),
            decoder: Decoder::default(),
            assembly: Assembly::new(size_max),
            ready: VecDeque::new(),
            failed: None,
            over: false,
            end_wait: None,
        }
    }

    fn take_in(&mut self, chunk: Bytes) {
        self.decoder.push(chunk);
        let outcome = loop {
            match self.decoder.next() {
                Ok(Some(event)) => {
                    if let Err(error) = self.assembly.event(&event, &mut self.ready) {
                        break Err(error);
                    }
                }
                Ok(None) => break Ok(()),
                Err(_) => break Err(CallError::new(Fault::TooLong, Retry::Never, "an event over the limit")),
            }
        };
        if let Err(error) = outcome {
            self.give(Err(error));
        }
    }

    /// The body has ended, by itself or with an error.
    fn end(&mut self, how: Result<(), CallError>) {
        if !self.over {
            if let Some(event) = self.decoder.finish() {
                self.assembly.tail(&event, &mut self.ready);
            }
            let verdict = self.assembly.end(how);
            self.give(verdict);
        }
        self.body = None;
    }

    fn give(&mut self, verdict: Result<Option<Delta>, CallError>) {
        self.over = true;
        match verdict {
            Ok(finish) => self.ready.extend(finish),
            Err(error) => {
                self.failed = Some(error);
                self.body = None;
            }
        }
    }

    /// The body is silent. Resolves when there is something to hand on all the same.
    fn silent(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.assembly.done && !self.over {
            let verdict = self.assembly.end(Ok(()));
            self.give(verdict);
            return Poll::Ready(());
        }
        if !self.over && !self.assembly.is_whole() {
            return Poll::Pending;
        }
        let end_wait = self.end_wait.get_or_insert_with(|| Box::pin(tokio::time::sleep(END_WAIT_MAX)));
        ready!(end_wait.as_mut().poll(cx));
        self.end(Ok(()));
        Poll::Ready(())
    }
}

impl<B: Stream<Item = Result<Bytes, CallError>> + Unpin> Stream for Deltas<B> {
    type Item = Result<Delta, CallError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(delta) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(delta)));
            }
            if let Some(error) = self.failed.take() {
                return Poll::Ready(Some(Err(error)));
            }
            let Some(body) = &mut self.body else { return Poll::Ready(None) };
            match Pin::new(body).poll_next(cx) {
                Poll::Ready(Some(Ok(chunk))) => self.take_in(chunk),
                Poll::Ready(Some(Err(error))) => self.end(Err(error)),
                Poll::Ready(None) => self.end(Ok(())),
                Poll::Pending => ready!(self.silent(cx)),
            }
        }
    }
}

// === impl Assembly ===

impl Assembly {
    #[must_use]
    pub fn new(size_max: usize) -> Self {
        Self { finish: None, came: false, usage: None, size: 0, size_max, done: false }
    }

    /// Takes the data of one event. What can be handed on at once is pushed to `out`.
    ///
    /// # Errors
    ///
    /// An error event, what is not a chunk, too much text, or the end marker before a finish.
    pub fn event(&mut self, data: &[u8], out: &mut VecDeque<Delta>) -> Result<(), CallError> {
        let data = data.trim_ascii();
        if self.done || data.is_empty() {
            return Ok(());
        }
        if data == b"[DONE]" {
            self.done = true;
            return if self.finish.is_some() {
                Ok(())
            } else {
                Err(self.cut("an end marker without a finish"))
            };
        }
        match wire::chunk(data) {
            Read::Answer(delta) => self.delta(delta, out),
            // The answer was whole; what goes wrong after it is not its fault.
            Read::Error(_) | Read::Garbage(_) if self.finish.is_some() => Ok(()),
            Read::Error(said) => Err(self.broke_off(&said)),
            Read::Garbage(why) => Err(CallError::new(Fault::Garbage, Retry::Never, fault::clip(&why))),
        }
    }

    /// Takes an event that was not ended properly: it counts if it can be read, and else the stream was cut in it.
    fn tail(&mut self, data: &[u8], out: &mut VecDeque<Delta>) {
        if !matches!(wire::chunk(data), Read::Garbage(_)) || data.trim_ascii() == b"[DONE]" {
            // An error in it shows as a missing finish.
            drop(self.event(data, out));
        }
    }

    /// The body has ended. Gives the delta with the finish.
    ///
    /// # Errors
    ///
    /// [`Fault::Cut`] without a finish, or the error of the body if nothing had come.
    pub fn end(&mut self, how: Result<(), CallError>) -> Result<Option<Delta>, CallError> {
        match (self.finish.take(), how) {
            (Some(finish), _) if !self.came && is_filtered(&finish) => {
                let why = "content_filter before any text";
                Err(CallError::new(Fault::Filtered, Retry::Never, why).status(200).used(finish.usage))
            }
            (Some(finish), _) => Ok(Some(finish)),
            (None, Err(error)) if !self.came => Err(error),
            (None, Err(error)) => Err(CallError { detail: error.detail, ..self.cut("") }),
            (None, Ok(())) => Err(self.cut("the stream ended before its finish")),
        }
    }

    /// Whether nothing more is to come that would matter.
    fn is_whole(&self) -> bool {
        self.finish.as_ref().is_some_and(|finish| finish.usage.is_some())
    }

    fn delta(&mut self, mut delta: Delta, out: &mut VecDeque<Delta>) -> Result<(), CallError> {
        self.usage = delta.usage.take().or(self.usage);
        if let Some(finish) = &mut self.finish {
            // A second finish, and text after the first, are not part of the answer.
            finish.usage = self.usage;
            return Ok(());
        }
        if let Some(reason) = delta.finish_reason.take() {
            self.finish = Some(Delta { finish_reason: Some(reason), usage: self.usage, ..Delta::default() });
        }
        self.count(&delta)?;
        if carries(&delta) {
            out.push_back(delta);
        } else if let Some(finish) = &mut self.finish {
            finish.extra = delta.extra;
            finish.logprobs = delta.logprobs;
        } else if !delta.extra.is_empty() || delta.logprobs.is_some() {
            out.push_back(delta);
        }
        Ok(())
    }

    fn count(&mut self, delta: &Delta) -> Result<(), CallError> {
        self.came |= carries(delta);
        let arguments: usize = delta.tool_calls.iter().map(|piece| piece.arguments.len()).sum();
        self.size += delta.text.len() + delta.reasoning.len() + arguments;
        if self.size > self.size_max {
            return Err(CallError::new(Fault::TooLong, Retry::Never, "an answer over the limit").status(200));
        }
        Ok(())
    }

    fn broke_off(&self, said: &Said) -> CallError {
        let error = fault::of_message(said, Fault::BrokeOff);
        if self.came { CallError { fault: Fault::BrokeOff, retry: Retry::Never, ..error } } else { error }
    }

    fn cut(&self, detail: &str) -> CallError {
        let retry = if self.came { Retry::Never } else { Retry::Soon };
        CallError::new(Fault::Cut, retry, detail).status(200)
    }
}

/// Whether there is something in it that the model said.
fn carries(delta: &Delta) -> bool {
    !delta.text.is_empty() || !delta.reasoning.is_empty() || !delta.tool_calls.is_empty()
}

fn is_filtered(finish: &Delta) -> bool {
    finish.finish_reason.as_deref() == Some("content_filter")
}

#[cfg(test)]
mod tests;
