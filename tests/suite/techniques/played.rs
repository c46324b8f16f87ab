//! A technique played against models that say who they are: who is called when, and whose words it is shown.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt};

use ensc::plan::Plan;
use ensc::run::Run;
use ensc::run::host::Host;
use ensc::run::request::Request;
use ensc::upstream::{Call, CallError, Completion, Delta, Incoming, Message, Role, Upstream};

use crate::stage;

/// What takes a call; so the second in which one starts is its wave.
const CALL: Duration = Duration::from_secs(1);

/// What some steps must say for the longest way through a technique to be taken.
const SAID: &[(&str, &str, &str)] = &[
    ("leap", "reply.examples", EXAMPLES),
    ("router", "reply.reply", "result"),
    ("incognito", "reply.found", r#"[{"kind": "NAME", "text": "Ute"}]"#),
    ("privacy", "reply.found", r#"[{"kind": "NAME", "text": "Ute"}]"#),
    ("tree-search", "marked", r#"{"score": 9}"#),
];

const EXAMPLES: &str = r#"[
    {"question": "one", "answer": "1"}, {"question": "two", "answer": "2"}, {"question": "three", "answer": "3"},
    {"question": "four", "answer": "4"}, {"question": "five", "answer": "5"}
]"#;

/// Says for each call which step makes it, in marks that a prompt shows unchanged.
struct Speakers {
    technique: String,
    started: tokio::time::Instant,
    heard: Mutex<Vec<Heard>>,
}

struct Heard {
    wave: u64,
    step: String,
    model: String,
    shown: String,
}

/// One line a call: wave, step, model, and the steps whose answers it is shown.
pub fn graph(technique: &str, plan: &Arc<Plan>) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime starts").block_on(async {
        let speakers = Arc::new(Speakers {
            technique: technique.to_owned(),
            started: tokio::time::Instant::now(),
            heard: Mutex::default(),
        });
        let request = Request { messages: asked(technique), ..stage::request("") };
        let host = Host::new(Arc::new(Listener(Arc::clone(&speakers))));
        let mut run = Run::new(Arc::clone(plan), Arc::new(request), Arc::new(host));
        while run.next().await.is_some() {}
        let heard = std::mem::take(&mut *speakers.heard.lock().expect("no test panics here"));
        told(technique, &heard)
    })
}

/// Long where length is what a technique is for.
fn asked(technique: &str) -> Vec<Message> {
    let question = "What is it about? ";
    match technique {
        "map-reduce" => vec![Message::ours(Role::User, question.repeat(18_000))],
        "compact" => {
            let old = Message::ours(Role::User, question.repeat(20_000));
            std::iter::once(old).chain((0..4).map(|_| Message::ours(Role::User, question))).collect()
        }
        _ => vec![Message::ours(Role::User, question)],
    }
}

fn told(technique: &str, heard: &[Heard]) -> String {
    let waves = heard.iter().map(|heard| heard.wave).max().unwrap_or(0);
    let mut text = format!("{technique}: {} calls in {waves} waves\n", heard.len());
    let mut calls: Vec<&Heard> = heard.iter().collect();
    calls.sort_by_key(|heard| heard.wave);
    for call in calls {
        let seen: Vec<&str> = heard
            .iter()
            .filter(|earlier| call.shown.contains(&mark(&earlier.step)))
            .map(|earlier| earlier.step.as_str())
            .collect();
        let seen = if seen.is_empty() { String::new() } else { format!(" sees {}", seen.join(" ")) };
        text.push_str(&format!("  {} {} {}{seen}\n", call.wave, call.step, call.model));
    }
    text
}

fn mark(step: &str) -> String {
    format!("«{step}»")
}

// === impl Speakers ===

impl Speakers {
    fn says(&self, call: &Call, shown: &str) -> String {
        let step = call.attribution.step.as_ref();
        let plain = step.trim_end_matches(|c: char| c.is_ascii_digit() || c == '[' || c == ']');
        let named = |(technique, key, _): &&(&str, &str, &str)| {
            *technique == self.technique && (plain == *key || step.contains(&format!(".{key}.")))
        };
        let asked = [
            (r#"{"score": N}"#, r#"{"score": 7}"#),
            (r#"{"choice": N}"#, r#"{"choice": 1}"#),
            (r#"{"ranking": [N"#, r#"{"ranking": [1, 2, 3]}"#),
        ];
        match (SAID.iter().find(named), asked.iter().find(|(form, _)| shown.contains(form))) {
            (Some((.., said)), _) | (None, Some((_, said))) => (*said).to_owned(),
            // Notes that are too many to be read at once.
            (None, None) if self.technique == "map-reduce" => mark(step) + &" and so on".repeat(800),
            (None, None) => mark(step),
        }
    }
}

struct Listener(Arc<Speakers>);

impl Upstream for Listener {
    fn start(&self, call: Arc<Call>) -> BoxFuture<'static, Result<Incoming, CallError>> {
        let speakers = Arc::clone(&self.0);
        async move {
            let shown: Vec<&str> = call.messages.iter().map(|message| &*message.text).collect();
            let shown = shown.join("\n");
            let text = speakers.says(&call, &shown);
            let wave = speakers.started.elapsed().as_secs() / CALL.as_secs() + 1;
            let (step, model) = (call.attribution.step.to_string(), call.model.to_string());
            speakers.heard.lock().expect("no test panics here").push(Heard { wave, step, model, shown });
            tokio::time::sleep(CALL).await;
            let finish = "stop".to_owned();
            Ok(match call.stream {
                false => Incoming::Whole(Box::new(Completion {
                    text,
                    finish_reason: finish,
                    ..Completion::default()
                })),
                true => {
                    let delta = Delta { text, finish_reason: Some(finish), ..Delta::default() };
                    Incoming::Stream(futures_util::stream::iter([Ok(delta)]).boxed())
                }
            })
        }
        .boxed()
    }
}
