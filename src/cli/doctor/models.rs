//! Members: does LiteLLM know each, with the limits that the files say, and not by way of this daemon?

use std::collections::BTreeMap;

use super::kind::{Kind, Part};
use super::known::{Known, is_at};
use super::report::Report;
use crate::diagnostic::suggest::did_you_mean;
use crate::plan::{Model, Plan};
use crate::units::Bytes;

/// How many handles are named of those that ask a model.
const HANDLES_NAMED_MAX: usize = 3;

/// `own_port` is the daemon's.
pub fn judge(known: &Known, plans: &[Plan], own_port: u16, report: &mut Report) {
    let members = members(plans);
    let before = report.0.len();
    for (model, handles) in members.values() {
        if known.names.iter().any(|name| **name == *model.name) {
            continue;
        }
        let names = known.names.iter().map(String::as_str);
        let near = did_you_mean(&model.name, names).map(|it| format!("; {it}")).unwrap_or_default();
        report.found(
            Kind::UnknownModel,
            format!("`{}` is not known to LiteLLM{near}; asked by {}", model.name, shown(handles)),
        );
    }
    if report.0.len() == before {
        report.ok(Part::Models, format!("LiteLLM knows each of the {} members", members.len()));
    }
    if known.deployments.is_none() {
        return;
    }
    let before = report.0.len();
    let mut said = 0;
    for (model, _) in members.values() {
        for deployment in known.deployments_of(&model.name) {
            let base = deployment["litellm_params"]["api_base"].as_str().unwrap_or_default();
            if is_at(base, own_port) {
                report.found(Kind::Loop, format!("`{}` is sent to {base}, which is this daemon", model.name));
            }
            let info = &deployment["model_info"];
            let theirs = (info["max_input_tokens"].as_u64(), info["max_output_tokens"].as_u64());
            said += usize::from(theirs != (None, None));
            compare(model, theirs, report);
        }
    }
    if report.0.len() == before {
        report.ok(
            Part::Models,
            format!("no member comes back to this daemon; limits agree where LiteLLM has any ({said})"),
        );
    }
}

/// Models that do not say what they need count as nothing.
pub fn judge_memory(plans: &[Plan], report: &mut Report) {
    let before = report.0.len();
    for plan in plans {
        let held = plan.models.iter().filter_map(|model| model.memory).fold(Bytes(0), Bytes::plus);
        if let Some(most) = plan.memory.filter(|most| held > *most) {
            report.found(
                Kind::Memory,
                format!("the models of `{}` need {held}, tier `{}` has {most}", plan.handle, plan.tier),
            );
        }
    }
    if report.0.len() == before {
        report.ok(Part::Models, "the models of each handle fit the memory of its tier");
    }
}

/// Each model once, with the handles that ask it.
fn members(plans: &[Plan]) -> BTreeMap<&str, (&Model, Vec<&str>)> {
    let mut members: BTreeMap<&str, (&Model, Vec<&str>)> = BTreeMap::new();
    for plan in plans {
        for model in &plan.models {
            members.entry(&model.name).or_insert_with(|| (model, Vec::new())).1.push(&plan.handle);
        }
    }
    members
}

fn shown(handles: &[&str]) -> String {
    let named: Vec<String> =
        handles.iter().take(HANDLES_NAMED_MAX).map(|handle| format!("`{handle}`")).collect();
    match handles.len().checked_sub(HANDLES_NAMED_MAX) {
        None | Some(0) => named.join(", "),
        Some(more) => format!("{} and {more} more", named.join(", ")),
    }
}

/// Some count what a model reads and writes as its input, some leave room for the answer: both agree with `context`.
fn compare(model: &Model, theirs: (Option<u64>, Option<u64>), report: &mut Report) {
    let (context, output) = (model.context.0, model.max_output.0);
    let input = context.saturating_sub(output);
    let mut differs = |what: &str, theirs: u64, ours: u64| {
        let kind = if theirs < ours { Kind::SmallerLimit } else { Kind::LargerLimit };
        report.found(kind, format!("`{}`: LiteLLM says {what} {theirs}, the files say {ours}", model.name));
    };
    match theirs.0 {
        Some(theirs) if theirs != context && theirs != input => differs("max_input_tokens", theirs, context),
        _ => (),
    }
    match theirs.1 {
        Some(theirs) if theirs != output => differs("max_output_tokens", theirs, output),
        _ => (),
    }
}
