//! Which handles can be loaded at once: every set that fits, and that no other handle can join.

use std::collections::{BTreeMap, BTreeSet};

use super::{RuntimeFit, Together, held};
use crate::plan::{Model, Plan};
use crate::units::Bytes;

/// Most handles with different models of which all sets are tried: the work doubles with each.
pub const DIFFERENT_MAX: usize = 16;

/// Handles that need the same models on one runtime: where one of them fits, all do.
struct Alike<'a> {
    handles: Vec<&'a str>,
    models: Vec<&'a Model>,
}

/// Each runtime with the sets that fit on it.
pub(super) fn fits(plans: &[&Plan], budgets: &BTreeMap<String, Bytes>) -> Vec<RuntimeFit> {
    let names: BTreeSet<&str> =
        plans.iter().flat_map(|plan| &plan.models).map(|model| model.runs_on()).collect();
    names.into_iter().map(|runtime| fit(runtime, plans, budgets.get(runtime).copied())).collect()
}

fn fit(runtime: &str, plans: &[&Plan], budget: Option<Bytes>) -> RuntimeFit {
    let there: Vec<&Plan> =
        plans.iter().copied().filter(|plan| plan.models_on(runtime).next().is_some()).collect();
    let budget = budget.or_else(|| there.iter().filter_map(|plan| plan.memory).max());
    let mut fit = RuntimeFit {
        runtime: runtime.to_owned(),
        budget_bytes: budget.map(|bytes| bytes.0),
        together: None,
        too_large: Vec::new(),
    };
    let Some(budget) = budget else { return fit };
    let (small, large): (Vec<Alike<'_>>, Vec<Alike<'_>>) =
        alike(runtime, &there).into_iter().partition(|it| it.held() <= budget.0);
    fit.too_large = large.iter().flat_map(|it| &it.handles).map(|handle| (*handle).to_owned()).collect();
    fit.together = largest(&small, budget.0);
    fit
}

/// In the order of the plans.
fn alike<'a>(runtime: &str, plans: &[&'a Plan]) -> Vec<Alike<'a>> {
    let mut found: Vec<(BTreeSet<&str>, Alike<'a>)> = Vec::new();
    for plan in plans {
        let models: Vec<&Model> = plan.models_on(runtime).collect();
        let names: BTreeSet<&str> = models.iter().map(|model| &*model.name).collect();
        match found.iter_mut().find(|(those, _)| *those == names) {
            Some((_, alike)) => alike.handles.push(&plan.handle),
            None => found.push((names, Alike { handles: vec![&plan.handle], models })),
        }
    }
    found.into_iter().map(|(_, alike)| alike).collect()
}

/// Every set within the budget that none of the others can join; nothing if there are too many to try.
fn largest(all: &[Alike<'_>], budget: u64) -> Option<Vec<Together>> {
    if all.len() > DIFFERENT_MAX {
        return None;
    }
    let holds = |set: u32| held(members(all, set).flat_map(|it| it.models.iter().copied()));
    let fitting: Vec<u32> = (1..1_u32 << all.len()).filter(|set| holds(*set) <= budget).collect();
    let can_grow =
        |set: u32| (0..all.len()).map(|at| set | 1 << at).any(|more| more != set && holds(more) <= budget);
    let mut sets: Vec<Together> =
        fitting.into_iter().filter(|set| !can_grow(*set)).map(|set| Together::of(all, set)).collect();
    sets.sort_by_key(|set| std::cmp::Reverse(set.handles.len()));
    Some(sets)
}

fn members<'a>(all: &'a [Alike<'a>], set: u32) -> impl Iterator<Item = &'a Alike<'a>> {
    all.iter().enumerate().filter(move |(at, _)| set & (1 << at) != 0).map(|(_, alike)| alike)
}

// === impl Alike ===

impl Alike<'_> {
    fn held(&self) -> u64 {
        held(self.models.iter().copied())
    }
}

// === impl Together ===

impl Together {
    fn of(all: &[Alike<'_>], set: u32) -> Self {
        let models = || members(all, set).flat_map(|it| it.models.iter().copied());
        let names: BTreeSet<&str> = models().map(|model| &*model.name).collect();
        Self {
            handles: members(all, set).flat_map(|it| &it.handles).map(|it| (*it).to_owned()).collect(),
            held_bytes: held(models()),
            models: u32::try_from(names.len()).unwrap_or(u32::MAX),
        }
    }
}
