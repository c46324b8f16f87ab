//! L007: a step that may take longer than the run it is in.

use crate::diagnostic::Diagnostic;
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};
use crate::plan::Node;

pub const RULE: Rule = Rule {
    code: "L007",
    name: "member-timeout",
    page: include_str!("member_timeout.md"),
    level: Level::Warn,
    check: Check::Plan(check),
};

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    view.nodes().filter_map(|(_, node)| finding(view, node)).collect()
}

fn finding(view: &View<'_>, node: &Node) -> Option<Diagnostic> {
    let whole = view.plan.timeout;
    let own = node.timeout.filter(|own| *own > whole)?;
    let place = view.option(node, "timeout").map_or(view.place(node), |setting| setting.span);
    Some(
        Diagnostic::warning(
            "L007",
            place,
            format!("a `timeout` of {own} is longer than the handle's {whole}"),
        )
        .label("it never ends anything")
        .help("a silent model holds up the run to its end: give the step less, or the handle more"),
    )
}
