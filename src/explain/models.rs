//! The models that one handle needs, as a controller is to load them.

use serde::{Deserialize, Serialize};

use crate::explain::memory::ModelNeeds;
use crate::plan::Plan;

/// The models of a handle, or those of them that one runtime loads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Models {
    pub handle: String,
    /// `mlx` or `ov`, if only its models were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    /// Fallbacks included, in order of first mention.
    pub models: Vec<ModelNeeds>,
    /// Runtimes of the handle's models that were not asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<String>,
}

// === impl Models ===

impl Models {
    #[must_use]
    pub fn of(plan: &Plan, runtime: Option<&str>) -> Self {
        let (models, others): (Vec<ModelNeeds>, Vec<ModelNeeds>) = plan
            .models
            .iter()
            .map(ModelNeeds::of)
            .partition(|model| runtime.is_none_or(|runtime| model.runtime == runtime));
        let mut elsewhere: Vec<String> = others.into_iter().map(|model| model.runtime).collect();
        elsewhere.sort_unstable();
        elsewhere.dedup();
        Self { handle: plan.handle.to_string(), runtime: runtime.map(str::to_owned), models, elsewhere }
    }

    /// Indented JSON with a line end.
    #[must_use]
    pub fn to_json(&self) -> String {
        super::pretty(self)
    }

    /// A name a line.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.models.iter().map(|model| format!("{}\n", model.name)).collect()
    }
}
