//! Which handles can call a model, at which of their steps, and whether only when something has failed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::explain::text::WIDTH;
use crate::explain::words::{joined, plural};
use crate::plan::{NodeId, Plan};

/// All uses of one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    pub model: String,
    /// How many handles there are.
    pub of: usize,
    /// Those that can call it, in the order of the program.
    pub handles: Vec<HandleUses>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandleUses {
    pub handle: String,
    pub place: String,
    /// Every one of its calls to the model stands behind an `else`.
    pub only_as_fallback: bool,
    /// In the order of the plan.
    pub steps: Vec<StepUse>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepUse {
    /// Id of the node that calls it.
    pub step: String,
    /// `ask`, `merge`, `judge`, …
    pub verb: String,
    /// Only reached when something has failed or was skipped.
    pub fallback: bool,
}

// === impl Why ===

impl Why {
    #[must_use]
    pub fn of<'a>(model: &str, plans: impl IntoIterator<Item = &'a Plan>) -> Self {
        let mut of = 0;
        let handles =
            plans.into_iter().inspect(|_| of += 1).filter_map(|plan| HandleUses::of(model, plan)).collect();
        Self { model: model.to_owned(), of, handles }
    }

    /// Indented JSON with a line end.
    #[must_use]
    pub fn to_json(&self) -> String {
        super::pretty(self)
    }

    /// A line for each handle with its steps.
    #[must_use]
    pub fn to_text(&self) -> String {
        let of = plural(u32::try_from(self.of).unwrap_or(u32::MAX), "handle");
        let mut lines =
            vec![format!("{}: {} of {of} can call it", self.model, self.handles.len()), String::new()];
        let handle = self.handles.iter().map(|uses| uses.handle.chars().count()).max().unwrap_or(0);
        let place = self.handles.iter().map(|uses| uses.place.chars().count()).max().unwrap_or(0);
        let margin = " ".repeat(2 + handle + 3 + place + 3);
        for uses in &self.handles {
            let steps: Vec<String> =
                uses.steps.iter().map(|step| step.words(uses.only_as_fallback)).collect();
            let mut steps = joined(&margin, &steps, WIDTH).into_iter();
            let first = steps.next().unwrap_or_default();
            lines.push(format!("  {:handle$}   {:place$}   {}", uses.handle, uses.place, first.trim_start()));
            lines.extend(steps);
            lines.extend(uses.only_as_fallback.then(|| format!("{margin}only when something has failed")));
        }
        lines.into_iter().map(|line| format!("{}\n", line.trim_end())).collect()
    }
}

// === impl HandleUses ===

impl HandleUses {
    fn of(model: &str, plan: &Plan) -> Option<Self> {
        let needed = without_failures(plan);
        let steps: Vec<StepUse> = plan
            .ids()
            .filter(|id| {
                plan.node(*id).act.ask().is_some_and(|ask| plan.model(ask.model).name.as_ref() == model)
            })
            .map(|id| {
                let node = plan.node(id);
                let (step, verb) = (node.id.to_string(), node.act.verb().to_owned());
                StepUse { step, verb, fallback: !needed.contains(&id) }
            })
            .collect();
        (!steps.is_empty()).then(|| Self {
            handle: plan.handle.to_string(),
            place: plan.place.clone(),
            only_as_fallback: steps.iter().all(|step| step.fallback),
            steps,
        })
    }
}

/// What can run although nothing has failed and nothing was skipped: all that `reply` needs, no `else` taken.
fn without_failures(plan: &Plan) -> BTreeSet<NodeId> {
    let mut open = vec![plan.reply];
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            let node = plan.node(id);
            open.extend(node.needs());
            open.extend(node.act.parts());
            open.extend(node.tie_step());
        }
    }
    seen
}

// === impl StepUse ===

impl StepUse {
    /// `reply (merge)`, `reply.else (ask, if something fails)`
    fn words(&self, all_are_fallbacks: bool) -> String {
        let condition = if self.fallback && !all_are_fallbacks { ", if something fails" } else { "" };
        format!("{} ({}{condition})", self.step, self.verb)
    }
}
