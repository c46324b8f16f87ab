use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout};

use super::*;
use crate::upstream::{Attribution, Completion, Delta, Message, Role, Usage};

/// A question to a model, with fields in JSON.
pub(in crate::upstream) fn question(model: &str, stream: bool, fields: &[(&str, &str)]) -> Arc<Call> {
    let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap().into();
    Arc::new(Call {
        model: model.into(),
        stream,
        messages: vec![Message::ours(Role::User, "why is the sky blue?")],
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), raw(value))).collect(),
        timeout: Duration::from_secs(60),
        attribution: Attribution {
            handle: "opt-a".into(),
            run: "run-1".into(),
            step: "drafts[0]".into(),
            traceparent: None,
        },
    })
}

/// What came of a call: the whole answer, or the deltas until the end or an error.
pub(in crate::upstream) async fn outcome(
    upstream: &impl Upstream,
    call: Arc<Call>,
) -> (Completion, Option<CallError>) {
    let mut sum = Completion::default();
    match upstream.start(call).await {
        Err(error) => return (sum, Some(error)),
        Ok(Incoming::Whole(answer)) => return (*answer, None),
        Ok(Incoming::Stream(mut deltas)) => {
            while let Some(delta) = deltas.next().await {
                match delta {
                    Ok(delta) => add(&mut sum, delta),
                    Err(error) => return (sum, Some(error)),
                }
            }
        }
    }
    (sum, None)
}

fn add(sum: &mut Completion, delta: Delta) {
    sum.text += &delta.text;
    sum.reasoning += &delta.reasoning;
    for piece in delta.tool_calls {
        let index = piece.index as usize;
        sum.tool_calls.resize_with(sum.tool_calls.len().max(index + 1), Default::default);
        let call = &mut sum.tool_calls[index];
        call.id += &piece.id.unwrap_or_default();
        call.name += &piece.name.unwrap_or_default();
        call.arguments += &piece.arguments;
    }
    sum.finish_reason = delta.finish_reason.unwrap_or_default();
    sum.usage = delta.usage.or(sum.usage);
}

fn scripted(script: &str) -> SimUpstream {
    SimUpstream::new(Sim::new(vec![], script.parse().unwrap()))
}

async fn whole(upstream: &SimUpstream, model: &str, fields: &[(&str, &str)]) -> Completion {
    let (answer, error) = outcome(upstream, question(model, false, fields)).await;
    assert_eq!(error, None);
    answer
}

#[tokio::test(start_paused = true)]
async fn answers_say_that_they_are_simulated_and_are_the_same_every_time() {
    let upstream = SimUpstream::default();
    let first = whole(&upstream, "mlx-a", &[]).await;
    assert!(first.text.starts_with("[simulated mlx-a] "), "{}", first.text);
    assert!(first.text.contains("why is the sky blue?"), "{}", first.text);
    assert_eq!(first.text, whole(&SimUpstream::default(), "mlx-a", &[]).await.text);
    assert_ne!(first.text, whole(&upstream, "mlx-b", &[]).await.text);
    assert_eq!(first.usage.unwrap().prompt_tokens, 5, "20 characters");
    assert_eq!(first.usage.unwrap().completion_tokens, (first.text.chars().count() as u64).div_ceil(4));
    assert_eq!(first.finish_reason, "stop");
}

#[tokio::test(start_paused = true)]
async fn a_stream_adds_up_to_the_whole_answer() {
    let script = r#"
        [model.think]
        reply = [{ text = "grüße 🦀 und mehr", reasoning = "let me see" }]
        [model.call]
        reply = [{ tool_calls = [{ name = "f", arguments = '{"city":"Graz"}' }, { name = "g", id = "x" }] }]
    "#;
    for model in ["plain", "think", "call"] {
        let whole = whole(&scripted(script), model, &[]).await;
        let (streamed, error) = outcome(&scripted(script), question(model, true, &[])).await;
        assert_eq!(error, None);
        assert_eq!(format!("{streamed:?}"), format!("{whole:?}"));
    }
}

#[tokio::test(start_paused = true)]
async fn limits_formats_and_tools_are_honoured() {
    let upstream = SimUpstream::default();
    let short = whole(&upstream, "m", &[("max_tokens", "9"), ("max_completion_tokens", "3")]).await;
    assert_eq!((short.text.as_str(), short.finish_reason.as_str()), ("[simulated m", "length"));
    assert_eq!(short.usage.unwrap().completion_tokens, 3);

    let schema = r#"{"type":"json_schema","json_schema":{"name":"v","schema":{"enum":["pass","repair"]}}}"#;
    assert_eq!(whole(&upstream, "m", &[("response_format", schema)]).await.text, "\"pass\"");
    let object = whole(&upstream, "m", &[("response_format", r#"{"type":"json_object"}"#)]).await;
    assert!(object.text.starts_with('{') && object.text.contains("simulated"), "{}", object.text);

    let tools = r#"[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g",
        "parameters":{"type":"object","properties":{"n":{"const":1}},"required":["n"]}}}]"#;
    let called = whole(&upstream, "m", &[("tools", tools), ("tool_choice", "\"required\"")]).await;
    assert_eq!((called.tool_calls[0].name.as_str(), called.finish_reason.as_str()), ("f", "tool_calls"));
    let named = r#"{"type":"function","function":{"name":"g"}}"#;
    let called = whole(&upstream, "m", &[("tools", tools), ("tool_choice", named)]).await;
    assert_eq!(called.tool_calls[0].arguments, r#"{"n":1}"#);
    assert!(whole(&upstream, "m", &[("tools", tools)]).await.tool_calls.is_empty());
}

/// Each trouble: its word, what comes of it whole, and streamed.
pub(in crate::upstream) const TROUBLES: &[(&str, Option<Fault>, Option<Fault>)] = {
    use Fault::*;
    &[
        ("busy", Some(Busy), Some(Busy)),
        ("429", Some(Busy), Some(Busy)),
        ("unwell", Some(Unwell), Some(Unwell)),
        ("503", Some(Unwell), Some(Unwell)),
        ("400", Some(Rejected), Some(Rejected)),
        ("401", Some(KeyRefused), Some(KeyRefused)),
        ("408", Some(TimedOut), Some(TimedOut)),
        ("unknown-model", Some(UnknownModel), Some(UnknownModel)),
        ("context-full", Some(ContextFull), Some(ContextFull)),
        ("filtered", Some(Filtered), Some(Filtered)),
        ("reset", Some(Reset), Some(Reset)),
        ("cut", Some(Reset), Some(Cut)),
        ("ended-early", Some(Garbage), Some(Cut)),
        ("broke-off", Some(Unwell), Some(BrokeOff)),
        ("garbage", Some(Garbage), Some(Garbage)),
        ("malformed-chunk", Some(Garbage), Some(Garbage)),
        ("no-choices", Some(Garbage), Some(Cut)),
        ("too-long", Some(TooLong), Some(TooLong)),
        ("other-model", Some(OtherModel), Some(OtherModel)),
        ("redirect", Some(Redirected), Some(Redirected)),
        ("no-end-marker", None, None),
        ("json-for-stream", None, None),
        ("empty", None, None),
    ]
};

#[tokio::test(start_paused = true)]
async fn every_trouble_is_the_fault_that_it_should_be() {
    for &(word, when_whole, when_streamed) in TROUBLES {
        let upstream = scripted(&format!("[[model.m.reply]]\nfault = \"{word}\""));
        for (stream, expected) in [(false, when_whole), (true, when_streamed)] {
            let (_, error) = outcome(&upstream, question("m", stream, &[])).await;
            assert_eq!(error.map(|error| error.fault), expected, "{word}, streamed: {stream}");
        }
        assert_eq!((upstream.sim().alive(), upstream.sim().totals().calls), (0, 2), "{word}");
    }
    let (_, error) =
        outcome(&scripted("[[model.m.reply]]\nfault = \"refused\""), question("m", false, &[])).await;
    assert_eq!(error.unwrap().fault, Fault::Refused);
}

#[tokio::test(start_paused = true)]
async fn silence_and_stalls_last_until_the_caller_goes() {
    for (script, stream) in [("silence", false), ("silence", true), ("stall", false), ("stall", true)] {
        let upstream = scripted(&format!("[[model.m.reply]]\nfault = \"{script}\"\nafter_tokens = 2"));
        let hour = Duration::from_secs(3600);
        assert!(timeout(hour, outcome(&upstream, question("m", stream, &[]))).await.is_err(), "{script}");
        assert_eq!((upstream.sim().alive(), upstream.sim().cancelled()), (0, 1), "{script}");
        let entry = upstream.sim().calls().pop().unwrap();
        assert_eq!((entry.outcome, entry.ended_ms), (Outcome::Cancelled, Some(3_600_000)));
    }
}

#[tokio::test(start_paused = true)]
async fn delays_pass_on_the_virtual_clock() {
    let upstream = scripted("[model.m]\ndelay_ms = 1000\nfirst_token_ms = 500\ntoken_ms = 10");
    let began = Instant::now();
    let call = question("m", true, &[("max_tokens", "5")]);
    let Ok(Incoming::Stream(mut deltas)) = upstream.start(call).await else { panic!("no stream") };
    assert_eq!(began.elapsed().as_millis(), 1000);
    let mut times = Vec::new();
    while deltas.next().await.is_some() {
        times.push(began.elapsed().as_millis());
    }
    assert_eq!(times, [1500, 1510, 1520, 1530, 1540, 1540]);
    let entry = upstream.sim().calls().pop().unwrap();
    assert_eq!((entry.started_ms, entry.ended_ms, entry.outcome), (0, Some(1540), Outcome::Finished));
}

#[tokio::test(start_paused = true)]
async fn retry_after_usage_and_attribution_come_through() {
    let upstream = scripted(
        r#"
        [[model.m.reply]]
        fault = "429"
        retry_after = "1.5"
        [[model.m.reply]]
        usage = { prompt_tokens = 10, completion_tokens = 20, reasoning_tokens = 3, cached_tokens = 4 }
        finish_reason = "length"
        [[model.m.reply]]
        no_usage = true
        answered_by = "m"
        [[model.m.reply]]
        answered_by = "other"
    "#,
    );
    let ask = || outcome(&upstream, question("m", false, &[]));
    assert_eq!(ask().await.1.unwrap().retry, Retry::After(Duration::from_millis(1500)));
    let answer = ask().await.0;
    let usage = Usage { prompt_tokens: 10, completion_tokens: 20, reasoning_tokens: 3, cached_tokens: 4 };
    assert_eq!((answer.usage, answer.finish_reason.as_str()), (Some(usage), "length"));
    assert_eq!(ask().await.0.usage, None);
    assert_eq!(ask().await.1.unwrap().fault, Fault::OtherModel);
    let entry = &upstream.sim().calls()[0];
    assert_eq!((entry.model.as_str(), entry.status), ("m", Some(429)));
    assert_eq!(entry.headers["x-litellm-tags"], "ensemble:opt-a");
    let body: serde_json::Value = serde_json::from_slice(&entry.body).unwrap();
    assert_eq!(body["headers"]["x-ensc-path"], "opt-a");
}

#[tokio::test(start_paused = true)]
async fn models_that_nobody_has_are_unknown() {
    let fault = async |sim: Arc<Sim>, model: &str| {
        outcome(&SimUpstream::new(sim), question(model, false, &[])).await.1.map(|error| error.fault)
    };
    let catalog = || vec!["mlx-a".to_owned()];
    let script: Script = "models = [\"mlx-b\"]\n[model.mlx-c]".parse().unwrap();
    let sim = Sim::new(catalog(), script);
    assert_eq!(sim.models(), ["mlx-a", "mlx-b", "mlx-c"]);
    for (model, expected) in
        [("mlx-a", None), ("mlx-b", None), ("mlx-c", None), ("x", Some(Fault::UnknownModel))]
    {
        assert_eq!(fault(Arc::clone(&sim), model).await, expected, "{model}");
    }
    let strict = Sim::new(catalog(), "strict = true\n[model.mlx-c]".parse().unwrap());
    assert_eq!(fault(strict, "mlx-a").await, Some(Fault::UnknownModel));
}

#[tokio::test(start_paused = true)]
async fn a_wave_is_answered_when_all_of_it_has_arrived() {
    let upstream = SimUpstream::default();
    upstream.sim().expect_waves(&[3, 1]);
    let ask = || outcome(&upstream, question("m", false, &[]));
    let wait = Duration::from_secs(60);
    assert!(timeout(wait, join_all([ask(), ask(), ask()])).await.is_ok(), "a wave together");
    assert!(timeout(wait, ask()).await.is_ok(), "the next wave");
    assert!(timeout(wait, ask()).await.is_ok(), "what comes after is free");
    assert_eq!(upstream.sim().totals().alive_max, 3);
    upstream.sim().expect_waves(&[2]);
    assert!(timeout(wait, ask()).await.is_err(), "one of two does not move");
    assert_eq!(upstream.sim().alive(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_token_goes_out_when_the_one_before_was_received() {
    let upstream = scripted("[[model.m.reply]]\ntext = \"aaaabbbbcccc\"");
    let gate = upstream.sim().token_gate("m");
    let Ok(Incoming::Stream(mut deltas)) = upstream.start(question("m", true, &[])).await else {
        panic!("no stream")
    };
    let second = Duration::from_secs(1);
    for (text, passed) in [("aaaa", 1), ("bbbb", 2), ("cccc", 3)] {
        let delta = timeout(second, deltas.next()).await.unwrap().unwrap().unwrap();
        assert_eq!((delta.text.as_str(), gate.passed()), (text, passed));
        if passed < 3 {
            assert!(timeout(second, deltas.next()).await.is_err(), "the next one waits");
        }
        gate.received();
    }
    assert_eq!(deltas.next().await.unwrap().unwrap().finish_reason.as_deref(), Some("stop"));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_is_cancelled_and_one_that_was_answered_is_not() {
    let upstream = scripted("[model.m]\ntoken_ms = 10");
    let Ok(Incoming::Stream(mut deltas)) = upstream.start(question("m", true, &[])).await else {
        panic!("no stream")
    };
    deltas.next().await.unwrap().unwrap();
    assert_eq!((upstream.sim().alive(), upstream.sim().cancelled()), (1, 0));
    drop(deltas);
    assert_eq!((upstream.sim().alive(), upstream.sim().cancelled()), (0, 1));

    let Ok(Incoming::Stream(mut deltas)) = upstream.start(question("m", true, &[])).await else {
        panic!("no stream")
    };
    while deltas.next().await.unwrap().unwrap().finish_reason.is_none() {}
    drop(deltas);
    assert_eq!((upstream.sim().totals().finished, upstream.sim().cancelled()), (1, 1));
    drop(upstream.start(question("m", true, &[])));
    assert_eq!(upstream.sim().totals().calls, 2, "what is never polled is never sent");
}

#[tokio::test(start_paused = true)]
async fn a_reset_begins_anew() {
    let upstream = scripted("[model.m]\nreply = [{ text = \"first\" }, { text = \"second\" }]");
    upstream.sim().expect_waves(&[2]);
    assert!(timeout(Duration::from_secs(1), whole(&upstream, "m", &[])).await.is_err());
    upstream.sim().reset();
    assert_eq!(upstream.sim().calls().len(), 0);
    assert_eq!(whole(&upstream, "m", &[]).await.text, "first");
    assert_eq!(whole(&upstream, "m", &[]).await.text, "second");
    assert_eq!(upstream.sim().totals().calls, 2);
}
