//! L104: a handle or selector that two ensembles answer to.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::lint::{Check, Level, Rule, Subject};
use crate::plan::Plan;

pub const RULE: Rule = Rule {
    code: "L104",
    name: "used-twice",
    page: include_str!("used_twice.md"),
    level: Level::Forbid,
    check: Check::Program(check),
};

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let plans = subject.plans;
    let mut first: BTreeMap<&str, (&Plan, &str)> = BTreeMap::new();
    let mut found = Vec::new();
    for plan in plans {
        for (what, name) in [("handle", plan.handle.as_ref()), ("selector", plan.selector.as_str())] {
            match first.get(name) {
                None => {
                    first.insert(name, (plan, what));
                }
                Some((other, other_what)) => found.push(breach(plan, what, name, other, other_what)),
            }
        }
    }
    found
}

fn breach(plan: &Plan, what: &str, name: &str, other: &Plan, other_what: &str) -> Diagnostic {
    let finding = Diagnostic::error("L104", plan.span, format!("the {what} `{name}` is used twice"));
    if std::ptr::eq(plan, other) {
        return finding.label(format!("it is also this ensemble's {other_what}"));
    }
    finding
        .label(format!("`{}` in cell {}-{}", plan.ensemble, plan.profile, plan.tier))
        .related(other.span, format!("first the {other_what} of `{}`", other.ensemble))
}
