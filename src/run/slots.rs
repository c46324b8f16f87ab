//! How many calls are in flight at once, and how many wait for that.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Calls in flight at once, over all models, unless the operator says otherwise.
pub const CALLS_MAX: usize = 8192;

/// Calls that wait for a slot at once, over all models, unless the operator says otherwise.
pub const QUEUE_MAX: usize = 4096;

/// The slots of all models. They outlive the plans, by model name.
#[derive(Debug)]
pub struct Slots {
    all: Arc<Semaphore>,
    calls_max: usize,
    queue: Semaphore,
    queue_max: usize,
    models: Mutex<BTreeMap<String, Lane>>,
}

/// The calls to one model that may be in flight at once.
#[derive(Debug)]
struct Lane {
    width: u32,
    free: Arc<Semaphore>,
    used: Arc<AtomicU32>,
}

/// One call in flight; dropped, it lets the next one in.
#[derive(Debug)]
pub struct Slot {
    used: Arc<AtomicU32>,
    _permits: (OwnedSemaphorePermit, OwnedSemaphorePermit),
}

/// So many wait already that one more would not be served in time anyway.
#[derive(Debug, PartialEq, Eq)]
pub struct QueueFull;

/// How many of a model's slots calls hold. While it is given fewer, those may be more than it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotUse {
    pub model: String,
    pub slots: u32,
    pub in_use: u32,
}

// === impl Slots ===

impl Slots {
    #[must_use]
    pub fn new() -> Self {
        Self::sized(CALLS_MAX, QUEUE_MAX)
    }

    /// At most so many calls in flight and so many that wait, over all models.
    #[must_use]
    pub fn sized(calls_max: usize, queue_max: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(calls_max)),
            calls_max,
            queue: Semaphore::new(queue_max),
            queue_max,
            models: Mutex::new(BTreeMap::new()),
        }
    }

    /// Calls that may wait at once.
    #[must_use]
    pub fn queue_max(&self) -> usize {
        self.queue_max
    }

    /// A slot for a call to the model, in turn; `concurrency` counts the first time a model is named.
    ///
    /// # Errors
    ///
    /// There is none, and as many as may already wait for one.
    pub async fn take(&self, model: &str, concurrency: u32) -> Result<Slot, QueueFull> {
        let (own, used) = self.lane(model, concurrency);
        let permits = match (Arc::clone(&own).try_acquire_owned(), Arc::clone(&self.all).try_acquire_owned())
        {
            (Ok(own), Ok(all)) => (own, all),
            // What one has while the other is missing goes back: who waits for a model must not keep others from theirs.
            missing => {
                drop(missing);
                let _place = self.queue.try_acquire().map_err(|_| QueueFull)?;
                let own = own.acquire_owned().await.expect("it is never closed");
                (own, Arc::clone(&self.all).acquire_owned().await.expect("it is never closed"))
            }
        };
        used.fetch_add(1, Ordering::Relaxed);
        Ok(Slot { used, _permits: permits })
    }

    /// Another `concurrency` for a model that may have calls in flight. More slots are there at once; fewer when the
    /// future ends: as calls end, their slots are not given again. Calls that wait keep their turn.
    pub async fn resize(&self, model: &str, concurrency: u32) {
        let width = concurrency.max(1);
        let (free, before) = match self.models().get_mut(model) {
            Some(lane) => (Arc::clone(&lane.free), std::mem::replace(&mut lane.width, width)),
            // Not called yet: the first call makes them.
            None => return,
        };
        if width > before {
            free.add_permits((width - before) as usize);
        } else if let Ok(taken) = free.acquire_many(before - width).await {
            taken.forget();
        }
    }

    /// Calls that wait for a slot now.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queue_max - self.queue.available_permits()
    }

    /// Calls that hold a slot, over all models.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.calls_max - self.all.available_permits()
    }

    /// The slots of every model that was called, by name.
    #[must_use]
    pub fn uses(&self) -> Vec<SlotUse> {
        let of = |(model, lane): (&String, &Lane)| SlotUse {
            model: model.clone(),
            slots: lane.width,
            in_use: lane.used.load(Ordering::Relaxed),
        };
        self.models().iter().map(of).collect()
    }

    fn lane(&self, model: &str, concurrency: u32) -> (Arc<Semaphore>, Arc<AtomicU32>) {
        let mut models = self.models();
        let lane = match models.get(model) {
            Some(lane) => lane,
            None => {
                let width = concurrency.max(1);
                let free = Arc::new(Semaphore::new(width as usize));
                models.entry(model.to_owned()).or_insert(Lane { width, free, used: Arc::default() })
            }
        };
        (Arc::clone(&lane.free), Arc::clone(&lane.used))
    }

    fn models(&self) -> MutexGuard<'_, BTreeMap<String, Lane>> {
        self.models.lock().expect("nobody panics while holding the table of slots")
    }
}

impl Default for Slots {
    fn default() -> Self {
        Self::new()
    }
}

// === impl Slot ===

impl Drop for Slot {
    fn drop(&mut self) {
        self.used.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
