//! L002: samples that come out the same.

use crate::diagnostic::Diagnostic;
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};
use crate::plan::{Act, Group, GroupKind, Node};

pub const RULE: Rule = Rule {
    code: "L002",
    name: "cold-samples",
    page: include_str!("cold_samples.md"),
    level: Level::Warn,
    check: Check::Plan(check),
};

/// What `sample` takes where nobody says.
const BUILT_IN: &str = "0.8";

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    view.nodes().filter_map(|(_, node)| finding(view, node)).collect()
}

fn finding(view: &View<'_>, node: &Node) -> Option<Diagnostic> {
    let Act::Group(Group { kind: GroupKind::Sample, members, .. }) = &node.act else { return None };
    let count = members.len();
    if count < 2 || !members.iter().all(|member| is_cold(view.plan.node(*member))) {
        return None;
    }
    let message = format!("{count} samples at temperature 0 are {count} times the same answer");
    let written = view.option(node, "temperature");
    let finding = Diagnostic::warning("L002", written.map_or(view.place(node), |it| it.span), message);
    Some(match written {
        Some(setting) => finding.fix(setting.value.span(), BUILT_IN),
        None => finding
            .label("0 comes from a layer, or from `returns`")
            .help(format!("set `temperature: {BUILT_IN}` here, or ask once")),
    })
}

fn is_cold(node: &Node) -> bool {
    let fields = node.act.ask().into_iter().flat_map(|ask| &ask.fields);
    fields.filter(|field| field.name == "temperature").any(|field| field.json.parse() == Ok(0.0))
}
