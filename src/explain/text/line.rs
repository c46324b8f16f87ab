//! The parts of a line of the tree: label and wave, and the small print of one step.

use crate::explain::json::call::CallOut;
use crate::explain::json::node::Step;
use crate::explain::text::WIDTH;
use crate::explain::words::{clipped, plural};
use crate::units::Millis;

/// Characters of a condition that a line shows; the document has all of it.
const CONDITION_WIDTH: usize = 56;

/// Label, summary, and the wave at the end of the line.
pub(super) fn head(lead: &str, label: &str, label_width: usize, summary: &str, wave: &str) -> String {
    let mut line = match label.chars().count().max(label_width) {
        0 => format!("{lead}{summary}"),
        width => format!("{lead}{label:width$}   {summary}"),
    };
    let used = line.chars().count() + wave.chars().count();
    let gap = WIDTH.saturating_sub(used).max(2);
    if !wave.is_empty() {
        line.push_str(&" ".repeat(gap));
        line.push_str(wave);
    }
    line
}

/// How its answer reaches the client, if it can.
pub(super) fn manner(step: &Step) -> Option<String> {
    match (step.is_final, step.streams) {
        (_, true) => Some("streams".to_owned()),
        (true, false) => Some("in one piece".to_owned()),
        (false, false) => None,
    }
}

pub(super) fn tools(step: &Step, call: &CallOut) -> Option<String> {
    let speaks = step.is_final && matches!(step.verb.as_str(), "ask" | "merge");
    let expected = if speaks { "" } else { "show" };
    (call.tools != expected).then(|| format!("tools: {}", call.tools))
}

/// What was set for this call.
pub(super) fn own_settings(call: &CallOut) -> Vec<String> {
    let mut parts: Vec<String> = call.fields.iter().map(|(name, value)| format!("{name} {value}")).collect();
    parts.extend(call.returns.as_ref().map(|returns| match call.one_of.len() {
        0 => format!("returns {returns}"),
        1..=3 => format!("returns one of {}", call.one_of.join(", ")),
        n => format!("returns one of {n} choices"),
    }));
    parts.extend(call.first_token_ms.map(|wait| format!("first token in {}", Millis(wait))));
    parts.extend(
        call.accept_when.as_ref().map(|when| format!("accept when {}", clipped(when, CONDITION_WIDTH))),
    );
    if !call.soft.is_empty() {
        parts.push(format!("soft {}", call.soft.join(", ")));
    }
    parts
}

/// When it is left out, how long it may take, and what decides.
pub(super) fn conditions(step: &Step) -> Vec<String> {
    let when = |word: &str, when: &Option<String>| {
        when.as_ref().map(|when| format!("{word} when {}", clipped(when, CONDITION_WIDTH)))
    };
    let mut parts = Vec::new();
    parts.extend(step.grace_ms.map(|grace| format!("stragglers get {}", Millis(grace))));
    parts.extend(step.decided_by.as_ref().map(|_| "cancelled once the vote is decided".to_owned()));
    parts.extend(step.accept.map(|accept| format!("{accept} is good enough")));
    parts.extend(when("accept", &step.accept_when));
    parts.extend(when("skip", &step.skip_when));
    parts.extend(step.deadline_ms.map(|deadline| format!("at most {}", Millis(deadline))));
    parts.extend(ballot(step));
    parts
}

/// What counts in a vote.
fn ballot(step: &Step) -> Vec<String> {
    let mut parts = Vec::new();
    parts.extend(step.key.as_ref().map(|key| format!("on {}", clipped(key, CONDITION_WIDTH))));
    parts.extend(match (step.matching.as_deref(), step.similarity) {
        (Some("number"), _) => Some("as numbers".to_owned()),
        (_, Some(least)) => Some(format!("alike from {least}")),
        _ => None,
    });
    parts.extend(step.ties.as_ref().map(|ties| match ties.as_str() {
        "first" | "longest" => format!("ties: {ties}"),
        _ => "ties: asked".to_owned(),
    }));
    parts.extend(step.min_share.map(|share| format!("winner needs {share} of the votes")));
    if !step.weights.is_empty() {
        let models = u32::try_from(step.weights.len()).unwrap_or(u32::MAX);
        parts.push(format!("{} weighted", plural(models, "model")));
    }
    parts
}
