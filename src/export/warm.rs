//! Warm profiles, which the controller of the OpenVINO models reads: a file a handle, the name of a model a line.

use std::collections::BTreeSet;

use crate::export::handles::PREFIX;
use crate::export::lines::{Lines, Placed, Refusal};
use crate::plan::Plan;

/// The runtime whose controller reads them; its models' names begin so.
pub const RUNTIME: &str = "ov";

/// `opt-route-fast-s.txt`.
#[must_use]
pub fn file_name(plan: &Plan) -> String {
    format!("{}.txt", plan.handle)
}

/// The models that the profile of a plan names, in order of first mention. Empty for a handle that has none there: it
/// needs no file.
#[must_use]
pub fn models(plan: &Plan) -> Vec<&str> {
    plan.models_on(RUNTIME).map(|model| model.name.as_ref()).collect()
}

/// The file with the plan's models: those that are there keep their place, new ones stand behind the last, others are
/// gone. Blank lines and lines that begin with `#` stay.
///
/// # Errors
///
/// A line that is no such name.
pub fn place(plan: &Plan, old: &str) -> Placed {
    let wanted = models(plan);
    let lines = Lines::of(old);
    let mut missing: Vec<&str> = wanted.clone();
    let mut seen = BTreeSet::new();
    let (mut all, mut refusals, mut behind) = (Vec::new(), Vec::new(), None);
    for (index, line) in lines.all.iter().enumerate() {
        let kept = (line.text.to_owned(), Some(line.end));
        let name = line.text.trim();
        if name.is_empty() || name.starts_with('#') {
            all.push(kept);
        } else if !is_name(name) {
            refusals.push(Refusal::at(
                index,
                format!(
                    "a line holds the name of one model, which begins with `{RUNTIME}-`; take this one out"
                ),
            ));
        } else if wanted.contains(&name) && seen.insert(name) {
            missing.retain(|it| *it != name);
            all.push(kept);
            behind = Some(all.len());
        }
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let at = behind.unwrap_or(all.len());
    all.splice(at..at, missing.iter().map(|name| ((*name).to_owned(), None)));
    Ok(lines.joined(all, at))
}

/// Whether a file of this name and text is a profile of a handle that is no more: its name is one of the platform's handles
/// and no plan's, and it names models and nothing else. It may still be somebody's: it is told of, and never removed.
#[must_use]
pub fn is_left_over(plans: &[Plan], file_name: &str, text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let handle =
        file_name.strip_suffix(".txt").filter(|it| it.starts_with(PREFIX) && it.chars().all(is_plain));
    let mut names =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).peekable();
    let Some(handle) = handle else { return false };
    plans.iter().all(|plan| *plan.handle != *handle) && names.peek().is_some() && names.all(is_name)
}

fn is_name(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    text.strip_prefix(RUNTIME).is_some_and(|rest| rest.starts_with('-')) && text.chars().all(is_plain)
}
