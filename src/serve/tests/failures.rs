//! What the user sees when something fails: every row is played, and `docs/faults.md` is made of the rows.
//!
//! `ENSC_BLESS=1 cargo test failures` writes the page; read the change before you commit it.

#![allow(clippy::disallowed_methods, reason = "the page is a file of the repository")]

use std::fmt::Write;
use std::sync::Arc;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::plan::Plan;
use crate::run::host::Host;
use crate::run::slots::Slots;
use crate::serve::routes::App;
use crate::serve::{Settings, State};
use crate::source::{SourceFile, Sources};
use crate::upstream::sim::{Sim, SimUpstream};

use super::faults;
use super::kit::{Answer, PORT, chat, parse, send, talk};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/faults.md");

const INTRO: &str = include_str!("failures.md");

/// The ensemble of the page, and the same without a fallback.
const WITH_ELSE: &str = "opt-panel-high-s";
const WITHOUT: &str = "opt-strict-high-s";

/// Something that goes wrong.
struct Case {
    title: &'static str,
    handle: &'static str,
    /// What the models do.
    sim: &'static str,
    /// More of the request.
    more: &'static str,
    question: &'static str,
    /// The same question so often before, on the same daemon.
    before: u32,
}

const fn case(title: &'static str, handle: &'static str, sim: &'static str) -> Case {
    Case { title, handle, sim, more: "", question: "hi", before: 0 }
}

const CASES: &[Case] = &[
    case("Nothing fails", WITHOUT, ""),
    case("A call fails and its retry works", WITHOUT, r#"model.one.reply = [{ fault = "503" }, {}]"#),
    case("A member fails", WITHOUT, r#"model.one.reply = [{ fault = "500" }]"#),
    case("A member hangs", WITHOUT, r#"model.one.reply = [{ fault = "silence" }]"#),
    case("A member's connection breaks", WITHOUT, r#"model.one.reply = [{ fault = "reset" }]"#),
    case("A member answers with garbage", WITHOUT, r#"model.one.reply = [{ fault = "garbage" }]"#),
    case("A member answers with empty text", WITHOUT, r#"model.one.reply = [{ fault = "empty" }]"#),
    case("Another model answers for a member", WITHOUT, r#"model.one.reply = [{ fault = "other-model" }]"#),
    case("LiteLLM does not know a member", WITHOUT, r#"model.one.reply = [{ fault = "unknown-model" }]"#),
    Case {
        more: r#","ensc":{"strict":true}"#,
        ..case(
            "A member fails, and the client asked for `strict`",
            WITHOUT,
            r#"model.one.reply = [{ fault = "500" }]"#,
        )
    },
    case(
        "More members fail than may",
        WITHOUT,
        r#"
        model.one.reply = [{ fault = "500" }]
        model.two.reply = [{ fault = "garbage" }]
        "#,
    ),
    case("Every member hangs", WITHOUT, r#"step.drafts.reply = [{ fault = "silence" }]"#),
    case(
        "The last call fails, and there is an `else`",
        WITH_ELSE,
        r#"model.chief.reply = [{ fault = "500" }]"#,
    ),
    case(
        "The last call fails, and there is no `else`",
        WITHOUT,
        r#"model.chief.reply = [{ fault = "500" }]"#,
    ),
    case(
        "The last call hangs, and there is an `else`",
        WITH_ELSE,
        r#"model.chief.reply = [{ fault = "silence" }]"#,
    ),
    case(
        "The last call breaks off in mid-answer",
        WITH_ELSE,
        r#"model.chief.reply = [{ fault = "broke-off", after_tokens = 2 }]"#,
    ),
    case(
        "The last call falls silent in mid-answer",
        WITH_ELSE,
        r#"model.chief.reply = [{ fault = "stall", after_tokens = 2 }]"#,
    ),
    case("Every model is busy", WITHOUT, r#"model."*".reply = [{ fault = "429", retry_after = "90" }]"#),
    case(
        "The conversation is too long for every model",
        WITHOUT,
        r#"model."*".reply = [{ fault = "context-full" }]"#,
    ),
    Case { question: LONG, ..case("The conversation is longer than the handle takes", WITHOUT, "") },
    case("LiteLLM refuses our key", WITHOUT, r#"model."*".reply = [{ fault = "401" }]"#),
    Case {
        before: 6,
        ..case(
            "Every model has failed five times in a row",
            WITHOUT,
            r#"model."*".reply = [{ fault = "503" }]"#,
        )
    },
    // One after the other, however long each waits before its retry.
    case(
        "LiteLLM is down",
        WITHOUT,
        r#"
        model.one.reply = [{ fault = "refused" }]
        model.two.reply = [{ fault = "refused", delay_ms = 2000 }]
        model.three.reply = [{ fault = "refused", delay_ms = 9000 }]
        "#,
    ),
];

/// About 2,000 tokens.
const LONG: &str = {
    const BYTES: [u8; 6000] = [b'a'; 6000];
    match std::str::from_utf8(&BYTES) {
        Ok(text) => text,
        Err(_) => "",
    }
};

/// How one question ended.
#[derive(Debug, PartialEq)]
pub struct Seen {
    pub status: u16,
    pub retry_after: Option<String>,
    /// Words of the answer came.
    pub spoken: bool,
    /// A stream that ended as whole ones do.
    pub done: bool,
    /// `error.code` and `error.message`.
    pub error: Option<(String, String)>,
    pub degraded: Option<bool>,
    pub because: Vec<String>,
    pub receipt: Value,
}

pub fn plans(text: &str) -> Vec<Arc<Plan>> {
    let mut sources = Sources::default();
    let id = sources.add(SourceFile::new("failures.ens", text));
    let (file, mut found) = crate::syntax::parse(id, text);
    let (program, more) = crate::program::check(&sources, &[file]);
    found.extend(more);
    assert_eq!(crate::diagnostic::render::render(&sources, &found, false), "");
    crate::plan::lower(&program.expect("no complaint, so a program")).into_iter().map(Arc::new).collect()
}

/// The program that the page shows.
fn program() -> String {
    INTRO.rsplit("```ens\n").next().and_then(|rest| rest.split("```").next()).expect("it is shown").to_owned()
}

fn app(sim: &str) -> (App, Arc<Sim>) {
    let (state, sim) = state(&program(), sim, Slots::new());
    (App::new(state, PORT), sim)
}

/// A daemon that serves the handles of a program.
pub fn state(program: &str, sim: &str, slots: Slots) -> (Arc<State>, Arc<Sim>) {
    let plans = plans(program);
    let models = plans[0].models.iter().map(|model| model.name.to_string()).collect();
    let sim = Sim::new(models, sim.parse().expect("a script"));
    let host = Arc::new(Host::with_slots(Arc::new(SimUpstream::new(Arc::clone(&sim))), slots));
    let settings =
        Settings { key: None, liveliness: Arc::new(|| Box::pin(async { true })), pass_fields: Vec::new() };
    (Arc::new(State::new(plans, host, settings)), sim)
}

fn question(case: &Case, stream: bool) -> String {
    let Case { handle, more, question, .. } = case;
    let body = format!(
        r#"{{"model":"{handle}","messages":[{{"role":"user","content":"{question}"}}],"stream":{stream}{more}}}"#
    );
    chat(&body, &[])
}

async fn seen(case: &Case, stream: bool) -> Seen {
    let (state, sim) = state(&program(), case.sim, Slots::new());
    for _ in 0..case.before {
        send(App::new(Arc::clone(&state), PORT), question(case, stream)).await;
    }
    let answer = send(App::new(state, PORT), question(case, stream)).await;
    assert_eq!(sim.alive(), 0, "{}: something is left behind", case.title);
    of(&answer, stream)
}

pub fn of(answer: &Answer, stream: bool) -> Seen {
    if stream && answer.status == 200 { of_stream(answer) } else { of_whole(answer) }
}

fn of_whole(answer: &Answer) -> Seen {
    let json = answer.json();
    let seen = Seen {
        spoken: json["choices"][0]["message"]["content"].as_str().is_some_and(|text| !text.is_empty()),
        done: true,
        ..told(answer, &json)
    };
    let header = answer.header("x-ensc-degraded").map(|word| word == "true");
    assert_eq!(header, seen.degraded, "the header says what the receipt says");
    seen
}

fn of_stream(answer: &Answer) -> Seen {
    let events = answer.data();
    let done = events.last().is_some_and(|last| last == "[DONE]");
    let chunks: Vec<Value> = events
        .iter()
        .filter(|data| *data != "[DONE]")
        .map(|data| serde_json::from_str(data).expect("JSON"))
        .collect();
    let spoken =
        |chunk: &Value| chunk["choices"][0]["delta"]["content"].as_str().is_some_and(|text| !text.is_empty());
    let last = chunks.iter().rev().find(|chunk| chunk.get("ensc").is_some()).cloned().unwrap_or_default();
    Seen { spoken: chunks.iter().any(spoken), done, ..told(answer, &last) }
}

/// Error and receipt, as they stand in a body or in a chunk.
fn told(answer: &Answer, json: &Value) -> Seen {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let error = &json["error"];
    let receipt = &json["ensc"];
    let because = receipt["degraded_because"].as_array().into_iter().flatten();
    Seen {
        status: answer.status,
        retry_after: answer.header("retry-after").map(str::to_owned),
        spoken: false,
        done: false,
        error: error.is_object().then(|| (word(&error["code"]), word(&error["message"]))),
        degraded: receipt["degraded"].as_bool(),
        because: because.map(word).collect(),
        receipt: receipt.clone(),
    }
}

// === the page ===

fn section(title: &str, whole: &Seen, streamed: &Seen) -> String {
    let mut text =
        format!("\n## {title}\n\n| | status | what comes | `degraded` |\n| --- | --- | --- | --- |\n");
    for (name, seen, is_stream) in [("whole", whole, false), ("streamed", streamed, true)] {
        let wait = seen.retry_after.as_ref().map(|s| format!(", `Retry-After: {s}`")).unwrap_or_default();
        let degraded = match seen.degraded {
            Some(true) => "yes",
            Some(false) => "no",
            None => "no receipt",
        };
        let _ =
            writeln!(text, "| {name} | {}{wait} | {} | {degraded} |", seen.status, comes(seen, is_stream));
    }
    for line in said(whole, streamed) {
        let _ = writeln!(text, "\n{line}");
    }
    text
}

fn comes(seen: &Seen, is_stream: bool) -> String {
    let answer = if seen.spoken { "the answer" } else { "nothing" };
    match (&seen.error, is_stream) {
        (None, false) => answer.to_owned(),
        (None, true) => format!("{answer}, `[DONE]`"),
        (Some((code, _)), false) => format!("`{code}`"),
        (Some((code, _)), true) if seen.spoken => {
            format!("the beginning, then an event `{code}`, no `[DONE]`")
        }
        (Some((code, _)), true) => format!("an event `{code}`, no `[DONE]`"),
    }
}

/// Messages and reasons; once where both ways say the same.
fn said(whole: &Seen, streamed: &Seen) -> Vec<String> {
    let lines = |seen: &Seen| {
        let message = seen.error.iter().map(|(_, message)| format!("Message: “{message}”"));
        let because = seen.because.iter().map(|because| format!("Because: {because}."));
        message.chain(because).collect::<Vec<_>>().join("  \n")
    };
    let (first, second) = (lines(whole), lines(streamed));
    match () {
        () if first == second => [first].into_iter().filter(|line| !line.is_empty()).collect(),
        () => [("Whole", first), ("Streamed", second)]
            .into_iter()
            .filter(|(_, line)| !line.is_empty())
            .map(|(name, line)| format!("{name}:  \n{line}"))
            .collect(),
    }
}

#[tokio::test(start_paused = true)]
async fn the_page_says_what_the_user_sees() {
    let (head, cases) = INTRO.split_once("<!-- the table -->\n").expect("there is a place for it");
    let mut page = format!("{head}{}{cases}", faults::section());
    for case in CASES {
        let (whole, streamed) = (seen(case, false).await, seen(case, true).await);
        page.push_str(&section(case.title, &whole, &streamed));
    }
    if std::env::var_os("ENSC_BLESS").is_some() {
        std::fs::write(PAGE, &page).expect("the page can be written");
        return;
    }
    let written = std::fs::read_to_string(PAGE).expect("the page is there");
    assert!(written == page, "docs/faults.md is not what happens; it should be:\n{page}");
}

/// What no failure may do, whatever the page says.
#[tokio::test(start_paused = true)]
async fn no_failure_makes_a_client_try_again_or_take_half_for_whole() {
    for case in CASES {
        for stream in [false, true] {
            let seen = seen(case, stream).await;
            let title = case.title;
            assert_eq!(seen.error.is_none(), seen.spoken && seen.done, "{title}: {seen:?}");
            let retried = [408, 409, 429].contains(&seen.status) || seen.status >= 500;
            assert!(!retried || seen.retry_after.is_some(), "{title}: clients come back at once: {seen:?}");
            assert_eq!(seen.degraded.unwrap_or_default(), !seen.because.is_empty(), "{title}: {seen:?}");
            let message = seen.error.map(|(_, message)| message).unwrap_or_default();
            for words in ["simulated", "litellm.", "rate limit", "maximum context length", "Traceback"] {
                assert!(!message.contains(words), "{title}: the upstream's own words: {message}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_client_is_gone_and_so_are_its_calls() {
    for stream in [false, true] {
        let (app, sim) = app(r#"step.drafts.reply = [{ fault = "silence" }]"#);
        let book = Arc::clone(&sim);
        talk(app, async |mut io: DuplexStream| {
            io.write_all(question(&CASES[0], stream).as_bytes()).await.expect("it is open");
            while book.alive() < 3 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        // The connection, and all that was on it, went with the client.
        assert_eq!((sim.alive(), sim.cancelled()), (0, 3));
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_said_before_a_break_stays_said() {
    let (app, _) =
        app(r#"model.chief.reply = [{ text = "one two three", fault = "cut", after_tokens = 2 }]"#);
    let bytes = talk(app, async |mut io: DuplexStream| {
        io.write_all(question(&CASES[0], true).as_bytes()).await.expect("it is open");
        let mut bytes = Vec::new();
        io.read_to_end(&mut bytes).await.expect("the connection ends in order");
        bytes
    });
    let answer = parse(&String::from_utf8_lossy(&bytes.await));
    assert!(answer.body.contains(r#""content":"one two "#), "{}", answer.body);
    assert!(!answer.body.contains("[DONE]"));
}
