//! L099: an allowance that sets nothing aside.
//!
//! Found by the review itself, after all other rules have looked.

use crate::lint::{Check, Level, Rule};

pub const RULE: Rule = Rule {
    code: "L099",
    name: "unused-allow",
    page: include_str!("unused_allow.md"),
    level: Level::Warn,
    check: Check::Allowances,
};
