//! L108: a limit that the worst case of its own handle breaks.

use crate::diagnostic::Diagnostic;
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};
use crate::plan::Plan;

pub const RULE: Rule = Rule {
    code: "L108",
    name: "limit",
    page: include_str!("limit.md"),
    level: Level::Forbid,
    check: Check::Plan(check),
};

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    breaches(view.plan)
}

/// `limit.request` needs no rule: it is a bound itself.
fn breaches(plan: &Plan) -> Vec<Diagnostic> {
    let (limit, bounds) = (&plan.limit, &plan.bounds);
    let tokens = bounds.tokens_in.of(bounds.request_max).plus(bounds.tokens_out);
    let asked = format!("for a conversation of {} tokens, the longest that it takes", bounds.request_max);
    let mut found = Vec::new();
    if let Some(most) = limit.calls.filter(|most| bounds.calls > *most) {
        let label = format!("up to {} calls, each `else` counted", bounds.calls);
        found.push(breach(plan, &format!("calls: {most}"), label, "leave out a call, or raise the limit"));
    }
    if let Some(most) = limit.tokens.filter(|most| tokens > *most) {
        let label = format!("up to {} tokens in and out, each retry counted, {asked}", tokens.0);
        found.push(breach(plan, &format!("tokens: {}", most.0), label, LOWER));
    }
    if let Some(most) = limit.cost.filter(|most| bounds.cost > *most) {
        let label = format!("up to {}, each retry counted, {asked}", bounds.cost);
        found.push(breach(plan, &format!("cost: {most}"), label, LOWER));
    }
    found
}

const LOWER: &str = "lower `max_tokens`, `retries` or `limit.request`, or raise the limit";

fn breach(plan: &Plan, limit: &str, label: String, help: &str) -> Diagnostic {
    let message = format!("the worst case of `{}` is beyond its `limit: {{ {limit} }}`", plan.handle);
    Diagnostic::error("L108", plan.span, message).label(label).help(help)
}
