//! Models that are left alone for a while, because they failed too often in a row.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use tokio::time::{Duration, Instant};

use crate::upstream::{CallError, Fault};

/// So many failures in a row open a model's breaker.
pub const FAILURES_MAX: u32 = 5;

/// So long nobody calls then; the first call after that is the probe.
pub const REST: Duration = Duration::from_secs(10);

/// By the name of the model: they outlive the plans.
#[derive(Debug)]
pub struct Breakers {
    failures_max: u32,
    table: Mutex<BTreeMap<String, Breaker>>,
    /// How many passes were given out.
    passes: AtomicU64,
}

#[derive(Debug, Default)]
struct Breaker {
    /// One after the other. Calls that were under way together when the server stumbled have seen one failure.
    failures: u32,
    /// Only passes from this number on were given out after the last of them.
    counts_from: u64,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    probe_from: Instant,
    /// The probe is on its way: all others wait for what it finds.
    probing: bool,
}

/// What the end of an attempt says about the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It works, even where it refuses this one question.
    Well,
    Ill,
    /// Nothing: we gave up, or what is wrong is wrong for longer than any rest.
    Unclear,
}

/// Leave to make one attempt. Dropped without a word, it has found out nothing.
#[derive(Debug)]
pub struct Pass<'a> {
    breakers: &'a Breakers,
    model: String,
    number: u64,
    is_probe: bool,
}

// === impl Breakers ===

impl Breakers {
    /// None ever opens.
    #[must_use]
    pub fn never() -> Self {
        Self { failures_max: u32::MAX, ..Self::default() }
    }

    /// Whether a call to the model would fail at once.
    pub fn is_open(&self, model: &str) -> bool {
        self.table().get(model).is_some_and(Breaker::is_shut)
    }

    /// Leave for one attempt; `None` while the model is left alone. After the rest, the first who asks is the probe.
    pub fn pass(&self, model: &str) -> Option<Pass<'_>> {
        let mut table = self.table();
        let open = match table.get_mut(model) {
            Some(breaker) if breaker.is_shut() => return None,
            Some(breaker) => breaker.open.as_mut(),
            None => None,
        };
        let is_probe = open.map(|open| open.probing = true).is_some();
        drop(table);
        let number = self.passes.fetch_add(1, Ordering::Relaxed);
        Some(Pass { breakers: self, model: model.to_owned(), number, is_probe })
    }

    /// Models that are left alone, or on probation.
    pub fn open(&self) -> Vec<String> {
        let table = self.table();
        table.iter().filter(|(_, breaker)| breaker.open.is_some()).map(|(model, _)| model.clone()).collect()
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<String, Breaker>> {
        self.table.lock().expect("nobody panics while holding the breakers")
    }
}

impl Default for Breakers {
    fn default() -> Self {
        Self { failures_max: FAILURES_MAX, table: Mutex::default(), passes: AtomicU64::new(0) }
    }
}

// === impl Breaker ===

impl Breaker {
    fn is_shut(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.probing || Instant::now() < open.probe_from)
    }

    /// The attempt with the pass of this number has failed; `next` is the number of the next one. Whether it is one more
    /// in the row.
    fn failed(&mut self, number: u64, next: u64) -> bool {
        let counts = number >= self.counts_from;
        if counts {
            self.failures = self.failures.saturating_add(1);
            self.counts_from = next;
        }
        counts
    }

    fn open(&mut self) {
        self.open = Some(Open { probe_from: Instant::now() + REST, probing: false });
    }
}

// === impl Pass ===

impl Pass<'_> {
    /// How the attempt ended.
    pub fn ended(self, health: Health) {
        let mut table = self.breakers.table();
        match health {
            Health::Well => drop(table.remove(&self.model)),
            Health::Ill => {
                let next = self.breakers.passes.load(Ordering::Relaxed);
                let breaker = table.entry(self.model.clone()).or_default();
                // Who set out before it opened, and fails after, does not make the rest longer.
                if breaker.failed(self.number, next) && breaker.failures >= self.breakers.failures_max {
                    breaker.open();
                }
            }
            Health::Unclear => (),
        }
    }
}

impl Drop for Pass<'_> {
    /// A probe that found out nothing leaves the next call to be one.
    fn drop(&mut self) {
        if self.is_probe
            && let Some(open) =
                self.breakers.table().get_mut(&self.model).and_then(|breaker| breaker.open.as_mut())
        {
            open.probing = false;
        }
    }
}

// === impl Health ===

impl Health {
    /// What a failed attempt says. Our own deadlines say how long we waited, and not how the server is: a step in a hurry
    /// must not take a slow model from everybody. Its 429 is a sign of life that has its own wait.
    #[must_use]
    pub fn of(error: &CallError) -> Self {
        use Fault::{
            BrokeOff, Busy, ContextFull, Cut, Empty, Filtered, Garbage, KeyRefused, OtherModel, Redirected,
            Refused, Rejected, Reset, SlowStart, Stalled, TimedOut, TooLong, UnknownModel, Unwell,
        };
        match error.fault {
            Unwell | Refused | Reset | Cut | BrokeOff | Stalled => Self::Ill,
            // The gateway gave up on its back end.
            TimedOut if error.status.is_some() => Self::Ill,
            Rejected | ContextFull | Filtered | Empty | TooLong => Self::Well,
            TimedOut | SlowStart | Busy | Garbage | KeyRefused | UnknownModel | Redirected | OtherModel => {
                Self::Unclear
            }
        }
    }
}

#[cfg(test)]
mod tests;
