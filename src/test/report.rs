//! What came of a set of tests, as data, as JSON and as JUnit's XML.

mod json;
mod junit;

pub use json::to_json;
pub use junit::to_junit;

use super::coverage::Coverage;
use super::mutate::Mutation;
use super::{Test, Verdict};

/// Everything that one `ensc test` found out.
#[derive(Debug, Default)]
pub struct Report<'a> {
    /// In the order in which they were run.
    pub tests: Vec<(&'a Test, Verdict)>,
    /// Where it was asked for.
    pub coverage: Option<Vec<Coverage>>,
    /// Where it was asked for: by the place of a test in `tests`, those that passed.
    pub mutations: Option<Vec<(usize, Vec<Mutation>)>>,
}

// === impl Report ===

impl Report<'_> {
    #[must_use]
    pub fn passed(&self) -> usize {
        self.tests.iter().filter(|(_, verdict)| verdict.passed()).count()
    }

    #[must_use]
    pub fn failed(&self) -> usize {
        self.tests.len() - self.passed()
    }
}

// === impl Verdict ===

impl Verdict {
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}
