//! What goes in.

use std::sync::Arc;

use proptest::prelude::*;

use crate::run::span::Traceparent;
use crate::serve::limits::Allowed;
use crate::serve::load::Load;
use crate::serve::routes::App;
use crate::serve::wire::decode;
use crate::upstream::{MessageBody, Role};

use super::kit::{HANDLE, SELECTOR, ask, chat, done, events, get, hello_app, send, state_of};

/// The refusal's param and message; panics if the body is taken.
fn refused(body: &str) -> (Option<String>, String) {
    let refusal = decode(body.as_bytes(), &[]).expect_err(body);
    (refusal.param, refusal.message)
}

#[test]
fn what_is_wrong_with_a_question_is_named() {
    let with = |more: &str| ask(more);
    let messages = |list: &str| format!(r#"{{"model":"m","messages":{list}}}"#);
    let table: Vec<(String, Option<&str>)> = vec![
        ("".to_owned(), None),
        ("[]".to_owned(), None),
        (ask("") + "x", None),
        (r#"{"messages":[{"role":"user","content":"hi"}]}"#.to_owned(), Some("model")),
        (r#"{"model":"m"}"#.to_owned(), Some("messages")),
        (messages("[]"), Some("messages")),
        (messages("{}"), Some("messages")),
        (messages("\"hi\""), Some("messages")),
        (messages("7"), Some("messages")),
        (messages("[7]"), Some("messages[0]")),
        (messages(r#"[{"content":"hi"}]"#), Some("messages[0].role")),
        (messages(r#"[{"role":"function","content":"hi"}]"#), Some("messages[0].role")),
        (messages(r#"[{"role":"user"}]"#), Some("messages[0].content")),
        (messages(r#"[{"role":"user","content":7}]"#), Some("messages[0].content")),
        (messages(r#"[{"role":"user","content":{}}]"#), Some("messages[0].content")),
        (messages(r#"[{"role":"user","content":[{"text":"hi"}]}]"#), Some("messages[0].content[0].type")),
        (messages(r#"[{"role":"tool","content":"hi"}]"#), Some("messages[0].tool_call_id")),
        (with(r#""model":"other""#), Some("model")),
        (with(r#""messages":[]"#), Some("messages")),
        (with(r#""seed":1,"se\u0065d":2"#), Some("seed")),
        (with(r#""temperature":"hot""#), Some("temperature")),
        (with(r#""max_tokens":0"#), Some("max_tokens")),
        (with(r#""max_tokens":1.5"#), Some("max_tokens")),
        (with(r#""seed":[]"#), Some("seed")),
        (with(r#""stop":7"#), Some("stop")),
        (with(r#""tools":{}"#), Some("tools")),
        (with(r#""tools":[7]"#), Some("tools[0]")),
        (with(r#""tools":[{"type":"function"},{"function":{"name":"look"}}]"#), Some("tools[1].type")),
        (with(r#""tools":[{"type":7}]"#), Some("tools[0].type")),
        (with(r#""tools":[{"type":"function","t\u0079pe":"mcp"}]"#), Some("tools[0]")),
        (with(r#""stream":"yes""#), Some("stream")),
        (with(r#""stream_options":{"include_usage":1}"#), Some("stream_options.include_usage")),
        (with(r#""n":0"#), Some("n")),
        (with(r#""n":-2"#), Some("n")),
        (with(r#""n":9"#), Some("n")),
        (with(r#""n":2.5"#), Some("n")),
        (with(r#""n":"3""#), Some("n")),
        (with(r#""n":12345678901234567890"#), Some("n")),
        (with(r#""ensc":true"#), Some("ensc")),
        (with(r#""ensc":{"strict":1}"#), Some("ensc.strict")),
        (with(r#""ensc":{"strikt":true}"#), Some("ensc.strikt")),
    ];
    for (body, param) in table {
        assert_eq!(refused(&body).0.as_deref(), param, "{body}");
    }
}

/// LiteLLM looks up and runs tools of its MCP servers where it finds them in a call, and providers their own.
#[test]
fn no_tool_is_taken_that_another_than_the_client_would_run() {
    let words = "`tools[1].type` must be \"function\" or \"custom\": tools are run by the client, none is run here or \
                 behind this daemon";
    let with =
        |more: &str| ask(&format!(r#""tools":[{{"type":"function","function":{{"name":"look"}}}},{more}]"#));
    for tool in [
        r#"{"type":"mcp","server_url":"litellm_proxy","require_approval":"never"}"#,
        r#"{"type":"mcp","server_label":"notes","server_url":"http://127.0.0.1:4000/mcp/notes"}"#,
        r#"{"type":"m\u0063p","server_url":"litellm_proxy/mcp/notes"}"#,
        r#"{"type":"web_search"}"#,
        r#"{"type":"code_interpreter","container":{"type":"auto"}}"#,
        r#"{"type":"MCP"}"#,
        r#"{"type":""}"#,
    ] {
        assert_eq!(refused(&with(tool)), (Some("tools[1].type".to_owned()), words.to_owned()), "{tool}");
    }
    let own = with(r#"{"type":"custom","custom":{"name":"shell"}}"#);
    assert_eq!(decode(own.as_bytes(), &[]).expect("a tool of the client").fields.len(), 1);
}

#[test]
fn choices_are_counted_from_one_to_eight() {
    for (more, choices) in [("", 1), (r#""n":null"#, 1), (r#""n":1"#, 1), (r#""n":8"#, 8)] {
        let question = decode(ask(more).as_bytes(), &[]).expect("it is well formed");
        assert_eq!((question.choices, question.fields.len()), (choices, 0), "{more}");
    }
    let words = "`n` must be a whole number from 1 to 8".to_owned();
    assert_eq!(refused(&ask(r#""n":9"#)), (Some("n".to_owned()), words));
}

#[test]
fn depth_and_width_have_limits() {
    let nested = |depth: usize| ask(&format!(r#""stop":{}{}"#, "[".repeat(depth), "]".repeat(depth)));
    assert!(decode(nested(127).as_bytes(), &[]).is_ok());
    assert!(refused(&nested(128)).1.contains("128 levels"));
    let brackets_in_text = ask(&format!(r#""user":"\"{}""#, "[".repeat(500)));
    assert!(decode(brackets_in_text.as_bytes(), &[]).is_ok());
    let wide: Vec<String> = (0..200).map(|n| format!(r#""f{n}":1"#)).collect();
    assert!(decode(ask(&wide.join(",")).as_bytes(), &[]).is_err());
}

#[test]
fn a_message_keeps_its_bytes_and_gives_its_text() {
    let parts = r#"{"role":"user", "content":[{"type":"text","text":"a\nb"},{"type":"image_url","image_url":{"url":"x"}},{"type":"text","text":"c"},{"type":"file","file":{}}],"name":"n"}"#;
    let called = r#"{"role":"assistant","content":null,"tool_calls":[{"id":"1"}]}"#;
    let body = format!(r#"{{"messages":[{parts},{called}],"model":"m"}}"#);
    let question = decode(body.as_bytes(), &[]).expect("it is well formed");
    let [user, assistant] = &question.messages[..] else { panic!("two messages") };
    assert_eq!((user.role, &*user.text, user.images), (Role::User, "a\nb\nc", 1));
    assert_eq!((assistant.role, &*assistant.text), (Role::Assistant, ""));
    for (message, bytes) in [(user, parts), (assistant, called)] {
        let MessageBody::Raw(raw) = &message.body else { panic!("the client's own") };
        assert_eq!(raw.get(), bytes);
    }
}

#[test]
fn fields_pass_are_dropped_or_are_ours() {
    let more = r#""temperature":0.20,"seed":null,"extra_body":{"fallbacks":[]},"headers":{},"odd name":1,"stream":true,
        "stream_options":{"include_usage":true,"include_obfuscation":false},"n":1,"ensc":{"strict":true,"progress":false}"#;
    let question = decode(ask(more).as_bytes(), &[]).expect("it is well formed");
    let fields: Vec<(&str, &str)> =
        question.fields.iter().map(|(name, value)| (name.as_str(), value.get())).collect();
    assert_eq!(fields, [("temperature", "0.20")]);
    assert_eq!(question.ignored, ["extra_body", "headers", "odd?name", "stream_options.include_obfuscation"]);
    assert!(question.stream && question.include_usage && question.strict);
}

/// Looked at as a technique and a handle at each dash, it would take days.
#[tokio::test]
async fn a_name_of_many_dashes_is_unknown_at_once() {
    let answer = send(hello_app(), chat(&ask("").replace(HANDLE, &"-".repeat(8 << 20)), &[])).await;
    assert_eq!((answer.status, answer.error().1.as_str()), (404, "model_not_found"));
}

#[tokio::test]
async fn handles_and_selectors_are_models_and_others_are_not() {
    for (model, status) in [(HANDLE, 200), (SELECTOR, 200), ("opt-chat-balanced-n", 404), ("gpt 4\\n", 404)] {
        let answer = send(hello_app(), chat(&ask("").replace(HANDLE, model), &[])).await;
        assert_eq!(answer.status, status, "{model}");
    }
    let answer = send(hello_app(), chat(&ask("").replace(HANDLE, "opt-chat-balanced-n"), &[])).await;
    assert_eq!(answer.error(), (Some("model".to_owned()), "model_not_found".to_owned()));
    assert!(answer.body.contains("did you mean `opt-chat-balanced-m`?"), "{}", answer.body);
}

#[tokio::test]
async fn a_run_gets_the_request_as_it_was_checked() {
    let (state, requests) = state_of(|| events(vec![done("hello")]), None);
    let app = App::new(Arc::new(state), super::kit::PORT);
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let headers = ["x-stainless-read-timeout: 62.0", &format!("traceparent: {trace}")];
    let answer = send(app, chat(&ask(r#""ensc":{"strict":true},"tags":[]"#), &headers)).await;
    assert_eq!(answer.status, 200);
    let requests = requests.lock().expect("no test panics here");
    let [request] = &requests[..] else { panic!("one run") };
    assert_eq!(request.patience, Some(std::time::Duration::from_secs(60)));
    assert_eq!(request.traceparent, Some(Traceparent::AsItCame(trace.to_owned())));
    assert_eq!(
        (request.strict, request.stream, &request.ignored[..]),
        (true, false, &["tags".to_owned()][..])
    );
    assert_eq!(Some(request.run.as_ref()), answer.header("x-ensc-run"));
}

#[tokio::test]
async fn a_run_knows_how_long_either_library_waits() {
    let seconds = |s| Some(std::time::Duration::from_secs(s));
    for (headers, patience) in [
        (&["x-stainless-read-timeout: 62.0"][..], seconds(60)),
        (&["x-stainless-timeout: 62"], seconds(60)),
        (
            &["x-stainless-timeout: 62", "x-stainless-read-timeout: 12.5"],
            Some(std::time::Duration::from_millis(10_500)),
        ),
        (&["x-stainless-timeout: 1"], seconds(0)),
        (&["x-stainless-timeout: soon"], None),
        (&[], None),
    ] {
        let (state, requests) = state_of(|| events(vec![done("hello")]), None);
        let app = App::new(Arc::new(state), super::kit::PORT);
        assert_eq!(send(app, chat(&ask(""), headers)).await.status, 200);
        let requests = requests.lock().expect("no test panics here");
        assert_eq!(requests[0].patience, patience, "{headers:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_over_the_limit_is_413_whether_announced_or_not() {
    let most = Allowed::default().body;
    let announced = chat("", &[]).replace("content-length: 0", &format!("content-length: {}", most + 1));
    assert_eq!(send(hello_app(), announced).await.error().1, "body_too_large");

    let piece = move || Ok::<_, std::io::Error>(bytes::Bytes::from(vec![b' '; most / 2 + 1]));
    let body = axum::body::Body::from_stream(futures_util::stream::iter([piece(), piece()]));
    let load = Load::default();
    let refusal = crate::serve::body::read(body, &load).await.map(|_| ()).expect_err("too large");
    assert_eq!(refusal.kind, crate::serve::errors::Kind::TooLarge);
}

#[tokio::test]
async fn bodies_share_one_limit_and_give_it_back() {
    let load = Load::new(Allowed { bodies: 4096, ..Allowed::default() });
    let read = |size: usize| crate::serve::body::read(axum::body::Body::from(vec![b' '; size]), &load);
    let first = read(3000).await.expect("there is room");
    assert!(read(3000).await.is_err());
    drop(first);
    assert!(read(3000).await.is_ok());
}

#[tokio::test]
async fn models_come_from_memory() {
    let answer = send(hello_app(), get("/v1/models")).await;
    let model = &answer.json()["data"][0];
    assert_eq!(model["id"], HANDLE);
    assert_eq!(model["aliases"][0], SELECTOR);
    assert_eq!(model["technique"], "moa");
    assert_eq!(model["members"], serde_json::json!(["mlx-one", "mlx-two"]));
    assert_eq!(model["bounds"]["calls"], 4);
    // No model writes this plan's reply: it may be as long as what came in.
    assert_eq!(model["max_output_tokens"], 100_000);
    assert_eq!(model["context_length"], 200_000);
    assert_eq!(model["created"], 1_600_000_000);
    let by_selector = send(hello_app(), get(&format!("/v1/models/{SELECTOR}"))).await;
    assert_eq!(by_selector.json()["id"], HANDLE);
    assert_eq!(send(hello_app(), get("/v1/models/none")).await.error().1, "model_not_found");
}

proptest! {
    #[test]
    fn no_body_makes_the_reader_panic(noise in proptest::collection::vec(any::<u8>(), 0..8), at in 0_usize..80) {
        let mut body = ask(r#""n":1,"stop":["a\"\\"],"ensc":{"strict":true}"#).into_bytes();
        let at = at.min(body.len());
        body.splice(at..(at + noise.len() / 2).min(body.len()), noise);
        let _ = decode(&body, &[]);
    }
}
