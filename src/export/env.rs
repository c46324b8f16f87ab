//! The environment file of the daemon's unit: a variable per ensemble that names its selector, between two markers. Around
//! them stand secrets, which are kept and never shown.

use crate::export::lines::{Lines, Placed, Refusal};
use crate::export::region::{self, BEGIN, END, Region};
use crate::plan::Plan;

/// What stands where a value is not to be seen.
const HIDDEN: &str = "‹not shown›";

/// The file with `OPT_ARCHITECT_HIGH_XL_MODEL=moa-architect-high-xl` for each plan, in their order, and the rest as it
/// was.
///
/// # Errors
///
/// A value that does not end, half a region, a variable of ours outside of it or another one in it. No value is
/// quoted.
pub fn place(plans: &[Plan], old: &str) -> Placed {
    let body: Vec<String> =
        plans.iter().map(|plan| format!("{}={}", variable(&plan.handle), plan.selector)).collect();
    let lines = Lines::of(old);
    let (starts, open) = starts(&lines);
    if let Some(index) = open {
        return Err(Refusal::at(index, "the value that begins here does not end; close its quotes, or take the backslash from the end of the file").into());
    }
    let region = region::find(&lines, |index| starts[index])?;
    let names: Vec<String> = plans.iter().map(|plan| variable(&plan.handle)).collect();
    strangers(&lines, &starts, region, &names)?;
    match region {
        Some(Region { begin, end }) => Ok(lines.with(begin + 1..end, &body)),
        None => {
            region::is_free(&lines, |index| starts[index], lines.all.len())?;
            let is_apart = lines.all.last().is_none_or(|line| line.text.is_empty());
            let mut all: Vec<String> = if is_apart { Vec::new() } else { vec![String::new()] };
            all.push(BEGIN.to_owned());
            all.extend(body);
            all.push(END.to_owned());
            Ok(lines.with(lines.all.len()..lines.all.len(), &all))
        }
    }
}

/// The text with every value and comment hidden that is not ours: for people who look at differences.
#[must_use]
pub fn shown(text: &str) -> String {
    let lines = Lines::of(text);
    let (starts, _) = starts(&lines);
    let region = region::find(&lines, |index| starts[index]).ok().flatten();
    let all = lines.all.iter().enumerate().map(|(index, line)| {
        let is_ours = region.is_some_and(|it| it.begin <= index && index <= it.end);
        (if is_ours { ours(line.text) } else { hidden(line.text, starts[index]) }, Some(line.end))
    });
    lines.joined(all.collect(), 0)
}

/// What the file gives a variable, as systemd reads it: of several the last. `None` if it does not name it.
#[must_use]
pub fn value(text: &str, name: &str) -> Option<String> {
    let lines = Lines::of(text);
    let (starts, _) = starts(&lines);
    let begins = |index: usize| {
        starts[index] && {
            let own = lines.all[index].text.split_once('=').map(|(it, _)| it.trim());
            own == Some(name)
        }
    };
    let first = (0..lines.all.len()).rev().find(|index| begins(*index))?;
    let last = (first + 1..lines.all.len()).find(|index| starts[*index]).unwrap_or(lines.all.len());
    let whole: Vec<&str> = lines.all[first..last].iter().map(|line| line.text).collect();
    let whole = whole.join("\n");
    whole.split_once('=').map(|(_, value)| unquoted(value.trim()))
}

/// A value without its quotes and backslashes; a backslash at the end of a line joins it to the next.
fn unquoted(value: &str) -> String {
    let mut text = String::new();
    let mut quote = None;
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (Some('\''), c) => text.push(c),
            (_, '\\') => text.extend(chars.next().filter(|next| *next != '\n')),
            (_, c) => text.push(c),
        }
    }
    text
}

/// A line of the region: markers, and variables that name a selector.
fn ours(text: &str) -> String {
    let is_plain =
        |value: &str| value.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    match text.split_once('=') {
        Some((name, value)) if name.ends_with("_MODEL") && is_plain(value) => text.to_owned(),
        None if text == BEGIN || text == END => text.to_owned(),
        _ => hidden(text, true),
    }
}

fn hidden(text: &str, starts: bool) -> String {
    match text.split_once('=') {
        _ if text.trim().is_empty() => text.to_owned(),
        Some((name, _)) if starts && is_name(name.trim()) => format!("{name}={HIDDEN}"),
        _ => HIDDEN.to_owned(),
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// # Errors
///
/// Each variable that stands on the wrong side of a marker.
fn strangers(
    lines: &Lines<'_>,
    starts: &[bool],
    region: Option<Region>,
    names: &[String],
) -> Result<(), Vec<Refusal>> {
    let mut refusals = Vec::new();
    for (index, line) in lines.all.iter().enumerate() {
        let text = line.text.trim_start();
        if !starts[index] || text.is_empty() || text.starts_with(['#', ';']) {
            continue;
        }
        let is_inside = region.is_some_and(|it| it.begin < index && index < it.end);
        let name = text.split('=').next().unwrap_or_default().trim_end();
        let known = if is_name(name) { format!("`{name}`") } else { "this line".to_owned() };
        if is_inside && !(name.ends_with("_MODEL") && text.contains('=')) {
            refusals.push(Refusal::at(
                index,
                format!("{known} stands in our region, which is written anew; move it out"),
            ));
        } else if !is_inside && names.iter().any(|own| own == name) {
            refusals.push(Refusal::at(
                index,
                format!("{known} stands outside of our region, too; take it out, for ours replaces it"),
            ));
        }
    }
    if refusals.is_empty() { Ok(()) } else { Err(refusals) }
}

/// Where in a value a line ends, by the rules of systemd.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Key,
    BeforeValue,
    Value,
    Single,
    Double,
}

/// For each line whether it begins something of its own, and the line whose value does not end.
fn starts(lines: &Lines<'_>) -> (Vec<bool>, Option<usize>) {
    let mut starts = Vec::new();
    let mut state = State::Key;
    let mut opened = 0;
    for (index, line) in lines.all.iter().enumerate() {
        let is_start = state == State::Key;
        starts.push(is_start);
        if is_start {
            opened = index;
            if line.text.trim_start().starts_with(['#', ';']) {
                continue;
            }
        }
        state = after(line.text, state);
    }
    (starts, (state != State::Key).then_some(opened))
}

/// The state behind the end of a line.
fn after(text: &str, mut state: State) -> State {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        state = match (state, c) {
            (State::Key, '=') => State::BeforeValue,
            (State::Key, _) => State::Key,
            (State::BeforeValue, '\'') => State::Single,
            (State::BeforeValue, '"') => State::Double,
            (State::Single, '\'') | (State::Double, '"') => State::BeforeValue,
            (State::BeforeValue | State::Value, '\\') => match chars.next() {
                Some(_) => State::Value,
                None => return State::Value,
            },
            (State::Double, '\\') => match chars.next() {
                Some(_) => State::Double,
                None => return State::Double,
            },
            (State::BeforeValue, c) if c.is_whitespace() => State::BeforeValue,
            (State::BeforeValue | State::Value, _) => State::Value,
            (State::Single | State::Double, _) => state,
        };
    }
    match state {
        State::Single | State::Double => state,
        State::Key | State::BeforeValue | State::Value => State::Key,
    }
}

/// A handle as the name of a variable.
fn variable(handle: &str) -> String {
    let name: String = handle
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
        .collect();
    format!("{name}_MODEL")
}
