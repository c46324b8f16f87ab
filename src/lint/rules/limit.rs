//! L108: a limit that the worst case of its own handle breaks.

use crate::diagnostic::Diagnostic;
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};
use crate::plan::Plan;
use crate::plan::bounds::{Breach, breaches};

pub const RULE: Rule = Rule {
    code: "L108",
    name: "limit",
    page: include_str!("limit.md"),
    level: Level::Forbid,
    check: Check::Plan(check),
};

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    let plan = view.plan;
    breaches(plan).iter().map(|breach| broken(plan, breach)).collect()
}

fn broken(plan: &Plan, breach: &Breach) -> Diagnostic {
    let Breach { limit, most, worst } = breach;
    let longest = plan.bounds.request_max;
    let asked = format!("for a conversation of {longest} tokens, the longest that it takes");
    let (label, help) = match *limit {
        "calls" => {
            (format!("up to {worst} calls, each `else` counted"), "leave out a call, or raise the limit")
        }
        "tokens" => (format!("up to {worst} tokens in and out, each retry counted, {asked}"), LOWER),
        _ => (format!("up to {worst}, each retry counted, {asked}"), LOWER),
    };
    let message = format!("the worst case of `{}` is beyond its `limit: {{ {limit}: {most} }}`", plan.handle);
    Diagnostic::error("L108", plan.span, message).label(label).help(help)
}

const LOWER: &str = "lower `max_tokens`, `retries` or `limit.request`, or raise the limit";
