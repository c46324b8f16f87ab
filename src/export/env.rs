//! The environment file of the daemon's unit: a variable per ensemble that names its selector.

use crate::plan::Plan;

/// `OPT_ARCHITECT_HIGH_XL_MODEL=moa-architect-high-xl`, one line per plan, in their order.
#[must_use]
pub fn env(plans: &[Plan]) -> String {
    plans.iter().map(|plan| format!("{}={}\n", variable(&plan.handle), plan.selector)).collect()
}

/// A handle as the name of a variable.
fn variable(handle: &str) -> String {
    let name: String = handle
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
        .collect();
    format!("{name}_MODEL")
}
