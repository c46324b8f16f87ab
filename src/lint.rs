//! What makes no sense, and what this platform does not want: rules over programs that are otherwise right.
//!
//! A rule is one file of code and one page beside it, and one line in [`RULES`]. Rules of *sense* (`L0xx`) warn of
//! what was hardly meant; rules of *policy* (`L1xx`) are the operator's. The operator sets [levels](Level), an author
//! sets single findings aside with `allow: { L004: "the reason" }`. Knows nothing of the command line.

pub mod allow;
pub mod answers;
pub mod cut;
pub mod rules;
pub mod subject;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Severity};
use crate::plan::Plan;
use crate::source::Span;

pub use rules::RULES;
pub use subject::Subject;

use allow::Allows;
use subject::{View, Written};

/// One thing that is looked for.
pub struct Rule {
    /// `L101`
    pub code: &'static str,
    /// `lone-model`
    pub name: &'static str,
    /// The manual, in Markdown. Its examples are run as tests.
    pub page: &'static str,
    /// What a finding means where nobody says otherwise.
    pub level: Level,
    pub check: Check,
}

/// How a rule looks. Whether its findings are errors or warnings is not for it to say.
pub enum Check {
    /// At one plan after the other.
    Plan(fn(&View<'_>) -> Vec<Diagnostic>),
    /// At everything at once.
    Program(fn(&Subject<'_>) -> Vec<Diagnostic>),
    /// Done by [`review`] itself: allowances that set nothing aside.
    Allowances,
}

/// What a finding means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing.
    Allow,
    Warn,
    /// An error, unless the place allows it with a reason.
    Deny,
    /// An error that no place can allow.
    Forbid,
}

/// Levels that differ from those of the rules, by code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    levels: BTreeMap<&'static str, Level>,
}

/// A diagnostic with the plan that it was found in.
struct Finding<'a> {
    rule: &'static Rule,
    diagnostic: Diagnostic,
    plan: Option<&'a Plan>,
}

/// Findings on their way to the reader: judged by level and place, the same one in several handles told once.
struct Review<'a> {
    policy: &'a Policy,
    allows: Allows<'a>,
    told: Vec<(Finding<'a>, Vec<&'a str>)>,
    /// By rule and place, and a number among those that a rule says about one place of one handle.
    known: BTreeMap<(&'static str, Span, usize), usize>,
}

/// Holds everything against every rule. Sorted by rule; the caller sorts by place.
#[must_use]
pub fn review(subject: &Subject<'_>, policy: &Policy) -> Vec<Diagnostic> {
    let (allows, mut found) = Allows::read(subject);
    let mut review = Review { policy, allows, told: Vec::new(), known: BTreeMap::new() };
    for rule in review.rules() {
        if let Check::Program(check) = rule.check {
            review.take(rule, check(subject), None);
        }
    }
    let written = Written::of(subject.files);
    for plan in subject.plans {
        let view = View::new(subject, &written, plan);
        for rule in review.rules() {
            if let Check::Plan(check) = rule.check {
                review.take(rule, check(&view), Some(plan));
            }
        }
    }
    if subject.sound {
        review.allowances();
    }
    found.extend(review.finish());
    found
}

/// The rule with this code or name, in any case.
#[must_use]
pub fn rule(word: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code.eq_ignore_ascii_case(word) || rule.name.eq_ignore_ascii_case(word))
}

/// Every code and name, for "did you mean".
pub fn words() -> impl Iterator<Item = &'static str> {
    RULES.iter().flat_map(|rule| [rule.code, rule.name])
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

    /// What a finding of this rule means.
    #[must_use]
    pub fn level(&self, rule: &Rule) -> Level {
        self.levels.get(rule.code).copied().unwrap_or(rule.level)
    }
}

// === impl Review ===

impl<'a> Review<'a> {
    /// The rules that are looked for.
    fn rules(&self) -> impl Iterator<Item = &'static Rule> + use<'a> {
        let policy = self.policy;
        RULES.iter().filter(|rule| policy.level(rule) > Level::Allow)
    }

    /// What one rule says of one plan, or of everything. What stands in several rounds of a loop is said once.
    fn take(&mut self, rule: &'static Rule, mut found: Vec<Diagnostic>, plan: Option<&'a Plan>) {
        found.sort_by(|a, b| (a.span, &a.message).cmp(&(b.span, &b.message)));
        found.dedup_by(|a, b| (a.span, &a.message) == (b.span, &b.message));
        let mut number = 0;
        let mut before = None;
        for diagnostic in found {
            number = if before == Some(diagnostic.span) { number + 1 } else { 0 };
            before = Some(diagnostic.span);
            if let Some(finding) = self.judged(Finding { rule, diagnostic, plan }) {
                self.tell(finding, number);
            }
        }
    }

    /// The finding at its level, unless its place allows it.
    fn judged(&self, mut finding: Finding<'a>) -> Option<Finding<'a>> {
        let level = self.policy.level(finding.rule);
        let allowed = self.allows.cover(&finding);
        if allowed && level < Level::Forbid {
            return None;
        }
        finding.diagnostic.severity = if level == Level::Warn { Severity::Warning } else { Severity::Error };
        if allowed {
            let code = finding.rule.code;
            finding.diagnostic.help.push(format!(
                "`allow` does not help: `ensc.toml` forbids {code} here; `{code} = \"deny\"` there would let it"
            ));
        }
        Some(finding)
    }

    fn tell(&mut self, finding: Finding<'a>, number: usize) {
        let handle = finding.plan.map(|plan| plan.handle.as_ref());
        let key = (finding.rule.code, finding.diagnostic.span, number);
        match (self.known.get(&key), handle) {
            (Some(&index), Some(handle)) => self.told[index].1.push(handle),
            _ => {
                self.known.insert(key, self.told.len());
                self.told.push((finding, handle.into_iter().collect()));
            }
        }
    }

    /// Allowances that set nothing aside; first all others, since those of this very rule may be about them.
    fn allowances(&mut self) {
        for own in [false, true] {
            for rule in self.rules().filter(|rule| matches!(rule.check, Check::Allowances)) {
                let policy = self.policy;
                let unused = self
                    .allows
                    .unused(|other| (other.code == rule.code) == own && policy.level(other) > Level::Allow);
                self.take(rule, unused, None);
            }
        }
    }

    fn finish(mut self) -> impl Iterator<Item = Diagnostic> {
        self.told.sort_by_key(|(finding, _)| finding.rule.code);
        self.told.into_iter().map(|(finding, handles)| match handles.as_slice() {
            [] | [_] => finding.diagnostic,
            [_, others @ ..] => finding.diagnostic.help(also(others)),
        })
    }
}

/// ``the same in `a`, `b` and 3 more``
fn also(handles: &[&str]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = handles.iter().take(SHOWN).map(|handle| format!("`{handle}`")).collect();
    match handles.len().saturating_sub(SHOWN) {
        0 => format!("the same in {}", shown.join(", ")),
        more => format!("the same in {} and {more} more", shown.join(", ")),
    }
}
