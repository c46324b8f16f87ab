//! L108: a limit that the worst case of its own handle breaks.

use crate::diagnostic::Diagnostic;
use crate::lint::Rule;
use crate::plan::Plan;
use crate::source::Sources;

pub const RULE: Rule = Rule { code: "L108", name: "limit", page: include_str!("limit.md"), check };

fn check(_: &Sources, plans: &[Plan]) -> Vec<Diagnostic> {
    plans.iter().flat_map(breaches).collect()
}

/// `limit.request` needs no rule: it is a bound itself.
fn breaches(plan: &Plan) -> Vec<Diagnostic> {
    let (limit, bounds) = (&plan.limit, &plan.bounds);
    let sent =
        bounds.request_max.times(bounds.tokens_in.conversations.into()).plus(bounds.tokens_in.constant);
    let tokens = sent.plus(bounds.tokens_out);
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
