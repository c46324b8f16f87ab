//! Bytes of a streamed answer, and what must come of them. Written by hand from what is promised (`docs/daemon.md`), not from what
//! was seen.

/// Something that an upstream may send.
pub struct Edge {
    pub title: &'static str,
    /// The body, with [`CHUNKS`] in guillemets.
    pub body: &'static str,
    pub comes: Comes,
}

/// What the client gets.
#[derive(Clone, Copy, Debug)]
pub enum Comes {
    /// This text, this `finish_reason` and `[DONE]`. `prompt_tokens` of the receipt; none said is none counted.
    Answer { text: &'static str, finish: &'static str, tokens: Option<u64> },
    /// The same with a tool call: its index, and its arguments.
    Tool { index: u64, arguments: &'static str },
    /// This text, then an event with `error`, no `[DONE]`, and no second attempt: what was said stays said.
    BreaksOff { text: &'static str, why: &'static str },
    /// No text, and an event with `error`, after so many attempts.
    Fails { why: &'static str, attempts: u64 },
}

/// What stands in guillemets, and what it is short for.
pub const CHUNKS: &[(&str, &str)] = &[
    ("role", r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#),
    ("a", r#"{"choices":[{"index":0,"delta":{"content":"a"}}]}"#),
    ("b", r#"{"choices":[{"index":0,"delta":{"content":"b"}}]}"#),
    ("ü🦀", r#"{"choices":[{"index":0,"delta":{"content":"ü🦀"}}]}"#),
    ("half a pair", r#"{"choices":[{"index":0,"delta":{"content":"a\ud83d"}}]}"#),
    ("a as message", r#"{"choices":[{"index":0,"message":{"content":"a"}}]}"#),
    ("a with stop", r#"{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}"#),
    (
        "tool without index",
        r#"{"choices":[{"delta":{"tool_calls":[{"id":"c","type":"function","function":{"name":"look","arguments":"{}"}}]}}]}"#,
    ),
    ("stop", r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#),
    ("length", r#"{"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}"#),
    ("tool_calls", r#"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#),
    ("content_filter", r#"{"choices":[{"index":0,"delta":{},"finish_reason":"content_filter"}]}"#),
    ("usage 7", r#"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":1}}"#),
    ("usage 9", r#"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":1}}"#),
    (
        "stop with usage 7",
        r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":1}}"#,
    ),
    ("usage null", r#"{"choices":[],"usage":null}"#),
    ("no choices", r#"{"choices":[],"prompt_filter_results":[]}"#),
    ("error", r#"{"error":{"message":"oops"}}"#),
    ("error 429", r#"{"error":{"message":"litellm.RateLimitError: slow down","code":"429"}}"#),
    (
        "whole answer",
        r#"{"choices":[{"message":{"content":"ab"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":1}}"#,
    ),
];

use Comes::{Answer, BreaksOff, Fails, Tool};

const fn edge(title: &'static str, body: &'static str, comes: Comes) -> Edge {
    Edge { title, body, comes }
}

const AB: Comes = Answer { text: "ab", finish: "stop", tokens: None };
const A: Comes = Answer { text: "a", finish: "stop", tokens: None };

const fn a_of(tokens: u64) -> Comes {
    Answer { text: "a", finish: "stop", tokens: Some(tokens) }
}

const CUT: &str = "cut its answer short";
const GARBAGE: &str = "answered what is not a completion";

/// How events are written.
pub const EVENTS: &[Edge] = &[
    edge("lines that end with LF", r"data: «a»\n\ndata: «b»\n\ndata: «stop»\n\ndata: [DONE]\n\n", AB),
    edge("with CRLF", r"data: «a»\r\n\r\ndata: «b»\r\n\r\ndata: «stop»\r\n\r\ndata: [DONE]\r\n\r\n", AB),
    edge("with CR", r"data: «a»\r\rdata: «b»\r\rdata: «stop»\r\rdata: [DONE]\r\r", AB),
    edge("with each of them", r"data: «a»\r\n\ndata: «b»\n\r\ndata: «stop»\r\n\rdata: [DONE]\n\n", AB),
    edge("no space after the colon", r"data:«a»\n\ndata:«stop»\n\ndata:[DONE]\n\n", A),
    edge("more than one", r"data:  «a»\n\ndata:   «stop»\n\ndata:  [DONE]\n\n", A),
    edge(
        "comments",
        r": ping\n\n:\n\n: in an event\ndata: «a»\n: too\n\n: data: «b»\n\ndata: «stop»\n\ndata: [DONE]\n\n",
        A,
    ),
    edge("other fields", r"event: chunk\nid: 1\nretry: 5\ndatabase: x\ndata: «a»\n\ndata: «stop»\n\n", A),
    edge(
        "one event over several lines",
        r#"data: {"choices":[{"delta":\ndata: {"content":\ndata:"a"}}]}\n\ndata: «stop»\n\ndata: [DONE]\n\n"#,
        A,
    ),
    edge("a byte-order mark", r"\u{feff}data: «a»\n\ndata: «stop»\n\ndata: [DONE]\n\n", A),
    edge("empty events", r"\n\ndata:\n\ndata: «a»\n\ndata\n\n\n\ndata: «stop»\n\ndata: [DONE]\n\n", A),
    edge(
        "text of more than one byte a letter",
        r"data: «ü🦀»\n\ndata: «stop»\n\ndata: [DONE]\n\n",
        Answer { text: "ü🦀", finish: "stop", tokens: None },
    ),
    edge(
        "half of a surrogate pair",
        r"data: «half a pair»\n\ndata: «stop»\n\ndata: [DONE]\n\n",
        Answer { text: "a\u{fffd}", finish: "stop", tokens: None },
    ),
    edge(
        "bytes that are no UTF-8",
        r#"data: {"choices":[{"delta":{"content":"a\xff"}}]}\n\ndata: «stop»\n\ndata: [DONE]\n\n"#,
        Answer { text: "a\u{fffd}", finish: "stop", tokens: None },
    ),
    edge(
        "an event of more than 1 MiB",
        r"data: «a»\n\ndata: «x × 1 MiB»\n\ndata: «stop»\n\n",
        BreaksOff { text: "a", why: "answered more than is taken" },
    ),
    edge(
        "a line that never ends",
        r"«x × 1 MiB»x",
        Fails { why: "answered more than is taken", attempts: 1 },
    ),
];

/// What stands in them.
pub const CONTENT: &[Edge] = &[
    edge("a role first", r"data: «role»\n\ndata: «a»\n\ndata: «stop»\n\ndata: [DONE]\n\n", A),
    edge("text on the finish chunk", r"data: «a with stop»\n\ndata: [DONE]\n\n", A),
    edge("`message` in the place of `delta`", r"data: «a as message»\n\ndata: «stop»\n\ndata: [DONE]\n\n", A),
    edge(
        "another finish",
        r"data: «a»\n\ndata: «length»\n\ndata: [DONE]\n\n",
        Answer { text: "a", finish: "length", tokens: None },
    ),
    edge("two finishes", r"data: «a»\n\ndata: «stop»\n\ndata: «length»\n\ndata: [DONE]\n\n", A),
    edge("text after the finish", r"data: «a»\n\ndata: «stop»\n\ndata: «b»\n\ndata: [DONE]\n\n", A),
    edge(
        "a tool call without `index`",
        r"data: «tool without index»\n\ndata: «tool_calls»\n\ndata: [DONE]\n\n",
        Tool { index: 0, arguments: "{}" },
    ),
    edge(
        "usage on a chunk of its own",
        r"data: «a»\n\ndata: «stop»\n\ndata: «usage 7»\n\ndata: [DONE]\n\n",
        a_of(7),
    ),
    edge("on the finish chunk", r"data: «a»\n\ndata: «stop with usage 7»\n\ndata: [DONE]\n\n", a_of(7)),
    edge("before the finish", r"data: «usage 7»\n\ndata: «a»\n\ndata: «stop»\n\ndata: [DONE]\n\n", a_of(7)),
    edge("twice: the last counts", r"data: «usage 9»\n\ndata: «a»\n\ndata: «stop with usage 7»\n\n", a_of(7)),
    edge("that is null", r"data: «a»\n\ndata: «stop»\n\ndata: «usage null»\n\ndata: [DONE]\n\n", A),
    edge("empty `choices`", r"data: «no choices»\n\ndata: «a»\n\ndata: «stop»\n\ndata: [DONE]\n\n", A),
    edge(
        "no text at all",
        r"data: «role»\n\ndata: «stop»\n\ndata: [DONE]\n\n",
        Fails { why: "answered empty text", attempts: 2 },
    ),
    edge(
        "a filter before any text",
        r"data: «role»\n\ndata: «content_filter»\n\ndata: [DONE]\n\n",
        Fails { why: "withheld its answer", attempts: 1 },
    ),
    edge("what is no JSON", r"data: nonsense\n\ndata: «stop»\n\n", Fails { why: GARBAGE, attempts: 1 }),
    edge(
        "the same after text",
        r"data: «a»\n\ndata: {\n\ndata: «stop»\n\n",
        BreaksOff { text: "a", why: GARBAGE },
    ),
    edge("the same after the finish", r"data: «a»\n\ndata: «stop»\n\ndata: {\n\ndata: [DONE]\n\n", A),
    edge(
        "an error event first",
        r"data: «role»\n\ndata: «error»\n\n",
        Fails { why: "broke off its answer", attempts: 2 },
    ),
    edge("one of LiteLLM's classes", r"data: «error 429»\n\n", Fails { why: "busy", attempts: 2 }),
    edge(
        "an error event after text",
        r"data: «a»\n\ndata: «error»\n\ndata: [DONE]\n\n",
        BreaksOff { text: "a", why: "broke off its answer" },
    ),
    edge("the same after the finish", r"data: «a»\n\ndata: «stop»\n\ndata: «error»\n\n", A),
];

/// How it ends. `«reset»` breaks the connection, `«silence»` leaves it open.
pub const ENDS: &[Edge] = &[
    edge("no `[DONE]` after the finish", r"data: «a»\n\ndata: «stop»\n\n", A),
    edge("a finish without its empty line", r"data: «a»\n\ndata: «stop»", A),
    edge("`[DONE]` without its empty line", r"data: «a»\n\ndata: «stop»\n\ndata: [DONE]", A),
    edge("bytes after `[DONE]`", r"data: «a»\n\ndata: «stop»\n\ndata: [DONE]\n\ndata: «b»\n\nnonsense", A),
    edge("an open connection after `[DONE]`", r"data: «a»\n\ndata: «stop»\n\ndata: [DONE]\n\n«silence»", A),
    edge("after finish and usage", r"data: «a»\n\ndata: «stop with usage 7»\n\n«silence»", a_of(7)),
    edge("a reset after the finish", r"data: «a»\n\ndata: «stop»\n\n«reset»", A),
    edge("nothing", r"", Fails { why: CUT, attempts: 2 }),
    edge("only a role", r"data: «role»\n\n", Fails { why: CUT, attempts: 2 }),
    edge("only `[DONE]`", r"data: [DONE]\n\n", Fails { why: CUT, attempts: 2 }),
    edge("no finish", r"data: «a»\n\n", BreaksOff { text: "a", why: CUT }),
    edge("no finish, but `[DONE]`", r"data: «a»\n\ndata: [DONE]\n\n", BreaksOff { text: "a", why: CUT }),
    edge("an end inside an event", r#"data: «a»\n\ndata: {"choi"#, BreaksOff { text: "a", why: CUT }),
    edge(
        "a reset before any text",
        r"data: «role»\n\n«reset»",
        Fails { why: "dropped the connection", attempts: 2 },
    ),
    edge("a reset after text", r"data: «a»\n\n«reset»", BreaksOff { text: "a", why: CUT }),
    edge(
        "silence after text",
        r"data: «a»\n\n«silence»",
        BreaksOff { text: "a", why: "fell silent in mid-answer" },
    ),
];

/// `application/json` where a stream was asked for.
pub const WHOLE: &[Edge] = &[
    edge("a whole answer", r"«whole answer»", Answer { text: "ab", finish: "stop", tokens: Some(7) }),
    edge("an error", r"«error»", Fails { why: "answered with a server error", attempts: 2 }),
    edge("what is no JSON", r"nonsense", Fails { why: GARBAGE, attempts: 1 }),
];
