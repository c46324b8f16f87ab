//! The ensembles that are served now. A reload puts another set in their place, whole, or leaves them as they are.

use std::sync::{Arc, PoisonError, RwLock};

use super::catalog::Catalog;

/// One for the life of the daemon.
pub struct Current {
    now: RwLock<Now>,
}

struct Now {
    catalog: Arc<Catalog>,
    stale: Option<Arc<str>>,
}

// === impl Current ===

impl Current {
    #[must_use]
    pub fn new(catalog: Catalog) -> Self {
        Self { now: RwLock::new(Now { catalog: Arc::new(catalog), stale: None }) }
    }

    /// Whoever holds it keeps it: a run ends with the plan that it began with.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner).catalog)
    }

    /// From here on, requests find the plans of `catalog`.
    pub fn swap(&self, catalog: Catalog) {
        let new = Now { catalog: Arc::new(catalog), stale: None };
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = new;
    }

    /// The files say something else by now, and it cannot be served: `why`.
    pub fn keep(&self, why: &str) {
        self.now.write().unwrap_or_else(PoisonError::into_inner).stale = Some(why.into());
    }

    /// Why the files are not what is served, if so.
    pub fn stale(&self) -> Option<Arc<str>> {
        self.now.read().unwrap_or_else(PoisonError::into_inner).stale.clone()
    }
}
