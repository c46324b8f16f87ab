//! L009: answers that together are larger than the model that is to read them.

use crate::diagnostic::Diagnostic;
use crate::lint::answers::{shown, tokens};
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};
use crate::plan::Node;

pub const RULE: Rule = Rule {
    code: "L009",
    name: "drafts-exceed-context",
    page: include_str!("drafts_exceed_context.md"),
    level: Level::Warn,
    check: Check::Plan(check),
};

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    view.nodes().filter_map(|(_, node)| finding(view, node)).collect()
}

fn finding(view: &View<'_>, node: &Node) -> Option<Diagnostic> {
    let (list, ask) = shown(view.plan, node)?;
    let model = view.plan.model(ask.model);
    let count = view.most(list);
    let drafts = tokens(view.plan, list, count);
    if drafts.plus(ask.max_tokens) <= model.context {
        return None;
    }
    let each = model.context.0.saturating_sub(ask.max_tokens.0) / count.max(1) as u64;
    let message =
        format!("{count} answers of up to {} tokens together do not fit `{}`", drafts.0, model.name);
    Some(
        Diagnostic::warning("L009", view.place(node), message)
            .label(format!(
                "it reads and writes {} together, and may write {}",
                model.context.0, ask.max_tokens.0
            ))
            .help(format!(
                "set `max_tokens` of the answers to less than {each}, or let another model read them"
            )),
    )
}
