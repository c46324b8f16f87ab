//! What a request asks for: a handle or selector, or a technique on one, in the ways of OptiLLM's callers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::approach::{Approach, Approaches, Base, technique};
use crate::plan::Plan;

use super::catalog::Served;
use super::errors::{self, Refusal};

/// The field that names a technique.
pub const FIELD: &str = "optillm_approach";

/// Composed plans that are kept; beyond them each request makes its own.
const KEPT_MAX: usize = 256;

/// Plans of techniques, made when they are first asked for.
#[derive(Default)]
pub struct Composer {
    approaches: Approaches,
    /// Names of techniques, as long as the set of ensembles is served.
    known: Vec<String>,
    kept: Mutex<BTreeMap<(Target, Approach), Arc<Served>>>,
}

/// A plan that is to be composed.
pub struct Order {
    target: Target,
    approach: Approach,
    /// The field to blame.
    field: &'static str,
    /// Of the handle.
    plan: Option<Arc<Plan>>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Handle(String),
    Cell { profile: String, tier: String },
}

// === impl Composer ===

impl Composer {
    #[must_use]
    pub fn new(approaches: Approaches) -> Self {
        Self { known: approaches.known(), approaches, kept: Mutex::default() }
    }

    /// The technique that `optillm_approach` asks for on a handle; `None` if it asks for none.
    pub fn on_handle(&self, plan: &Arc<Plan>, approach: &str) -> Result<Option<Order>, Refusal> {
        let approach = Approach::read(approach, &self.known).map_err(|why| errors::invalid(FIELD, &why))?;
        Ok(approach.map(|approach| Order {
            target: Target::Handle(plan.handle.clone()),
            approach,
            field: FIELD,
            plan: Some(Arc::clone(plan)),
        }))
    }

    /// The order in a model's name: `moa-opt-architect-high-xl`, `moa-high-xl`. The technique and what it is applied to must
    /// be known exactly, as `find` and the cells of `plans` tell.
    pub fn in_name(
        &self,
        name: &str,
        find: impl Fn(&str) -> Option<Arc<Plan>>,
        plans: &[&Arc<Plan>],
    ) -> Option<Order> {
        let splits = name.match_indices('-').map(|(at, _)| (&name[..at], &name[at + 1..]));
        splits.into_iter().find_map(|(first, rest)| {
            let approach = Approach {
                techniques: vec![technique(first, &self.known).ok()?],
                joined: crate::approach::Joined::Chain,
            };
            let plan = find(rest).or_else(|| find(&format!("opt-{rest}")));
            let target = match &plan {
                Some(plan) => Target::Handle(plan.handle.clone()),
                None => {
                    let cell = plans.iter().find(|plan| format!("{}-{}", plan.profile, plan.tier) == rest)?;
                    Target::Cell { profile: cell.profile.clone(), tier: cell.tier.clone() }
                }
            };
            Some(Order { target, approach, field: "model", plan })
        })
    }

    /// What was composed for this order before.
    pub fn kept(&self, order: &Order) -> Option<Arc<Served>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&(order.target.clone(), order.approach.clone())).cloned()
    }

    /// Composes the plan; takes as long as a check of the program's models, layers and techniques.
    pub fn compose(&self, order: &Order) -> Result<Arc<Served>, Refusal> {
        let base = match (&order.target, &order.plan) {
            (Target::Cell { profile, tier }, _) => Base::Cell { profile, tier },
            (Target::Handle(_), Some(plan)) => Base::Handle(plan),
            (Target::Handle(name), None) => return Err(errors::unknown_model(name, None)),
        };
        let plan = self
            .approaches
            .compose(base, &order.approach)
            .map_err(|why| errors::invalid(order.field, &format!("asks for what cannot be: {why}")))?;
        let served = Arc::new(Served::new(Arc::new(plan)));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT_MAX {
            kept.insert((order.target.clone(), order.approach.clone()), Arc::clone(&served));
        }
        Ok(served)
    }
}

// === impl Order ===

impl Order {
    /// How many answers it gives by itself.
    #[must_use]
    pub fn answers(&self) -> u32 {
        self.approach.answers()
    }
}
