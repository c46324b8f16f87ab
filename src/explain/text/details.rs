//! The small print under a step: what it sees, how it answers, what was set.

use std::collections::BTreeSet;

use crate::explain::json::call::CallOut;
use crate::explain::json::node::Step;
use crate::explain::outline::{Branch, Outline, Role};
use crate::explain::summary::{counted, history, manner_of_answer};
use crate::explain::text::line::{conditions, manner, own_settings, tools};
use crate::explain::words::{plural, quoted};

/// A member without a name says only what its group does not say for all.
pub(super) fn of<'a>(outline: &Outline<'a>, branch: Branch<'a>, is_spoken_for: bool) -> Vec<String> {
    let step = branch.step;
    let mut parts = Vec::new();
    if let Role::Arm(arm) = branch.role {
        parts.extend(arm.meaning.as_deref().filter(|meaning| !meaning.is_empty()).map(quoted));
    }
    match (&step.call, outline.shared_call(step)) {
        (Some(_), _) if is_spoken_for => return parts,
        (Some(call), _) => {
            parts.push(sees(outline, &[step], call));
            parts.extend(manner(step));
            parts.extend(tools(step, call));
            parts.extend(own_settings(call));
        }
        (None, Some((member, call))) => {
            parts.push(format!("each {}", sees(outline, &[step, member], call)));
            parts.extend(manner(member));
            parts.extend(own_settings(call));
            parts.extend(conditions(member));
        }
        (None, None) => parts.extend(judges(outline, step)),
    }
    parts.extend(calls(outline, step));
    if step.id == outline.reply() && step.call.is_none() {
        parts.push(manner_of_answer(outline, step).to_owned());
    }
    let is_open = step.form.as_deref() == Some("for") && step.need.is_none();
    parts.extend(is_open.then(|| "need half of them".to_owned()));
    parts.extend(conditions(step));
    parts
}

/// How the calls are asked by which a step decides.
fn judges<'a>(outline: &Outline<'a>, step: &'a Step) -> Vec<String> {
    let mut calls = step.calls.iter().chain(step.matches.iter().flatten()).chain(&step.graders);
    let Some(judge) = calls.next().and_then(|id| outline.get(id)) else { return Vec::new() };
    let Some(call) = &judge.call else { return Vec::new() };
    let shown = match (step.verb.as_str(), step.method.as_deref()) {
        ("pick", _) => "two answers",
        (_, Some("rank")) => "all answers",
        _ => "one answer",
    };
    let mut parts = vec![format!("each judge {} + {shown}", sees(outline, &[judge], call))];
    parts.extend(step.method.clone());
    parts.extend(step.skips_own.then(|| "own answers left out".to_owned()));
    parts.extend(own_settings(call));
    parts
}

/// How many calls a step with parts can make: what its line does not say already.
fn calls<'a>(outline: &Outline<'a>, step: &'a Step) -> Option<String> {
    let is_plain = matches!(step.verb.as_str(), "parallel" | "sample")
        && (outline.same_model(step).is_some()
            || outline.steps(&step.members).all(|member| member.parts().is_empty()));
    // The bound of the whole stands above, and that of what holds a `route` is not the sum of its calls.
    let has_ways =
        outline.inner(step).iter().filter_map(|id| outline.get(id)).any(|inner| inner.verb == "route");
    if is_plain || has_ways || step.parts().is_empty() || step.id == outline.reply() {
        return None;
    }
    let made = |parts: Vec<&'a str>| {
        let inner = outline.inner_of(step, parts);
        let calls = inner.iter().filter_map(|id| outline.get(id)).filter(|inner| inner.call.is_some());
        u32::try_from(calls.count()).unwrap_or(u32::MAX)
    };
    let own = u32::from(step.call.is_some());
    // Only one arm of a route is taken.
    let arms = step.arms.iter().map(|arm| made(vec![&arm.node])).max();
    Some(format!("at most {}", plural(own + arms.unwrap_or_else(|| made(step.parts())), "call")))
}

/// `sees conversation + 2–3 drafts`: what the steps wait for reaches the prompt of the call.
fn sees<'a>(outline: &Outline<'a>, steps: &[&'a Step], call: &CallOut) -> String {
    let mut seen = history(&call.history);
    let mut once = BTreeSet::new();
    for id in steps.iter().flat_map(|step| outline.shown(step)) {
        let word = match outline.get(id).map(|step| (step.verb.as_str(), step)) {
            Some(("item", item)) => {
                let inputs = steps.iter().flat_map(|step| &step.inputs);
                let mut named = inputs.filter(|input| input.node == item.id).map(|input| input.name.clone());
                named.next_back().unwrap_or_else(|| item.label().to_owned())
            }
            Some(("mine", _)) => "its own".to_owned(),
            Some(("others", _)) => "the others".to_owned(),
            _ => counted(outline, id),
        };
        seen.extend(once.insert(word.clone()).then_some(word));
    }
    if seen.is_empty() {
        seen.push("its prompt only".to_owned());
    }
    format!("sees {}", seen.join(" + "))
}
