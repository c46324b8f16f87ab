//! L001: a judge that also wrote what it judges.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::lint::answers::{Judgement, judgements, writers};
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};
use crate::plan::{ModelId, Plan};

pub const RULE: Rule = Rule {
    code: "L001",
    name: "judge-is-contestant",
    page: include_str!("judge_is_contestant.md"),
    level: Level::Warn,
    check: Check::Plan(check),
};

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    let judgements = judgements(view.plan);
    judgements.iter().filter(|it| !it.skips_own).flat_map(|it| findings(view, it)).collect()
}

fn findings(view: &View<'_>, judgement: &Judgement<'_>) -> Vec<Diagnostic> {
    let contestants = contestants(view.plan, judgement);
    let place = view.place(judgement.node);
    judgement
        .judges
        .intersection(&contestants)
        .map(|&judge| {
            let name = &view.plan.model(judge).name;
            Diagnostic::warning("L001", place, format!("`{name}` judges what it wrote itself"))
                .label("models prefer their own words")
                .help("let a model decide that wrote none of the answers")
        })
        .collect()
}

/// The models that wrote what is judged.
fn contestants(plan: &Plan, judgement: &Judgement<'_>) -> BTreeSet<ModelId> {
    let calls = judgement.judged.iter().flat_map(|&id| writers(plan, id));
    calls.filter_map(|id| Some(plan.node(id).act.ask()?.model)).collect()
}
