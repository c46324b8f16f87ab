//! L015: a call whose bounds together are above its model's context.

use crate::diagnostic::Diagnostic;
use crate::lint::answers::{shown, tokens};
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};
use crate::plan::{Ask, Node};
use crate::units::Tokens;

pub const RULE: Rule = Rule {
    code: "L015",
    name: "call-exceeds-context",
    page: include_str!("call_exceeds_context.md"),
    level: Level::Warn,
    check: Check::Plan(check),
};

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    view.nodes().filter_map(|(_, node)| finding(view, node, node.act.ask()?)).collect()
}

fn finding(view: &View<'_>, node: &Node, ask: &Ask) -> Option<Diagnostic> {
    let model = view.plan.model(ask.model);
    // Without a limit the conversation is as long as there is room.
    let conversation = view.plan.limit.request.unwrap_or(Tokens(0));
    let sent = ask.input_max.of(conversation);
    let drafts =
        shown(view.plan, node).map_or(Tokens(0), |(list, _)| tokens(view.plan, list, view.most(list)));
    // That the answers alone do not fit is the business of `drafts-exceed-context`.
    if sent.plus(ask.max_tokens) <= model.context || drafts.plus(ask.max_tokens) > model.context {
        return None;
    }
    let message = format!(
        "this call may need {} tokens, `{}` has {}",
        sent.plus(ask.max_tokens).0,
        model.name,
        model.context.0
    );
    let advice = match view.plan.limit.request {
        Some(_) => "lower `limit.request`, or `max_tokens` here or of what its prompt prints",
        None => "lower `max_tokens` here or of what its prompt prints",
    };
    Some(
        Diagnostic::warning("L015", view.place(node), message)
            .label(format!("{} to read, {} to write", sent.0, ask.max_tokens.0))
            .help(advice),
    )
}
