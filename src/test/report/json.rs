//! The report as JSON. Its shape is described in `docs/testing.md`.

use serde::Serialize;
use serde_json::Value;

use super::Report;
use crate::diagnostic::json;
use crate::source::Sources;
use crate::test::coverage::{Coverage, Way};
use crate::test::mutate::{Gets, Mutation};
use crate::test::{Test, Verdict};

#[derive(Serialize)]
struct Page<'a> {
    tests: Vec<Case<'a>>,
    passed: usize,
    failed: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<Vec<Covered<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutations: Option<Vec<Lost<'a>>>,
}

#[derive(Serialize)]
struct Case<'a> {
    title: &'a str,
    file: &'a str,
    line: usize,
    /// The handle, or the technique.
    runs: &'a str,
    passed: bool,
    calls: u32,
    attempts: u32,
    /// On the test's own clock.
    seconds: f64,
    degraded: bool,
    /// Code of the error that the client got.
    error: Option<&'static str>,
    failures: Value,
}

#[derive(Serialize)]
struct Covered<'a> {
    name: &'a str,
    tests: usize,
    ways: Vec<Place<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
    kind: &'static str,
    what: &'a str,
    file: &'a str,
    line: usize,
    reached: bool,
}

#[derive(Serialize)]
struct Lost<'a> {
    test: &'a str,
    step: &'a str,
    model: &'a str,
    decides: bool,
    gets: &'static str,
    error: Option<&'a str>,
}

/// The whole report, in the order in which the tests were run.
#[must_use]
pub fn to_json(sources: &Sources, report: &Report<'_>) -> Value {
    let page = Page {
        tests: report.tests.iter().map(|(test, verdict)| case(sources, test, verdict)).collect(),
        passed: report.passed(),
        failed: report.failed(),
        coverage: report
            .coverage
            .as_ref()
            .map(|all| all.iter().map(|coverage| covered(sources, coverage)).collect()),
        mutations: report.mutations.as_deref().map(|mutations| all_lost(report, mutations)),
    };
    serde_json::to_value(page).expect("plain data is JSON")
}

fn case<'a>(sources: &'a Sources, test: &'a Test, verdict: &'a Verdict) -> Case<'a> {
    let totals = &verdict.finished.receipt.totals;
    Case {
        title: &test.title,
        file: &sources.file(test.span.file).name,
        line: sources.position(test.span).line,
        runs: &test.plan.handle,
        passed: verdict.passed(),
        calls: totals.calls,
        attempts: totals.attempts,
        seconds: totals.seconds,
        degraded: verdict.finished.receipt.degraded,
        error: verdict.finished.result.as_ref().err().map(|error| error.kind.code()),
        failures: json::to_json(sources, &verdict.failures)["diagnostics"].take(),
    }
}

fn covered<'a>(sources: &'a Sources, coverage: &'a Coverage) -> Covered<'a> {
    let place = |way: &'a Way| Place {
        kind: way.kind.word(),
        what: &way.what,
        file: &sources.file(way.span.file).name,
        line: sources.position(way.span).line,
        reached: way.is_reached,
    };
    Covered { name: &coverage.name, tests: coverage.tests, ways: coverage.ways.iter().map(place).collect() }
}

fn all_lost<'a>(report: &'a Report<'_>, mutations: &'a [(usize, Vec<Mutation>)]) -> Vec<Lost<'a>> {
    let rows = mutations.iter().flat_map(|(test, lost)| lost.iter().map(move |mutation| (*test, mutation)));
    rows.map(|(test, mutation)| Lost {
        test: &report.tests[test].0.title,
        step: &mutation.step,
        model: &mutation.model,
        decides: mutation.decides,
        gets: mutation.gets.word(),
        error: match &mutation.gets {
            Gets::Error(code) => Some(code),
            _ => None,
        },
    })
    .collect()
}
