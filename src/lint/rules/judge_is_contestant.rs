//! L001: a judge that also wrote what it judges.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::lint::answers::{Judgement, judgements, writers};
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};
use crate::plan::{Act, ModelId, Plan};

pub const RULE: Rule = Rule {
    code: "L001",
    name: "judge-is-contestant",
    page: include_str!("judge_is_contestant.md"),
    level: Level::Warn,
    check: Check::Plan(check),
};

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    let judgements = judgements(view.plan);
    judgements.iter().filter(|it| !it.skips_own).filter_map(|it| finding(view, it)).collect()
}

fn finding(view: &View<'_>, judgement: &Judgement<'_>) -> Option<Diagnostic> {
    let contestants = contestants(view.plan, judgement);
    let partial: Vec<String> = judgement
        .judges
        .intersection(&contestants)
        .map(|&judge| format!("`{}`", view.plan.model(judge).name))
        .collect();
    let message = match partial.as_slice() {
        [] => return None,
        [one] => format!("{one} judges what it wrote itself"),
        several => format!("{} judge what they wrote themselves", several.join(", ")),
    };
    let finding = Diagnostic::warning("L001", view.place(judgement.node), message)
        .label("models prefer their own words")
        .help("let a model decide that wrote none of the answers");
    Some(match judgement.node.act {
        Act::Score(_) => finding.help("or say `own: skip`: what a judge wrote is then left to the others"),
        _ => finding,
    })
}

/// The models that wrote what is judged.
fn contestants(plan: &Plan, judgement: &Judgement<'_>) -> BTreeSet<ModelId> {
    let calls = judgement.judged.iter().flat_map(|&id| writers(plan, id));
    calls.filter_map(|id| Some(plan.node(id).act.ask()?.model)).collect()
}
