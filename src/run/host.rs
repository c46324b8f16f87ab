//! What runs share: the upstream, and what limits how much is asked of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::time::{Duration, Instant};

use crate::upstream::Upstream;

use super::breaker::Breakers;
use super::slots::Slots;

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

/// Lives as long as the daemon; limits survive a reload, by model name.
pub struct Host {
    pub upstream: Arc<dyn Upstream>,
    pub slots: Slots,
    pub breakers: Breakers,
    retries: Mutex<BTreeMap<String, RetryBudget>>,
}

// === impl Host ===

impl Host {
    #[must_use]
    pub fn new(upstream: Arc<dyn Upstream>) -> Self {
        Self::with_slots(upstream, Slots::new())
    }

    /// The same with another number of calls at once.
    #[must_use]
    pub fn with_slots(upstream: Arc<dyn Upstream>, slots: Slots) -> Self {
        Self { upstream, slots, breakers: Breakers::default(), retries: Mutex::new(BTreeMap::new()) }
    }

    /// One that leaves no model alone, however often it fails: each call of a test hears what its mock says.
    #[must_use]
    pub fn patient(upstream: Arc<dyn Upstream>) -> Self {
        Self { breakers: Breakers::never(), ..Self::new(upstream) }
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
