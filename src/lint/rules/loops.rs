//! L102: a member that would lead back to this daemon.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::lint::{Check, Level, Rule, Subject};
use crate::plan::{Node, Plan};

pub const RULE: Rule = Rule {
    code: "L102",
    name: "loop",
    page: include_str!("loops.md"),
    level: Level::Forbid,
    check: Check::Program(check),
};

/// How names of ensembles begin on this platform: handles, and selectors by technique.
const PREFIXES: [&str; 9] =
    ["opt-", "moa-", "bon-", "self-consistency-", "router-", "refine-", "cascade-", "race-", "chain-"];

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let plans = subject.plans;
    let models: BTreeSet<&str> =
        plans.iter().flat_map(|plan| plan.models.iter().map(|model| model.name.as_ref())).collect();
    let answered = plans.iter().flat_map(|plan| [plan.handle.as_ref(), plan.selector.as_str()]);
    // Of all names that the daemon answers to, those that a model has, too: few, and asked of every call.
    let ours: BTreeSet<&str> = answered.filter(|name| models.contains(name)).collect();
    plans.iter().flat_map(|plan| plan.nodes.iter().filter_map(|node| breach(plan, node, &ours))).collect()
}

fn breach(plan: &Plan, node: &Node, ours: &BTreeSet<&str>) -> Option<Diagnostic> {
    let model = &plan.model(node.act.ask()?.model).name;
    let inside =
        "to use an ensemble inside another, write its name as a step: it then runs without the network";
    if ours.contains(model.as_ref()) {
        let finding = Diagnostic::error("L102", node.span, format!("`{model}` is an ensemble, not a model"));
        return Some(finding.label("this call would come back to the daemon").help(inside));
    }
    let prefix = PREFIXES.iter().find(|prefix| leads_with(model, prefix))?;
    Some(
        Diagnostic::error("L102", node.span, format!("`{model}` is named like an ensemble"))
            .label(format!("on this platform `{prefix}` marks handles and selectors"))
            .help(format!(
                "if it is a model, give it another name here and as its `model_name` in LiteLLM: one that does not begin with `{prefix}`"
            ))
            .help(inside),
    )
}

/// The prefix, and something behind it.
fn leads_with(name: &str, prefix: &str) -> bool {
    name.len() > prefix.len() && name.starts_with(prefix)
}
