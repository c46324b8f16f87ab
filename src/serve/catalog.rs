//! The ensembles that are served, by the names that clients ask for.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::diagnostic::suggest;
use crate::plan::{Plan, bounds, several};

use super::errors::{self, Refusal};
use super::limits::CHOICES_MAX;

/// Immutable; a reload makes a new one.
pub struct Catalog {
    /// In the order in which they were given.
    handles: Vec<Arc<Served>>,
    /// Handles and selectors.
    names: BTreeMap<String, Arc<Served>>,
}

/// One handle.
pub struct Served {
    pub plan: Arc<Plan>,
    /// Its plans for 2 choices and more, each made when it is first asked for.
    several: [OnceLock<Arc<Plan>>; CHOICES_MAX as usize - 1],
}

// === impl Catalog ===

impl Catalog {
    #[must_use]
    pub fn new(plans: Vec<Arc<Plan>>) -> Self {
        let handles: Vec<_> = plans.into_iter().map(|plan| Arc::new(Served::new(plan))).collect();
        let mut names = BTreeMap::new();
        for served in &handles {
            names.entry(served.plan.selector.clone()).or_insert_with(|| Arc::clone(served));
        }
        // Handles after selectors: where both claim a name, it is the handle's.
        for served in &handles {
            names.insert(served.plan.handle.clone(), Arc::clone(served));
        }
        Self { handles, names }
    }

    /// The plan of a handle or selector.
    pub fn find(&self, name: &str) -> Result<Arc<Plan>, Refusal> {
        self.served(name).map(|served| Arc::clone(&served.plan))
    }

    /// What is served as this handle or selector.
    pub fn served(&self, name: &str) -> Result<Arc<Served>, Refusal> {
        self.names.get(name).cloned().ok_or_else(|| {
            let known = self.names.keys().map(String::as_str);
            // A long word is near nothing, and its distance to every name costs its length.
            let hint = if name.len() > 128 { None } else { suggest::did_you_mean(name, known) };
            errors::unknown_model(name, hint)
        })
    }

    pub fn plans(&self) -> impl Iterator<Item = &Arc<Plan>> {
        self.handles.iter().map(|served| &served.plan)
    }
}

// === impl Served ===

impl Served {
    fn new(plan: Arc<Plan>) -> Self {
        Self { plan, several: Default::default() }
    }

    /// The plan for this many choices, at most [`CHOICES_MAX`]; refused if its worst case is above the handle's limit.
    pub fn plan_for(&self, choices: u32) -> Result<&Arc<Plan>, Refusal> {
        let Some(place) = choices.checked_sub(2) else { return Ok(&self.plan) };
        let plan =
            self.several[place as usize].get_or_init(|| Arc::new(several::several(&self.plan, choices)));
        match bounds::breaches(plan).first() {
            None => Ok(plan),
            Some(breach) => Err(errors::beyond_limit(&plan.handle, choices, breach)),
        }
    }
}
