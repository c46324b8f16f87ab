//! Every edge of a streamed answer, from the bytes of an upstream to what a client reads. `docs/streams.md` is made of the table.
//!
//! `ENSC_BLESS=1 cargo test edges` writes the page; read the change before you commit it.

#![allow(clippy::disallowed_methods, reason = "the page is a file of the repository")]

mod table;

use std::fmt::Write;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};
use serde_json::Value;

use crate::run::host::Host;
use crate::serve::routes::App;
use crate::serve::{Settings, State};
use crate::upstream::answer::{self, Head};
use crate::upstream::{Call, CallError, Fault, Incoming, Retry, Upstream};

use super::failures::plans;
use super::kit::{Answer, PORT, chat, send};
use table::{CHUNKS, CONTENT, Comes, ENDS, EVENTS, Edge, WHOLE};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/streams.md");

const INTRO: &str = include_str!("edges.md");

/// One call that streams, and may be tried once more.
const PROGRAM: &str = r#"
model a { runtime: mlx, memory: 1GB, context: 128k, max_output: 4k }
tier s { memory: 9GB }
profile high { timeout: 5m }
ensemble x at high-s {
  reply = ask a { retries: 1 }
}
"#;

const QUESTION: &str = r#"{"model":"opt-x-high-s","messages":[{"role":"user","content":"hi"}],"stream":true,
    "tools":[{"type":"function","function":{"name":"look"}}]}"#;

/// Answers every call with the same bytes.
struct Sends {
    content_type: &'static str,
    pieces: Vec<Bytes>,
    end: End,
}

#[derive(Clone, Copy)]
enum End {
    Closed,
    Reset,
    Silence,
}

impl Upstream for Sends {
    fn start(&self, call: Arc<Call>) -> BoxFuture<'static, Result<Incoming, CallError>> {
        let content_type = self.content_type;
        let pieces = stream::iter(self.pieces.clone().into_iter().map(Ok));
        let end: BoxStream<'static, Result<Bytes, CallError>> = match self.end {
            End::Closed => stream::empty().boxed(),
            End::Silence => stream::pending().boxed(),
            End::Reset => {
                stream::iter([Err(CallError::new(Fault::Reset, Retry::Soon, "connection reset"))]).boxed()
            }
        };
        async move {
            let head = Head::read(200, &call.model, |name| (name == "content-type").then_some(content_type));
            answer::read(head, call.stream, pieces.chain(end)).await
        }
        .boxed()
    }
}

// === impl Edge ===

impl Edge {
    /// The bytes that the upstream sends, and how it ends.
    fn bytes(&self) -> (Vec<u8>, End) {
        let mut text = self.body.replace(r"\n", "\n").replace(r"\r", "\r").replace(r"\u{feff}", "\u{feff}");
        for (name, chunk) in CHUNKS {
            text = text.replace(&format!("«{name}»"), chunk);
        }
        text = text.replace("«x × 1 MiB»", &"x".repeat(1 << 20));
        let end = match () {
            () if text.contains("«reset»") => End::Reset,
            () if text.contains("«silence»") => End::Silence,
            () => End::Closed,
        };
        text = text.replace("«reset»", "").replace("«silence»", "");
        assert!(!text.contains('«'), "{}: there is no such chunk", self.title);
        let mut bytes = text.into_bytes();
        while let Some(at) = bytes.windows(4).position(|four| four == br"\xff") {
            bytes.splice(at..at + 4, [0xff]);
        }
        (bytes, end)
    }

    /// Sends it in pieces of each of these sizes. What is not as the table says.
    async fn play(&self, content_type: &'static str) -> Vec<String> {
        let (bytes, end) = self.bytes();
        let sizes: &[usize] =
            if bytes.len() > 1 << 20 { &[usize::MAX, 10_000] } else { &[usize::MAX, 1, 2, 3, 7] };
        let mut wrong = Vec::new();
        for size in sizes {
            let pieces = bytes.chunks(*size).map(Bytes::copy_from_slice).collect();
            let answer = asked(Sends { content_type, pieces, end }).await;
            if let Err(what) = self.comes.check(&answer) {
                wrong.push(format!("{}, in pieces of {size}: {what}\n{}", self.title, answer.body));
            }
        }
        wrong
    }
}

async fn asked(upstream: Sends) -> Answer {
    let settings =
        Settings { key: None, liveliness: Arc::new(|| Box::pin(async { true })), pass_fields: Vec::new() };
    let state = State::new(plans(PROGRAM), Arc::new(Host::new(Arc::new(upstream))), settings);
    send(App::new(Arc::new(state), PORT), chat(QUESTION, &[])).await
}

// === impl Comes ===

/// What stands in a streamed answer.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    text: String,
    /// Index and arguments.
    tool: Option<(u64, String)>,
    finish: Option<String>,
    is_error: bool,
    is_done: bool,
    /// Of the only call of the receipt.
    why: Option<String>,
    attempts: u64,
    /// Prompt tokens that were reported.
    tokens: Option<u64>,
}

impl Comes {
    fn check(self, answer: &Answer) -> Result<(), String> {
        let seen = Seen::of(answer);
        let done = Seen { is_done: true, attempts: 1, ..Seen::default() };
        let failed = Seen { is_error: true, ..Seen::default() };
        let wanted = match self {
            Self::Answer { text, finish, tokens } => {
                Seen { text: text.to_owned(), finish: Some(finish.to_owned()), tokens, ..done }
            }
            Self::Tool { index, arguments } => {
                let finish = Some("tool_calls".to_owned());
                Seen { tool: Some((index, arguments.to_owned())), finish, ..done }
            }
            Self::BreaksOff { text, why } => {
                Seen { text: text.to_owned(), why: Some(why.to_owned()), attempts: 1, ..failed }
            }
            Self::Fails { why, attempts } => Seen { why: Some(why.to_owned()), attempts, ..failed },
        };
        if seen == wanted { Ok(()) } else { Err(format!("{seen:?}, not {wanted:?}")) }
    }
}

impl Seen {
    fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "the head is out before a call is made");
        let mut seen = Self::default();
        for data in answer.data() {
            if data == "[DONE]" {
                seen.is_done = true;
                continue;
            }
            let chunk: Value = serde_json::from_str(&data).expect("every event is JSON");
            seen.is_error |= chunk["error"].is_object();
            let choice = &chunk["choices"][0];
            seen.text.push_str(choice["delta"]["content"].as_str().unwrap_or_default());
            if let Some(call) = choice["delta"]["tool_calls"].get(0) {
                let (index, _) = (call["index"].as_u64().expect("an index"), ());
                let (_, arguments) = seen.tool.get_or_insert((index, String::new()));
                arguments.push_str(call["function"]["arguments"].as_str().unwrap_or_default());
            }
            seen.finish = choice["finish_reason"].as_str().map(str::to_owned).or(seen.finish);
            if let Some(receipt) = chunk.get("ensc") {
                let (call, totals) = (&receipt["calls"][0], &receipt["totals"]);
                seen.why = call["why"].as_str().map(str::to_owned);
                seen.attempts = call["attempts"].as_u64().unwrap_or_default();
                seen.tokens = totals["prompt_tokens"].as_u64().filter(|_| totals["usage_unknown"] == 0);
            }
        }
        // What a call that failed reported is not looked at here.
        seen.tokens = seen.tokens.filter(|_| !seen.is_error);
        seen
    }
}

const SETS: [(&str, &[Edge], &str); 4] = [
    ("events", EVENTS, "text/event-stream; charset=utf-8"),
    ("content", CONTENT, "text/event-stream"),
    ("ends", ENDS, "text/event-stream"),
    ("whole", WHOLE, "application/json"),
];

#[tokio::test(start_paused = true)]
async fn each_edge_of_a_stream_ends_as_the_table_says() {
    let mut wrong = Vec::new();
    for (_, edges, content_type) in SETS {
        for edge in edges {
            wrong.extend(edge.play(content_type).await);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

// === the page ===

fn section(edges: &[Edge]) -> String {
    let mut text = String::from("| what is sent | bytes | what the client gets |\n| --- | --- | --- |\n");
    for edge in edges {
        let body = if edge.body.is_empty() { String::new() } else { format!("`{}`", edge.body) };
        let _ = writeln!(text, "| {} | {body} | {} |", edge.title, words(edge.comes));
    }
    text
}

fn words(comes: Comes) -> String {
    let again = |attempts| if attempts > 1 { ", tried again before" } else { "" };
    match comes {
        Comes::Answer { text, finish, tokens } => {
            let tokens = tokens.map(|tokens| format!(", usage {tokens}")).unwrap_or_default();
            format!("`{text}`, `{finish}`{tokens}")
        }
        Comes::Tool { index, arguments } => format!("a call with `index` {index} and `{arguments}`"),
        Comes::BreaksOff { text, why } => format!("`{text}`, then an error: “{why}”"),
        Comes::Fails { why, attempts } => format!("an error: “{why}”{}", again(attempts)),
    }
}

#[test]
fn the_page_has_every_edge() {
    let mut page = INTRO.to_owned();
    for (name, edges, _) in SETS {
        page = page.replace(&format!("<!-- {name} -->\n"), &section(edges));
    }
    let chunks: String = CHUNKS.iter().map(|(name, chunk)| format!("| `«{name}»` | `{chunk}` |\n")).collect();
    page = page.replace("<!-- chunks -->\n", &format!("| short | chunk |\n| --- | --- |\n{chunks}"));
    if std::env::var_os("ENSC_BLESS").is_some() {
        std::fs::write(PAGE, &page).expect("the page can be written");
    }
    assert_eq!(std::fs::read_to_string(PAGE).expect("there is a page"), page);
}
