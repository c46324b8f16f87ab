//! A connection's clocks: idle, head, and a reader that takes nothing.
//!
//! hyper's own limit for heads runs while a kept connection is idle, too; here the one for heads begins with their
//! first byte. Works below hyper: sees bytes, not requests, but for the phase that whoever answers them sets.
//!
//! A connection that has been idle for a moment is *silent*: nothing but its socket need be kept until it speaks.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use super::limits::{Allowed, Limit};

/// What a connection is at, shared with whoever answers its requests.
#[derive(Clone, Default)]
pub struct Phase(Arc<At>);

#[derive(Default)]
struct At {
    phase: AtomicU8,
    /// The limit that has ended the connection.
    reached: OnceLock<Limit>,
}

/// How a connection begins, and what it comes to when it was idle for [`SETTLE`].
const SILENT: u8 = 0;
/// As idle, but no clock runs yet: nobody has tried to read since the answer.
const ANSWERED: u8 = 1;
const IDLE: u8 = 2;
const HEAD: u8 = 3;
const BUSY: u8 = 4;

/// How long a connection is idle before it counts as silent: whoever asks more often than this is served from buffers
/// that are there.
const SETTLE: Duration = Duration::from_millis(100);

/// A request is being answered; the connection is idle again when this is dropped.
pub struct Answering(Phase);

/// How long each phase may last.
#[derive(Clone, Copy)]
struct Waits {
    idle: Duration,
    head: Duration,
    reader: Duration,
}

/// An IO with deadlines.
pub struct Paced<T> {
    io: T,
    /// Read before `io`.
    again: Bytes,
    phase: Phase,
    waits: Waits,
    /// The phase for which `read_by` is set.
    timed: u8,
    read_by: Pin<Box<Sleep>>,
    write_by: Option<Pin<Box<Sleep>>>,
}

// === impl Phase ===

impl Phase {
    #[must_use]
    pub fn answering(&self) -> Answering {
        self.set(BUSY);
        Answering(self.clone())
    }

    fn get(&self) -> u8 {
        self.0.phase.load(Ordering::Relaxed)
    }

    fn set(&self, phase: u8) {
        self.0.phase.store(phase, Ordering::Relaxed);
    }

    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.get() == SILENT
    }

    /// Whether the last answer is made, and its connection must be read from to become idle.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.get() == ANSWERED
    }

    /// The limit that has ended the connection, if one has.
    #[must_use]
    pub fn reached(&self) -> Option<Limit> {
        self.0.reached.get().copied()
    }

    fn late(&self, limit: Limit) -> io::Error {
        let limit = self.0.reached.get_or_init(|| limit);
        let why = if *limit == Limit::Reader { "the reader takes nothing" } else { "no request in time" };
        io::Error::new(io::ErrorKind::TimedOut, why)
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.set(ANSWERED);
    }
}

// === impl Paced ===

impl<T> Paced<T> {
    #[must_use]
    pub fn new(io: T, phase: Phase, allowed: &Allowed) -> Self {
        let waits = Waits { idle: allowed.idle, head: allowed.head_time, reader: allowed.reader };
        let read_by = Box::pin(sleep(waits.idle));
        Self { io, again: Bytes::new(), phase, waits, timed: SILENT, read_by, write_by: None }
    }

    /// Gives bytes back that were read and not used; they are read again, before all others.
    pub fn put_back(&mut self, bytes: Bytes) {
        // None of them is a piece of a buffer, too, and would hold it.
        self.again = if bytes.is_empty() { Bytes::new() } else { bytes };
    }

    fn poll_source(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>>
    where
        T: AsyncRead + Unpin,
    {
        if self.again.is_empty() {
            return Pin::new(&mut self.io).poll_read(cx, buf);
        }
        let count = self.again.len().min(buf.remaining());
        buf.put_slice(&self.again.split_to(count));
        Poll::Ready(Ok(()))
    }

    /// Waits until there is something to read, with no more than a byte to read it into; false at the end.
    pub async fn wait(&mut self) -> io::Result<bool>
    where
        T: AsyncRead + Unpin,
    {
        if self.again.is_empty() {
            let mut first = [0; 1];
            let count = self.read(&mut first).await?;
            self.put_back(Bytes::copy_from_slice(&first[..count]));
        }
        Ok(!self.again.is_empty())
    }

    /// Whether the time for reading is over. A body has its own clock, where it is read.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.phase.is_answered() {
                self.phase.set(IDLE);
                self.timed = ANSWERED;
            }
            let phase = self.phase.get();
            if phase != self.timed {
                self.timed = phase;
                match phase {
                    SILENT => self.allow(self.waits.idle.saturating_sub(SETTLE)),
                    IDLE => self.allow(self.waits.idle.min(SETTLE)),
                    HEAD => self.allow(self.waits.head),
                    _ => {}
                }
            }
            if phase == BUSY {
                return Poll::Pending;
            }
            ready!(self.read_by.as_mut().poll(cx));
            if phase != IDLE {
                return Poll::Ready(());
            }
            if self.write_by.is_some() {
                // The end of the last answer is not sent yet; for that, the reader's clock runs.
                self.allow(SETTLE);
            } else {
                self.phase.set(SILENT);
            }
        }
    }

    fn allow(&mut self, wait: Duration) {
        self.read_by.as_mut().reset(Instant::now() + wait);
    }

    /// Starts the reader's clock at the first write that must wait, stops it at one that need not.
    fn pace_write(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.write_by = None;
            return written;
        }
        let wait = self.waits.reader;
        let write_by = self.write_by.get_or_insert_with(|| Box::pin(sleep(wait)));
        ready!(write_by.as_mut().poll(cx));
        Poll::Ready(Err(self.phase.late(Limit::Reader)))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Paced<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let paced = self.get_mut();
        let before = buf.filled().len();
        if let Poll::Ready(read) = paced.poll_source(cx, buf) {
            if buf.filled().len() > before && matches!(paced.phase.get(), SILENT | ANSWERED | IDLE) {
                paced.phase.set(HEAD);
            }
            return Poll::Ready(read);
        }
        ready!(paced.poll_late(cx));
        let limit = if paced.phase.get() == HEAD { Limit::HeadTime } else { Limit::Idle };
        Poll::Ready(Err(paced.phase.late(limit)))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Paced<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let paced = self.get_mut();
        let written = Pin::new(&mut paced.io).poll_write(cx, buf);
        paced.pace_write(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let paced = self.get_mut();
        let written = Pin::new(&mut paced.io).poll_write_vectored(cx, bufs);
        paced.pace_write(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}
