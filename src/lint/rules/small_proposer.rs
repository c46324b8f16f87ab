//! L010: a small model among large ones that propose.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::lint::answers::{candidates, writers};
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};
use crate::plan::{Act, GroupKind, Model, Node, NodeId};

pub const RULE: Rule = Rule {
    code: "L010",
    name: "small-proposer",
    page: include_str!("small_proposer.md"),
    level: Level::Warn,
    check: Check::Plan(check),
};

/// Small is what holds less than one part in so many of the largest.
const PARTS: u64 = 4;

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    let lists = view.plan.nodes.iter().filter_map(candidates);
    let proposers: BTreeSet<NodeId> = lists.flat_map(|list| writers(view.plan, list)).collect();
    view.nodes().flat_map(|(_, node)| findings(view, node, &proposers)).collect()
}

fn findings(view: &View<'_>, node: &Node, proposers: &BTreeSet<NodeId>) -> Vec<Diagnostic> {
    let Act::Group(group) = &node.act else { return Vec::new() };
    if !matches!(group.kind, GroupKind::Parallel | GroupKind::Named | GroupKind::Over) {
        return Vec::new();
    }
    // A reply that is one of a few words or a number is no proposal: small models are good at those.
    let calls = group.members.iter().filter(|id| proposers.contains(id));
    let asks = calls.filter_map(|id| view.plan.node(*id).act.ask()).filter(|ask| ask.returns.is_none());
    let mut models: Vec<(&Model, u64)> = asks
        .map(|ask| view.plan.model(ask.model))
        .filter_map(|model| Some((model, model.memory?.0)))
        .collect();
    models.sort_by_key(|(model, memory)| (*memory, &model.name));
    models.dedup_by_key(|(model, _)| &model.name);
    let Some(&(largest, most)) = models.last() else { return Vec::new() };
    let small = models.iter().filter(|(_, memory)| memory.saturating_mul(PARTS) < most);
    small.map(|(model, _)| finding(view, node, model, largest)).collect()
}

fn finding(view: &View<'_>, node: &Node, small: &Model, large: &Model) -> Diagnostic {
    let size = |model: &Model| model.memory.map_or_else(String::new, |memory| memory.to_string());
    let message = format!("`{}` proposes beside `{}`", small.name, large.name);
    let finding = Diagnostic::warning("L010", view.place(node), message)
        .label(format!("{} beside {}", size(small), size(large)))
        .help("small models do well as routers, checkers and summarisers; among proposers they pull the answer down");
    match view.model(&small.name) {
        Some(place) => finding.related(place, "the small one"),
        None => finding,
    }
}
