//! Plans of techniques on what is served, for OptiLLM's callers: read from a field or a name, composed once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::approach::{Approach, Approaches, Base, Joined, technique};
use crate::plan::Plan;

use super::errors::{self, Refusal};
use super::served::Served;

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
    /// By what the technique is applied to, as a client would write it, the technique, and the field to blame.
    kept: Mutex<BTreeMap<Key, Composed>>,
}

type Key = (String, Approach, &'static str);

/// A plan, or why there is none.
type Composed = Result<Arc<Served>, Refusal>;

/// A plan that is to be composed.
pub struct Order {
    target: Target,
    approach: Approach,
    /// The field to blame.
    field: &'static str,
}

/// What a technique is applied to.
enum Target {
    Handle(Arc<Plan>),
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
            target: Target::Handle(Arc::clone(plan)),
            approach,
            field: FIELD,
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
            let approach =
                Approach { techniques: vec![technique(first, &self.known).ok()?], joined: Joined::Chain };
            let target = match find(rest).or_else(|| find(&format!("opt-{rest}"))) {
                Some(plan) => Target::Handle(plan),
                None => {
                    let cell = plans.iter().find(|plan| format!("{}-{}", plan.profile, plan.tier) == rest)?;
                    Target::Cell { profile: cell.profile.clone(), tier: cell.tier.clone() }
                }
            };
            Some(Order { target, approach, field: "model" })
        })
    }

    /// What was composed for this order before.
    pub fn kept(&self, order: &Order) -> Option<Composed> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&order.key()).cloned()
    }

    /// Composes the plan; takes as long as a check of the program's models, layers and techniques.
    pub fn compose(&self, order: &Order) -> Composed {
        let base = match &order.target {
            Target::Handle(plan) => Base::Handle(plan),
            Target::Cell { profile, tier } => Base::Cell { profile, tier },
        };
        let composed = match self.approaches.compose(base, &order.approach) {
            Ok(plan) => Ok(Arc::new(Served::new(Arc::new(plan)))),
            Err(why) => Err(errors::invalid(order.field, &format!("asks for what cannot be: {why}"))),
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT_MAX {
            kept.insert(order.key(), composed.clone());
        }
        composed
    }
}

// === impl Order ===

impl Order {
    /// How many answers it gives by itself.
    #[must_use]
    pub fn answers(&self) -> u32 {
        self.approach.answers()
    }

    /// A handle and a cell are never written alike: what is a handle's name is that handle.
    fn key(&self) -> Key {
        let target = match &self.target {
            Target::Handle(plan) => plan.handle.to_string(),
            Target::Cell { profile, tier } => format!("{profile}-{tier}"),
        };
        (target, self.approach.clone(), self.field)
    }
}
