//! The ensembles that are served, by the names that clients ask for.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::suggest;
use crate::plan::Plan;

use super::composer::{Composer, FIELD, Order};
use super::errors::{self, Refusal};
use super::served::Served;

/// Longest name, in bytes, that is looked at closely: a longer one is near nothing and holds no technique, and both would
/// cost its length many times over.
const NAME_MAX: usize = 128;

/// Immutable; a reload makes a new one.
pub struct Catalog {
    /// In the order in which they were given.
    handles: Vec<Arc<Served>>,
    /// Handles and selectors.
    names: BTreeMap<String, Arc<Served>>,
    pub composer: Composer,
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
            names.insert(served.plan.handle.to_string(), Arc::clone(served));
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
            let hint = if name.len() > NAME_MAX { None } else { suggest::did_you_mean(name, known) };
            errors::unknown_model(name, hint)
        })
    }

    /// What a name and, if it is given, `optillm_approach` ask for: something that is served, or a plan to be composed.
    pub fn asked(&self, name: &str, approach: Option<&str>) -> Result<Asked, Refusal> {
        let named = match self.names.get(name) {
            Some(served) => Asked::Served(Arc::clone(served)),
            None if name.len() > NAME_MAX => return self.served(name).map(Asked::Served),
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
