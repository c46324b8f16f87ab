//! What a client writes steers nothing behind the daemon: over a real socket, to the calls of a run.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use ensc::plan::Plan;

use crate::socket::served;
use crate::stage::{plan, script};

fn panel() -> Arc<Plan> {
    plan(
        "
        model a { context: 32k, max_output: 4k }
        model b { context: 32k, max_output: 4k }
        model c { context: 32k, max_output: 4k }
        tier s { }
        profile high { }
        ensemble x { d = parallel [a, b], reply = merge d by c }
        ",
    )
}

/// What LiteLLM obeys where it finds it in a body, under whoever's key the body comes.
const ORDERS: &str = r#"
    "headers": {"x-ensc-path": "", "authorization": "Bearer smuggled"},
    "extra_headers": {"x-ensc-path": "", "x-smuggled": "1"},
    "he\u0061ders": {"x-smuggled": "1"},
    "Headers": {"x-smuggled": "1"},
    "fallbacks": ["smuggled"], "num_retries": 9, "max_retries": 9, "timeout": 9999, "disable_fallbacks": false,
    "tags": ["smuggled"], "metadata": {"tags": ["smuggled"]}, "litellm_metadata": {}, "mock_response": "smuggled",
    "api_base": "http://smuggled.example", "base_url": "http://smuggled.example", "api_key": "smuggled",
    "custom_llm_provider": "smuggled", "guardrails": ["smuggled"], "cache": {"no-cache": true}, "drop_params": true,
    "allowed_openai_params": ["smuggled"], "litellm_session_id": "smuggled"
"#;

#[test]
fn orders_for_litellm_reach_no_call_however_they_are_nested() {
    let nested = format!(r#""extra_body": {{ "extra_body": {{ {ORDERS} }}, {ORDERS} }}"#);
    // One name with an escape in it is the same name: it would stand twice.
    let flat = ORDERS.replace(r#""he\u0061ders": {"x-smuggled": "1"},"#, "");
    let escaped = r#""he\u0061ders": {"x-smuggled": "1"}"#;
    for orders in [nested.as_str(), &flat, escaped] {
        served(&panel(), script(""), Duration::ZERO, async |daemon| {
            let body = format!(
                r#"{{"model":"opt-x-high-s","messages":[{{"role":"user","content":"hi"}}],"temperature":0.5,{orders}}}"#
            );
            let lines = "x-smuggled: 1\r\nx-litellm-tags: smuggled\r\nx-litellm-num-retries: 9\r\n\
                         x-litellm-trace-id: smuggled\r\nauthorization: Bearer smuggled\r\ncookie: smuggled\r\n";
            let mut client = daemon.post_with(lines, &body).await;
            client.read_to_end().await;
            assert!(client.seen.starts_with("HTTP/1.1 200"), "{}", client.seen);
            let calls = daemon.sim.calls();
            assert_eq!(calls.len(), 3);
            for call in calls {
                let names: Vec<&str> = call.headers.keys().map(String::as_str).collect();
                assert_eq!(
                    names,
                    ["content-type", "x-litellm-spend-logs-metadata", "x-litellm-tags", "x-litellm-trace-id"]
                );
                assert_eq!(call.headers["x-litellm-tags"], "ensemble:opt-x-high-s");
                assert_eq!(steering(&call.body), ours());
            }
        });
    }
}

/// Everything in a call's body but its question.
fn steering(body: &[u8]) -> Map<String, Value> {
    let mut body: Map<String, Value> = serde_json::from_slice(body).expect("it is JSON");
    body.retain(|name, _| !["model", "messages", "max_tokens", "timeout"].contains(&name.as_str()));
    body
}

fn ours() -> Map<String, Value> {
    let ours = json!({
        "temperature": 0.5,
        "num_retries": 0,
        "disable_fallbacks": true,
        "headers": {"x-ensc-path": "opt-x-high-s"},
    });
    ours.as_object().expect("it is one").clone()
}
