//! What a client may write into a head, and what becomes of it.

use std::sync::Arc;

use crate::run::ErrorKind;
use crate::serve::routes::App;

use super::kit::{PORT, app_of, ask, chat, done, events, failed, get, hello_app, send, state_of};

/// Behind LiteLLM a client can set any header of ours, by `headers` in its body. All that it wins is less.
#[tokio::test]
async fn markers_that_a_client_sets_run_nothing_and_hide_nothing() {
    let (state, requests) = state_of(|| events(vec![done("hello")]), None);
    let state = Arc::new(state);
    state.health.ask().await;
    let app = App::new(state, PORT);
    for (lines, status, is_probe, runs) in [
        (&["X-Ensc-Path: opt-a"][..], 400, false, 0),
        (&["x-ensc-path: ", "x-ensc-path: opt-a"], 400, false, 0),
        (&["x-ensc-path: opt-a", "x-ensc-path: "], 400, false, 0),
        (&["x-ensc-path: ,opt-a"], 400, false, 0),
        (&["x-ensc-path: opt-\u{e9}"], 400, false, 0),
        (&["x-ensc-path: \u{a0}"], 400, false, 0),
        (&["x-ensc-probe: 1", "x-ensc-path: opt-a"], 400, false, 0),
        (&["x-ensc-probe: 0"], 200, true, 0),
        (&["x-ensc-probe: "], 200, true, 0),
        (&["x-ensc-path: , "], 200, false, 1),
    ] {
        let answer = send(app.clone(), chat(&ask(""), lines)).await;
        assert_eq!(answer.status, status, "{lines:?}");
        assert_eq!(answer.json()["ensc"]["probe"] == true, is_probe, "{lines:?}");
        let ran = std::mem::take(&mut *requests.lock().expect("no test panics here")).len();
        assert_eq!(ran, runs, "{lines:?}");
    }
}

/// The markers are headers: what stands under their names in a body is a field that nobody knows.
#[tokio::test]
async fn markers_in_a_body_are_dropped() {
    let (state, requests) = state_of(|| events(vec![done("hello")]), None);
    let body = ask(r#""headers":{"x-ensc-path":"opt-a","x-ensc-probe":"1"},"x-ensc-path":"opt-a""#);
    let answer = send(App::new(Arc::new(state), PORT), chat(&body, &[])).await;
    assert_eq!((answer.status, &answer.json()["ensc"]["probe"]), (200, &serde_json::Value::Null));
    let requests = requests.lock().expect("no test panics here");
    assert_eq!(requests[0].ignored, ["headers", "x-ensc-path"]);
}

#[tokio::test]
async fn a_run_has_one_name_and_it_is_ours() {
    let theirs = [
        "x-request-id: theirs",
        "x-ensc-run: theirs",
        "x-litellm-call-id: theirs",
        "x-litellm-trace-id: theirs",
        "x-correlation-id: theirs",
    ];
    let broken = || app_of(|| events(vec![failed(ErrorKind::Failed)]));
    for (app, more, status) in
        [(hello_app(), "", 200), (hello_app(), r#""stream":true"#, 200), (broken(), "", 424)]
    {
        let answer = send(app, chat(&ask(more), &theirs)).await;
        assert_eq!(answer.status, status);
        let run = answer.header("x-request-id").expect("the libraries look for it");
        assert_eq!(answer.header("x-ensc-run"), Some(run));
        let number = run.strip_prefix("run-").expect("it begins so");
        assert!(number.len() == 16 && number.bytes().all(|byte| byte.is_ascii_hexdigit()), "{run}");
        assert!(!answer.head.contains("theirs") && !answer.body.contains("theirs"), "{answer:?}");
    }
    let refused = send(hello_app(), chat("{}", &theirs)).await;
    assert_eq!((refused.status, refused.header("x-request-id")), (400, None), "nothing ran");
}

/// Where a request ends is told in one way, or the request is refused: what follows it is not another one's.
#[tokio::test]
async fn a_request_has_one_end() {
    let body = ask("");
    let length = format!("content-length: {}\r\n", body.len());
    let base = chat(&body, &[]);
    let with = |lines: &str| base.replace(&length, lines);
    let chunked = |lines: &str| {
        let chunk = format!("\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        with(lines).replace(&format!("\r\n\r\n{body}"), &chunk)
    };
    for (request, status) in [
        (chunked("transfer-encoding: chunked\r\n"), 200),
        // The length is passed over.
        (chunked("content-length: 3\r\ntransfer-encoding: chunked\r\n"), 200),
        (chunked("transfer-encoding: chunked, identity\r\n"), 400),
        (chunked("transfer-encoding: gzip\r\n"), 400),
        (with(&format!("{length}content-length: 3\r\n")), 400),
        (with(&length.replace(": ", ": +")), 400),
        (with(&length.replace(": ", ": -")), 400),
        (with(&length.replace(':', " :")), 400),
        (with(&format!("{length}x-folded: a\r\n b\r\n")), 400),
        (with(&format!("{length}x-zero: a\0b\r\n")), 400),
        (with(&format!("{length}x-return: a\rb\r\n")), 400),
        (get("/health").replace("GET /health", "GET /health /v1/models"), 400),
        // Another protocol: closed without a word.
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 0),
    ] {
        assert_eq!(send(hello_app(), &request).await.status, status, "{request}");
    }
    let two = with(&length).replace("connection: close\r\n", "") + &get("/v1/models");
    let seen = send(hello_app(), two).await.body;
    assert_eq!(seen.matches("HTTP/1.1 200").count(), 1, "the one after it is answered by itself: {seen}");
}
