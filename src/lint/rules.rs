//! The list of rules, in the order of their codes.

mod kebab_case;
mod known_family;
mod limit;
mod lone_model;
mod loops;
mod memory;
mod role_named_profile;
mod secret;
mod unused_allow;
mod used_twice;

use crate::lint::Rule;

/// Every rule: of sense (`L0xx`), then of policy (`L1xx`).
pub const RULES: &[Rule] = &[
    role_named_profile::RULE,
    unused_allow::RULE,
    lone_model::RULE,
    loops::RULE,
    kebab_case::RULE,
    used_twice::RULE,
    known_family::RULE,
    memory::RULE,
    secret::RULE,
    limit::RULE,
];
