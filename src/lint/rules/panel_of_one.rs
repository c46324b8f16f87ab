//! L004: a group of one call.

use crate::diagnostic::Diagnostic;
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};
use crate::plan::{Act, GroupKind, Node};

pub const RULE: Rule = Rule {
    code: "L004",
    name: "panel-of-one",
    page: include_str!("panel_of_one.md"),
    level: Level::Warn,
    check: Check::Plan(check),
};

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    view.nodes().filter_map(|(_, node)| finding(view, node)).collect()
}

fn finding(view: &View<'_>, node: &Node) -> Option<Diagnostic> {
    let Act::Group(group) = &node.act else { return None };
    let [only] = group.members.as_slice() else { return None };
    let what = match group.kind {
        GroupKind::Parallel | GroupKind::Over => "this panel has one member",
        GroupKind::Sample => "one sample is one answer",
        GroupKind::Named | GroupKind::For | GroupKind::Choices => return None,
    };
    let asked = view.plan.node(*only).act.ask().map(|ask| view.plan.model(ask.model).name.as_ref());
    Some(
        Diagnostic::warning("L004", view.place(node), what)
            .label(asked.map_or_else(String::new, |model| format!("only `{model}` is asked")))
            .help("write `ask`, or give it a second member"),
    )
}
