//! What a client writes neither steers the upstream nor reaches a log: over a real socket, to the calls of a run.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Map, Value, json};

use ensc::plan::Plan;
use ensc::serve::Ending;

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

/// All that is logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics here").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn no_log_has_a_word_of_a_client_or_of_a_model_at_any_level() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // While only one listens in the whole process, a line is switched off for good by the first thread that passes it
    // and does not listen itself: that of any other test. So there are two.
    let _second = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::new());
    let _logging = tracing::subscriber::set_default(subscriber);
    let answers = script(
        r#"
        model.a.reply = [{ text = "secret-of-a-model" }]
        model.b.reply = [{ fault = "rejected" }]
        "#,
    );
    let (_, ending) = served(&panel(), answers, Duration::ZERO, async |daemon| {
        let lines = "x-request-id: secret-id\r\nauthorization: Bearer secret-key\r\nuser-agent: secret\r\n";
        let ask = |field: &str| {
            format!(
                r#"{{"model":"opt-x-high-s","messages":[{{"role":"user","content":"secret-prompt"}}],"user":"secret-user",{field}}}"#
            )
        };
        for (lines, body) in [
            (lines, ask(r#""seed":1"#)),
            (lines, ask(r#""stream":true"#)),
            (lines, ask(r#""seed":"secret-value""#)),
            (lines, ask(r#""seed":1,"seed":"secret-value""#)),
            (lines, ask(r#""ensc":{"strict":"secret-value"}"#)),
            (lines, ask(r#""model":"secret-model""#)),
            (lines, "secret-body".to_owned()),
            ("x-ensc-path: secret-handle\r\n", ask(r#""seed":1"#)),
            ("origin: http://secret.example\r\n", ask(r#""seed":1"#)),
            ("secret header\r\n", String::new()),
        ] {
            let mut client = daemon.post_with(lines, &body).await;
            client.read_to_end().await;
            assert!(client.seen.starts_with("HTTP/1.1 "), "{body}");
        }
        let _ = daemon.get("/v1/models/secret-model").await;
    });
    assert_eq!(ending, Ending { cancelled: 0 });
    let log = String::from_utf8(log.0.lock().expect("no test panics here").clone()).expect("text");
    assert!(log.contains("refused") && log.contains("opt-x-high-s"), "it is a log: {log}");
    assert!(!log.contains("secret"), "{log}");
}
