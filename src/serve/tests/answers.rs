//! What comes out when it is not streamed, and what a status means.

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::run::ErrorKind;
use crate::serve::errors::{Kind, Refusal};
use crate::serve::routes::App;
use crate::serve::status;
use crate::upstream::{Completion, ToolCall};

use super::kit::{
    HANDLE, PORT, SELECTOR, app_of, ask, chat, done, done_with, done_with_all, events, failed, get,
    hello_app, send, state_of,
};

#[tokio::test]
async fn an_answer_holds_the_text_the_sum_and_the_receipt() {
    let answer = send(hello_app(), chat(&ask("").replace(HANDLE, SELECTOR), &[])).await;
    let body = answer.json();
    assert_eq!(body["object"], "chat.completion");
    assert_eq!(body["model"], SELECTOR);
    assert_eq!(body["created"], 1_700_000_000);
    assert_eq!(body["choices"][0]["message"], serde_json::json!({"role": "assistant", "content": "hello"}));
    assert_eq!(body["choices"][0]["finish_reason"], "stop");
    assert_eq!(body["usage"]["total_tokens"], 100);
    assert_eq!(body["ensc"]["totals"]["calls"], 4);
    assert_eq!(answer.header("x-ensc-run"), body["id"].as_str());
    assert_eq!(answer.header("x-ensc-handle"), Some(HANDLE));
    assert_eq!(answer.header("x-ensc-calls"), Some("4"));
    assert_eq!(answer.header("x-ensc-degraded"), Some("false"));
}

#[tokio::test]
async fn what_the_last_call_said_beside_its_text_is_kept() {
    let script = || {
        let raw = |json: &str| Arc::from(RawValue::from_string(json.to_owned()).expect("it is JSON"));
        events(vec![done_with(Completion {
            reasoning: "because".to_owned(),
            tool_calls: vec![ToolCall { id: "1".into(), name: "look".into(), arguments: "{}".into() }],
            finish_reason: "tool_calls".to_owned(),
            logprobs: Some(raw(r#"{"content":[]}"#)),
            extra: [("annotations".to_owned(), raw("[1.50]"))].into(),
            ..Completion::default()
        })])
    };
    let answer = send(app_of(script), chat(&ask(""), &[])).await;
    assert!(answer.body.contains("[1.50]"), "untouched: {}", answer.body);
    let choice = &answer.json()["choices"][0];
    let message = &choice["message"];
    assert!(message["content"].is_null());
    assert_eq!(message["reasoning_content"], "because");
    assert_eq!(message["tool_calls"][0]["function"]["name"], "look");
    assert_eq!(
        (&choice["finish_reason"], &choice["logprobs"]["content"]),
        (&"tool_calls".into(), &serde_json::json!([]))
    );
}

#[tokio::test]
async fn choices_stand_side_by_side_and_usage_is_summed_once() {
    let said = |text: &str, finish: &str| Completion {
        text: text.to_owned(),
        finish_reason: finish.to_owned(),
        ..Completion::default()
    };
    let script = move || events(vec![done_with_all([(0, said("one", "stop")), (1, said("two", "length"))])]);
    let body = send(app_of(script), chat(&ask(r#""n":2"#), &[])).await.json();
    assert_eq!(
        body["choices"],
        serde_json::json!([
            {"index": 0, "message": {"role": "assistant", "content": "one"}, "finish_reason": "stop"},
            {"index": 1, "message": {"role": "assistant", "content": "two"}, "finish_reason": "length"},
        ])
    );
    assert_eq!(body["usage"]["total_tokens"], 100);
}

#[tokio::test]
async fn a_run_that_failed_has_the_status_that_nobody_repeats() {
    for (kind, status, code, retry) in [
        (ErrorKind::Failed, 424, "ensemble_failed", None),
        (ErrorKind::Degraded, 424, "ensemble_degraded", None),
        (ErrorKind::ContextLength, 400, "context_length_exceeded", None),
        (ErrorKind::Busy, 429, "members_busy", Some("1")),
        (ErrorKind::Unreachable, 503, "upstream_unreachable", Some("5")),
        (ErrorKind::Overloaded, 503, "overloaded", Some("1")),
    ] {
        let answer = send(app_of(move || events(vec![failed(kind)])), chat(&ask(""), &[])).await;
        assert_eq!((answer.status, answer.error().1.as_str()), (status, code));
        assert_eq!(answer.header("retry-after"), retry, "{code}");
        assert_eq!(answer.json()["ensc"]["totals"]["calls"], 4, "the receipt comes with it");
        assert_eq!(answer.header("x-ensc-calls"), Some("4"));
    }
}

#[test]
fn only_what_a_second_try_may_cure_is_repeated() {
    use Kind::*;
    let kinds = [
        Invalid,
        NotYet,
        Loop,
        ContextLength,
        Limit,
        NoKey,
        Forbidden,
        NotFound,
        UnknownModel,
        WrongMethod,
        TooLarge,
        NotJson,
        Failed,
        Degraded,
        Busy,
        Unreachable,
        Overloaded,
        NotReady,
        Panicked,
    ];
    let statuses: Vec<u16> = kinds.iter().map(|kind| status::status(*kind).0.as_u16()).collect();
    let wanted =
        [400, 400, 400, 400, 400, 401, 403, 404, 404, 405, 413, 415, 424, 424, 429, 503, 503, 503, 500];
    assert_eq!(statuses, wanted);
}

#[test]
fn a_long_message_is_cut_between_characters() {
    let refusal = Refusal::new(Kind::Failed, "é".repeat(2000));
    let body = crate::serve::wire::error(&refusal, None);
    let json: serde_json::Value = serde_json::from_str(&body).expect("it is JSON");
    assert_eq!(json["error"]["message"].as_str().map(str::len), Some(2048));
}

#[tokio::test]
async fn a_panic_costs_one_request() {
    let answer = send(app_of(|| panic!("at the start")), chat(&ask(""), &[])).await;
    assert_eq!((answer.status, answer.header("x-should-retry")), (500, Some("false")));
    let in_run = || -> futures_util::stream::BoxStream<'static, _> {
        Box::pin(futures_util::stream::poll_fn(|_| panic!("in the middle")))
    };
    let answer = send(app_of(in_run), chat(&ask(""), &[])).await;
    assert_eq!((answer.status, answer.header("x-should-retry")), (500, Some("false")));
    let silent_end = send(app_of(|| events(Vec::new())), chat(&ask(""), &[])).await;
    assert_eq!(silent_end.status, 500);
}

#[tokio::test]
async fn routes_answer_what_they_are() {
    let post = |path: &str| chat("{}", &[]).replace("/v1/chat/completions", path);
    for (request, status) in [
        (get("/health"), 200),
        (get("/health/live"), 200),
        (get("/health/ready"), 503),
        (get("/v1/chat/completions"), 405),
        (get("/nothing"), 404),
        (get("/v1/nothing"), 404),
        (get("/v1/runs"), 200),
        (get("/v1/runs/run-1"), 404),
        (get("/v1/ensembles/opt-chat-balanced-m/plan"), 200),
        (get("/v1/ensembles/opt-chat-balanced-m"), 404),
        (get("/metrics"), 200),
        (post("/v1/embeddings"), 400),
        (post("/v1/responses"), 400),
        (post("/v1/models"), 400),
        (post("/health"), 405),
        (post("/elsewhere"), 404),
        (get("/health").replace("GET", "DELETE"), 405),
    ] {
        let answer = send(hello_app(), &request).await;
        assert_eq!(answer.status, status, "{request}");
        if status != 200 && status != 503 {
            assert!(answer.json()["error"]["message"].is_string());
        }
    }
    assert!(send(hello_app(), post("/v1/completions")).await.body.contains("not yet"));
}

#[tokio::test]
async fn a_probe_runs_nothing() {
    let (state, requests) = state_of(|| events(vec![done("hello")]), None);
    let state = Arc::new(state);
    let app = App::new(Arc::clone(&state), PORT);
    let probe = chat(&ask(r#""max_tokens":16"#), &["x-ensc-probe: 1"]);
    let early = send(app.clone(), &probe).await;
    assert_eq!((early.status, early.header("retry-after")), (503, Some("10")));
    state.health.ask().await;
    let answer = send(app.clone(), &probe).await;
    assert_eq!((answer.status, &answer.json()["ensc"]["probe"]), (200, &true.into()));
    assert_eq!(send(app, get("/health/ready")).await.status, 200);
    assert!(requests.lock().expect("no test panics here").is_empty());
}
