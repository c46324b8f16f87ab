//! How much is taken on right now, of what is allowed.
//!
//! Knows nothing of what a request means: it counts runs and bytes.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::errors::{self, Refusal};
use super::limits::{Allowed, Limit};

/// Bodies are counted in units of so many bytes: a semaphore has too few permits for single ones.
const BODY_UNIT: usize = 1024;

/// What is allowed, and of that what is taken right now.
pub struct Load {
    pub allowed: Allowed,
    runs: Arc<Semaphore>,
    bodies: Arc<Semaphore>,
}

/// A share of [`Allowed::bodies`], given back when dropped.
pub struct BodyShare {
    permit: OwnedSemaphorePermit,
}

// === impl Load ===

impl Load {
    #[must_use]
    pub fn new(allowed: Allowed) -> Self {
        Self {
            allowed,
            runs: Arc::new(Semaphore::new(allowed.runs)),
            bodies: Arc::new(Semaphore::new(allowed.bodies / BODY_UNIT)),
        }
    }

    /// A slot for one run, or the refusal that says that there is none.
    pub fn take_run(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        Arc::clone(&self.runs)
            .try_acquire_owned()
            .map_err(|_| errors::overloaded("too many runs in flight").reaches(Limit::Runs))
    }

    #[must_use]
    pub fn runs_in_flight(&self) -> usize {
        self.allowed.runs - self.runs.available_permits()
    }

    /// No run is in flight.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.runs_in_flight() == 0
    }

    /// An empty share, to be grown as bytes arrive.
    pub fn share(&self) -> Result<BodyShare, Refusal> {
        let permit = Arc::clone(&self.bodies).try_acquire_many_owned(0);
        Ok(BodyShare { permit: permit.map_err(|_| bodies_full())? })
    }
}

impl Default for Load {
    fn default() -> Self {
        Self::new(Allowed::default())
    }
}

// === impl BodyShare ===

impl BodyShare {
    /// Makes room for `total` bytes in all.
    pub fn grow_to(&mut self, total: usize) -> Result<(), Refusal> {
        let missing = total.div_ceil(BODY_UNIT).saturating_sub(self.permit.num_permits());
        if missing == 0 {
            return Ok(());
        }
        let count = u32::try_from(missing).map_err(|_| bodies_full())?;
        let more = Arc::clone(self.permit.semaphore()).try_acquire_many_owned(count);
        self.permit.merge(more.map_err(|_| bodies_full())?);
        Ok(())
    }
}

fn bodies_full() -> Refusal {
    errors::overloaded("too many request bytes held at once").reaches(Limit::Bodies)
}
