//! Spans to the nanosecond, and a collector that is not there.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;

use crate::run::receipt::{CallReceipt, Receipt};
use crate::run::span::RunSpan;
use crate::run::trace::Trace;
use crate::serve::Collector;
use crate::serve::metrics::{Metrics, Now};
use crate::serve::runs::Past;
use crate::serve::spans::{Spans, otlp};

fn past(is_sampled: bool) -> Arc<Past> {
    let call = CallReceipt {
        step: "d[0]".into(),
        model: "a".into(),
        outcome: "cancelled",
        word: "decided",
        attempts: 1,
        began: Duration::from_nanos(5),
        took: Duration::from_millis(2),
        waited: Duration::from_millis(500),
        ..CallReceipt::default()
    };
    let receipt = Receipt { calls: vec![call], ..Receipt::default() };
    Arc::new(Past {
        run: "run-1".to_owned().into(),
        handle: "opt-x".to_owned().into(),
        model: "moa-x".to_owned().into(),
        streamed: false,
        began: Duration::new(1_700_000_000, 7),
        took: Duration::from_millis(3),
        first_token: None,
        status: None,
        span: Some(RunSpan { trace: 0xabc, id: 0xdef, parent: None, is_sampled }),
        told: Some((receipt, Trace::default())),
        spoken: None,
    })
}

#[test]
fn a_span_of_a_run_and_of_its_call() {
    let past = past(true);
    let body: serde_json::Value =
        serde_json::from_str(&otlp::export(&[Arc::clone(&past)], "s")).expect("JSON");
    let scope = &body["resourceSpans"][0]["scopeSpans"][0];
    assert_eq!(scope["scope"], json!({"name": "ensc", "version": env!("CARGO_PKG_VERSION")}));
    let text = |text: &str| json!({"stringValue": text});
    let int = |text: &str| json!({"intValue": text});
    let pair = |(key, value): (&str, serde_json::Value)| json!({"key": key, "value": value});
    let run = [
        ("gen_ai.operation.name", text("invoke_agent")),
        ("gen_ai.provider.name", text("ensc")),
        ("gen_ai.agent.name", text("opt-x")),
        ("gen_ai.request.model", text("moa-x")),
        ("gen_ai.response.id", text("run-1")),
        ("gen_ai.usage.input_tokens", int("0")),
        ("gen_ai.usage.output_tokens", int("0")),
        ("ensc.plan", text("")),
        ("ensc.calls", int("0")),
        ("ensc.degraded", json!({"boolValue": false})),
        ("ensc.cost_usd", json!({"doubleValue": 0.0})),
        ("error.type", text("gone")),
    ];
    let call = [
        ("gen_ai.operation.name", text("chat")),
        ("gen_ai.provider.name", text("litellm")),
        ("gen_ai.request.model", text("a")),
        ("ensc.step", text("d[0]")),
        ("ensc.outcome", text("cancelled")),
        ("ensc.attempts", int("1")),
        ("ensc.wait_seconds", json!({"doubleValue": 0.5})),
        ("error.type", text("decided")),
    ];
    let own = past.span.expect("it has one").call("d[0]");
    assert_eq!(
        scope["spans"],
        json!([
            {
                "traceId": "00000000000000000000000000000abc", "spanId": "0000000000000def",
                "name": "invoke_agent opt-x", "kind": 2, "startTimeUnixNano": "1700000000000000007",
                "endTimeUnixNano": "1700000000003000007", "status": {},
                "attributes": run.map(pair),
            },
            {
                "traceId": "00000000000000000000000000000abc", "spanId": format!("{own:016x}"),
                "parentSpanId": "0000000000000def", "name": "chat a", "kind": 3,
                "startTimeUnixNano": "1700000000000000012", "endTimeUnixNano": "1700000000002000012", "status": {},
                "attributes": call.map(pair),
            },
        ])
    );
}

/// Spans that were sent and lost.
fn counted(metrics: &Metrics) -> [String; 2] {
    let now = Now {
        runs: 0,
        calls: 0,
        slots: Vec::new(),
        queued: 0,
        open: Vec::new(),
        is_alive: true,
        is_stale: false,
        lost_lines: 0,
    };
    let text = metrics.expose(&now);
    ["sent", "lost"].map(|outcome| {
        let name = format!("ensc_spans_total{{outcome=\"{outcome}\"}} ");
        text.lines().find_map(|line| line.strip_prefix(&name)).expect("it is there").to_owned()
    })
}

fn collector(port: u16) -> Collector {
    Collector::new(&format!("http://127.0.0.1:{port}"), None, None).expect("it is an endpoint")
}

#[tokio::test]
async fn what_a_collector_does_not_take_is_lost_and_counted() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("the loopback is there");
        listener.local_addr().expect("it is bound").port()
    };
    let (spans, metrics) = (Spans::new(collector(port)), Metrics::default());
    (0..3).for_each(|_| spans.offer(&past(true), &metrics));
    spans.offer(&past(false), &metrics);
    spans.close();
    spans.send(&metrics).await;
    assert_eq!(counted(&metrics), ["0", "6"], "a run and its call, three times");
}

#[tokio::test]
async fn what_finds_no_room_is_lost_and_counted() {
    let (spans, metrics) = (Spans::new(collector(1)), Metrics::default());
    (0..1025).for_each(|_| spans.offer(&past(true), &metrics));
    assert_eq!(counted(&metrics), ["0", "2"]);
}

#[test]
fn an_endpoint_is_plain_http() {
    let refused = |endpoint, headers, words: &str| {
        let why = Collector::new(endpoint, headers, None).expect_err(endpoint);
        assert!(why.contains(words), "{why}");
        assert!(!why.contains("plum"), "{why}");
    };
    refused("https://collector:4318", None, "must begin with `http://`");
    refused("127.0.0.1:4318", None, "must begin with `http://`");
    refused("no url", None, "is no URL");
    refused("https://user:plum@host", None, "must not hold a user name");
    refused("http://host", Some("x-key: plum"), "`name=value,name=value`");
    let plain = Collector::new("http://host", Some("a=1, b=2"), None).expect("it is an endpoint");
    assert_eq!((plain.authority(), plain.service()), ("host:80", "ensc"));
}
