//! L101: an ensemble of one model.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};
use crate::plan::{ModelId, Node, NodeId, Plan};

pub const RULE: Rule = Rule {
    code: "L101",
    name: "lone-model",
    page: include_str!("lone_model.md"),
    level: Level::Forbid,
    check: Check::Plan(check),
};

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    breach(view.plan).into_iter().collect()
}

fn breach(plan: &Plan) -> Option<Diagnostic> {
    let models = models_without_failures(plan);
    let asked = match models.iter().next() {
        Some(&only) if models.len() == 1 => format!("only ever asks `{}`", plan.model(only).name),
        None => "asks no model".to_owned(),
        _ => return None,
    };
    let finding = Diagnostic::error("L101", plan.span, format!("`{}` {asked}", plan.handle))
        .label("an ensemble needs two different models")
        .help("an `else` does not count: it runs only after a failure");
    Some(finding)
}

/// Models that a run calls, or may call, when nothing fails.
fn models_without_failures(plan: &Plan) -> BTreeSet<ModelId> {
    let mut models = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![plan.reply];
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            let node = plan.node(id);
            models.extend(node.act.ask().map(|ask| ask.model));
            open.extend(parts(node));
        }
    }
    models
}

/// Everything that a node needs, its `else` left out.
fn parts(node: &Node) -> Vec<NodeId> {
    let mut parts = node.needs();
    parts.extend(node.act.parts());
    parts.extend(node.tie_step());
    parts
}
