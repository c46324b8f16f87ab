//! Tests in the language: what a run is asked, what the models say, and what must come of it.
//!
//! They are checked with everything else, and run only when somebody asks: without any network, on a clock of their own
//! that jumps to the next thing that happens, and the same each time. Knows nothing of terminals.

mod check;
pub mod coverage;
mod errors;
mod mock;
pub mod mutate;
pub mod report;
mod stage;
mod steps;
mod target;
mod verdict;
mod view;

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::plan::{NodeId, Plan};
use crate::source::Span;
use crate::template::Expression;
use crate::upstream::Message;
use crate::upstream::sim::script::Reply;

pub use check::check;
pub use verdict::{Verdict, run};

/// One `test`, checked: every name in it means something.
#[derive(Clone, Debug)]
pub struct Test {
    /// Unique in its program.
    pub title: String,
    /// Of the title.
    pub span: Span,
    /// `architect.ens:40`
    pub place: String,
    /// Of its `run`.
    pub run: Span,
    /// What it runs: a handle's plan, or one that was made for a technique.
    pub plan: Arc<Plan>,
    /// What the client says. Never empty.
    pub messages: Vec<Message>,
    /// The client's other request fields.
    pub fields: Vec<(String, Arc<RawValue>)>,
    pub stream: bool,
    pub strict: bool,
    pub mocks: Vec<Mock>,
    /// In order; never empty.
    pub expects: Vec<Expect>,
}

/// What stands in for some calls of a plan.
#[derive(Clone, Debug)]
pub struct Mock {
    pub span: Span,
    /// The calls that it answers, in the order of the plan.
    pub covers: Vec<NodeId>,
    /// Never empty.
    pub replies: Vec<Reply>,
}

/// What must hold after the run.
#[derive(Clone, Debug)]
pub struct Expect {
    /// Of the expression.
    pub span: Span,
    pub expression: Expression,
}

// === impl Expect ===

impl Expect {
    /// The place in the file of a part of the expression.
    fn place(&self, range: &std::ops::Range<usize>) -> Span {
        let start = self.span.start as usize + range.start;
        Span::new(self.span.file, start, (start + range.len()).min(self.span.end as usize))
    }
}

#[cfg(test)]
mod tests;
