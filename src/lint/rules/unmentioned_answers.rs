//! L008: a merge whose prompt does not show what is merged.

use crate::diagnostic::Diagnostic;
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};
use crate::plan::{Act, Ask, Node, NodeId, Operand, Select};

pub const RULE: Rule = Rule {
    code: "L008",
    name: "unmentioned-answers",
    page: include_str!("unmentioned_answers.md"),
    level: Level::Warn,
    check: Check::Plan(check),
};

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    view.nodes().filter_map(|(_, node)| finding(view, node)).collect()
}

fn finding(view: &View<'_>, node: &Node) -> Option<Diagnostic> {
    let Act::Merge { list, ask } = &node.act else { return None };
    if ask.prompt.is_empty() || shows_list(ask) {
        return None;
    }
    let mut missing = Vec::new();
    unmentioned(view, node, *list, &mut missing);
    if missing.is_empty() {
        return None;
    }
    let names: Vec<&str> = missing.iter().map(|id| view.name(*id)).collect();
    let place = view.option(node, "prompt").map_or(view.place(node), |setting| setting.name.span);
    Some(
        Diagnostic::warning("L008", place, format!("this prompt never mentions `{}`", names.join("`, `")))
            .label("these answers are paid for and not seen")
            .help(format!(
                "print them, as in `{{% for answer in {0} %}}{{{{ answer }}}}{{% endfor %}}`",
                names[0]
            ))
            .help("or leave `prompt` out: the built-in one shows them all"),
    )
}

/// The prompt is one that is given the list itself.
fn shows_list(ask: &Ask) -> bool {
    let mut binds = ask.prompt.iter().filter_map(|turn| turn.binds.as_ref()).flatten();
    binds.any(|(_, operand)| matches!(operand, Operand::Shown))
}

/// The parts of a list that the prompt does not name, themselves or what they are made of.
fn unmentioned(view: &View<'_>, node: &Node, list: NodeId, missing: &mut Vec<NodeId>) {
    if missing.contains(&list) || node.inputs.iter().any(|input| input.printed && input.node == list) {
        return;
    }
    match &view.plan.node(list).act {
        Act::List(parts) => parts.iter().for_each(|part| unmentioned(view, node, *part, missing)),
        Act::Select(Select::Concat(parts)) => {
            parts.iter().for_each(|part| unmentioned(view, node, *part, missing));
        }
        Act::Select(Select::Without { list, .. }) | Act::Alias(list) => {
            unmentioned(view, node, *list, missing);
        }
        Act::Select(select) => {
            select.inputs().into_iter().for_each(|part| unmentioned(view, node, part, missing));
        }
        _ => missing.push(list),
    }
}
