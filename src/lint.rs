//! The operator's policy over plans: what the language allows and this platform does not.
//!
//! A rule is one file of code and one page beside it, and one line in [`RULES`]. Rules look at plans, and at the
//! sources only for what stands in no plan. Knows nothing of how rules are switched on the command line.

pub mod rules;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Severity};
use crate::plan::Plan;
use crate::source::Sources;

pub use rules::RULES;

/// One thing that the policy asks for.
pub struct Rule {
    /// `L101`
    pub code: &'static str,
    /// `lone-model`
    pub name: &'static str,
    /// The manual, in Markdown. Its examples are run as tests.
    pub page: &'static str,
    /// Every breach, as errors, in the order of the plans.
    pub check: fn(&Sources, &[Plan]) -> Vec<Diagnostic>,
}

/// What a breach of a rule means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Allow,
    Warn,
    Deny,
}

/// Levels that differ from `Deny`, by code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    levels: BTreeMap<&'static str, Level>,
}

/// Holds every plan against every rule. Sorted by rule; the caller sorts by place.
#[must_use]
pub fn review(sources: &Sources, plans: &[Plan], policy: &Policy) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for rule in RULES {
        let severity = match policy.level(rule) {
            Level::Allow => continue,
            Level::Warn => Severity::Warning,
            Level::Deny => Severity::Error,
        };
        let breaches = (rule.check)(sources, plans);
        found.extend(breaches.into_iter().map(|breach| Diagnostic { severity, ..breach }));
    }
    found
}

/// The rule with this code or name, in any case.
#[must_use]
pub fn rule(word: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code.eq_ignore_ascii_case(word) || rule.name.eq_ignore_ascii_case(word))
}

// === impl Policy ===

impl Policy {
    /// Sets the level of the rule with this code or name; `false` if there is no such rule.
    pub fn set(&mut self, word: &str, level: Level) -> bool {
        let known = rule(word);
        if let Some(rule) = known {
            self.levels.insert(rule.code, level);
        }
        known.is_some()
    }

    fn level(&self, rule: &Rule) -> Level {
        self.levels.get(rule.code).copied().unwrap_or(Level::Deny)
    }
}
