//! What can be read of runs that are over, and of the plans.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt, DuplexStream};

use crate::explain;
use crate::run::record::Spoken;
use crate::run::slots::Slots;
use crate::run::trace::{Trace, TraceEvent};
use crate::run::{ErrorKind, Event};
use crate::serve::limits::{PAST_BYTES_MAX, PAST_RUNS_MAX};
use crate::serve::routes::App;
use crate::serve::runs::{Past, Runs};
use crate::upstream::sim::Sim;

use super::failures;
use super::kit::{
    HANDLE, PORT, SELECTOR, app_of, ask, chat, done, events, failed, get, hello_app, plan, receipt, send,
    state_of, talk,
};

/// A run that ended well, with an event in its trace.
fn told() -> Event {
    let Event::Done(mut finished) = done("hello") else { panic!("it is an end") };
    let event = TraceEvent { at_ms: 7, step: "reply".into(), what: "ask", detail: "mlx-one".into() };
    finished.trace = Trace { events: vec![event], dropped: 2 };
    Event::Done(finished)
}

async fn list(app: &App) -> Value {
    send(app.clone(), get("/v1/runs")).await.json()["data"].take()
}

#[tokio::test]
async fn a_run_is_read_by_its_id_with_receipt_and_trace() {
    let app = app_of(|| events(vec![told()]));
    let id = send(app.clone(), chat(&ask(""), &[])).await.json()["id"].clone();
    let path = format!("/v1/runs/{}", id.as_str().expect("an id"));
    let mut run = send(app.clone(), get(&path)).await.json();
    assert_eq!(run["receipt"].take(), json!(receipt()));
    let event = json!({"at_ms": 7, "step": "reply", "what": "ask", "detail": "mlx-one"});
    assert_eq!(run["trace"].take(), json!({"events": [event], "dropped": 2}));
    let seconds = run["seconds"].take();
    assert!(seconds.as_f64().is_some_and(|seconds| seconds >= 0.0), "{seconds}");
    assert_eq!(
        run,
        json!({
            "id": id, "object": "ensc.run", "created": 1_700_000_000, "handle": HANDLE, "model": HANDLE,
            "stream": false, "status": 200, "seconds": null, "degraded": false, "calls": 4, "prompt_tokens": 70,
            "completion_tokens": 30, "receipt": null, "trace": null,
        })
    );
}

#[tokio::test]
async fn the_newest_run_is_listed_first_streamed_and_failed_ones_too() {
    let app = app_of(|| events(vec![failed(ErrorKind::Failed)]));
    send(app.clone(), chat(&ask(""), &[])).await;
    send(app.clone(), chat(&ask(r#""stream":true"#).replace(HANDLE, SELECTOR), &[])).await;
    let runs = list(&app).await;
    let told = |run: &Value| {
        [run["handle"].clone(), run["model"].clone(), run["stream"].clone(), run["status"].clone()]
    };
    let runs: Vec<_> = runs.as_array().expect("a list").iter().map(told).collect();
    assert_eq!(
        runs,
        [
            [json!(HANDLE), json!(SELECTOR), json!(true), json!(424)],
            [json!(HANDLE), json!(HANDLE), json!(false), json!(424)],
        ]
    );
}

#[tokio::test]
async fn a_run_that_a_bug_ended_is_listed_without_a_receipt() {
    let app = app_of(|| events(Vec::new()));
    send(app.clone(), chat(&ask(""), &[])).await;
    let runs = list(&app).await;
    assert_eq!((&runs[0]["status"], &runs[0]["calls"]), (&json!(500), &Value::Null));
}

#[tokio::test]
async fn a_run_that_is_not_remembered_is_404_in_our_own_words() {
    let answer = send(hello_app(), get("/v1/runs/run-0%22")).await;
    assert_eq!((answer.status, answer.error()), (404, (None, "not_found".to_owned())));
    assert!(answer.body.contains("no run `run-0?22` is remembered"), "{}", answer.body);
}

#[tokio::test]
async fn the_plan_is_what_explain_prints_by_handle_or_selector() {
    for name in [HANDLE, SELECTOR] {
        let answer = send(hello_app(), get(&format!("/v1/ensembles/{name}/plan"))).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.body, explain::to_json(&plan()));
    }
    let answer = send(hello_app(), get("/v1/ensembles/opt-chat-balanced-n/plan")).await;
    assert_eq!((answer.status, answer.error().1.as_str()), (404, "model_not_found"));
}

#[tokio::test]
async fn none_of_it_is_for_callers_without_the_key() {
    for path in ["/v1/runs", "/v1/runs/run-1", &format!("/v1/ensembles/{HANDLE}/plan")] {
        let (state, _) = state_of(|| events(vec![done("hello")]), Some("a-key"));
        let app = App::new(state.into(), PORT);
        assert_eq!(send(app, get(path)).await.status, 401, "{path}");
    }
}

fn past(run: usize, told: Option<usize>) -> Past {
    let detail =
        |length| TraceEvent { at_ms: 0, step: "".into(), what: "ask", detail: "x".repeat(length).into() };
    Past {
        run: run.to_string().into(),
        handle: HANDLE.to_owned().into(),
        model: HANDLE.to_owned().into(),
        streamed: false,
        began: std::time::Duration::ZERO,
        took: std::time::Duration::ZERO,
        first_token: None,
        status: None,
        span: None,
        told: told.map(|length| (receipt(), Trace { events: vec![detail(length)], dropped: 0 })),
        spoken: None,
    }
}

#[test]
fn the_oldest_runs_are_forgotten_by_number() {
    let runs = Runs::default();
    (0..PAST_RUNS_MAX + 2).for_each(|run| runs.push(past(run, None).into()));
    let all = runs.all();
    assert_eq!((all.len(), all[0].run.as_ref()), (PAST_RUNS_MAX, "1001"));
    assert!(runs.one("1").is_none() && runs.one("2").is_some());
}

#[test]
fn the_oldest_runs_are_forgotten_by_size() {
    let runs = Runs::default();
    (0..5).for_each(|run| runs.push(past(run, Some(PAST_BYTES_MAX / 4)).into()));
    let kept: Vec<_> = runs.all().iter().map(|past| past.run.to_string()).collect();
    assert_eq!(kept, ["4", "3", "2"], "a fourth of the room each, and a little more");
}

// === text ===

const PANEL: &str = r#"
model a { runtime: mlx, memory: 1GB, context: 128k, max_output: 4k }
model b { runtime: mlx, memory: 1GB, context: 128k, max_output: 4k }
tier s { memory: 9GB }
profile high { timeout: 1m }
ensemble x at high-s {
  drafts = sample 6 of a
  reply = pick drafts by b
}
"#;

/// Six drafts that differ; the fourth of those that are shown is picked.
const SAID: &str = r#"
step.drafts.reply = [
  { text = "zebra 0" }, { text = "zebra 1" }, { text = "zebra 2" },
  { text = "zebra 3" }, { text = "zebra 4" }, { text = "zebra 5" },
]
model.b.reply = [{ text = "4" }]
"#;

fn panel(said: &str, records: bool) -> (App, Arc<Sim>) {
    let (state, sim) = failures::state(PANEL, said, Slots::new());
    let state = Arc::into_inner(state).expect("nobody else has it yet");
    let state = if records { state.with_recorded_text() } else { state };
    (App::new(Arc::new(state), PORT), sim)
}

fn secret() -> String {
    let messages = r#"[{"role":"user","content":"okapi"}]"#;
    chat(&format!(r#"{{"model":"opt-x-high-s","messages":{messages},"seed":7}}"#), &[])
}

/// The last run as it is shown.
async fn last_run(app: &App) -> Value {
    let runs = list(app).await;
    let id = runs[0]["id"].as_str().expect("there is one");
    send(app.clone(), get(&format!("/v1/runs/{id}"))).await.json()
}

#[tokio::test(start_paused = true)]
async fn text_is_not_recorded_unless_that_is_asked_for() {
    let (app, _) = panel(SAID, false);
    assert!(send(app.clone(), secret()).await.body.contains("zebra"));
    let run = last_run(&app).await;
    assert!(run.get("text").is_none(), "{run}");
    for path in ["/v1/runs", &format!("/v1/runs/{}", run["id"].as_str().expect("an id")), "/metrics"] {
        let body = send(app.clone(), get(path)).await.body;
        assert!(!body.contains("okapi") && !body.contains("zebra"), "{path}: {body}");
    }
    assert_eq!(send(app, get("/v1/runs")).await.json()["text_recorded"], false);
}

#[tokio::test(start_paused = true)]
async fn recorded_text_is_shown_with_its_run_step_by_step() {
    let (app, _) = panel(SAID, true);
    let answer = send(app.clone(), secret()).await.json();
    assert_eq!(send(app.clone(), get("/v1/runs")).await.json()["text_recorded"], true);
    let run = last_run(&app).await;
    let text = run["text"].as_array().expect("it is recorded");
    let of = |step: &str| text.iter().find(|spoken| spoken["step"] == step).expect("it was asked");
    for draft in 0..6 {
        let spoken = of(&format!("drafts[{draft}]"));
        assert_eq!(
            (&spoken["asked"], &spoken["gave"]),
            (&json!("user: okapi"), &json!([format!("zebra {draft}")]))
        );
    }
    let decider = text.iter().find(|spoken| spoken["gave"] == json!(["4"])).expect("it was asked");
    let asked = decider["asked"].as_str().expect("a text");
    assert!(asked.contains("okapi") && asked.contains("zebra 0") && asked.contains("zebra 5"), "{asked}");
    assert_eq!(text.len(), 7, "each call once: {text:?}");
    assert!(
        answer["choices"][0]["message"]["content"].as_str().is_some_and(|text| text.starts_with("zebra "))
    );
    let metrics = send(app, get("/metrics")).await.body;
    assert!(!metrics.contains("okapi") && !metrics.contains("zebra"), "{metrics}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_recorded_asks_what_it_would_ask_anyway() {
    let bodies = async |records| {
        let (app, sim) = panel(SAID, records);
        let answer = send(app, secret()).await.json()["choices"][0]["message"]["content"].clone();
        let bodies: Vec<String> =
            sim.calls().iter().map(|call| String::from_utf8_lossy(&call.body).into_owned()).collect();
        // Whose books a call stands in has the run's id, which is drawn.
        let prompts = bodies
            .into_iter()
            .map(|body| serde_json::from_str::<Value>(&body).expect("JSON")["messages"].to_string());
        (answer, prompts.collect::<Vec<_>>())
    };
    let (answer, without) = bodies(false).await;
    assert_eq!(bodies(true).await, (answer, without.clone()));
    let last = without.last().expect("the decider");
    let places: Vec<_> = (0..6).map(|n| last.find(&format!("zebra {n}")).expect("each is shown")).collect();
    assert!(!places.is_sorted(), "the order is drawn, so a record that kept that of the plan would show");
}

#[tokio::test(start_paused = true)]
async fn of_a_run_whose_client_left_there_is_what_was_said_until_then() {
    let (app, sim) =
        panel("model.a.reply = [{ text = \"zebra\" }]\nmodel.b.reply = [{ fault = \"silence\" }]", true);
    talk(app.clone(), async |mut io: DuplexStream| {
        io.write_all(secret().as_bytes()).await.expect("it is open");
        while sim.calls().len() < 7 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let run = last_run(&app).await;
    assert_eq!(run["status"], Value::Null);
    let text = run["text"].as_array().expect("it is recorded");
    assert_eq!(text[0]["gave"], json!(["zebra"]));
    let decider = text.iter().find(|spoken| spoken["gave"] == json!([])).expect("it was asked");
    assert!(decider["asked"].as_str().is_some_and(|asked| asked.contains("zebra")), "{decider}");
}

#[test]
fn text_counts_among_the_bytes_of_the_last_runs() {
    let runs = Runs::default();
    (0..5).for_each(|run| {
        let asked = Some("x".repeat(PAST_BYTES_MAX / 4));
        let spoken = vec![Spoken { asked, ..Spoken::default() }];
        runs.push(Past { spoken: Some(spoken), ..past(run, None) }.into());
    });
    assert_eq!(runs.all().len(), 3, "a fourth of the room each, and a little more");
}
