//! `/v1/models`, `/v1/ensembles`: the handles, from what is in memory. LiteLLM polls it at its own start, so nothing upstream is asked.

use axum::body::Body;
use axum::http::Response;
use serde_json::{Value, json};

use crate::explain;
use crate::plan::{Bounds, Plan};

use super::State;
use super::errors::Refusal;
use super::respond;

pub fn list(state: &State) -> Response<Body> {
    let catalog = state.current.catalog();
    let data: Vec<Value> = catalog.plans().map(|plan| describe(plan, state.started_s)).collect();
    respond::found(&json!({"object": "list", "data": data}))
}

pub fn one(state: &State, id: &str) -> Result<Response<Body>, Refusal> {
    let plan = state.current.catalog().find(id)?;
    Ok(respond::found(&describe(&plan, state.started_s)))
}

/// What the handle does, as `ensc explain --format json` prints it.
pub fn plan(state: &State, handle: &str) -> Result<Response<Body>, Refusal> {
    let plan = state.current.catalog().find(handle)?;
    Ok(respond::document(explain::to_json(&plan)))
}

fn describe(plan: &Plan, created_s: u64) -> Value {
    let max_output = plan.output_max().0;
    json!({
        "id": plan.handle,
        "object": "model",
        "created": created_s,
        "owned_by": "ensc",
        "aliases": [plan.selector],
        "description": plan.doc,
        "technique": technique(plan),
        "members": plan.models.iter().map(|model| model.name.as_ref()).collect::<Vec<_>>(),
        "plan": plan.short_hash(),
        "bounds": bounds(&plan.bounds),
        "context_length": plan.bounds.request_max.0.saturating_add(max_output),
        "max_output_tokens": max_output,
    })
}

fn bounds(bounds: &Bounds) -> Value {
    json!({
        "calls": bounds.calls,
        "attempts": bounds.attempts,
        "waves": bounds.waves,
        "seconds": bounds.time.as_seconds(),
        "cost_usd": bounds.cost.as_usd(),
        "completion_tokens": bounds.tokens_out.0,
        "request_tokens": bounds.request_max.0,
    })
}

/// The selector is the handle with the technique in the place of its first word: `moa-architect-high-xl`.
fn technique(plan: &Plan) -> Option<&str> {
    let (_, rest) = plan.handle.split_once('-')?;
    plan.selector.strip_suffix(rest)?.strip_suffix('-')
}
