use futures_util::StreamExt;
use futures_util::stream;

use super::*;
use crate::upstream::Usage;

const SIZE_MAX: usize = 1000;

/// A text for a delta: `text|reasoning|finish|prompt tokens`, parts left out from the end.
fn show(delta: &Delta) -> String {
    let tools: String =
        delta.tool_calls.iter().map(|piece| format!("{}:{};", piece.index, piece.arguments)).collect();
    let usage = delta.usage.map(|usage| usage.prompt_tokens.to_string()).unwrap_or_default();
    let finish = delta.finish_reason.as_deref().unwrap_or_default();
    let extra: String = delta.extra.keys().map(String::as_str).collect();
    let all = [&delta.text, &delta.reasoning, &tools, finish, &usage, &extra].map(str::to_owned).join("|");
    all.trim_end_matches('|').to_owned()
}

/// Chunks as they arrive; `None` is an error of the connection. Gives the deltas, and how it ended.
async fn deltas(chunks: Vec<Option<&str>>) -> (Vec<String>, Option<(Fault, Retry)>) {
    let chunks: Vec<_> = chunks
        .into_iter()
        .map(|chunk| match chunk {
            Some(chunk) => Ok(Bytes::copy_from_slice(chunk.as_bytes())),
            None => Err(CallError::new(Fault::Reset, Retry::Soon, "gone")),
        })
        .collect();
    collect(Deltas::new(stream::iter(chunks), SIZE_MAX)).await
}

async fn collect<B>(mut deltas: Deltas<B>) -> (Vec<String>, Option<(Fault, Retry)>)
where
    B: Stream<Item = Result<Bytes, CallError>> + Unpin,
{
    let mut seen = Vec::new();
    let mut error = None;
    while let Some(item) = deltas.next().await {
        assert!(error.is_none(), "an error is the end");
        match item {
            Ok(delta) => seen.push(show(&delta)),
            Err(why) => error = Some((why.fault, why.retry)),
        }
    }
    assert!(deltas.next().await.is_none(), "the end stays the end");
    (seen, error)
}

fn text(text: &str) -> String {
    format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{text:?}}}}}]}}\n\n")
}

const ROLE: &str = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
const STOP: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

#[tokio::test]
async fn streams_that_end_well() {
    let ab = &(ROLE.to_owned() + &text("a") + &text("b"));
    let stop_with_usage =
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":7}}\n\n";
    let stop_with_text =
        "data: {\"choices\":[{\"delta\":{\"content\":\"c\"},\"finish_reason\":\"stop\"}]}\n\n";
    let length = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n";
    let empty_usage = "data: {\"choices\":[],\"usage\":null}\n\n";
    let table: Vec<(&str, Vec<&str>, &[&str])> = vec![
        ("usage on a later chunk", vec![ab, STOP, USAGE, DONE], &["a", "b", "|||stop|7"]),
        ("usage on the finish chunk", vec![ab, stop_with_usage, DONE], &["a", "b", "|||stop|7"]),
        ("usage before the finish", vec![ab, USAGE, STOP, DONE], &["a", "b", "|||stop|7"]),
        ("the last usage counts", vec![ab, USAGE, stop_with_usage, DONE], &["a", "b", "|||stop|7"]),
        ("no usage", vec![ab, STOP, DONE], &["a", "b", "|||stop"]),
        ("null usage", vec![ab, STOP, empty_usage, DONE], &["a", "b", "|||stop"]),
        ("no end marker", vec![ab, STOP, USAGE], &["a", "b", "|||stop|7"]),
        ("nothing after the finish", vec![ab, STOP], &["a", "b", "|||stop"]),
        ("text on the finish chunk", vec![ab, stop_with_text, USAGE, DONE], &["a", "b", "c", "|||stop|7"]),
        ("text after the finish", vec![ab, STOP, ab, DONE], &["a", "b", "|||stop"]),
        ("two finishes", vec![ab, STOP, length, DONE], &["a", "b", "|||stop"]),
        ("garbage after the finish", vec![ab, STOP, "data: {\n\n", DONE], &["a", "b", "|||stop"]),
        ("an error after the finish", vec![ab, STOP, "data: {\"error\":\"x\"}\n\n"], &["a", "b", "|||stop"]),
        ("text after the end marker", vec![ab, STOP, DONE, ab], &["a", "b", "|||stop"]),
        ("no empty line at the end", vec![ab, STOP, "data: [DONE]"], &["a", "b", "|||stop"]),
        ("a finish without its empty line", vec![ab, STOP.trim_end()], &["a", "b", "|||stop"]),
        (
            "comments between",
            vec![": ping\n\n", ab, ": ping\n\n", STOP, ": ping\n\n", DONE],
            &["a", "b", "|||stop"],
        ),
        ("empty text", vec![ROLE, STOP, DONE], &["|||stop"]),
    ];
    for (name, chunks, expected) in table {
        let (seen, error) = deltas(chunks.iter().copied().map(Some).collect()).await;
        assert_eq!(seen, expected, "{name}");
        assert_eq!(error, None, "{name}");
        let (joined, _) = deltas(vec![Some(&chunks.concat())]).await;
        assert_eq!(joined, expected, "{name}, in one packet");
    }
}

#[tokio::test]
async fn reasoning_tool_calls_and_unknown_fields_pass() {
    let chunks = concat!(
        "data: {\"choices\":[{\"delta\":{\"reasoning\":\"hm\"}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"c\",\"function\":{\"arguments\":\"{\"}}]}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"annotations\":[]}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"refusal\":\"no\"},\"finish_reason\":\"tool_calls\"}]}\n\n",
    );
    let (seen, error) = deltas(vec![Some(chunks), Some(DONE)]).await;
    assert_eq!(seen, ["|hm", "||1:{;", "|||||annotations", "|||tool_calls||refusal"]);
    assert_eq!(error, None);
}

#[tokio::test]
async fn streams_that_end_badly() {
    let a = &text("a");
    let error = "data: {\"error\":{\"message\":\"oops\"}}\n\n";
    let busy = "data: {\"error\":{\"message\":\"litellm.RateLimitError\",\"code\":\"429\"}}\n\n";
    let filtered = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"content_filter\"}]}\n\n";
    let table: Vec<(&str, Vec<Option<&str>>, Fault, Retry)> = vec![
        ("nothing at all", vec![], Fault::Cut, Retry::Soon),
        ("only a role", vec![Some(ROLE)], Fault::Cut, Retry::Soon),
        ("only an end marker", vec![Some(DONE)], Fault::Cut, Retry::Soon),
        ("no finish", vec![Some(a)], Fault::Cut, Retry::Never),
        ("no finish but an end marker", vec![Some(a), Some(DONE)], Fault::Cut, Retry::Never),
        ("cut inside an event", vec![Some(a), Some("data: {\"choi")], Fault::Cut, Retry::Never),
        ("reset before the first token", vec![Some(ROLE), None], Fault::Reset, Retry::Soon),
        ("reset after it", vec![Some(a), None], Fault::Cut, Retry::Never),
        ("an error first", vec![Some(ROLE), Some(error)], Fault::BrokeOff, Retry::Soon),
        ("a known error first", vec![Some(busy)], Fault::Busy, Retry::Soon),
        ("an error after a token", vec![Some(a), Some(error)], Fault::BrokeOff, Retry::Never),
        ("a known error after a token", vec![Some(a), Some(busy)], Fault::BrokeOff, Retry::Never),
        ("not JSON", vec![Some(a), Some("data: {\"choi\n\n")], Fault::Garbage, Retry::Never),
        ("filtered before any text", vec![Some(filtered), Some(DONE)], Fault::Filtered, Retry::Never),
    ];
    for (name, chunks, fault, retry) in table {
        let texts = chunks.iter().filter(|chunk| **chunk == Some(a.as_str())).count();
        let (seen, error) = deltas(chunks).await;
        assert_eq!(error, Some((fault, retry)), "{name}");
        assert_eq!(seen, vec!["a"; texts], "{name}: what came before is handed on");
    }
}

#[tokio::test]
async fn a_reset_after_the_finish_does_no_harm() {
    let (seen, error) = deltas(vec![Some(&text("a")), Some(STOP), Some(USAGE), None]).await;
    assert_eq!((seen, error), (vec!["a".to_owned(), "|||stop|7".to_owned()], None));
}

#[tokio::test]
async fn an_answer_over_the_limit_is_given_up() {
    let long = text(&"x".repeat(SIZE_MAX / 2));
    let (seen, error) = deltas(vec![Some(&long), Some(&long), Some(&text("y")), Some(STOP)]).await;
    assert_eq!(seen.len(), 2);
    assert_eq!(error, Some((Fault::TooLong, Retry::Never)));
    let endless = format!("data: {}", "x".repeat(crate::upstream::sse::EVENT_SIZE_MAX));
    assert_eq!(deltas(vec![Some(&endless)]).await.1, Some((Fault::TooLong, Retry::Never)));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stays_open_does_not_hold_up_its_answer() {
    for (end, wait) in [(DONE, Duration::ZERO), (": nothing\n\n", END_WAIT_MAX)] {
        let chunks = [&text("a"), STOP, USAGE, end].map(|chunk| Ok(Bytes::copy_from_slice(chunk.as_bytes())));
        let mut deltas = Deltas::new(Box::pin(stream::iter(chunks).chain(stream::pending())), SIZE_MAX);
        let began = tokio::time::Instant::now();
        let mut next = async || deltas.next().await.map(|delta| show(&delta.unwrap()));
        assert_eq!(next().await.as_deref(), Some("a"));
        assert_eq!(next().await.as_deref(), Some("|||stop|7"));
        assert_eq!(began.elapsed().as_millis(), wait.as_millis());
        assert_eq!(next().await, None);
        assert_eq!(began.elapsed().as_millis(), END_WAIT_MAX.as_millis(), "the body got its time to end");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_whole_waits_as_long_as_its_caller() {
    for chunks in [vec![], vec![text("a")], vec![text("a"), STOP.to_owned()], vec![USAGE.to_owned()]] {
        let chunks: Vec<_> = chunks.into_iter().map(|chunk| Ok(Bytes::from(chunk))).collect();
        let count = usize::from(chunks.iter().any(|chunk: &Result<Bytes, CallError>| {
            chunk.as_ref().is_ok_and(|chunk| chunk.windows(3).any(|three| three == b"\"a\""))
        }));
        let mut deltas = Deltas::new(Box::pin(stream::iter(chunks).chain(stream::pending())), SIZE_MAX);
        for _ in 0..count {
            deltas.next().await.unwrap().unwrap();
        }
        assert!(tokio::time::timeout(Duration::from_secs(3600), deltas.next()).await.is_err());
    }
}

#[test]
fn text_is_never_held_back() {
    let mut assembly = Assembly::new(SIZE_MAX);
    let mut out = VecDeque::new();
    for piece in ["a", "b"] {
        assembly.event(text(piece).trim_start_matches("data: ").as_bytes(), &mut out).unwrap();
        assert_eq!(out.pop_front().unwrap().text, piece);
    }
    let usage = Usage { prompt_tokens: 7, ..Usage::default() };
    assembly.event(STOP.trim_start_matches("data: ").as_bytes(), &mut out).unwrap();
    assert!(out.is_empty(), "the finish waits for usage");
    assembly.event(USAGE.trim_start_matches("data: ").as_bytes(), &mut out).unwrap();
    assert_eq!(assembly.end(Ok(())).unwrap().unwrap().usage, Some(usage));
}
