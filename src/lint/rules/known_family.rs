//! L105: a handle that LiteLLM takes for a model that it knows.

use crate::diagnostic::Diagnostic;
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};
use crate::plan::Plan;

pub const RULE: Rule = Rule {
    code: "L105",
    name: "known-family",
    page: include_str!("known_family.md"),
    level: Level::Forbid,
    check: Check::Plan(check),
};

/// Anywhere in a name, these switch on the family's parameter rules.
const FAMILIES: [&str; 2] = ["gpt-5", "gpt-6"];

/// As a whole name, these bring a model's parameters and its price.
const MODELS: [&str; 18] = [
    "chatgpt-4o-latest",
    "codex-mini-latest",
    "deepseek-chat",
    "deepseek-reasoner",
    "gpt-3-5-turbo",
    "gpt-4",
    "gpt-4-turbo",
    "gpt-4o",
    "gpt-4o-mini",
    "mistral-large-latest",
    "mistral-small-latest",
    "o1",
    "o1-mini",
    "o1-pro",
    "o3",
    "o3-mini",
    "o3-pro",
    "o4-mini",
];

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    let plan = view.plan;
    [&*plan.handle, plan.selector.as_str()].into_iter().filter_map(|name| breach(plan, name)).collect()
}

fn breach(plan: &Plan, name: &str) -> Option<Diagnostic> {
    let why = match FAMILIES.iter().find(|family| name.contains(*family)) {
        Some(family) => format!("it holds `{family}`: `top_p`, `stop` and `temperature` would be refused"),
        None if MODELS.contains(&name) => {
            "it is a model's name: its parameters and price would apply".to_owned()
        }
        None => return None,
    };
    Some(
        Diagnostic::error(
            "L105",
            plan.span,
            format!("LiteLLM would take `{name}` for a model that it knows"),
        )
        .label(why),
    )
}
