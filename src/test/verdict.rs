//! A test is run, and what came of it is held against what was expected.

use std::ops::Range;
use std::sync::Arc;

use futures_util::StreamExt;
use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::plan::NodeId;
use crate::run::host::Host;
use crate::run::record::Record;
use crate::run::request::Request;
use crate::run::{Event, Finished, Run};
use crate::template::Data;
use crate::template::parts::Reading;

use super::stage::{Cast, Change, Stage};
use super::view::{self, View};
use super::{Expect, Test, errors, steps};

/// Most characters that are shown of a value.
const SHOWN_MAX: usize = 100;

/// How many characters before the first difference are shown.
const BEFORE: usize = 20;

/// How a test ended.
#[derive(Debug)]
pub struct Verdict {
    /// Empty if it passed.
    pub failures: Vec<Diagnostic>,
    pub finished: Finished,
    /// What every node was asked and gave.
    pub record: Record,
}

/// A run that is over.
pub struct Played {
    pub finished: Finished,
    pub record: Record,
    /// Calls that no mock answered.
    pub unmocked: Vec<NodeId>,
}

/// Runs a test on a clock of its own. Must not be called where a runtime is at work already.
#[must_use]
pub fn run(test: &Test) -> Verdict {
    let played = play(test, Change::default());
    let failures = judge(test, &played);
    Verdict { failures, finished: played.finished, record: played.record }
}

/// Runs what a test runs, with a change.
pub fn play(test: &Test, change: Change) -> Played {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without any device starts");
    runtime.block_on(async {
        let stage = Stage::new(test, change);
        let host = Arc::new(Host::patient(Arc::new(Cast(Arc::clone(&stage)))));
        let mut run = Run::new(Arc::clone(&test.plan), Arc::new(request(test)), host).recording().in_order();
        loop {
            match run.next().await {
                Some(Event::Delta { .. }) => (),
                Some(Event::Done(finished)) => {
                    let record = run.record().expect("it was asked to keep one");
                    return Played { finished: *finished, record, unmocked: stage.unmocked() };
                }
                None => unreachable!("a run ends with `Done`"),
            }
        }
    })
}

fn request(test: &Test) -> Request {
    Request {
        run: "run-test".into(),
        model: test.plan.handle.to_string(),
        messages: test.messages.clone(),
        fields: test.fields.clone(),
        stream: test.stream,
        strict: test.strict,
        ignored: Vec::new(),
        traceparent: None,
        patience: None,
        progress: false,
    }
}

fn judge(test: &Test, played: &Played) -> Vec<Diagnostic> {
    if !played.unmocked.is_empty() {
        // Whatever else went wrong, went wrong because of these.
        let calls = played.unmocked.iter().map(|id| {
            let node = test.plan.node(*id);
            let model = node.act.ask().map(|ask| test.plan.model(ask.model).name.as_ref());
            errors::not_mocked(test.run, &node.id, model.unwrap_or_default())
        });
        return calls.collect();
    }
    let speaks_of_error = |expect: &Expect| {
        let readings = expect.expression.readings();
        let is_step = !steps::named(&test.plan, "error").is_empty();
        readings.iter().any(|reading| reading.words[0].text == "error" && !is_step)
    };
    if let Err(error) = &played.finished.result
        && !test.expects.iter().any(speaks_of_error)
    {
        return vec![errors::run_failed(test.run, error.kind.code(), &error.message)];
    }
    let view = View::new(&test.plan, &played.record, &played.finished);
    test.expects.iter().filter_map(|expect| hold(test, &view, expect)).collect()
}

/// What is wrong with one expectation, if anything is.
fn hold(test: &Test, view: &View<'_>, expect: &Expect) -> Option<Diagnostic> {
    for reading in expect.expression.readings() {
        if let Some(range) = did_not_run(test, view, &reading) {
            let source = expect.expression.source();
            return Some(errors::never_ran(expect.place(&range), source.get(range).unwrap_or(source)));
        }
    }
    let scope = view.scope(&expect.expression);
    match expect.expression.holds(&scope) {
        Ok(true) => None,
        Ok(false) => Some(compared(expect, expect.expression.sides(&scope))),
        Err(error) => Some(errors::cannot_be_judged(expect.span, &error.0)),
    }
}

/// The place of a step that a reading asks about and that did not run.
fn did_not_run(test: &Test, view: &View<'_>, reading: &Reading) -> Option<Range<usize>> {
    let (head, rest) = reading.words.split_first()?;
    let mut bases: Vec<String> =
        steps::named(&test.plan, &head.text).into_iter().map(str::to_owned).collect();
    if bases.is_empty() {
        return None;
    }
    let mut end = head.range.end;
    for word in rest {
        let deeper: Vec<String> = bases.iter().map(|base| format!("{base}.{}", word.text)).collect();
        if word.is_index || !deeper.iter().any(|base| steps::is_known(&test.plan, base)) {
            break;
        }
        (bases, end) = (deeper, word.range.end);
    }
    let asked = rest.iter().find(|word| word.range.start > end || word.range.start == end + 1);
    let is_asked_whether = asked.is_some_and(|word| view::FIELDS_WITHOUT_RUN.contains(&word.text.as_str()));
    (!is_asked_whether && !view.ran(&bases)).then_some(head.range.start..end)
}

/// The values that were compared, each under its place.
fn compared(expect: &Expect, sides: Vec<(Range<usize>, Data)>) -> Diagnostic {
    let values: Vec<Value> = sides.iter().map(|(_, data)| data.to_json()).collect();
    let from = match values.as_slice() {
        [Value::String(one), Value::String(other)] => {
            one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count()
        }
        _ => 0,
    };
    let mut sides =
        sides.iter().zip(&values).map(|((range, _), value)| (expect.place(range), shown(value, from)));
    let Some((place, value)) = sides.next() else { return errors::does_not_hold(expect.span) };
    let diagnostic = errors::does_not_hold(place).label(format!("is {value}"));
    sides.fold(diagnostic, |diagnostic, (place, value)| diagnostic.related(place, format!("is {value}")))
}

/// A value as it would be written; of a long text what stands around character `from`.
fn shown(value: &Value, from: usize) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => quoted(text, from),
        other => clipped(&other.to_string(), 0),
    }
}

fn quoted(text: &str, from: usize) -> String {
    let shown = clipped(text, from);
    // The marks of what is left out stand outside the quotes.
    let (before, shown) = shown.strip_prefix('…').map_or(("", shown.as_str()), |rest| ("…", rest));
    let (shown, after) = shown.strip_suffix('…').map_or((shown, ""), |rest| (rest, "…"));
    format!("{before}{shown:?}{after}")
}

/// At most [`SHOWN_MAX`] characters; of a long text those around character `from`.
fn clipped(text: &str, from: usize) -> String {
    let length = text.chars().count();
    if length <= SHOWN_MAX {
        return text.to_owned();
    }
    let start = from.saturating_sub(BEFORE).min(length - SHOWN_MAX);
    let shown: String = text.chars().skip(start).take(SHOWN_MAX).collect();
    let before = if start > 0 { "…" } else { "" };
    let after = if start + SHOWN_MAX < length { "…" } else { "" };
    format!("{before}{shown}{after}")
}
