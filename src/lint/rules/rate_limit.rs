//! L016: a name that LiteLLM reads as a rate limit.

use crate::diagnostic::Diagnostic;
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};

pub const RULE: Rule = Rule {
    code: "L016",
    name: "rate-limit",
    page: include_str!("rate_limit.md"),
    level: Level::Warn,
    check: Check::Plan(check),
};

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    let plan = view.plan;
    let handles = [("handle", &*plan.handle), ("selector", plan.selector.as_str())].into_iter();
    let handles = handles.map(|(what, name)| (what, name, plan.span));
    let models = view.nodes().filter_map(|(_, node)| {
        let name = plan.model(node.act.ask()?.model).name.as_ref();
        Some(("model", name, view.model(name).unwrap_or_else(|| view.place(node))))
    });
    let steps = view.nodes().filter_map(|(_, node)| Some(("step", node.name.as_deref()?, view.place(node))));
    let read = handles.chain(models).chain(steps).filter(|(_, name, _)| reads_as_one(name));
    read.map(|(what, name, span)| {
        Diagnostic::warning("L016", span, format!("the {what} `{name}` is named like a rate limit"))
            .label(trouble(what))
            .help("any other word will do, such as `quota` or `throttle`")
    })
    .collect()
}

/// What comes of it.
fn trouble(what: &str) -> &'static str {
    match what {
        "model" => "LiteLLM calls each of its failures a 429, and it is tried again",
        "step" => "failures show it with a dot, or LiteLLM would make a 429 of them",
        _ => "LiteLLM calls a failure that it tells itself a 429, and clients run the ensemble again",
    }
}

/// Whether LiteLLM's pattern `rate[\s_-]*limit` finds something, in any case of letters.
fn reads_as_one(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower
        .match_indices("rate")
        .any(|(at, rate)| lower[at + rate.len()..].trim_start_matches(['-', '_']).starts_with("limit"))
}
