//! Rows of the platform's registry of handles, `handles.jsonl`: one JSON object a line. Ours are those with our endpoint.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::export::headline;
use crate::export::lines::{Lines, Placed, Refusal};
use crate::plan::Plan;

/// What handles begin with on the platform.
pub const PREFIX: &str = "opt-";

/// The registry's name for this daemon.
const ENDPOINT: &str = "ep_optillm_proxy_4020";

/// A row. The registry knows no other field; a handle is active by having a row.
#[derive(Serialize)]
struct Row<'a> {
    handle: &'a str,
    kind: &'a str,
    invoke: &'a str,
    managed_by: &'a str,
    endpoint_ref: &'a str,
    selector: Selector<'a>,
    #[serde(skip_serializing_if = "String::is_empty")]
    notes: String,
}

#[derive(Serialize)]
struct Selector<'a> {
    model: &'a str,
}

/// A line of the file as it is: its fields in their order, each value as it is written.
type Fields = IndexMap<String, Box<RawValue>>;

/// The file with a row for each plan: those that are there keep their place and the fields that we do not know, new ones
/// stand behind the last, those without a plan are gone.
///
/// # Errors
///
/// Lines that are no JSON object, two rows of ours for one handle, a handle of ours on another endpoint.
pub fn place(plans: &[Plan], old: &str) -> Placed {
    let mut wanted: IndexMap<&str, Row<'_>> =
        plans.iter().map(|plan| (plan.handle.as_ref(), Row::of(plan))).collect();
    let lines = Lines::of(old);
    let mut refusals = Vec::new();
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = Vec::new();
    let mut behind = None;
    for (index, line) in lines.all.iter().enumerate() {
        let kept = (line.text.to_owned(), Some(line.end));
        if line.text.trim().is_empty() {
            all.push(kept);
            continue;
        }
        let Ok(fields) = serde_json::from_str::<Fields>(line.text) else {
            refusals.push(Refusal::at(index, "this is no JSON object; each line of the registry is one"));
            continue;
        };
        let handle = text_of(&fields, "handle").unwrap_or_default();
        if text_of(&fields, "endpoint_ref").as_deref() != Some(ENDPOINT) {
            if plans.iter().any(|plan| *plan.handle == *handle) {
                refusals.push(Refusal::at(
                    index,
                    format!(
                        "`{handle}` is on another endpoint here; take this row out, for ours replaces it"
                    ),
                ));
            }
            all.push(kept);
            continue;
        }
        if let Some(before) = first.insert(handle.clone(), index) {
            refusals.push(Refusal::at(
                index,
                format!("`{handle}` has a row in line {}, too; take one of them out", before + 1),
            ));
        }
        if let Some(row) = wanted.shift_remove(handle.as_str()) {
            all.push((row.merged(line.text, fields), Some(line.end)));
            behind = Some(all.len());
        }
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let at = behind.unwrap_or(all.len());
    all.splice(at..at, wanted.values().map(|row| (json(row), None)));
    Ok(lines.joined(all, at))
}

fn text_of(fields: &Fields, name: &str) -> Option<String> {
    serde_json::from_str(fields.get(name)?.get()).ok()
}

impl<'a> Row<'a> {
    fn of(plan: &'a Plan) -> Self {
        Self {
            handle: &plan.handle,
            kind: "model",
            invoke: "openai-chat",
            managed_by: "systemd",
            endpoint_ref: ENDPOINT,
            selector: Selector { model: &plan.selector },
            notes: headline(plan),
        }
    }

    /// The line that is there, if it says what we say; else with our values in the place of its own.
    fn merged(&self, line: &str, mut fields: Fields) -> String {
        let ours: IndexMap<String, Value> = serde_json::from_str(&json(self)).expect("it is an object");
        let is_same = |(name, value): (&String, &Value)| {
            fields
                .get(name)
                .is_some_and(|it| serde_json::from_str::<Value>(it.get()).is_ok_and(|it| it == *value))
        };
        if ours.iter().all(is_same) {
            return line.to_owned();
        }
        for (name, value) in ours {
            fields.insert(name, serde_json::value::to_raw_value(&value).expect("it came from JSON"));
        }
        serde_json::to_string(&fields).expect("fields are JSON")
    }
}

fn json(row: &Row<'_>) -> String {
    serde_json::to_string(row).expect("a row holds only text")
}
