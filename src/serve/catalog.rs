//! The ensembles that are served, by the names that clients ask for.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::diagnostic::suggest;
use crate::plan::{Plan, bounds, several};

use super::asked::{Composer, FIELD, Order};
use super::errors::{self, Refusal};
use super::limits::CHOICES_MAX;

/// Immutable; a reload makes a new one.
pub struct Catalog {
    /// In the order in which they were given.
    handles: Vec<Arc<Served>>,
    /// Handles and selectors.
    names: BTreeMap<String, Arc<Served>>,
    pub composer: Composer,
}

/// One handle.
pub struct Served {
    pub plan: Arc<Plan>,
    /// Its plans for 2 choices and more, each made when it is first asked for.
    several: [OnceLock<Arc<Plan>>; CHOICES_MAX as usize - 1],
}

/// What a request asks for.
pub enum Asked {
    Served(Arc<Served>),
    Composed(Order),
}

// === impl Catalog ===

impl Catalog {
    #[must_use]
    pub fn new(plans: Vec<Arc<Plan>>, composer: Composer) -> Self {
        let handles: Vec<_> = plans.into_iter().map(|plan| Arc::new(Served::new(plan))).collect();
        let mut names = BTreeMap::new();
        for served in &handles {
            names.entry(served.plan.selector.clone()).or_insert_with(|| Arc::clone(served));
        }
        // Handles after selectors: where both claim a name, it is the handle's.
        for served in &handles {
            names.insert(served.plan.handle.clone(), Arc::clone(served));
        }
        Self { handles, names, composer }
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

    /// What a name and, if it is given, `optillm_approach` ask for: something that is served, or a plan to be composed.
    pub fn asked(&self, name: &str, approach: Option<&str>) -> Result<Asked, Refusal> {
        let named = match self.names.get(name) {
            Some(served) => Asked::Served(Arc::clone(served)),
            None => {
                let find = |name: &str| self.names.get(name).map(|served| Arc::clone(&served.plan));
                let plans: Vec<&Arc<Plan>> = self.plans().collect();
                match self.composer.in_name(name, find, &plans) {
                    Some(order) => Asked::Composed(order),
                    None => return self.served(name).map(Asked::Served),
                }
            }
        };
        let Some(approach) = approach else { return Ok(named) };
        match named {
            Asked::Served(served) => Ok(match self.composer.on_handle(&served.plan, approach)? {
                Some(order) => Asked::Composed(order),
                None => Asked::Served(served),
            }),
            Asked::Composed(_) => Err(errors::invalid(FIELD, "is not needed: `model` names a technique")),
        }
    }

    pub fn plans(&self) -> impl Iterator<Item = &Arc<Plan>> {
        self.handles.iter().map(|served| &served.plan)
    }
}

// === impl Served ===

impl Served {
    #[must_use]
    pub fn new(plan: Arc<Plan>) -> Self {
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
