//! A declarative language for ensembles of language models, and the daemon that serves each of them as one model.
//!
//! A **source** is *parsed* into a **tree**; the tree is *checked* into a **program**; the program is *lowered*
//! into **plans**; a plan is *reviewed*, *explained* and *exported*; a plan is *run* against an **upstream**; runs
//! are *served* on localhost.
//!
//! ```
//! use ensc::lint::Policy;
//! use ensc::source::{SourceFile, Sources};
//!
//! let mut sources = Sources::default();
//! sources.add(SourceFile::new("plan.ens", "ensemble plan { … }"));
//! let compiled = ensc::compile(&sources, &Policy::default());
//! print!("{}", ensc::diagnostic::render::render(&sources, &compiled.diagnostics, false));
//! for plan in &compiled.plans {
//!     print!("{}", ensc::explain::to_text(plan, false));
//! }
//! ```
//!
//! `ARCHITECTURE.md` is the map.

pub mod approach;
pub mod cli;
pub mod diagnostic;
pub mod explain;
pub mod export;
pub mod fmt;
pub mod lint;
pub mod plan;
pub mod prelude;
pub mod program;
pub mod run;
pub mod serve;
pub mod source;
pub mod syntax;
pub mod template;
pub mod test;
pub mod units;
pub mod upstream;

use diagnostic::Diagnostic;
use lint::Policy;
use plan::Plan;
use source::Sources;

/// What became of a set of sources.
#[derive(Debug, Default)]
pub struct Compiled {
    /// One per handle, in the order of the sources; none if they could not be understood.
    pub plans: Vec<Plan>,
    /// The tests in the sources; none with mistakes.
    pub tests: Vec<test::Test>,
    /// Everything that was found, by place.
    pub diagnostics: Vec<Diagnostic>,
}

/// From texts to plans. Never fails: what is wrong stands in the diagnostics.
#[must_use]
pub fn compile(sources: &Sources, policy: &Policy) -> Compiled {
    let mut diagnostics = Vec::new();
    let mut files = Vec::new();
    for (id, file) in sources.iter() {
        let (tree, mistakes) = syntax::parse(id, &file.text);
        files.push(tree);
        diagnostics.extend(mistakes);
    }
    let (program, mistakes) = program::check(sources, &files);
    // Of an ensemble that could not be read in full there is nothing to plan: what is missing may be its `reply`.
    let is_read = !diagnostics.iter().any(Diagnostic::is_error);
    let plans = program.as_ref().filter(|_| is_read).map(plan::lower).unwrap_or_default();
    diagnostics.extend(mistakes);
    program::echoes::silence(sources, &files, &mut diagnostics);
    let sound = !diagnostics.iter().any(Diagnostic::is_error);
    let subject = lint::Subject { sources, files: &files, plans: &plans, sound };
    let lints = lint::review(&subject, policy);
    let (tests, mistakes) = test::check(sources, &files, program.as_ref().filter(|_| is_read), &plans);
    diagnostics.extend(mistakes);
    diagnostics.extend(lints);
    diagnostic::tidy(&mut diagnostics);
    Compiled { plans, tests, diagnostics }
}

impl Compiled {
    /// Number of errors; warnings do not count.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count()
    }
}
