//! What comes out when it is streamed.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::run::{ErrorKind, Event};
use crate::serve::routes::App;
use crate::upstream::{Completion, Delta};

use super::kit::{
    Answer, app_of, ask, chat, done, done_with_all, events, failed, live, parse, said, send, talk, text, tool,
};

fn question() -> String {
    chat(&ask(r#""stream":true"#), &[])
}

fn json_of(data: &str) -> Value {
    serde_json::from_str(data).unwrap_or_else(|_| panic!("not JSON: {data}"))
}

fn deltas(answer: &Answer) -> Vec<Value> {
    let chunks = answer.data();
    let chunks = chunks.iter().filter(|data| *data != "[DONE]").map(|data| json_of(data));
    chunks.map(|chunk| chunk["choices"][0]["delta"].clone()).collect()
}

/// Reads until `wanted` was seen; the whole so far.
async fn read_until(io: &mut DuplexStream, seen: &mut String, wanted: &str) {
    while !seen.contains(wanted) {
        let mut piece = [0; 4096];
        let count = io.read(&mut piece).await.expect("the connection stands");
        assert!(count > 0, "ended before {wanted}: {seen}");
        seen.push_str(&String::from_utf8_lossy(&piece[..count]));
    }
}

async fn streaming<T>(app: App, client: impl AsyncFnOnce(DuplexStream) -> T) -> T {
    talk(app, async |mut io: DuplexStream| {
        io.write_all(question().as_bytes()).await.expect("the connection takes the request");
        client(io).await
    })
    .await
}

#[tokio::test]
async fn a_stream_is_role_text_receipt_finish_done() {
    let answer = send(app_of(|| events(vec![text("hel"), text("lo"), done("hello")])), question()).await;
    assert_eq!(answer.header("content-type"), Some("text/event-stream; charset=utf-8"));
    assert!(answer.header("x-ensc-run").is_some());
    let data = answer.data();
    let [role, said, receipt, finish, end] = &data[..] else { panic!("five events: {data:?}") };
    assert_eq!(json_of(role)["choices"][0]["delta"], json!({"role": "assistant", "content": ""}));
    assert_eq!(json_of(said)["choices"][0]["delta"], json!({"content": "hello"}));
    let receipt = json_of(receipt);
    assert_eq!(receipt["choices"][0]["delta"]["provider_specific_fields"]["ensc"], receipt["ensc"]);
    assert_eq!(receipt["ensc"]["totals"]["calls"], 4);
    let finish = json_of(finish);
    assert_eq!(
        (&finish["choices"][0]["finish_reason"], &finish["usage"]["total_tokens"]),
        (&"stop".into(), &100.into())
    );
    assert_eq!(end, "[DONE]");
    for chunk in &data[..4] {
        let chunk = json_of(chunk);
        assert_eq!(
            (&chunk["object"], &chunk["id"]),
            (&"chat.completion.chunk".into(), &answer.header("x-ensc-run").into())
        );
    }
}

#[tokio::test]
async fn the_usage_chunk_comes_only_when_asked_for() {
    let asked = ask(r#""stream":true,"stream_options":{"include_usage":true}"#);
    let answer = send(app_of(|| events(vec![text("hello"), done("hello")])), chat(&asked, &[])).await;
    let data = answer.data();
    let usage = json_of(&data[data.len() - 2]);
    assert_eq!((&usage["choices"], &usage["usage"]["prompt_tokens"]), (&json!([]), &70.into()));
}

#[tokio::test]
async fn a_token_is_there_before_the_next_is_made() {
    let (sender, script) = live();
    streaming(app_of(script), async |mut io: DuplexStream| {
        let mut seen = String::new();
        // The head and the role are there before the run has said anything.
        read_until(&mut io, &mut seen, r#""role":"assistant""#).await;
        for word in ["one", "two", "three"] {
            sender.send(text(word)).expect("the run is alive");
            read_until(&mut io, &mut seen, &format!(r#"{{"content":"{word}"}}"#)).await;
        }
        sender.send(done("onetwothree")).expect("the run is alive");
        read_until(&mut io, &mut seen, "data: [DONE]\n\n").await;
    })
    .await;
}

#[tokio::test]
async fn deltas_that_wait_are_joined_where_nothing_is_lost() {
    let reasoning = |said: &str| Event::Delta {
        choice: 0,
        delta: Delta { reasoning: said.to_owned(), ..Delta::default() },
    };
    let script = move || {
        events(vec![
            reasoning("be"),
            reasoning("cause"),
            text("a"),
            Event::Delta { choice: 0, delta: Delta::default() },
            text("b"),
            tool(0, Some("c0"), "{"),
            tool(0, None, "}"),
            tool(1, Some("c1"), "["),
            tool(1, None, "]"),
            text("c"),
            done("abc"),
        ])
    };
    let answer = send(app_of(script), question()).await;
    let call = |index: u32, id: &str, arguments: &str| {
        json!({"tool_calls": [{"index": index, "id": id, "type": "function",
        "function": {"name": "look", "arguments": arguments}}]})
    };
    let wanted = [
        json!({"role": "assistant", "content": ""}),
        json!({"reasoning_content": "because"}),
        json!({"content": "ab"}),
        call(0, "c0", "{}"),
        call(1, "c1", "[]"),
        json!({"content": "c"}),
    ];
    assert_eq!(deltas(&answer)[..6], wanted);
}

/// Index and delta, or finish, of each chunk; the receipt by its name.
fn told(answer: &Answer) -> Vec<String> {
    let chunks = answer.data();
    let chunks = chunks.iter().filter(|data| *data != "[DONE]").map(|data| json_of(data));
    let told = |chunk: Value| {
        let choice = &chunk["choices"][0];
        let usage = if chunk["usage"].is_null() { "" } else { " with usage" };
        match (choice["finish_reason"].as_str(), &choice["delta"]) {
            (Some(reason), _) => format!("{} {reason}{usage}", choice["index"]),
            (None, delta) if !delta["role"].is_null() => format!("{} role", choice["index"]),
            (None, delta) if !delta["content"].is_null() => {
                format!("{} {}", choice["index"], delta["content"])
            }
            _ => format!("receipt{usage}"),
        }
    };
    chunks.map(told).collect()
}

#[tokio::test]
async fn choices_are_told_apart_by_their_index() {
    let whole = |text: &str| Completion {
        text: text.to_owned(),
        finish_reason: "stop".to_owned(),
        ..Completion::default()
    };
    // The third broke off; the fourth did not stream.
    let script = move || {
        events(vec![
            said(0, "a"),
            said(1, "x"),
            said(1, "y"),
            said(2, "half"),
            said(0, "b"),
            done_with_all([(0, whole("ab")), (1, whole("xy")), (3, whole("text"))]),
        ])
    };
    let answer = send(app_of(script), chat(&ask(r#""stream":true,"n":4"#), &[])).await;
    let wanted = [
        "0 role",
        "0 \"a\"",
        "1 role",
        "1 \"xy\"",
        "2 role",
        "2 \"half\"",
        "0 \"b\"",
        "3 role",
        "3 \"text\"",
        "receipt",
        "0 stop",
        "1 stop",
        "3 stop with usage",
    ];
    assert_eq!(told(&answer), wanted);
    assert_eq!(answer.data().last().map(String::as_str), Some("[DONE]"));
}

#[tokio::test]
async fn an_answer_of_which_no_delta_came_comes_in_one_piece() {
    let answer = send(app_of(|| events(vec![done("hello")])), question()).await;
    assert_eq!(deltas(&answer)[1], json!({"content": "hello"}));
}

#[tokio::test]
async fn a_failure_is_an_error_event_and_no_done() {
    for before in [vec![], vec![text("hel")]] {
        let (sender, script) = live();
        let count = before.len();
        for event in before.into_iter().chain([failed(ErrorKind::Failed)]) {
            sender.send(event).expect("the run is alive");
        }
        let answer = send(app_of(script), question()).await;
        let data = answer.data();
        assert_eq!((answer.status, data.len()), (200, 2 + count));
        let last = json_of(&data[data.len() - 1]);
        assert_eq!(
            (&last["error"]["code"], &last["ensc"]["totals"]["calls"]),
            (&"ensemble_failed".into(), &4.into())
        );
    }
}

#[tokio::test]
async fn a_panic_in_mid_stream_is_an_error_event() {
    let script = || -> futures_util::stream::BoxStream<'static, Event> {
        let mut said = false;
        Box::pin(futures_util::stream::poll_fn(move |_| {
            assert!(!std::mem::replace(&mut said, true), "the bug");
            std::task::Poll::Ready(Some(text("hel")))
        }))
    };
    let answer = send(app_of(script), question()).await;
    let data = answer.data();
    assert_eq!(json_of(&data[1])["choices"][0]["delta"]["content"], "hel");
    assert_eq!(json_of(&data[2])["error"]["code"], "internal_error");
    assert_eq!(data.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn silence_is_broken_every_five_seconds_and_never_inside_an_event() {
    let (sender, script) = live();
    streaming(app_of(script), async |mut io: DuplexStream| {
        let mut seen = String::new();
        let began = tokio::time::Instant::now();
        read_until(&mut io, &mut seen, ": still at work\n\n").await;
        assert_eq!(began.elapsed().as_secs(), 5);
        tokio::time::sleep(Duration::from_secs(3)).await;
        sender.send(text("one")).expect("the run is alive");
        read_until(&mut io, &mut seen, "one").await;
        seen.clear();
        // Five seconds after the token, not after the last comment.
        read_until(&mut io, &mut seen, ": still at work\n\n").await;
        assert_eq!(began.elapsed().as_secs(), 13);
        sender.send(done("one")).expect("the run is alive");
        read_until(&mut io, &mut seen, "[DONE]\n\n").await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn every_heartbeat_stands_between_events() {
    let (sender, script) = live();
    let answer = streaming(app_of(script), async |mut io: DuplexStream| {
        let mut bytes = String::new();
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(2_600)).await;
            if fastrand::bool() {
                sender.send(text("x")).expect("the run is alive");
            }
        }
        sender.send(done("x")).expect("the run is alive");
        io.read_to_string(&mut bytes).await.expect("the connection ends in order");
        parse(&bytes)
    })
    .await;
    for event in answer.body.split_terminator("\n\n") {
        let whole = event == ": still at work"
            || event.strip_prefix("data: ").is_some_and(|data| data == "[DONE]" || json_of(data).is_object());
        assert!(whole, "{event}");
    }
}
