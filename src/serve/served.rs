//! One plan that is served, with the plans of its several choices.

use std::sync::{Arc, OnceLock};

use crate::plan::{Plan, bounds, several};

use super::errors::{self, Refusal};
use super::limits::CHOICES_MAX;

/// A handle, or a technique on one.
pub struct Served {
    pub plan: Arc<Plan>,
    /// Its plans for 2 choices and more, each made when it is first asked for.
    several: [OnceLock<Arc<Plan>>; CHOICES_MAX as usize - 1],
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
