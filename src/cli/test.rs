//! `ensc test`: runs the tests that stand in `.ens` files.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::cli::config::{self, Loaded};
use crate::cli::output::{Output, Stop, bold, dim};
use crate::cli::world;
use crate::diagnostic::render;
use crate::diagnostic::suggest::did_you_mean;
use crate::source::Sources;
use crate::test::coverage::{self, Coverage};
use crate::test::mutate::{self, Gets, Mutation};
use crate::test::report::{Report, to_json, to_junit};
use crate::test::{self, Test, Verdict};

/// Run the tests in `.ens` files: offline, on a clock of their own
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ensc test                        every test in ensembles/ (or here, if there is no such folder)
  ensc test --filter panel         those whose title, place or handle has this in it
  ensc test --coverage             and which ways through the ensembles none of them went
  ensc test --mutate               and what the client would get if one call failed
  ensc test --format junit         for a CI server")]
pub struct Args {
    /// Files and folders, read as one program
    paths: Vec<PathBuf>,

    /// Only tests with all of these words in their title, place or handle
    #[arg(long, value_name = "WORDS")]
    filter: Option<String>,

    /// How the results are printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    /// Also say which arms, fallbacks, `skip when` and `stop when` no test has reached
    #[arg(long)]
    coverage: bool,

    /// Also fail each call of each passing test in turn, and say what the client would get
    #[arg(long)]
    mutate: bool,

    /// The tests of the built-in techniques instead
    #[arg(long, conflicts_with = "paths")]
    prelude: bool,

    /// Settings file [default: ensc.toml in the first folder]
    #[arg(long, value_name = "FILE", env = "ENSC_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
    Junit,
}

impl Args {
    /// # Errors
    ///
    /// [`Stop::Found`] for a test that failed and for a program with mistakes; a filter that leaves nothing.
    pub fn run(self, out: &mut Output) -> Result<(), Stop> {
        let loaded = self.load()?;
        if loaded.compiled.errors() > 0 {
            loaded.show_diagnostics(out);
            return Err(Stop::Found);
        }
        let tests = self.chosen(&loaded.compiled.tests)?;
        let report = self.report(&loaded, &tests);
        let printed = match self.format {
            Format::Text => out.print(&text(&loaded.sources, &report, out.colour())),
            Format::Json => out.print(&format!("{:#}\n", to_json(&loaded.sources, &report))),
            Format::Junit => out.print(&to_junit(&loaded.sources, &report)),
        };
        // A reader that has seen enough does not make the tests pass.
        match printed {
            Ok(()) | Err(Stop::Quiet) => {}
            Err(stop) => return Err(stop),
        }
        if report.failed() > 0 { Err(Stop::Found) } else { Ok(()) }
    }

    fn load(&self) -> Result<Loaded, Stop> {
        if self.prelude {
            return Ok(config::built_in());
        }
        let paths = if self.paths.is_empty() { vec![world::default_folder()] } else { self.paths.clone() };
        config::load(&paths, self.config.as_deref(), &[])
    }

    fn chosen<'a>(&self, tests: &'a [Test]) -> Result<Vec<&'a Test>, Stop> {
        let Some(filter) = &self.filter else { return Ok(tests.iter().collect()) };
        let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
        let chosen: Vec<&Test> = tests
            .iter()
            .filter(|test| {
                let text = format!("{} {} {}", test.title, test.place, test.plan.handle).to_lowercase();
                words.iter().all(|word| text.contains(word))
            })
            .collect();
        if chosen.is_empty() {
            let near = did_you_mean(filter, tests.iter().map(|test| test.title.as_str()));
            let advice = near.unwrap_or_else(|| format!("there are {} tests", tests.len()));
            return Err(Stop::Failed(format!(
                "no test has `{filter}` in its title, place or handle; {advice}"
            )));
        }
        Ok(chosen)
    }

    fn report<'a>(&self, loaded: &Loaded, tests: &[&'a Test]) -> Report<'a> {
        let run: Vec<(&Test, Verdict)> = tests.iter().map(|test| (*test, test::run(test))).collect();
        let coverage = self.coverage.then(|| {
            let run: Vec<(&Test, &Verdict)> = run.iter().map(|(test, verdict)| (*test, verdict)).collect();
            coverage::measure(&loaded.sources, &loaded.compiled.plans, &run)
        });
        let mutations = self.mutate.then(|| {
            let passed = run.iter().enumerate().filter(|(_, (_, verdict))| verdict.passed());
            passed.map(|(place, (test, verdict))| (place, mutate::mutate(test, verdict))).collect()
        });
        Report { tests: run, coverage, mutations }
    }
}

/// The page for people.
fn text(sources: &Sources, report: &Report<'_>, colour: bool) -> String {
    let mut page = String::new();
    let width = |of: fn(&Test) -> &str| {
        report.tests.iter().map(|(test, _)| of(test).chars().count()).max().unwrap_or(0)
    };
    let (title, handle) = (width(|test| &test.title), width(|test| &test.plan.handle));
    let place = width(|test| &test.place);
    for (test, verdict) in &report.tests {
        let word = if verdict.passed() { "ok  " } else { "FAIL" };
        let totals = &verdict.finished.receipt.totals;
        let calls = if totals.calls == 1 { "1 call".to_owned() } else { format!("{} calls", totals.calls) };
        let facts =
            format!("{:handle$}  {:place$}  {calls}, {:.1} s", test.plan.handle, test.place, totals.seconds);
        let word = if verdict.passed() { word.to_owned() } else { bold(word, colour) };
        page.push_str(&format!("{word}  {:title$}  {}\n", test.title, dim(&facts, colour)));
    }
    for (test, verdict) in report.tests.iter().filter(|(_, verdict)| !verdict.passed()) {
        page.push_str(&format!("\n{}\n\n", bold(&test.title, colour)));
        page.push_str(&render::pictures(sources, &verdict.failures, colour));
    }
    if !report.tests.is_empty() {
        page.push('\n');
    }
    if let Some(coverage) = &report.coverage {
        page.push_str(&covered(sources, coverage));
    }
    if let Some(mutations) = &report.mutations {
        page.push_str(&lost(report, mutations));
    }
    page.push_str(&summary(report));
    page
}

/// `3 tests: 2 passed, 1 failed`
fn summary(report: &Report<'_>) -> String {
    let all = report.tests.len();
    match (all, report.failed()) {
        (0, _) => "no tests\n".to_owned(),
        (1, 0) => "1 test passed\n".to_owned(),
        (_, 0) => format!("{all} tests passed\n"),
        (1, _) => "1 test failed\n".to_owned(),
        (_, failed) => format!("{all} tests: {} passed, {failed} failed\n", report.passed()),
    }
}

/// What no test has reached, by ensemble.
fn covered(sources: &Sources, all: &[Coverage]) -> String {
    let mut page = String::from("not reached by any test:\n");
    let mut missing = 0;
    let ways: usize = all.iter().map(|coverage| coverage.ways.len()).sum();
    for coverage in all {
        if coverage.tests == 0 {
            page.push_str(&format!("  {}: no test runs it\n", coverage.name));
        }
        for way in coverage.missing() {
            missing += 1;
            let place = sources.place(way.span);
            page.push_str(&format!("  {}: {} of {}  {place}\n", coverage.name, way.kind.word(), way.what));
        }
    }
    if missing == 0 && all.iter().all(|coverage| coverage.tests > 0) {
        page = String::new();
    }
    page.push_str(&format!("{} of {ways} ways were gone\n\n", ways - missing));
    page
}

/// A table: the call that was lost, and what the client would get.
fn lost(report: &Report<'_>, mutations: &[(usize, Vec<Mutation>)]) -> String {
    let rows = || mutations.iter().flat_map(|(_, lost)| lost);
    let step = rows().map(|row| row.step.chars().count()).max().unwrap_or(0);
    let model = rows().map(|row| row.model.chars().count()).max().unwrap_or(0);
    let mut page = String::from("if one call were lost, the client would get:\n");
    for (test, lost) in mutations {
        page.push_str(&format!("  {}\n", report.tests[*test].0.title));
        for row in lost {
            let gets = match &row.gets {
                Gets::Answer => "an answer".to_owned(),
                Gets::Degraded => "a degraded answer".to_owned(),
                Gets::Error(code) => format!("an error: {code}"),
            };
            let what = if row.decides { "decides" } else { "" };
            page.push_str(&format!("    {:step$}  {:model$}  {what:7}  {gets}\n", row.step, row.model));
        }
    }
    page.push('\n');
    page
}
