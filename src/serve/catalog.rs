//! The ensembles that are served, by the names that clients ask for.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::suggest;
use crate::plan::Plan;

use super::errors::{self, Refusal};

/// Immutable; a reload makes a new one.
pub struct Catalog {
    /// In the order in which they were given.
    plans: Vec<Arc<Plan>>,
    /// Handles and selectors.
    names: BTreeMap<String, Arc<Plan>>,
}

// === impl Catalog ===

impl Catalog {
    #[must_use]
    pub fn new(plans: Vec<Arc<Plan>>) -> Self {
        let mut names = BTreeMap::new();
        for plan in &plans {
            names.entry(plan.selector.clone()).or_insert_with(|| Arc::clone(plan));
        }
        // Handles after selectors: where both claim a name, it is the handle's.
        for plan in &plans {
            names.insert(plan.handle.clone(), Arc::clone(plan));
        }
        Self { plans, names }
    }

    /// The plan of a handle or selector.
    pub fn find(&self, name: &str) -> Result<Arc<Plan>, Refusal> {
        self.names.get(name).cloned().ok_or_else(|| {
            let known = self.names.keys().map(String::as_str);
            // A long word is near nothing, and its distance to every name costs its length.
            let hint = if name.len() > 128 { None } else { suggest::did_you_mean(name, known) };
            errors::unknown_model(name, hint)
        })
    }

    pub fn plans(&self) -> impl Iterator<Item = &Arc<Plan>> {
        self.plans.iter()
    }
}
