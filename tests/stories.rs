//! Runs, told as stories: one test a file under `tests/run`.
//!
//! A story is a program (` ```ens `), what the upstream does (` ```sim `, a simulator script), what the client sends
//! (` ```request `, optional), and what must happen (` ```trace `): the run's own trace, then its end. All on a virtual
//! clock; the simulator runs in process.
//!
//! `ENSC_BLESS=1 cargo test --test stories` writes what happened into the files; read the change before you commit it.

// The harness reads and writes the stories; what it tests does neither.
#![allow(clippy::disallowed_methods, clippy::print_stderr)]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use futures_util::StreamExt;
use libtest_mimic::{Arguments, Failed, Trial};

use ensc::diagnostic::Diagnostic;
use ensc::plan::Plan;
use ensc::plan::several::several;
use ensc::run::host::Host;
use ensc::run::request::Request;
use ensc::run::{Event, Finished, Run};
use ensc::source::{SourceFile, Sources};
use ensc::upstream::sim::{Script, Sim, SimUpstream};
use ensc::upstream::{Completion, Message, Role};

fn main() -> ExitCode {
    let bless = std::env::var_os("ENSC_BLESS").is_some();
    if bless && std::env::var_os("CI").is_some() {
        eprintln!("ENSC_BLESS is for people: a CI run compares, it never writes");
        return ExitCode::FAILURE;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/run");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("tests/run is a folder")
        .map(|entry| entry.expect("tests/run can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    paths.sort();
    let trials = paths.into_iter().map(|path| {
        let name = path.file_stem().expect("a story has a name").to_string_lossy().into_owned();
        Trial::test(name, move || story(&path, bless).map_err(Failed::from))
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

fn story(path: &Path, bless: bool) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let block = |name: &str| between(&text, &format!("```{name}\n"), "```\n").map(|(range, _)| &text[range]);
    let ens = block("ens").ok_or("a story has a block ```ens")?;
    let script: Script = block("sim").unwrap_or("").parse().map_err(|error| format!("```sim: {error}"))?;
    let (request, choices) = request(block("request").unwrap_or("{}"))?;
    let plan = match choices {
        1 => plan(ens)?,
        _ => Arc::new(several(&*plan(ens)?, choices)),
    };
    let happened = tell(&plan, request, script);
    let Some((range, _)) = between(&text, "```trace\n", "```\n") else {
        return Err("a story has a block ```trace: what must happen".to_owned());
    };
    if bless {
        let told = format!("{}{happened}{}", &text[..range.start], &text[range.end..]);
        return std::fs::write(path, told).map_err(|error| error.to_string());
    }
    match text[range.clone()].trim() {
        "" => Err(format!("the story says nothing of what must happen; it was:\n{happened}")),
        _ if text[range.clone()] == happened => Ok(()),
        _ => Err(format!("told:\n{}\nhappened:\n{happened}", &text[range])),
    }
}

fn between(text: &str, open: &str, close: &str) -> Option<(std::ops::Range<usize>, usize)> {
    let start = text.find(open)? + open.len();
    let end = start + text[start..].find(close)?;
    Some((start..end, end + close.len()))
}

/// The plan of the story's only handle.
fn plan(text: &str) -> Result<Arc<Plan>, String> {
    let mut sources = Sources::default();
    let id = sources.add(SourceFile::new("story.ens", text));
    let (file, mut diagnostics) = ensc::syntax::parse(id, text);
    let (program, more) = ensc::program::check(&sources, &[file]);
    diagnostics.extend(more);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(ensc::diagnostic::render::render(&sources, &diagnostics, false));
    }
    let plans = ensc::plan::lower(&program.ok_or("no program")?);
    plans.into_iter().next().map(Arc::new).ok_or_else(|| "the story has no handle".to_owned())
}

/// `{"user": "…"}` or `{"messages": […]}`, with any other request fields; `stream` and `strict` are ours, and so is `n`.
fn request(json: &str) -> Result<(Request, u32), String> {
    use serde_json::Value;
    let mut body: serde_json::Map<String, Value> =
        serde_json::from_str(json).map_err(|error| format!("```request: {error}"))?;
    let flag = |body: &mut serde_json::Map<_, _>, name: &str| body.remove(name) == Some(Value::Bool(true));
    let (stream, strict) = (flag(&mut body, "stream"), flag(&mut body, "strict"));
    let choices = body.remove("n").and_then(|n| n.as_u64()).unwrap_or(1) as u32;
    let user = body.remove("user").unwrap_or_else(|| Value::String("What is a token bucket?".to_owned()));
    let messages = match body.remove("messages") {
        Some(Value::Array(messages)) => messages.iter().map(message).collect(),
        _ => vec![Message::ours(Role::User, user.as_str().unwrap_or_default())],
    };
    let raw = |value: Value| serde_json::value::to_raw_value(&value).expect("JSON stays JSON").into();
    let request = Request {
        run: "run-story".to_owned().into(),
        model: "story".to_owned(),
        messages,
        fields: body.into_iter().map(|(name, value)| (name, raw(value))).collect(),
        stream,
        strict,
        ignored: Vec::new(),
        traceparent: None,
        patience: None,
        progress: false,
    };
    Ok((request, choices))
}

/// What the simulator says by itself is not part of the story.
fn said(completion: &Completion) -> String {
    match completion.text.split_once(']') {
        Some((who, _)) if who.starts_with("[simulated") => format!("{who}]"),
        _ => completion.text.replace('\n', "\n  "),
    }
}

fn message(message: &serde_json::Value) -> Message {
    let role = match message["role"].as_str() {
        Some("system") => Role::System,
        Some("assistant") => Role::Assistant,
        _ => Role::User,
    };
    Message::ours(role, message["content"].as_str().unwrap_or_default())
}

/// Runs it and writes down what happened.
fn tell(plan: &Arc<Plan>, request: Request, script: Script) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime starts").block_on(async {
        let sim = Sim::new(plan.models.iter().map(|model| model.name.to_string()).collect(), script);
        let host = Arc::new(Host::new(Arc::new(SimUpstream::new(Arc::clone(&sim)))));
        let mut run = Run::new(Arc::clone(plan), Arc::new(request), host);
        let mut pieces = Vec::new();
        let mut told = String::new();
        while let Some(event) = run.next().await {
            match event {
                Event::Delta { choice, delta } => pieces.push((choice, delta.text)),
                Event::Done(finished) => told = ending(&finished, &pieces),
            }
        }
        drop(run);
        let _ = writeln!(told, "upstream: {} calls, {} alive", sim.totals().calls, sim.alive());
        told
    })
}

fn ending(finished: &Finished, pieces: &[(u32, String)]) -> String {
    let mut told = finished.trace.to_string();
    let receipt = &finished.receipt;
    let _ = writeln!(told);
    match &finished.result {
        Ok(choices) if receipt.choices.is_none() => {
            let _ = writeln!(told, "reply: {}", said(&choices[0].completion));
        }
        Ok(choices) => {
            for choice in choices {
                let _ = writeln!(told, "choice {}: {}", choice.index, said(&choice.completion));
            }
        }
        Err(error) => {
            let wait = error.retry_after_s.map(|s| format!(", retry after {s} s")).unwrap_or_default();
            let _ = writeln!(told, "error: {:?}{wait}: {}", error.kind, error.message);
        }
    }
    if let Some(fewer) = receipt.choices.as_ref().and_then(|choices| choices.fewer_because.as_ref()) {
        let _ = writeln!(told, "fewer: {fewer}");
    }
    if receipt.choices.is_some() {
        for (choice, piece) in pieces {
            let _ = writeln!(told, "streamed: {choice} {piece:?}");
        }
    } else if !pieces.is_empty() {
        let _ = writeln!(told, "streamed: {} pieces of {}", pieces.len(), receipt.reply.step);
    }
    let because = receipt.degraded_because.join("; ");
    let _ = writeln!(told, "degraded: {}", if receipt.degraded { because.as_str() } else { "no" });
    for call in &receipt.calls {
        let why = call.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        let _ = writeln!(
            told,
            "call {} {} {}{why}, attempts {}",
            call.step, call.model, call.outcome, call.attempts
        );
    }
    let (t, b) = (&receipt.totals, &receipt.bound);
    let _ = writeln!(
        told,
        "totals: {} calls, {} attempts, {} waves, {} unknown (at most {}, {}, {})",
        t.calls, t.attempts, t.waves, t.usage_unknown, b.calls, b.attempts, b.waves
    );
    told
}
