//! What handles hold while they are loaded, and which of them can be loaded side by side.

#[cfg(test)]
mod tests;
mod together;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::explain::words::plural;
use crate::plan::{Model, Plan};
use crate::units::Bytes;

/// What each tier and handle needs, and what fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// In the order of the program.
    pub tiers: Vec<TierNeeds>,
    /// By name; a runtime is a host with models of its own.
    pub runtimes: Vec<RuntimeFit>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierNeeds {
    pub tier: String,
    /// What the models of a handle may hold together, where the tier says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_bytes: Option<u64>,
    /// All models of all its handles together, each counted once.
    pub held_bytes: u64,
    pub handles: Vec<HandleNeeds>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandleNeeds {
    pub handle: String,
    /// Its models together, but for those of unknown size.
    pub held_bytes: u64,
    /// Every model that it can call, fallbacks included, in order of first mention.
    pub models: Vec<ModelNeeds>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelNeeds {
    pub name: String,
    /// `mlx`, `ov`; empty if nothing says it.
    pub runtime: String,
    /// Absent if it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimeFit {
    pub runtime: String,
    /// What may be loaded there at once. Absent if no tier says so and nobody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_bytes: Option<u64>,
    /// Every set of handles that fits and to which no other can be added; the largest set first. Absent where there is
    /// no budget, or too many handles that differ to try all sets of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub together: Option<Vec<Together>>,
    /// Handles that do not fit alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub too_large: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Together {
    pub handles: Vec<String>,
    /// Their models on this runtime, each counted once.
    pub held_bytes: u64,
    pub models: u32,
}

// === impl Memory ===

impl Memory {
    /// Of plans in their order. `budgets` says what a runtime's host can hold; of others it is what the largest tier with
    /// a handle there allows, for that much it has held.
    #[must_use]
    pub fn of(plans: &[&Plan], budgets: &BTreeMap<String, Bytes>) -> Self {
        let mut tiers: Vec<TierNeeds> = Vec::new();
        for plan in plans {
            if tiers.iter().any(|tier| tier.tier == plan.tier) {
                continue;
            }
            let own: Vec<&Plan> = plans.iter().copied().filter(|it| it.tier == plan.tier).collect();
            tiers.push(TierNeeds {
                tier: plan.tier.clone(),
                budget_bytes: plan.memory.map(|bytes| bytes.0),
                held_bytes: held(own.iter().flat_map(|plan| &plan.models)),
                handles: own.iter().map(|plan| HandleNeeds::of(plan)).collect(),
            });
        }
        Self { tiers, runtimes: together::fits(plans, budgets) }
    }

    /// Indented JSON with a line end.
    #[must_use]
    pub fn to_json(&self) -> String {
        super::pretty(self)
    }

    /// A paragraph a tier, and one a runtime.
    #[must_use]
    pub fn to_text(&self) -> String {
        let handles = self.tiers.iter().flat_map(|tier| &tier.handles);
        let width = handles.map(|it| it.handle.chars().count()).max().unwrap_or(0).max("all of them".len());
        let mut paragraphs: Vec<String> = self.tiers.iter().map(|tier| tier.text(width)).collect();
        paragraphs.extend(self.runtimes.iter().map(RuntimeFit::text));
        paragraphs.join("\n")
    }
}

/// Models together, each counted once.
fn held<'a>(models: impl Iterator<Item = &'a Model>) -> u64 {
    let each: BTreeMap<&str, u64> =
        models.map(|model| (&*model.name, model.memory.map_or(0, |bytes| bytes.0))).collect();
    each.values().fold(0, |sum, bytes| sum.saturating_add(*bytes))
}

// === impl TierNeeds ===

impl TierNeeds {
    fn text(&self, width: usize) -> String {
        let budget = self.budget_bytes.map(|bytes| format!(", {} for a handle", Bytes(bytes)));
        let mut lines = vec![format!("tier {}{}", self.tier, budget.unwrap_or_default())];
        for handle in &self.handles {
            lines.push(format!("  {:width$}   {}", handle.handle, handle.words()));
        }
        if self.handles.len() > 1 {
            let all = Bytes(self.held_bytes).to_string();
            lines.push(format!("  {:width$}   {all:>6}", "all of them"));
        }
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

// === impl HandleNeeds ===

impl HandleNeeds {
    fn of(plan: &Plan) -> Self {
        let models = plan.models.iter().map(ModelNeeds::of).collect();
        Self { handle: plan.handle.to_string(), held_bytes: held(plan.models.iter()), models }
    }

    /// `150GB   3 models on mlx`
    fn words(&self) -> String {
        let mut runtimes: Vec<&str> = self.models.iter().map(|model| model.runtime.as_str()).collect();
        runtimes.sort_unstable();
        runtimes.dedup();
        runtimes.retain(|runtime| !runtime.is_empty());
        let on = if runtimes.is_empty() { String::new() } else { format!(" on {}", runtimes.join(" and ")) };
        let unknown = self.models.iter().filter(|model| model.memory_bytes.is_none()).count();
        let unknown = if unknown == 0 { String::new() } else { format!(", {unknown} of unknown size") };
        let models = plural(u32::try_from(self.models.len()).unwrap_or(u32::MAX), "model");
        format!("{:>6}   {models}{on}{unknown}", Bytes(self.held_bytes).to_string())
    }
}

// === impl ModelNeeds ===

impl ModelNeeds {
    #[must_use]
    pub fn of(model: &Model) -> Self {
        Self {
            name: model.name.to_string(),
            runtime: model.runs_on().to_owned(),
            memory_bytes: model.memory.map(|bytes| bytes.0),
        }
    }
}

// === impl RuntimeFit ===

impl RuntimeFit {
    fn text(&self) -> String {
        let name = if self.runtime.is_empty() { "elsewhere" } else { &self.runtime };
        let Some(budget) = self.budget_bytes else {
            return format!("{name}: no tier says how much may be loaded at once\n");
        };
        let mut lines = vec![format!("{name}, {} at once: what can be loaded together", Bytes(budget))];
        match &self.together {
            None => lines.push("  too many handles to try every set of them; name some".to_owned()),
            Some(sets) => lines.extend(sets.iter().map(|set| {
                format!("  {:>6}   {}", Bytes(set.held_bytes).to_string(), set.handles.join(", "))
            })),
        }
        lines.extend(self.too_large.iter().map(|handle| format!("  {handle} does not fit alone")));
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
}
