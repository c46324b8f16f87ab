//! `ENSEMBLES.md`, which the controller of the MLX models reads to know what a handle needs loaded.
//!
//! It looks, line by line, for `- **opt-…**`, and below it for a line that begins with `- Base:` or `- Bases:`; there it
//! takes the names in back-ticks that begin with `mlx-`.

use crate::export::lines::{Lines, Placed, Refusal};
use crate::export::{headline, markdown};
use crate::plan::Plan;

const HEAD: &str =
    "# Ensembles\n\nWhat each handle needs loaded. `mlxctl ensemble HANDLE` reads this file.\n";

/// The file with an entry for each plan in our region, in their order, and the rest as it was.
///
/// # Errors
///
/// What [`markdown::place`] refuses, and an entry outside of our region for a handle of ours: the controller would take
/// whichever comes first.
pub fn place(plans: &[Plan], old: &str) -> Placed {
    let lines = Lines::of(old);
    let region = markdown::find(&lines)?;
    let is_inside = |index: usize| region.is_some_and(|it| it.begin < index && index < it.end);
    let by_hand = lines.all.iter().enumerate().filter(|(index, _)| !is_inside(*index));
    let refusals: Vec<Refusal> = by_hand
        .filter_map(|(index, line)| Some((index, handle_of(line.text)?)))
        .filter(|(_, handle)| plans.iter().any(|plan| plan.handle.as_ref() == *handle))
        .map(|(index, handle)| {
            Refusal::at(
                index,
                format!("`{handle}` has an entry outside of our region; take it out, for ours replaces it"),
            )
        })
        .collect();
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let entries: Vec<String> = plans.iter().map(entry).collect();
    markdown::place(HEAD, &entries.join("\n"), old)
}

/// `opt-x` of `- **opt-x** …`.
fn handle_of(text: &str) -> Option<&str> {
    text.trim_start().strip_prefix("- **")?.split_once("**").map(|(handle, _)| handle)
}

fn entry(plan: &Plan) -> String {
    let names: Vec<String> = plan.models.iter().map(|model| format!("`{}`", model.name)).collect();
    let word = if names.len() == 1 { "Base" } else { "Bases" };
    let mut lines = vec![format!("- **{}**", plan.handle), format!("  - {word}: {}", names.join(", "))];
    let what_for = headline(plan);
    lines.extend((!what_for.is_empty()).then(|| format!("  - For: {what_for}")));
    lines.push(format!("  - Selector: `{}`", plan.selector));
    lines.iter().map(|line| format!("{line}\n")).collect()
}
