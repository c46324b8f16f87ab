//! Each fault of the upstream in each place of an ensemble, as the table says.

mod table;

use std::fmt::Write;
use std::sync::Arc;

use serde_json::Value;
use tokio::time::Instant;

use crate::run::slots::Slots;
use crate::serve::State;
use crate::serve::routes::App;
use crate::upstream::sim::Sim;

use super::failures::{self, Seen};
use super::kit::{PORT, chat, send};
use table::{Comes, FAULTS, Fault, Place};

const PROGRAM: &str = include_str!("faults/faults.ens");

/// tokio's clock counts in milliseconds, each wait rounds up.
const ROUNDING_MS: u64 = 5;

/// One fault in one place, asked for in one way.
struct Cell {
    fault: &'static Fault,
    place: Place,
    stream: bool,
}

// === impl Cell ===

impl Cell {
    fn all() -> impl Iterator<Item = Self> {
        FAULTS.iter().flat_map(|fault| {
            let ways = Place::ALL.into_iter().flat_map(|place| [(place, false), (place, true)]);
            ways.map(move |(place, stream)| Self { fault, place, stream })
        })
    }

    fn state(&self) -> (Arc<State>, Arc<Sim>) {
        let program = match self.fault.streamed {
            true => PROGRAM.replace("timeout: 90s", "timeout: 90s, first_token: 10s"),
            false => PROGRAM.to_owned(),
        };
        failures::state(
            &program,
            &format!("step.\"{}\".reply = [{}]", self.place.step(), self.fault.replies),
            Slots::new(),
        )
    }

    /// Plays it. What is not as the table says.
    async fn play(&self) -> Vec<String> {
        let (state, sim) = self.state();
        let mut wrong = Vec::new();
        for _ in 0..self.fault.runs {
            let (before, began) = (sim.calls().len(), Instant::now());
            let body = format!(
                r#"{{"model":"{}","messages":[{{"role":"user","content":"hi"}}],"stream":{}}}"#,
                self.place.handle(),
                self.stream
            );
            let answer = send(App::new(Arc::clone(&state), PORT), chat(&body, &[])).await;
            let took_ms = began.elapsed().as_millis() as u64;
            let seen = failures::of(&answer, self.stream);
            wrong.extend(self.of_the_client(&seen));
            wrong.extend(self.of_the_receipt(&seen.receipt));
            let sent = sim.calls().len() - before;
            wrong.extend(differs("attempts upstream", sent, self.attempts() as usize));
            let (from, to) = self.fault.takes_ms;
            if !(from..=to + ROUNDING_MS).contains(&took_ms) {
                wrong.push(format!("took {took_ms} ms, not {from} to {to}"));
            }
            wrong.extend(differs("alive", sim.alive(), 0));
        }
        wrong
    }

    fn attempts(&self) -> u32 {
        self.place.others() + self.fault.attempts
    }

    /// Status, answer or error, and how it ends.
    fn of_the_client(&self, seen: &Seen) -> Vec<String> {
        let error = seen.error.as_ref().map(|(code, _)| code.as_str());
        let was = (seen.status, error, seen.retry_after.as_deref(), seen.spoken, seen.done, seen.degraded);
        let comes = match (self.fault.comes(self.place), self.stream) {
            (Comes::Answer { degraded }, _) => (200, None, None, true, true, Some(degraded)),
            (Comes::AnswerOrBrokenOff, false) => (200, None, None, true, true, Some(true)),
            (Comes::Error { status, code, retry_after }, false) => {
                (status, Some(code), retry_after, false, true, Some(true))
            }
            (Comes::ErrorOrBrokenOff, false) => (424, Some("ensemble_failed"), None, false, true, Some(true)),
            (Comes::Error { code, .. }, true) => (200, Some(code), None, false, false, Some(true)),
            (Comes::AnswerOrBrokenOff | Comes::ErrorOrBrokenOff, true) => {
                (200, Some("ensemble_failed"), None, true, false, Some(true))
            }
        };
        differs("the client", was, comes).into_iter().collect()
    }

    /// The call that had the fault, and the totals.
    fn of_the_receipt(&self, receipt: &Value) -> Vec<String> {
        let calls = receipt["calls"].as_array().map(Vec::as_slice).unwrap_or_default();
        let Some(call) = calls.iter().find(|call| call["step"] == self.place.step()) else {
            return vec![format!("no call of `{}` in {receipt}", self.place.step())];
        };
        let outcome = if self.fault.why.is_some() { "failed" } else { "ok" };
        [
            differs("outcome", call["outcome"].as_str(), Some(outcome)),
            differs("why", call["why"].as_str(), self.fault.why),
            differs("attempts of the call", call["attempts"].as_u64(), Some(self.fault.attempts.into())),
            differs("attempts", receipt["totals"]["attempts"].as_u64(), Some(self.attempts().into())),
            differs(
                "unknown",
                receipt["totals"]["usage_unknown"].as_u64(),
                Some(u64::from(self.fault.unknown)),
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

// === the page ===

/// The table as the page has it.
pub fn section() -> String {
    let mut text = String::from(
        "| the upstream | the call | attempts | seconds | a member | the decider | the aggregator | the only call |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for fault in FAULTS {
        let call = fault.why.unwrap_or("is fine in the end");
        let places = Place::ALL.map(|place| words(fault.comes(place)));
        let _ = writeln!(
            text,
            "| {} | {call} | {} | {} | {} |",
            fault.title,
            fault.attempts,
            seconds(fault.takes_ms),
            places.join(" | ")
        );
    }
    text.push_str(
        "\n¹ Streamed: what was said stays said, then an event `ensemble_failed`; nobody else speaks in its place.\n",
    );
    text
}

fn words(comes: Comes) -> String {
    match comes {
        Comes::Answer { degraded: false } => "answer".to_owned(),
        Comes::Answer { degraded: true } => "degraded".to_owned(),
        Comes::Error { status, code, retry_after: None } => format!("{status} `{code}`"),
        Comes::Error { status, code, retry_after: Some(s) } => {
            format!("{status} `{code}`, `Retry-After: {s}`")
        }
        Comes::AnswerOrBrokenOff => "degraded ¹".to_owned(),
        Comes::ErrorOrBrokenOff => "424 `ensemble_failed` ¹".to_owned(),
    }
}

fn seconds((from_ms, to_ms): (u64, u64)) -> String {
    let seconds = |ms: u64| ms as f64 / 1000.0;
    if from_ms == to_ms {
        seconds(from_ms).to_string()
    } else {
        format!("{}–{}", seconds(from_ms), seconds(to_ms))
    }
}

fn differs<T: PartialEq + std::fmt::Debug>(what: &str, was: T, wanted: T) -> Option<String> {
    (was != wanted).then(|| format!("{what}: {was:?}, not {wanted:?}"))
}

#[tokio::test(start_paused = true)]
async fn each_fault_in_each_place_ends_as_the_table_says() {
    let mut wrong = Vec::new();
    for cell in Cell::all() {
        let way = if cell.stream { "streamed" } else { "whole" };
        let found = cell.play().await;
        wrong.extend(
            found.iter().map(|what| format!("{}, {:?}, {way}: {what}", cell.fault.title, cell.place)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
