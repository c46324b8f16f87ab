//! What runs share: the upstream and the slots that limit how much is asked of it at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Semaphore;
use tokio::time::{Duration, Instant};

use crate::upstream::Upstream;

/// Calls in flight at once, over all models (`docs/daemon.md`, "Limits").
pub const CALLS_MAX: usize = 8192;

/// Retries of one handle that are always allowed in a window.
const RETRIES_FREE: u32 = 10;

/// One retry more for this many calls of the handle in the window: an outage is not multiplied.
const CALLS_PER_RETRY: u32 = 5;

const RETRY_WINDOW: Duration = Duration::from_secs(10);

/// Calls and retries of one handle in the current window.
struct RetryBudget {
    began: Instant,
    calls: u32,
    retries: u32,
}

/// The calls to one model that may be in flight at once.
struct Slots {
    width: u32,
    free: Arc<Semaphore>,
}

/// How many of a model's slots calls hold. While it is given fewer, those held beyond that number do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotUse {
    pub model: String,
    pub slots: u32,
    pub in_use: u32,
}

/// Lives as long as the daemon; limits survive a reload, by model name.
pub struct Host {
    pub upstream: Arc<dyn Upstream>,
    calls: Arc<Semaphore>,
    models: Mutex<BTreeMap<String, Slots>>,
    retries: Mutex<BTreeMap<String, RetryBudget>>,
}

// === impl Host ===

impl Host {
    #[must_use]
    pub fn new(upstream: Arc<dyn Upstream>) -> Self {
        Self {
            upstream,
            calls: Arc::new(Semaphore::new(CALLS_MAX)),
            models: Mutex::new(BTreeMap::new()),
            retries: Mutex::new(BTreeMap::new()),
        }
    }

    /// The slots for all calls, and for those to one model; `concurrency` counts the first time a model is named.
    pub fn slots(&self, model: &str, concurrency: u32) -> (Arc<Semaphore>, Arc<Semaphore>) {
        let mut models = self.models();
        let slots = models.entry(model.to_owned()).or_insert_with(|| {
            let width = concurrency.max(1);
            Slots { width, free: Arc::new(Semaphore::new(width as usize)) }
        });
        (Arc::clone(&self.calls), Arc::clone(&slots.free))
    }

    /// Another `concurrency` for a model that may have calls in flight. More slots are there at once; fewer when the
    /// future ends: as calls end, their slots are not given again. Calls that wait keep their turn.
    pub async fn resize(&self, model: &str, concurrency: u32) {
        let width = concurrency.max(1);
        let (free, before) = match self.models().get_mut(model) {
            Some(slots) => (Arc::clone(&slots.free), std::mem::replace(&mut slots.width, width)),
            // Not called yet: the first call makes them.
            None => return,
        };
        if width > before {
            free.add_permits((width - before) as usize);
        } else if let Ok(taken) = free.acquire_many(before - width).await {
            taken.forget();
        }
    }

    fn models(&self) -> MutexGuard<'_, BTreeMap<String, Slots>> {
        self.models.lock().expect("nobody panics while holding the table of slots")
    }

    /// Calls that hold a slot.
    #[must_use]
    pub fn calls_in_flight(&self) -> usize {
        CALLS_MAX - self.calls.available_permits()
    }

    /// The slots of every model that was called, by name.
    #[must_use]
    pub fn slot_use(&self) -> Vec<SlotUse> {
        let in_use = |slots: &Slots| slots.width.saturating_sub(slots.free.available_permits() as u32);
        let models = self.models();
        let of = |(model, slots): (&String, &Slots)| SlotUse {
            model: model.clone(),
            slots: slots.width,
            in_use: in_use(slots),
        };
        models.iter().map(of).collect()
    }

    /// Counts a call of `handle`.
    pub fn call_made(&self, handle: &str) {
        self.budget(handle, |budget| budget.calls += 1);
    }

    /// Whether `handle` may retry now; if so, it is counted.
    pub fn may_retry(&self, handle: &str) -> bool {
        self.budget(handle, |budget| {
            let allowed = budget.retries < RETRIES_FREE + budget.calls / CALLS_PER_RETRY;
            budget.retries += u32::from(allowed);
            allowed
        })
    }

    fn budget<T>(&self, handle: &str, act: impl FnOnce(&mut RetryBudget) -> T) -> T {
        let mut retries = self.retries.lock().expect("nobody panics while holding the retry budgets");
        let now = Instant::now();
        let budget = match retries.get_mut(handle) {
            Some(budget) => budget,
            None => {
                retries.entry(handle.to_owned()).or_insert(RetryBudget { began: now, calls: 0, retries: 0 })
            }
        };
        if now.duration_since(budget.began) >= RETRY_WINDOW {
            *budget = RetryBudget { began: now, calls: 0, retries: 0 };
        }
        act(budget)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::upstream::sim::{Script, Sim, SimUpstream};

    fn host() -> Host {
        Host::new(Arc::new(SimUpstream::new(Sim::new(Vec::new(), Script::default()))))
    }

    #[test]
    fn more_slots_are_there_at_once() {
        let host = host();
        let (_, slots) = host.slots("m", 1);
        host.resize("m", 3).now_or_never().expect("nothing to wait for");
        assert_eq!(slots.available_permits(), 3);
        let (_, again) = host.slots("m", 1);
        assert!(Arc::ptr_eq(&slots, &again), "the old plan's calls count, too");
    }

    #[test]
    fn fewer_slots_are_taken_away_as_calls_end() {
        let host = host();
        let (_, slots) = host.slots("m", 3);
        let calls: Vec<_> = (0..3).map(|_| slots.try_acquire().expect("it is free")).collect();
        let mut shrinking = Box::pin(host.resize("m", 1));
        assert!(shrinking.as_mut().now_or_never().is_none(), "three calls are in flight");
        drop(calls);
        shrinking.now_or_never().expect("they have ended");
        assert_eq!(slots.available_permits(), 1);
    }

    #[test]
    fn a_model_that_was_never_called_gets_its_slots_from_its_first_call() {
        let host = host();
        host.resize("m", 7).now_or_never().expect("nothing to wait for");
        assert_eq!(host.slots("m", 2).1.available_permits(), 2);
    }
}
