//! The list of rules, in the order of their codes.

mod kebab_case;
mod known_family;
mod limit;
mod lone_model;
mod loops;
mod memory;
mod secret;
mod used_twice;

use crate::lint::Rule;

/// Every rule of the policy.
pub const RULES: &[Rule] = &[
    lone_model::RULE,
    loops::RULE,
    kebab_case::RULE,
    used_twice::RULE,
    known_family::RULE,
    memory::RULE,
    secret::RULE,
    limit::RULE,
];
