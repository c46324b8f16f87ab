//! What can be read of runs that are over, and of the plans.

use serde_json::{Value, json};

use crate::explain;
use crate::run::trace::{Trace, TraceEvent};
use crate::run::{ErrorKind, Event};
use crate::serve::limits::{PAST_BYTES_MAX, PAST_RUNS_MAX};
use crate::serve::routes::App;
use crate::serve::runs::{Past, Runs};

use super::kit::{
    HANDLE, PORT, SELECTOR, app_of, ask, chat, done, events, failed, get, hello_app, plan, receipt, send,
    state_of,
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
