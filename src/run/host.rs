//! What runs share: the upstream and the slots that limit how much is asked of it at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;

use crate::upstream::Upstream;

/// Calls in flight at once, over all models (`docs/daemon.md`, "Limits").
pub const CALLS_MAX: usize = 8192;

/// Lives as long as the daemon; limits survive a reload, by model name.
pub struct Host {
    pub upstream: Arc<dyn Upstream>,
    calls: Arc<Semaphore>,
    models: Mutex<BTreeMap<String, Arc<Semaphore>>>,
}

// === impl Host ===

impl Host {
    #[must_use]
    pub fn new(upstream: Arc<dyn Upstream>) -> Self {
        Self { upstream, calls: Arc::new(Semaphore::new(CALLS_MAX)), models: Mutex::new(BTreeMap::new()) }
    }

    /// The slots for all calls, and for those to one model; `concurrency` counts the first time a model is named.
    pub fn slots(&self, model: &str, concurrency: u32) -> (Arc<Semaphore>, Arc<Semaphore>) {
        let mut models = self.models.lock().expect("nobody panics while holding the table of slots");
        let slots = models
            .entry(model.to_owned())
            .or_insert_with(|| Arc::new(Semaphore::new(concurrency.max(1) as usize)));
        (Arc::clone(&self.calls), Arc::clone(slots))
    }
}
