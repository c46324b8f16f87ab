//! The bodies that a plan would send, printed: for `ensc explain --requests`.

use std::sync::Arc;

use serde_json::json;

use crate::plan::Plan;
use crate::plan::bounds;
use crate::run::host::Host;
use crate::run::rehearse::rehearse;
use crate::run::request::Request;
use crate::upstream::sim::{Script, Sim, SimUpstream};
use crate::upstream::wire::encode;
use crate::upstream::{Message, Role};

/// What the client says.
const CONVERSATION: &str = "‹conversation›";

/// Calls that send the same.
struct Sent {
    steps: Vec<String>,
    /// At most, over all of them.
    attempts: u32,
    wave: u32,
    /// JSON text; or why it cannot be said yet.
    body: Result<String, String>,
}

/// Every body in the order of the waves, each after the steps that send it.
pub fn to_text(plan: &Plan) -> String {
    let sent = sent(plan).into_iter().map(|sent| {
        let steps = sent.steps.join(", ");
        let body = match &sent.body {
            Ok(body) => indented(body),
            Err(why) => format!("not known before the answers are there: {why}"),
        };
        format!("{steps} · wave {} · at most {} sent\n{body}\n", sent.wave, sent.attempts)
    });
    sent.collect::<Vec<_>>().join("\n")
}

/// The same for programs.
pub fn to_json(plan: &Plan) -> String {
    let sent = sent(plan).into_iter().map(|sent| {
        let body = sent.body.as_ref().ok().map(|body| serde_json::value::RawValue::from_string(body.clone()));
        let body = body.map(|raw| raw.expect("a body is JSON"));
        json!({ "steps": sent.steps, "wave": sent.wave, "attempts": sent.attempts, "body": body, "unknown": sent.body.err() })
    });
    format!("{:#}\n", serde_json::Value::from(sent.collect::<Vec<_>>()))
}

fn sent(plan: &Plan) -> Vec<Sent> {
    let models = plan.models.iter().map(|model| model.name.to_string()).collect();
    let host = Arc::new(Host::new(Arc::new(SimUpstream::new(Sim::new(models, Script::default())))));
    let plan = Arc::new(plan.clone());
    let mut all: Vec<Sent> = Vec::new();
    for call in rehearse(&plan, request(&plan), &host) {
        let node = plan.node(call.node);
        let attempts = node.act.ask().map_or(0, bounds::attempts);
        let body = call.sends.map(|call| String::from_utf8_lossy(&encode(&call)).into_owned());
        match all.iter_mut().find(|sent| sent.wave == node.wave && sent.body == body) {
            Some(same) => {
                same.steps.push(node.id.to_string());
                same.attempts += attempts;
            }
            None => all.push(Sent { steps: vec![node.id.to_string()], attempts, wave: node.wave, body }),
        }
    }
    all.sort_by_key(|sent| sent.wave);
    all
}

/// One message and nothing else.
fn request(plan: &Plan) -> Request {
    Request {
        run: "run-0".into(),
        model: plan.handle.to_string(),
        messages: vec![Message::ours(Role::User, CONVERSATION)],
        fields: Vec::new(),
        stream: false,
        strict: false,
        ignored: Vec::new(),
        traceparent: None,
        patience: None,
        progress: false,
    }
}

/// JSON with line ends and indents and nothing else changed.
fn indented(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_text, mut escaped) = (0usize, false, false);
    let mut rest = json.chars().peekable();
    while let Some(c) = rest.next() {
        if in_text {
            out.push(c);
            in_text = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            '{' | '[' if rest.peek().is_some_and(|next| matches!(next, '}' | ']')) => out.push(c),
            '{' | '[' => {
                depth += 1;
                out.push(c);
                out.push_str(&format!("\n{}", "  ".repeat(depth)));
            }
            '}' | ']' if out.ends_with(['{', '[']) => out.push(c),
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                out.push_str(&format!("\n{}{c}", "  ".repeat(depth)));
            }
            ',' => out.push_str(&format!(",\n{}", "  ".repeat(depth))),
            ':' => out.push_str(": "),
            c if c.is_whitespace() => {}
            c => {
                in_text = c == '"';
                out.push(c);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_indented_and_not_changed() {
        let json = r#"{"a":[1,{"b":"x, y: {z} \" \\"}],"c":{},"d":[]}"#;
        let shown = indented(json);
        assert_eq!(shown.lines().nth(1), Some("  \"a\": ["));
        let (before, after): (serde_json::Value, serde_json::Value) =
            (serde_json::from_str(json).expect("JSON"), serde_json::from_str(&shown).expect("still JSON"));
        assert_eq!(before, after);
    }
}
