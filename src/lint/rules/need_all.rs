//! L006: a group that fails with any of its members, and the run with it.

use crate::diagnostic::Diagnostic;
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};
use crate::plan::{Act, GroupKind, Node, NodeId};

pub const RULE: Rule = Rule {
    code: "L006",
    name: "need-all",
    page: include_str!("need_all.md"),
    level: Level::Warn,
    check: Check::Plan(check),
};

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    view.nodes().filter_map(|(id, node)| finding(view, id, node)).collect()
}

fn finding(view: &View<'_>, id: NodeId, node: &Node) -> Option<Diagnostic> {
    let Act::Group(group) = &node.act else { return None };
    let count = group.members.len();
    // How many items there are is not known before the run.
    let all = group.need == Some(count as u32) && count > 1 && group.kind != GroupKind::For;
    if !all || !view.dooms(id) {
        return None;
    }
    let place = view.option(node, "need").map_or(view.place(node), |setting| setting.span);
    Some(
        Diagnostic::warning("L006", place, format!("one lost member of {count} loses the whole run"))
            .label("all are needed, and no `else` stands behind them")
            .help(format!(
                "lower `need` to {}, or add `else` here or to a step that uses this one",
                count - 1
            )),
    )
}
