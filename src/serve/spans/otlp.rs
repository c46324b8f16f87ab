//! Spans as OTLP's JSON, with the attributes of OpenTelemetry's conventions for generative AI. Knows nothing of sending.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::run::receipt::{CallReceipt, Receipt};
use crate::run::span::RunSpan;
use crate::serve::runs::Past;

/// The kinds of spans that we have.
const SERVER: u8 = 2;
const CLIENT: u8 = 3;

/// The status of a span that failed.
const ERROR: u8 = 2;

/// Spans of a run: its own and one a call.
#[must_use]
pub fn count(past: &Past) -> u64 {
    1 + past.told.as_ref().map_or(0, |(receipt, _)| receipt.calls.len() as u64)
}

/// The body of a request to `/v1/traces`.
#[must_use]
pub fn export(runs: &[Arc<Past>], service: &str) -> String {
    let spans: Vec<Value> = runs.iter().flat_map(|past| spans(past)).collect();
    let version = env!("CARGO_PKG_VERSION");
    let resource = attributes([("service.name", text(service)), ("service.version", text(version))]);
    json!({"resourceSpans": [{
        "resource": {"attributes": resource},
        "scopeSpans": [{"scope": {"name": "ensc", "version": version}, "spans": spans}],
    }]})
    .to_string()
}

fn spans(past: &Past) -> Vec<Value> {
    let Some(span) = past.span else { return Vec::new() };
    let receipt = past.told.as_ref().map(|(receipt, _)| receipt);
    let calls = receipt.into_iter().flat_map(|receipt| &receipt.calls);
    let mut spans = vec![run(past, span, receipt)];
    spans.extend(calls.map(|call| call_span(past, span, call)));
    spans
}

fn run(past: &Past, span: RunSpan, receipt: Option<&Receipt>) -> Value {
    let mut about = vec![
        ("gen_ai.operation.name", text("invoke_agent")),
        ("gen_ai.provider.name", text("ensc")),
        ("gen_ai.agent.name", text(&past.handle)),
        ("gen_ai.request.model", text(&past.model)),
        ("gen_ai.response.id", text(&past.run)),
    ];
    if let Some(receipt) = receipt {
        let totals = &receipt.totals;
        about.extend(receipt.reply.model.as_deref().map(|model| ("gen_ai.response.model", text(model))));
        about.push(("gen_ai.usage.input_tokens", int(totals.prompt_tokens)));
        about.push(("gen_ai.usage.output_tokens", int(totals.completion_tokens)));
        about.push(("ensc.plan", text(&receipt.plan)));
        about.push(("ensc.calls", int(totals.calls.into())));
        about.push(("ensc.degraded", json!({"boolValue": receipt.degraded})));
        about.push(("ensc.cost_usd", json!({"doubleValue": totals.cost_usd})));
    }
    about.extend(past.status.map(|status| ("http.response.status_code", int(status.into()))));
    let error = match past.status {
        None => Some("gone".to_owned()),
        Some(status) => (status >= 400).then(|| status.to_string()),
    };
    about.extend(error.as_deref().map(|error| ("error.type", text(error))));
    let is_failed = past.status.is_some() && error.is_some();
    let mut value = shape(past, span, Duration::ZERO, past.took, about, is_failed);
    value["spanId"] = json!(format!("{:016x}", span.id));
    if let Some(parent) = span.parent {
        value["parentSpanId"] = json!(format!("{parent:016x}"));
    }
    value["name"] = json!(format!("invoke_agent {}", past.handle));
    value["kind"] = json!(SERVER);
    value
}

fn call_span(past: &Past, span: RunSpan, call: &CallReceipt) -> Value {
    let mut about = vec![
        ("gen_ai.operation.name", text("chat")),
        ("gen_ai.provider.name", text("litellm")),
        ("gen_ai.request.model", text(&call.model)),
        ("ensc.step", text(&call.step)),
        ("ensc.outcome", text(call.outcome)),
        ("ensc.attempts", int(call.attempts.into())),
        ("ensc.wait_seconds", json!({"doubleValue": call.waited.as_secs_f64()})),
    ];
    if let Some(usage) = call.usage {
        about.push(("gen_ai.usage.input_tokens", int(usage.prompt_tokens)));
        about.push(("gen_ai.usage.output_tokens", int(usage.completion_tokens)));
    }
    // Another model's answer is a failure: what answered is what was asked.
    if call.outcome == "ok" {
        about.push(("gen_ai.response.model", text(&call.model)));
    } else {
        about.push(("error.type", text(call.word)));
    }
    let mut value = shape(past, span, call.began, call.took, about, call.outcome == "failed");
    value["spanId"] = json!(format!("{:016x}", span.call(&call.step)));
    value["parentSpanId"] = json!(format!("{:016x}", span.id));
    value["name"] = json!(format!("chat {}", call.model));
    value["kind"] = json!(CLIENT);
    value
}

/// What all spans have; `after` the beginning of the run.
fn shape(
    past: &Past,
    span: RunSpan,
    after: Duration,
    took: Duration,
    about: Vec<(&str, Value)>,
    is_failed: bool,
) -> Value {
    let at = |time: Duration| time.as_nanos().to_string();
    let began = past.began + after;
    json!({
        "traceId": format!("{:032x}", span.trace),
        "startTimeUnixNano": at(began),
        "endTimeUnixNano": at(began + took),
        "attributes": attributes(about),
        "status": if is_failed { json!({"code": ERROR}) } else { json!({}) },
    })
}

fn attributes<'a>(list: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    list.into_iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}

fn text(text: &str) -> Value {
    json!({"stringValue": text})
}

/// OTLP's JSON has whole numbers as texts.
fn int(number: u64) -> Value {
    json!({"intValue": number.to_string()})
}
