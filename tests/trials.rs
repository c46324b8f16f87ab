//! Every test in the language that we ship: those of `ensembles/` and those of the built-in techniques, each a test here.

use std::path::PathBuf;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use ensc::cli::config::{self, Loaded};
use ensc::diagnostic::render::{pictures, render};
use ensc::source::Sources;
use ensc::test::{Test, run};

fn main() -> ExitCode {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("ensembles");
    let shipped = match config::load(&[folder], None, &[]) {
        Ok(loaded) => trials("ensembles", loaded),
        Err(stop) => vec![Trial::test("ensembles", move || Err(Failed::from(format!("{stop:?}"))))],
    };
    let built_in = trials("prelude", config::built_in());
    libtest_mimic::run(&Arguments::from_args(), shipped.into_iter().chain(built_in).collect()).exit_code()
}

/// One a test; one that fails for a program with mistakes.
fn trials(of: &str, loaded: Loaded) -> Vec<Trial> {
    let sources = loaded.sources;
    if loaded.compiled.errors() > 0 {
        let found = render(&sources, &loaded.compiled.diagnostics, false);
        return vec![Trial::test(of, move || Err(Failed::from(found)))];
    }
    let trial = |test: Test| {
        let sources = sources.clone();
        Trial::test(format!("{of}: {}", test.title), move || verdict(&sources, &test))
    };
    loaded.compiled.tests.into_iter().map(trial).collect()
}

fn verdict(sources: &Sources, test: &Test) -> Result<(), Failed> {
    let verdict = run(test);
    if verdict.passed() { Ok(()) } else { Err(Failed::from(pictures(sources, &verdict.failures, false))) }
}
