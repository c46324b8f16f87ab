//! `ensc run`: one question to one handle, from the terminal.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::cli::choices::Choices;
use crate::cli::config::Place;
use crate::cli::list;
use crate::cli::output::{Format, Output, Stop, dim};
use crate::cli::target::{self, Target};
use crate::cli::world;
use crate::plan::Plan;
use crate::run::host::Host;
use crate::run::receipt::Receipt;
use crate::run::request::Request;
use crate::run::{Choice, Event, Finished, Run};
use crate::upstream::{Completion, Message, Role, ToolCall};

/// How often the line that shows progress is written anew.
const TICK: Duration = Duration::from_millis(100);

/// Ask a handle one question
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ensc run opt-architect-high-xl \"Design a rate limiter.\"
  ensc run opt-summarize-fast-s - < minutes.txt
  ensc run opt-architect-high-xl \"ping\" --upstream sim --trace
  ensc run opt-architect-high-xl \"A name?\" --n 3
  ensc run opt-architect-high-xl \"ping\" --format json | jq .receipt.totals

The key for the upstream is taken from OPENAI_API_KEY.")]
pub struct Args {
    /// A handle or selector, or an ensemble with a single handle
    handle: String,

    /// The question; `-` reads it from standard input
    #[arg(value_name = "PROMPT")]
    prompt: Option<String>,

    #[command(flatten)]
    choices: Choices,

    /// Print what happened when to standard error at the end
    #[arg(long)]
    trace: bool,

    /// The answer as it is written, or answer and receipt as JSON
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    /// Fail rather than answer from fewer members than planned
    #[arg(long)]
    strict: bool,

    #[command(flatten)]
    target: Target,

    #[command(flatten)]
    place: Place,
}

impl Args {
    /// # Errors
    ///
    /// A program with errors, a name that is not known, and a run without an answer.
    pub fn run(self, out: &mut Output) -> Result<(), Stop> {
        let loaded = self.place.load_sound(out)?;
        let plan = list::find_one(&loaded.compiled.plans, &self.handle).map_err(Stop::Failed)?;
        let plan = Arc::new(self.choices.plan(plan));
        if let Some(breach) = self.choices.breach(&plan) {
            return Err(Stop::Failed(breach));
        }
        let config = loaded.config.serve;
        let chosen = self.target.clone().or(config.base_url, config.upstream).choose(None)?;
        let opened = chosen.open(target::upstream_key(None)?.as_ref())?;
        let request = Arc::new(self.request(&plan)?);
        let host = Arc::new(Host::new(opened.upstream));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Stop::Failed(format!("cannot start: {error}")))?;
        let finished = runtime.block_on(self.follow(Run::new(plan, request, host), out))?;
        self.report(&finished, out)
    }

    fn request(&self, plan: &Plan) -> Result<Request, Stop> {
        let prompt = match self.prompt.as_deref() {
            Some("-") => world::standard_input("the prompt").map_err(Stop::Failed)?,
            Some(prompt) => prompt.to_owned(),
            None if world::input_is_piped() => world::standard_input("the prompt").map_err(Stop::Failed)?,
            None => {
                return Err(Stop::Usage("what shall it be asked? give a prompt, or `-` to read one".into()));
            }
        };
        if prompt.trim().is_empty() {
            return Err(Stop::Usage("the prompt is empty".into()));
        }
        Ok(Request {
            run: format!("run-{:016x}", fastrand::u64(..)).into(),
            model: plan.handle.to_string(),
            messages: vec![Message::ours(Role::User, prompt)],
            fields: Vec::new(),
            // Several answers would come side by side, each a word at a time.
            stream: self.format == Format::Text && !self.choices.several(),
            strict: self.strict,
            ignored: Vec::new(),
            traceparent: None,
            patience: None,
            progress: false,
        })
    }

    /// Prints the reply as it arrives, and how long it takes until then. Dropped, it ends the run.
    async fn follow(&self, run: Run, out: &mut Output) -> Result<Finished, Stop> {
        let mut run = pin!(run);
        let mut progress = Progress::new(&self.handle, out);
        let mut spoke = false;
        let finished = loop {
            tokio::select! {
                biased;
                event = run.next() => match event {
                    Some(Event::Delta { delta, .. }) if self.format == Format::Text => {
                        progress.clear(out);
                        spoke |= !delta.text.is_empty();
                        out.print(&delta.text)?;
                    }
                    Some(Event::Delta { .. }) => {}
                    Some(Event::Done(finished)) => break *finished,
                    None => return Err(Stop::Failed("the run ended without a word".into())),
                },
                () = progress.tick() => progress.show(run.progress(), out),
            }
        };
        progress.clear(out);
        if let (Format::Text, Ok(reply)) = (self.format, finished.reply()) {
            match finished.result.as_deref() {
                Ok(choices @ [_, _, ..]) => out.print(&numbered(choices))?,
                _ => out.print(&rest(reply, spoke))?,
            }
        }
        Ok(finished)
    }

    fn report(&self, finished: &Finished, out: &mut Output) -> Result<(), Stop> {
        if self.trace {
            out.note(&finished.trace.to_string());
        }
        if self.format == Format::Json {
            out.print(&format!("{:#}\n", as_json(finished)))?;
        } else {
            for reason in &finished.receipt.degraded_because {
                out.warn(&format!("degraded: {reason}"));
            }
            if let Some(why) =
                finished.receipt.choices.as_ref().and_then(|choices| choices.fewer_because.as_ref())
            {
                out.warn(&format!("fewer answers than asked for: {why}"));
            }
            if out.is_watched() {
                let line = dim(&totals(&finished.receipt), out.colour_err());
                out.note(&format!("{line}\n"));
            }
        }
        match &finished.result {
            Ok(_) => Ok(()),
            Err(error) => Err(Stop::Failed(error.message.clone())),
        }
    }
}

/// What of a reply has not been printed yet, to the end of its line.
fn rest(reply: &Completion, spoke: bool) -> String {
    let mut text = if spoke { String::new() } else { reply.text.clone() };
    if !reply.text.is_empty() && !reply.text.ends_with('\n') {
        text.push('\n');
    }
    for call in &reply.tool_calls {
        text.push_str(&format!("{}({})\n", call.name, call.arguments));
    }
    text
}

/// Each of several answers below its number.
fn numbered(choices: &[Choice]) -> String {
    let of = choices.len();
    let texts = choices.iter().enumerate().map(|(at, choice)| {
        let text = rest(&choice.completion, false);
        format!("— {} of {of} —\n{text}", at + 1)
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// The first answer, all of them if there are several, and the receipt.
fn as_json(finished: &Finished) -> Value {
    let receipt = serde_json::to_value(&finished.receipt).unwrap_or_default();
    let choices = match &finished.result {
        Ok(choices) => choices,
        Err(error) => return json!({ "error": error.message, "receipt": receipt }),
    };
    let mut answer = answer(&choices[0].completion);
    if choices.len() > 1 {
        answer["choices"] = choices.iter().map(|choice| self::answer(&choice.completion)).collect();
    }
    answer["receipt"] = receipt;
    answer
}

fn answer(reply: &Completion) -> Value {
    json!({
        "text": reply.text,
        "finish_reason": reply.finish_reason,
        "tool_calls": reply.tool_calls.iter().map(tool_call).collect::<Vec<_>>(),
    })
}

fn tool_call(call: &ToolCall) -> Value {
    json!({ "id": call.id, "name": call.name, "arguments": call.arguments })
}

/// `4 calls, 1234 tokens, 2.3 s`.
fn totals(receipt: &Receipt) -> String {
    let totals = &receipt.totals;
    let tokens = totals.prompt_tokens + totals.completion_tokens;
    let cost = if totals.cost_usd > 0.0 { format!(", ${:.4}", totals.cost_usd) } else { String::new() };
    format!("{} calls, {tokens} tokens{cost}, {:.1} s", totals.calls, totals.seconds)
}

/// A line on a watched terminal that says how long we wait.
struct Progress {
    handle: String,
    since: tokio::time::Instant,
    is_watched: bool,
    is_shown: bool,
}

impl Progress {
    fn new(handle: &str, out: &Output) -> Self {
        let since = tokio::time::Instant::now();
        Self { handle: handle.to_owned(), since, is_watched: out.is_watched(), is_shown: false }
    }

    /// Resolves when the line is old; never where nobody watches.
    async fn tick(&self) {
        if self.is_watched {
            tokio::time::sleep(TICK).await;
        } else {
            std::future::pending::<()>().await;
        }
    }

    fn show(&mut self, calls: Option<(u32, u32)>, out: &mut Output) {
        let calls = calls.map(|(ended, begun)| format!("{ended} of {begun} calls, ")).unwrap_or_default();
        let line = format!("\r{} … {calls}{:.1} s", self.handle, self.since.elapsed().as_secs_f64());
        out.note(&dim(&line, out.colour_err()));
        self.is_shown = true;
    }

    /// Takes the line away for good.
    fn clear(&mut self, out: &mut Output) {
        if self.is_shown {
            out.note("\r\x1b[2K");
        }
        (self.is_shown, self.is_watched) = (false, false);
    }
}
