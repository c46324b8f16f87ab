//! What the simulated upstream was asked, and what became of it.
//!
//! Knows nothing of why. Keeps the latest calls up to a limit, and all that are alive.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::Instant;

/// How many ended calls are kept.
const CALLS_MAX: usize = 10_000;

/// How many bytes of bodies of ended calls are kept.
const BYTES_MAX: usize = 64 << 20;

/// The book. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger(Arc<Mutex<Book>>);

#[derive(Debug, Default)]
struct Book {
    epoch: Option<Instant>,
    next: u64,
    alive: BTreeMap<u64, Entry>,
    ended: VecDeque<Entry>,
    ended_bytes: usize,
    totals: Totals,
}

/// Counts over all calls, also those no longer kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub calls: u64,
    pub alive: u64,
    /// The most that were ever alive at once.
    pub alive_max: u64,
    pub finished: u64,
    pub cancelled: u64,
    /// Connections that the server form has accepted.
    pub connections: u64,
    /// Those of them that are open.
    pub open: u64,
}

/// One call as it was received.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// From 0, in the order of arrival.
    pub index: u64,
    pub model: String,
    pub stream: bool,
    /// Names in lower case; `authorization` only says that it was there.
    pub headers: BTreeMap<String, String>,
    #[serde(serialize_with = "json")]
    pub body: Bytes,
    /// Milliseconds since the first call.
    pub started_ms: u64,
    pub ended_ms: Option<u64>,
    pub outcome: Outcome,
    /// The status that was answered.
    pub status: Option<u16>,
    /// A model works for it, or did: it was not turned away at the door.
    pub reached: bool,
    /// The usage that its answer reports, once the caller was given that piece of it.
    pub reported: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Alive,
    /// Answered to the end, or broken off by us.
    Finished,
    /// Given up by the caller before the end of its answer.
    Cancelled,
}

/// Everything, for `GET /sim/ledger`.
#[derive(Serialize)]
struct Page<'a> {
    totals: Totals,
    calls: Vec<&'a Entry>,
}

/// A connection that is open.
#[derive(Debug)]
pub(super) struct Connected(Ledger);

/// A call that is alive. Dropped before [`Self::finish`], it has been cancelled.
#[derive(Debug)]
pub(super) struct Ticket {
    ledger: Ledger,
    index: u64,
    over: bool,
}

// === impl Ledger ===

impl Ledger {
    pub(super) fn open(
        &self,
        model: &str,
        stream: bool,
        headers: Vec<(String, String)>,
        body: Bytes,
    ) -> Ticket {
        let mut book = self.book();
        let index = book.next;
        book.next += 1;
        let started_ms = book.now_ms();
        let headers = headers.into_iter().map(hidden).collect();
        let (outcome, model) = (Outcome::Alive, model.to_owned());
        let entry = Entry {
            index,
            model,
            stream,
            headers,
            body,
            started_ms,
            ended_ms: None,
            outcome,
            status: None,
            reached: false,
            reported: None,
        };
        book.alive.insert(index, entry);
        book.totals.calls += 1;
        book.totals.alive += 1;
        book.totals.alive_max = book.totals.alive_max.max(book.totals.alive);
        Ticket { ledger: self.clone(), index, over: false }
    }

    /// Opens a connection; it is closed when this is dropped.
    pub(super) fn connected(&self) -> Connected {
        let mut book = self.book();
        book.totals.connections += 1;
        book.totals.open += 1;
        Connected(self.clone())
    }

    pub(super) fn calls(&self) -> Vec<Entry> {
        self.book().in_order().into_iter().cloned().collect()
    }

    pub(super) fn totals(&self) -> Totals {
        self.book().totals
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        let book = self.book();
        let page = Page { totals: book.totals, calls: book.in_order() };
        serde_json::to_vec(&page).expect("a ledger is JSON")
    }

    /// Forgets every call; those alive go on unseen. Connections that are open still count as such.
    pub(super) fn reset(&self) {
        let mut book = self.book();
        let totals = Totals { open: book.totals.open, ..Totals::default() };
        *book = Book { next: book.next, totals, ..Book::default() };
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Book ===

impl Book {
    fn now_ms(&mut self) -> u64 {
        let now = Instant::now();
        let epoch = *self.epoch.get_or_insert(now);
        u64::try_from(now.saturating_duration_since(epoch).as_millis()).unwrap_or(u64::MAX)
    }

    fn in_order(&self) -> Vec<&Entry> {
        let mut all: Vec<_> = self.ended.iter().chain(self.alive.values()).collect();
        all.sort_by_key(|entry| entry.index);
        all
    }

    fn end(&mut self, index: u64, outcome: Outcome) {
        let now = self.now_ms();
        let Some(mut entry) = self.alive.remove(&index) else { return };
        self.totals.alive -= 1;
        match outcome {
            Outcome::Cancelled => self.totals.cancelled += 1,
            _ => self.totals.finished += 1,
        }
        entry.ended_ms = Some(now);
        entry.outcome = outcome;
        self.ended_bytes += entry.body.len();
        self.ended.push_back(entry);
        while self.ended.len() > CALLS_MAX || (self.ended_bytes > BYTES_MAX && self.ended.len() > 1) {
            let oldest = self.ended.pop_front().expect("it is not empty");
            self.ended_bytes -= oldest.body.len();
        }
    }
}

// === impl Connected ===

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.book().totals.open -= 1;
    }
}

// === impl Ticket ===

impl Ticket {
    pub(super) fn status(&self, status: u16) {
        self.enter(|entry| entry.status = Some(status));
    }

    pub(super) fn reached(&self, reached: bool) {
        self.enter(|entry| entry.reached = reached);
    }

    pub(super) fn reported(&self, usage: Value) {
        self.enter(|entry| entry.reported = Some(usage));
    }

    fn enter(&self, what: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.ledger.book().alive.get_mut(&self.index) {
            what(entry);
        }
    }

    /// The answer is out.
    pub(super) fn finish(&mut self) {
        self.over = true;
        self.ledger.book().end(self.index, Outcome::Finished);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.over {
            self.ledger.book().end(self.index, Outcome::Cancelled);
        }
    }
}

fn hidden((name, value): (String, String)) -> (String, String) {
    let name = name.to_ascii_lowercase();
    let value = if name == "authorization" { "…".to_owned() } else { value };
    (name, value)
}

/// The body as JSON if it is, else as text.
fn json<S: serde::Serializer>(body: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    match serde_json::from_slice::<&RawValue>(body) {
        Ok(raw) => raw.serialize(serializer),
        Err(_) => serializer.serialize_str(&String::from_utf8_lossy(body)),
    }
}
