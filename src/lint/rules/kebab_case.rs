//! L103: a name that the platform's files cannot hold.

use crate::diagnostic::Diagnostic;
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};
use crate::plan::Plan;

pub const RULE: Rule = Rule {
    code: "L103",
    name: "kebab-case",
    page: include_str!("kebab_case.md"),
    level: Level::Forbid,
    check: Check::Plan(check),
};

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    breaches(view.plan)
}

fn breaches(plan: &Plan) -> Vec<Diagnostic> {
    let own = [("handle", &*plan.handle), ("selector", plan.selector.as_str())]
        .map(|(what, name)| (what, name, plan.span));
    let models = plan.nodes.iter().filter_map(|node| {
        let model = plan.model(node.act.ask()?.model);
        Some(("model", &*model.name, node.span))
    });
    own.into_iter()
        .chain(models)
        .filter(|(_, name, _)| !is_kebab_case(name))
        .map(|(what, name, span)| {
            Diagnostic::error("L103", span, format!("the {what} `{name}` is not kebab-case"))
                .help("lower-case letters, digits and single dashes, with a letter first")
        })
        .collect()
}

fn is_kebab_case(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.split('-').all(|word| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        })
}
