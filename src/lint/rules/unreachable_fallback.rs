//! L011: an `else` behind what cannot fail.

use crate::diagnostic::Diagnostic;
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};
use crate::plan::{Act, Node, NodeId};
use crate::source::Span;

pub const RULE: Rule = Rule {
    code: "L011",
    name: "unreachable-fallback",
    page: include_str!("unreachable_fallback.md"),
    level: Level::Warn,
    check: Check::Plan(check),
};

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    view.nodes().filter_map(|(id, node)| finding(view, id, node)).collect()
}

fn finding(view: &View<'_>, id: NodeId, node: &Node) -> Option<Diagnostic> {
    let fallback = view.plan.node(node.fallback?);
    let why = cannot_fail(view, id)?;
    let place = view.place(fallback);
    // What is built in is nobody's mistake.
    if place == view.plan.span {
        return None;
    }
    let finding = Diagnostic::warning("L011", place, "this `else` is never reached")
        .related(view.place(node), why)
        .help("leave it out, or put it behind the step that can fail");
    Some(match (view.alt(node), view.last_fallback(node)) {
        (Some(kept), Some(last)) => finding.fix(Span { start: kept.span.end, ..last.span }, ""),
        _ => finding,
    })
}

/// Why a node always gives something, if it does.
fn cannot_fail(view: &View<'_>, id: NodeId) -> Option<&'static str> {
    let node = view.plan.node(id);
    if node.skip_when.is_some() || node.accept_when.is_some() || node.inputs.iter().any(|input| input.printed)
    {
        return None;
    }
    match &node.act {
        Act::Text(template) if !template.source().contains("{{") && !template.source().contains("{%") => {
            Some("a fixed text cannot fail")
        }
        Act::Group(group) if group.need == Some(0) && group.items.is_none() => {
            Some("a group that needs nobody cannot fail")
        }
        Act::Alias(other) => {
            let other = last(view, *other);
            cannot_fail(view, other).map(|_| "what this names cannot fail")
        }
        _ => None,
    }
}

/// The last of a node's fallbacks, or itself.
fn last(view: &View<'_>, id: NodeId) -> NodeId {
    let mut id = id;
    while let Some(fallback) = view.plan.node(id).fallback {
        id = fallback;
    }
    id
}
