//! From the checked program to plans. Cannot fail.

use crate::plan::Plan;
use crate::program::Program;

/// One plan per handle, in the order of the source.
#[must_use]
pub fn lower(_program: &Program) -> Vec<Plan> {
    Vec::new()
}
