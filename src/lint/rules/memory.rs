//! L106: members that their host cannot hold together.

use crate::diagnostic::Diagnostic;
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};
use crate::plan::Plan;
use crate::units::Bytes;

pub const RULE: Rule = Rule {
    code: "L106",
    name: "memory",
    page: include_str!("memory.md"),
    level: Level::Forbid,
    check: Check::Plan(check),
};

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    breach(view.plan).into_iter().collect()
}

/// Models that do not say what they need count as nothing.
fn breach(plan: &Plan) -> Option<Diagnostic> {
    let most = plan.memory?;
    let held = plan.models.iter().filter_map(|model| model.memory).fold(Bytes(0), Bytes::plus);
    if held <= most {
        return None;
    }
    let sizes: Vec<String> = plan
        .models
        .iter()
        .filter_map(|model| Some(format!("{} for `{}`", model.memory?, model.name)))
        .collect();
    let message = format!("the members of `{}` need {held}, tier `{}` has {most}", plan.handle, plan.tier);
    Some(
        Diagnostic::error("L106", plan.span, message)
            .label("these do not fit together")
            .help(sizes.join(", ")),
    )
}
