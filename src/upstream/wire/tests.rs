use std::time::Duration;

use serde_json::Value;

use super::*;
use crate::upstream::{Attribution, Call, Message, MessageBody, Role};

fn raw(json: &str) -> Arc<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap().into()
}

fn call(stream: bool) -> Call {
    let raw_message = Message {
        role: Role::User,
        text: "hi".into(),
        body: MessageBody::Raw(raw(r#"{ "role":"user",  "content":"hi", "x" : [1.0] }"#)),
        images: 0,
    };
    Call {
        model: "mlx-a".into(),
        stream,
        messages: vec![Message::ours(Role::System, "be \"brief\"\n\u{1F980}"), raw_message],
        fields: vec![("temperature".into(), raw("0.10")), ("stop".into(), raw("[ \"x\" ]"))],
        timeout: Duration::from_millis(90_500),
        attribution: Attribution { handle: "opt-a".into(), ..Attribution::default() },
    }
}

fn read<T>(read: Read<T>) -> T {
    match read {
        Read::Answer(answer) => answer,
        Read::Error(said) => panic!("an error: {said:?}"),
        Read::Garbage(why) => panic!("garbage: {why}"),
    }
}

fn whole(message: &str) -> Completion {
    read(completion(format!(r#"{{"choices":[{{"message":{message}}}]}}"#).as_bytes()))
}

fn delta(delta: &str) -> Delta {
    read(chunk(format!(r#"{{"choices":[{{"delta":{delta}}}]}}"#).as_bytes()))
}

#[test]
fn a_body_holds_the_client_s_bytes_and_our_fields() {
    let body = encode(&call(true));
    assert_eq!(
        std::str::from_utf8(&body).unwrap(),
        concat!(
            r#"{"model":"mlx-a","messages":[{"role":"system","content":"be \"brief\"\n"#,
            "\u{1F980}",
            r#""},{ "role":"user",  "content":"hi", "x" : [1.0] }],"temperature":0.10,"stop":[ "x" ],"#,
            r#""stream":true,"stream_options":{"include_usage":true},"num_retries":0,"timeout":90.500,"#,
            r#""disable_fallbacks":true,"headers":{"x-ensc-path":"opt-a"}}"#
        )
    );
}

#[test]
fn a_call_that_is_not_streamed_says_nothing_of_streams() {
    let body: Value = serde_json::from_slice(&encode(&call(false))).unwrap();
    assert_eq!(body.get("stream"), None);
    assert_eq!(body.get("stream_options"), None);
    assert_eq!(body["num_retries"], 0);
}

#[test]
fn timeouts_are_seconds_and_never_nothing() {
    for (millis, text) in [(0, "0.001"), (1, "0.001"), (30_000, "30"), (1_250, "1.250"), (3_600_000, "3600")]
    {
        let call = Call { timeout: Duration::from_millis(millis), ..call(false) };
        let body = encode(&call);
        let body = std::str::from_utf8(&body).unwrap();
        assert!(body.contains(&format!(r#""timeout":{text},"#)), "{body}");
    }
}

#[test]
#[should_panic(expected = "the request field `headers` is ours alone")]
fn a_field_that_is_ours_is_not_encoded() {
    let _ = encode(&Call { fields: vec![("headers".into(), raw("{}"))], ..call(false) });
}

#[test]
fn the_lists_of_fields_are_sorted_and_apart() {
    assert!(FIELDS_ALLOWED.is_sorted() && FIELDS_RESERVED.is_sorted());
    for name in
        ["temperature", "tools", "top_k", "min_p", "repetition_penalty", "chat_template_kwargs", "user"]
    {
        assert!(is_allowed(name), "{name}");
    }
    for name in
        ["headers", "extra_headers", "extra_body", "fallbacks", "num_retries", "timeout", "tags", "metadata"]
    {
        assert!(!is_allowed(name) && is_reserved(name), "{name}");
    }
    assert!(FIELDS_ALLOWED.iter().all(|name| !is_reserved(name)));
    assert!(!is_allowed("n") && !is_allowed("anything"));
}

#[test]
fn a_whole_answer_is_read() {
    let body = br#"{"id":"x","object":"chat.completion","created":1,"model":"m","unknown":[1],
        "choices":[{"index":0,"finish_reason":"length","logprobs":{"content": []},
        "message":{"role":"assistant","content":"hi","reasoning_content":"hm","annotations":[ {"a":1} ],"refusal":null}}],
        "usage":{"prompt_tokens":3,"completion_tokens":5,"total_tokens":8,
        "completion_tokens_details":{"reasoning_tokens":2,"x":null},"prompt_tokens_details":{"cached_tokens":1}}}"#;
    let answer = read(completion(body));
    assert_eq!(
        (answer.text.as_str(), answer.reasoning.as_str(), answer.finish_reason.as_str()),
        ("hi", "hm", "length")
    );
    let usage = Usage { prompt_tokens: 3, completion_tokens: 5, reasoning_tokens: 2, cached_tokens: 1 };
    assert_eq!(answer.usage, Some(usage));
    assert_eq!(answer.logprobs.unwrap().get(), r#"{"content": []}"#);
    let extra: Vec<_> = answer.extra.iter().map(|(name, value)| (name.as_str(), value.get())).collect();
    assert_eq!(extra, [("annotations", r#"[ {"a":1} ]"#)]);
}

#[test]
fn text_is_found_in_whatever_form_it_comes() {
    for (message, text) in [
        (r#"{"content":"a"}"#, "a"),
        (r#"{"content":null}"#, ""),
        (r"{}", ""),
        (r#"{"content":[{"type":"text","text":"a"},{"type":"image_url"},"b"]}"#, "ab"),
        (r#"{"content":12}"#, "12"),
        (r#"{"content":"\ud83e\udd80"}"#, "\u{1F980}"),
        (r#"{"content":"x\ud800y"}"#, "x\u{FFFD}y"),
        (r#"{"content":"\udc00\ud83e\udd80\ud83e"}"#, "\u{FFFD}\u{1F980}\u{FFFD}"),
        (r#"{"content":"\\ud800 \"\\\\\ud800"}"#, "\\ud800 \"\\\\\u{FFFD}"),
    ] {
        assert_eq!(whole(message).text, text, "{message}");
        assert_eq!(delta(message).text, text, "{message}");
    }
}

#[test]
fn invalid_bytes_become_replacement_characters() {
    let answer = read(completion(b"{\"choices\":[{\"message\":{\"content\":\"a\xFFb\"}}]}"));
    assert_eq!(answer.text, "a\u{FFFD}b");
}

#[test]
fn reasoning_has_two_names_and_the_first_that_says_something_counts() {
    for (message, reasoning) in [
        (r#"{"reasoning_content":"a"}"#, "a"),
        (r#"{"reasoning":"a"}"#, "a"),
        (r#"{"reasoning":null,"reasoning_content":"a"}"#, "a"),
        (r#"{"reasoning":"a","reasoning_content":"a"}"#, "a"),
        (r#"{"reasoning":{"effort":"high"}}"#, ""),
    ] {
        assert_eq!(whole(message).reasoning, reasoning, "{message}");
    }
}

#[test]
fn a_finish_that_is_not_said_is_a_finish_all_the_same() {
    for (choice, finish) in [
        (r#"{"message":{"content":"a"}}"#, "stop"),
        (r#"{"message":{"content":"a"},"finish_reason":null}"#, "stop"),
        (r#"{"message":{"content":"a"},"finish_reason":""}"#, "stop"),
        (r#"{"message":{"tool_calls":[{"function":{"name":"f"}}]},"finish_reason":null}"#, "tool_calls"),
        (r#"{"message":{"content":"a"},"finish_reason":"eos"}"#, "eos"),
    ] {
        let answer = read(completion(format!(r#"{{"choices":[{choice}]}}"#).as_bytes()));
        assert_eq!(answer.finish_reason, finish, "{choice}");
    }
    assert_eq!(delta(r#"{"content":"a"}"#).finish_reason, None);
}

#[test]
fn tool_calls_are_read_with_parts_missing() {
    let answer = whole(
        r#"{"content":null,"tool_calls":[
            {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},
            {"function":{"name":"g","arguments":{"b":2}}},
            {"id":null,"function":null}]}"#,
    );
    let call = |id: &str, name: &str, arguments: &str| ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
    };
    assert_eq!(
        answer.tool_calls,
        [call("c1", "f", r#"{"a":1}"#), call("", "g", r#"{"b":2}"#), call("", "", "")]
    );
    assert!(whole(r#"{"tool_calls":null}"#).tool_calls.is_empty());
}

#[test]
fn tool_deltas_without_an_index_stand_in_their_order() {
    let pieces = delta(
        r#"{"tool_calls":[{"id":"c1","function":{"name":"f"}},{"index":4,"function":{"arguments":"{"}},{"index":null,"id":""}]}"#,
    )
    .tool_calls;
    let piece = |index, id: Option<&str>, name: Option<&str>, arguments: &str| ToolCallDelta {
        index,
        id: id.map(Into::into),
        name: name.map(Into::into),
        arguments: arguments.into(),
    };
    assert_eq!(
        pieces,
        [piece(0, Some("c1"), Some("f"), ""), piece(4, None, None, "{"), piece(2, None, None, "")]
    );
}

#[test]
fn usage_that_says_nothing_is_no_usage() {
    for usage in
        ["null", "{}", "[]", "12", r#""x""#, r#"{"prompt_tokens":null}"#, r#"{"prompt_tokens":"many"}"#]
    {
        let body = format!(r#"{{"choices":[{{"message":{{"content":"a"}}}}],"usage":{usage}}}"#);
        assert_eq!(read(completion(body.as_bytes())).usage, None, "{usage}");
    }
    let odd = r#"{"prompt_tokens":3.0,"completion_tokens":-1,"completion_tokens_details":[],"prompt_tokens_details":null}"#;
    let body = format!(r#"{{"choices":[],"usage":{odd}}}"#);
    assert_eq!(read(chunk(body.as_bytes())).usage, Some(Usage { prompt_tokens: 3, ..Usage::default() }));
}

#[test]
fn chunks_of_other_choices_and_of_none_are_empty() {
    for body in [
        r#"{"choices":[]}"#,
        r#"{"choices":null}"#,
        "{}",
        r#"{"choices":[{"index":1,"delta":{"content":"b"},"finish_reason":"stop"}]}"#,
        r#"{"choices":[{"index":0,"delta":null}]}"#,
        r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":null,"function_call":null}}]}"#,
    ] {
        let delta = read(chunk(body.as_bytes()));
        assert_eq!((delta.text.as_str(), delta.finish_reason, delta.extra.len()), ("", None, 0), "{body}");
    }
}

#[test]
fn what_is_not_an_answer_is_garbage() {
    for body in [
        "",
        "<html>",
        "null",
        "[]",
        r#"{"choices":[]}"#,
        r#"{"choices":"x"}"#,
        r#"{"choices":[{}]}"#,
        r#"{"choices":[{"message":"hi"}]}"#,
        r#"{"choices":[{"message":{"content":"a"}}]} trailing"#,
        r#"{"choices":[{"message":{"content":"a"#,
    ] {
        assert!(matches!(completion(body.as_bytes()), Read::Garbage(_)), "{body}");
    }
    let deep = format!("{}{}", r#"{"choices":["#.repeat(5000), "]}".repeat(5000));
    assert!(matches!(completion(deep.as_bytes()), Read::Garbage(_)));
}

#[test]
fn errors_are_read_in_their_several_forms() {
    let said = |message: &str, kind: &str, code: &str| Said {
        message: message.into(),
        kind: kind.into(),
        code: code.into(),
    };
    for (body, expected) in [
        (r#"{"error":{"message":"m","type":"t","param":null,"code":"429"}}"#, said("m", "t", "429")),
        (r#"{"error":{"message":"m","type":null,"code":500},"choices":[]}"#, said("m", "", "500")),
        (r#"{"error":"m"}"#, said("m", "", "")),
        (r#"{"object":"error","message":"m","code":400}"#, said("m", "", "400")),
        (r#"{"detail":"m"}"#, said("m", "", "")),
        (r#"{"error":{"message":"x\ud800"}}"#, said("x\u{FFFD}", "", "")),
    ] {
        assert_eq!(error(body.as_bytes()), Some(expected), "{body}");
        assert!(matches!(completion(body.as_bytes()), Read::Error(_)), "{body}");
        assert!(matches!(chunk(body.as_bytes()), Read::Error(_)), "{body}");
    }
    let fine = r#"{"error":null,"choices":[{"message":{"content":"a"}}]}"#;
    assert_eq!(error(fine.as_bytes()), None);
    assert_eq!(read(completion(fine.as_bytes())).text, "a");
}

#[test]
fn a_list_of_models_is_its_names() {
    let list = br#"{"object":"list","data":[{"id":"b","object":"model"},{"id":"a"}]}"#;
    assert_eq!(models(list), Some(vec!["b".to_owned(), "a".to_owned()]));
    assert_eq!(models(b"{}"), None);
}
