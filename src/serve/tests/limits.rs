//! Every limit, reached, and what comes beyond it: one row each. `docs/limits.md` is made of the rows.
//!
//! `ENSC_BLESS=1 cargo test limits` writes the page; read the change before you commit it.

#![allow(clippy::disallowed_methods, reason = "the page is a file of the repository")]

mod reach;
mod table;

use std::fmt::Write;

use crate::serve::limits::Limit;

use reach::Came;
use table::{Beyond, Number, OF_REQUESTS, OF_RUNS, Row};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/limits.md");

const INTRO: &str = include_str!("limits.md");

const COUNTED: &str = "ensc_limit_reached_total{limit=\"";

// === impl Row ===

impl Row {
    /// Reaches it. What is not as the row says.
    fn play(&self) -> Vec<String> {
        let paused = !self.how.wants_sockets();
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(paused).build().expect("a runtime starts");
        let came = runtime.block_on(self.how.reach());
        let mut wrong = self.of_the_client(&came);
        wrong.extend(self.of_the_metric(&came.metrics));
        wrong.into_iter().map(|what| format!("{}: {what}", self.what)).collect()
    }

    /// The text with the limit in it that was in force.
    fn message(&self, message: &str, most: Option<&str>) -> String {
        message.replace("{most}", most.unwrap_or(&(self.most)()))
    }

    fn of_the_client(&self, came: &Came) -> Vec<String> {
        let answer = came.answer.as_ref();
        let status = answer.map(|answer| answer.status);
        let error = answer.filter(|answer| answer.body.starts_with('{')).map(|answer| {
            let error = &answer.json()["error"];
            let word = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
            (word("code"), word("message"))
        });
        let code = error.as_ref().map(|(code, _)| code.as_str());
        let message = error.as_ref().map(|(_, message)| message.as_str()).unwrap_or_default();
        match self.beyond {
            Beyond::Refused { status: wanted, code: word, message: words, retry_after } => {
                let seen = (status, code, message, answer.and_then(|answer| answer.header("retry-after")));
                let words = self.message(words, came.most.as_deref());
                differs("refused", seen, (Some(wanted), Some(word), words.as_str(), retry_after))
            }
            Beyond::RefusedWithoutBody { status: wanted } => {
                let body = answer.map(|answer| answer.body.as_str());
                differs("refused", (status, body), (Some(wanted), Some("")))
            }
            Beyond::Closed { after_s } | Beyond::Dropped { after_s } => {
                differs("closed after", (status, came.after_s), (None, after_s))
            }
            Beyond::Waits => differs("answered after", (status, came.after_s), (Some(200), 2)),
            Beyond::WaitsToBeAccepted | Beyond::Lost => differs("answered", status, Some(200)),
            Beyond::CallFails { why, status: wanted, code: word } => {
                let call = answer.map(|answer| answer.json()["ensc"]["calls"][0]["why"].clone());
                let seen = (status, code, call.as_ref().and_then(|why| why.as_str()));
                let is_why = seen.2.is_some_and(|seen| seen.starts_with(why));
                let wrong = differs("failed", (seen.0, seen.1, is_why), (Some(wanted), Some(word), true));
                wrong.into_iter().map(|what| format!("{what}, because of {:?}", seen.2)).collect()
            }
            Beyond::Cut { status: wanted, code: word } => {
                let is_cut = message.len() <= 2048 && message.len() > 2040 && message.ends_with('…');
                differs("failed", (status, code, is_cut), (Some(wanted), Some(word), true))
            }
            Beyond::Kept { most, .. } => differs("kept", came.kept, most),
        }
    }

    /// Its series has its number, and no other limit was reached.
    fn of_the_metric(&self, metrics: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        let number = |series: &str| {
            let line = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
            line.and_then(|number| number.parse::<f64>().ok())
        };
        if let Some((series, wanted)) = self.metric {
            let seen = number(series);
            let is_right = match wanted {
                Number::Is(wanted) => seen == Some(f64::from(wanted)),
                Number::More => seen.is_some_and(|seen| seen >= 1.0),
            };
            if !is_right {
                wrong.push(format!("`{series}` is {seen:?}, not {wanted:?}"));
            }
        }
        for other in Limit::ALL {
            let series = format!("{COUNTED}{}\"}}", other.word());
            if self.metric.is_none_or(|(own, _)| own != series) && number(&series) != Some(0.0) {
                wrong.push(format!("`{series}` was counted, too"));
            }
        }
        wrong
    }
}

fn differs<T: PartialEq + std::fmt::Debug>(what: &str, was: T, wanted: T) -> Vec<String> {
    if was == wanted { Vec::new() } else { vec![format!("{what} {was:?}, not {wanted:?}")] }
}

#[test]
fn every_limit_is_reached_and_says_what_the_table_says() {
    let rows = OF_REQUESTS.iter().chain(OF_RUNS);
    let wrong: Vec<String> = rows.flat_map(Row::play).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_counted_as_a_limit_has_its_row() {
    for limit in Limit::ALL {
        let series = format!("{COUNTED}{}\"}}", limit.word());
        let has_it = |row: &Row| row.metric.is_some_and(|(own, _)| own == series);
        assert!(OF_REQUESTS.iter().any(has_it), "{limit:?}");
    }
}

// === the page ===

fn section(rows: &[Row]) -> String {
    let mut text = String::from(
        "| what | limit | set by | beyond it | [metric](metrics.md) |\n| --- | --- | --- | --- | --- |\n",
    );
    for row in rows {
        let key = row.key.map(|key| format!("`{key}`")).unwrap_or_default();
        let metric = row.metric.map(|(series, _)| format!("`{}`", shown(series))).unwrap_or_default();
        let most = grouped(&(row.most)());
        let _ = writeln!(text, "| {} | {most} | {key} | {} | {metric} |", row.what, beyond(row));
    }
    text
}

fn beyond(row: &Row) -> String {
    match row.beyond {
        Beyond::Refused { status, code, message, retry_after } => {
            let wait = retry_after.map(|s| format!(", `Retry-After: {s}`")).unwrap_or_default();
            format!("{status} `{code}`{wait}: “{}”", row.message(message, None))
        }
        Beyond::RefusedWithoutBody { status } => format!("{status} without a body"),
        Beyond::Closed { .. } => "the connection is closed".to_owned(),
        Beyond::Dropped { .. } => "the connection is closed, and the run dropped".to_owned(),
        Beyond::Waits => "waits".to_owned(),
        Beyond::WaitsToBeAccepted => "waits to be accepted".to_owned(),
        Beyond::CallFails { why, .. } => format!("the call has failed: “{why}”"),
        Beyond::Cut { .. } => "cut, and ends with “…”".to_owned(),
        Beyond::Kept { which, .. } => format!("the {which} ones are kept"),
        Beyond::Lost => "they are lost, and runs go on".to_owned(),
    }
}

/// A series without the names of the test's own.
fn shown(series: &str) -> String {
    let Some((name, labels)) = series.trim_end_matches('}').split_once('{') else { return series.to_owned() };
    let own = ["model=", "handle=", "outcome=\"failed\""];
    let labels: Vec<&str> =
        labels.split(',').filter(|label| !own.iter().any(|own| label.starts_with(own))).collect();
    if labels.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", labels.join(",")) }
}

/// Numbers of four digits and more, in threes.
fn grouped(text: &str) -> String {
    let whole = |digits: &str| {
        let (head, tail) = digits.split_at(digits.len() % 3);
        let threes = tail.as_bytes().chunks(3).map(|three| String::from_utf8_lossy(three).into_owned());
        Some(head.to_owned())
            .filter(|head| !head.is_empty())
            .into_iter()
            .chain(threes)
            .collect::<Vec<_>>()
            .join(",")
    };
    let word = |word: &str| {
        let digits = word.trim_end_matches(',');
        let is_number = digits.len() > 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { word.replace(digits, &whole(digits)) } else { word.to_owned() }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_page_has_every_row() {
    let page = INTRO
        .replace("<!-- of requests -->\n", &section(OF_REQUESTS))
        .replace("<!-- of runs -->\n", &section(OF_RUNS));
    if std::env::var_os("ENSC_BLESS").is_some() {
        std::fs::write(PAGE, &page).expect("the page can be written");
    }
    assert_eq!(std::fs::read_to_string(PAGE).expect("there is a page"), page);
}
