//! What is counted: a few runs by hand, then every line that is scraped. `docs/metrics.md` is made of what is exported.
//!
//! `ENSC_BLESS=1 cargo test metrics` writes the page; read the change before you commit it.

#![allow(clippy::disallowed_methods, reason = "the page is a file of the repository")]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::time::sleep;

use crate::run::breaker::{FAILURES_MAX, Health};
use crate::run::host::Host;
use crate::run::receipt::{CallReceipt, Cause, QuorumReceipt, Receipt, Totals, UsageReceipt};
use crate::run::trace::Trace;
use crate::run::{Choice, ErrorKind, Event, Finished, RunError};
use crate::serve::State;
use crate::serve::routes::App;
use crate::upstream::Completion;
use crate::upstream::sim::{Script, Sim, SimUpstream};

use super::kit::{HANDLE, PORT, ask, chat, events, get, send, state_of, talk, text};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md");

const INTRO: &str = include_str!("metrics.md");

/// All that was counted; the buckets of a histogram only where the number changes.
async fn scraped(app: &App) -> String {
    let answer = send(app.clone(), get("/metrics")).await;
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    answer.body
}

/// The samples, sorted.
fn samples(text: &str) -> Vec<String> {
    let mut last_of: BTreeMap<String, String> = BTreeMap::new();
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').expect("a sample has a value");
        if let Some((name, labels)) = series.split_once("_bucket{") {
            let (le, labels): (Vec<&str>, Vec<&str>) =
                labels.trim_end_matches('}').split(',').partition(|label| label.starts_with("le="));
            assert_eq!(le.len(), 1, "{line}");
            let last = last_of.entry(format!("{name}{labels:?}")).or_insert("0".to_owned());
            if *last == value {
                continue;
            }
            *last = value.to_owned();
        }
        lines.push(line.to_owned());
    }
    lines.sort();
    lines
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn call(model: &str, began_s: f64, took_s: f64) -> CallReceipt {
    let usage = UsageReceipt { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
    CallReceipt {
        model: model.into(),
        outcome: "ok",
        attempts: 1,
        usage: Some(usage),
        began: seconds(began_s),
        took: seconds(took_s),
        ..CallReceipt::default()
    }
}

/// Two members, one of which is lost after two retries, and a third that was not waited for: three seconds with a call.
fn busy() -> Receipt {
    let lost = CallReceipt {
        outcome: "failed",
        word: "timed out",
        attempts: 3,
        is_unretried: true,
        usage: None,
        waited: seconds(0.5),
        ..call("mlx-two", 1.0, 2.0)
    };
    let stopped =
        CallReceipt { outcome: "cancelled", word: "decided", usage: None, ..call("mlx-two", 0.5, 1.0) };
    Receipt {
        degraded: true,
        causes: vec![Cause::Call, Cause::Else],
        calls: vec![call("mlx-one", 0.0, 2.0), lost, stopped],
        quorums: vec![
            QuorumReceipt { need: 2, of: 3, got: 1, ..QuorumReceipt::default() },
            QuorumReceipt { need: 1, of: 1, got: 1, ..QuorumReceipt::default() },
        ],
        totals: Totals { usage_unknown: 2, cost_usd: 0.25, ..Totals::default() },
        ..Receipt::default()
    }
}

fn end(receipt: Receipt, result: Result<&str, ErrorKind>) -> Event {
    let completion = |text: &str| Completion { text: text.to_owned(), ..Completion::default() };
    let result = result
        .map(|text| vec![Choice { index: 0, completion: completion(text) }])
        .map_err(|kind| RunError::new(kind, "why"));
    Event::Done(Box::new(Finished { result, receipt, trace: Trace { dropped: 7, ..Trace::default() } }))
}

/// Each event after so many seconds of waiting.
fn paced(list: Vec<(f64, Event)>) -> BoxStream<'static, Event> {
    stream::iter(list)
        .then(|(wait, event)| async move {
            sleep(seconds(wait)).await;
            event
        })
        .boxed()
}

/// A daemon whose runs are those of the list, one after the other.
fn daemon(runs: Vec<BoxStream<'static, Event>>) -> (Arc<State>, App) {
    let runs = Mutex::new(VecDeque::from(runs));
    let script = move || runs.lock().expect("no test panics here").pop_front().expect("a run");
    let (mut state, _) = state_of(script, None);
    let host = Host::new(Arc::new(SimUpstream::new(Sim::new(Vec::new(), Script::default()))));
    state.host = Some(Arc::new(host));
    let state = Arc::new(state.with_lost_lines(|| 7));
    (Arc::clone(&state), App::new(state, PORT))
}

/// The runs that are counted: a busy one, a streamed one, one that fails, one whose client leaves; then what is refused.
async fn served() -> App {
    let streamed = Receipt { calls: vec![call("mlx-one", 0.0, 2.0)], ..Receipt::default() };
    let (state, app) = daemon(vec![
        paced(vec![(3.25, end(busy(), Ok("hello")))]),
        paced(vec![(1.0, text("hel")), (0.5, text("lo")), (0.5, end(streamed, Ok("hello")))]),
        paced(vec![(0.0, end(Receipt::default(), Err(ErrorKind::Failed)))]),
        stream::pending().boxed(),
    ]);
    let host = state.host.as_ref().expect("it was put there");
    std::mem::forget(host.slots.take("mlx-one", 4).await.expect("it is free"));
    for _ in 0..FAILURES_MAX {
        host.breakers.pass("mlx-one").expect("not yet").ended(Health::Ill);
    }
    assert_eq!(send(app.clone(), chat(&ask(""), &[])).await.status, 200);
    assert_eq!(send(app.clone(), chat(&ask(r#""stream":true"#), &[])).await.status, 200);
    assert_eq!(send(app.clone(), chat(&ask(""), &[])).await.status, 424);
    talk(app.clone(), async |mut io: DuplexStream| {
        io.write_all(chat(&ask(""), &[]).as_bytes()).await.expect("it is open");
        while state.load.is_idle() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let unknown = ask("").replace(HANDLE, "opt-nobody-knows-me");
    assert_eq!(send(app.clone(), chat(&unknown, &[])).await.status, 404);
    let deep = ask(&format!(r#""metadata":{}1{}"#, "[".repeat(200), "]".repeat(200)));
    assert_eq!(send(app.clone(), chat(&deep, &[])).await.status, 400);
    state.health.ask().await;
    state.reload(state.plans(), crate::approach::Approaches::default());
    state.keep("chat.ens:1: nonsense");
    app
}

const SCRAPED: &str = r#"
ensc_added_seconds_bucket{handle="opt-chat-balanced-m",le="0.0001"} 1
ensc_added_seconds_bucket{handle="opt-chat-balanced-m",le="0.5"} 2
ensc_added_seconds_count{handle="opt-chat-balanced-m"} 2
ensc_added_seconds_sum{handle="opt-chat-balanced-m"} 0.25
ensc_breaker_open{model="mlx-one"} 1
ensc_build_info{version="VERSION"} 1
ensc_call_seconds_total{model="mlx-one",outcome="ok"} 4.0
ensc_call_seconds_total{model="mlx-two",outcome="cancelled"} 1.0
ensc_call_seconds_total{model="mlx-two",outcome="failed"} 2.0
ensc_calls_in_flight 1
ensc_calls_queued 0
ensc_calls_total{model="mlx-one",outcome="ok",why=""} 2
ensc_calls_total{model="mlx-two",outcome="cancelled",why="decided"} 1
ensc_calls_total{model="mlx-two",outcome="failed",why="timed out"} 1
ensc_cost_usd_total{handle="opt-chat-balanced-m"} 0.25
ensc_degraded_total{handle="opt-chat-balanced-m",cause="call"} 1
ensc_degraded_total{handle="opt-chat-balanced-m",cause="else"} 1
ensc_first_token_seconds_bucket{handle="opt-chat-balanced-m",le="1"} 1
ensc_first_token_seconds_count{handle="opt-chat-balanced-m"} 1
ensc_first_token_seconds_sum{handle="opt-chat-balanced-m"} 1.0
ensc_limit_reached_total{limit="bodies"} 0
ensc_limit_reached_total{limit="body"} 0
ensc_limit_reached_total{limit="body_time"} 0
ensc_limit_reached_total{limit="connections"} 0
ensc_limit_reached_total{limit="depth"} 1
ensc_limit_reached_total{limit="fields"} 0
ensc_limit_reached_total{limit="head"} 0
ensc_limit_reached_total{limit="head_time"} 0
ensc_limit_reached_total{limit="idle"} 0
ensc_limit_reached_total{limit="message"} 0
ensc_limit_reached_total{limit="reader"} 0
ensc_limit_reached_total{limit="runs"} 0
ensc_log_lines_lost_total 7
ensc_quorums_missed_total{handle="opt-chat-balanced-m"} 1
ensc_refused_total{code="invalid_request"} 1
ensc_refused_total{code="model_not_found"} 1
ensc_reloads_total{outcome="failed"} 1
ensc_reloads_total{outcome="ok"} 1
ensc_requests_total{handle="opt-chat-balanced-m",status="200"} 2
ensc_requests_total{handle="opt-chat-balanced-m",status="424"} 1
ensc_requests_total{handle="opt-chat-balanced-m",status="gone"} 1
ensc_retries_refused_total{model="mlx-one"} 0
ensc_retries_refused_total{model="mlx-two"} 1
ensc_retries_total{model="mlx-one"} 0
ensc_retries_total{model="mlx-two"} 2
ensc_run_seconds_bucket{handle="opt-chat-balanced-m",le="0.1"} 1
ensc_run_seconds_bucket{handle="opt-chat-balanced-m",le="2.5"} 2
ensc_run_seconds_bucket{handle="opt-chat-balanced-m",le="5"} 3
ensc_run_seconds_count{handle="opt-chat-balanced-m"} 3
ensc_run_seconds_sum{handle="opt-chat-balanced-m"} 5.25
ensc_runs_in_flight 0
ensc_slot_wait_seconds_bucket{model="mlx-one",le="0.1"} 2
ensc_slot_wait_seconds_bucket{model="mlx-two",le="0.1"} 1
ensc_slot_wait_seconds_bucket{model="mlx-two",le="0.5"} 2
ensc_slot_wait_seconds_count{model="mlx-one"} 2
ensc_slot_wait_seconds_count{model="mlx-two"} 2
ensc_slot_wait_seconds_sum{model="mlx-one"} 0.0
ensc_slot_wait_seconds_sum{model="mlx-two"} 0.5
ensc_slots_in_use{model="mlx-one"} 1
ensc_slots{model="mlx-one"} 4
ensc_spans_total{outcome="lost"} 0
ensc_spans_total{outcome="sent"} 0
ensc_stale 1
ensc_tokens_total{model="mlx-one",direction="in"} 20
ensc_tokens_total{model="mlx-one",direction="out"} 10
ensc_trace_events_dropped_total{handle="opt-chat-balanced-m"} 21
ensc_upstream_alive 1
ensc_usage_unknown_total{handle="opt-chat-balanced-m"} 2
"#;

#[tokio::test(start_paused = true)]
async fn every_number_is_that_of_the_runs() {
    let text = scraped(&served().await).await;
    let expected = SCRAPED.trim().replace("VERSION", env!("CARGO_PKG_VERSION"));
    assert_eq!(samples(&text).join("\n"), expected);
    assert!(!text.contains("nobody"), "an unknown model is no series");
}

/// Name, type, labels and explanation of everything in a scrape.
fn families(text: &str) -> Vec<(String, String, BTreeSet<String>, String)> {
    let mut found: Vec<(String, String, BTreeSet<String>, String)> = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let (name, help) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')).expect(line);
        let kind = lines.next().and_then(|line| line.strip_prefix(&format!("# TYPE {name} "))).expect(line);
        let mut labels = BTreeSet::new();
        while let Some(sample) = lines.next_if(|line| !line.starts_with('#')) {
            let series = sample.rsplit_once(' ').expect(sample).0;
            let (full, list) = series.split_once('{').unwrap_or((series, ""));
            let suffix = full.strip_prefix(name).expect(sample);
            let is_histogram = kind == "histogram";
            assert!(if is_histogram {
                ["_bucket", "_sum", "_count"].contains(&suffix)
            } else {
                suffix.is_empty()
            });
            let names = list.split("\",").filter_map(|label| label.split_once("=\"")).map(|(name, _)| name);
            labels.extend(names.filter(|name| *name != "le").map(str::to_owned));
        }
        assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
        assert!(name.starts_with("ensc_") && (kind == "counter") == name.ends_with("_total"), "{line}");
        assert!(found.iter().all(|(known, ..)| known != name), "{name} stands twice");
        found.push((name.to_owned(), kind.to_owned(), labels, help.to_owned()));
    }
    found
}

#[tokio::test(start_paused = true)]
async fn the_page_has_what_is_exported() {
    let text = scraped(&served().await).await;
    let mut page = INTRO.to_owned();
    for (name, kind, labels, help) in families(&text) {
        let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        writeln!(page, "| `{name}` | {kind} | {} | {} |", labels.join(", "), help.trim_end_matches('.'))
            .expect("a text takes it");
    }
    if std::env::var_os("ENSC_BLESS").is_some() {
        std::fs::write(PAGE, &page).expect("the page can be written");
    }
    assert_eq!(std::fs::read_to_string(PAGE).expect("there is a page"), page);
}

#[tokio::test]
async fn metrics_are_not_for_callers_without_the_key() {
    let (state, _) = state_of(|| events(Vec::new()), Some("a-key"));
    let app = App::new(Arc::new(state), PORT);
    assert_eq!(send(app.clone(), get("/metrics")).await.status, 401);
    let shown = get("/metrics").replace("\r\n\r\n", "\r\nauthorization: Bearer a-key\r\n\r\n");
    let text = send(app, shown).await.body;
    assert!(text.contains(r#"ensc_refused_total{code="invalid_api_key"} 1"#), "{text}");
}
