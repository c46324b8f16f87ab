//! Rows of the platform's registry of handles, `handles.jsonl`: one JSON object a line.

use serde::Serialize;

use crate::export::headline;
use crate::plan::Plan;

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

/// One line per plan, in their order; nothing for no plans.
#[must_use]
pub fn handles(plans: &[Plan]) -> String {
    plans.iter().map(|plan| line(&Row::of(plan))).collect()
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
}

fn line(row: &Row<'_>) -> String {
    let mut line = serde_json::to_string(row).expect("a row holds only text");
    line.push('\n');
    line
}
