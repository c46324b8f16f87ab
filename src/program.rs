//! The checked program: names resolved, cells filled, kinds and units agreed, templates typed.
//!
//! Knows nothing of calls in flight, bounds or waves.

pub mod call;
mod calls;
mod cells;
mod collect;
pub mod echoes;
pub mod errors;
mod graph;
mod lists;
mod names;
mod options;
mod pending;
mod prompts;
mod returns;
mod roles;
mod steps;
pub mod templates;
mod typing;
pub mod values;

use indexmap::IndexMap;

use self::call::Call;

use crate::diagnostic::{Diagnostic, tidy};
use crate::source::{Sources, Span};
use crate::syntax::ast;
use crate::template::{Data, Expression, Template};
use crate::units::{Bytes, MicroUsd, Millis, Price, Tokens};

/// Everything that a set of files says, judged.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// By name, in the order of the source.
    pub models: IndexMap<String, Model>,
    /// In the order of the source, cells in the order of tiers, then profiles.
    pub handles: Vec<Handle>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub name: String,
    pub doc: String,
    pub span: Span,
    /// `mlx`, `ov`, `remote`; empty if not said.
    pub runtime: String,
    pub memory: Option<Bytes>,
    pub context: Tokens,
    pub max_output: Tokens,
    pub price: Price,
    pub concurrency: u32,
}

/// One ensemble in one cell.
#[derive(Clone, Debug)]
pub struct Handle {
    pub name: String,
    /// As `selector:` says, if it does.
    pub selector: Option<String>,
    pub ensemble: String,
    pub profile: String,
    pub tier: String,
    pub doc: String,
    pub span: Span,
    /// `architect.ens:2`
    pub place: String,
    pub settings: Vec<Setting>,
    /// Roles, as templates see them.
    pub constants: Vec<(String, Data)>,
    pub timeout: Millis,
    pub limit: Limit,
    pub stream: StreamMode,
    pub memory: Option<Bytes>,
    /// In the order of the source; `reply` is one of them.
    pub steps: Vec<Step>,
}

/// A value that applies to a handle, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub name: String,
    /// As it would be written.
    pub value: String,
    /// `profile high`, `tier xl`, `defaults`, `ensemble`, `built in`.
    pub layer: String,
    /// `profiles.ens:4`; empty for what is built in.
    pub place: String,
    /// A role (`panel`), not an option (`timeout`).
    pub role: bool,
}

/// What the author allows at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limit {
    pub calls: Option<u32>,
    /// Output and input together.
    pub tokens: Option<Tokens>,
    pub cost: Option<MicroUsd>,
    /// Longest conversation accepted.
    pub request: Option<Tokens>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamMode {
    Answer,
    Progress,
}

#[derive(Clone, Debug)]
pub struct Step {
    pub name: String,
    pub doc: String,
    pub span: Span,
    pub kind: Kind,
    /// The step, then its fallbacks in order. Never empty.
    pub alts: Vec<Alt>,
}

/// What a step gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Answer,
    Answers,
}

#[derive(Clone, Debug)]
pub struct Alt {
    pub span: Span,
    pub verb: Verb,
    pub skip_when: Option<Expression>,
    /// Named steps that it mentions, in order, each once.
    pub uses: Vec<String>,
    /// Those of them that its prompts or its text mention: it cannot do without them.
    pub printed: Vec<String>,
}

#[derive(Clone, Debug)]
pub enum Verb {
    Ask(Call),
    Parallel { calls: Vec<Call>, group: Group },
    Sample { call: Call, count: u32, group: Group },
    Merge { list: List, call: Call },
    Pick { list: List, call: Call, rubric: String },
    Vote { list: List, ties: Ties, min_share: f64, weights: Vec<(String, u32)> },
    Text(Template),
    Value(List),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Successes that are enough; without it, half of the members, rounded up.
    pub need: Option<u32>,
    pub grace: Option<Millis>,
}

/// When two keys of a vote are the same choice.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Matching {
    /// White space and case folded.
    #[default]
    Text,
    /// As numbers: `1,000` is `1000.0`.
    Number,
    /// At least this alike, 0–1, to the first of its cluster.
    Similarity(f64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ties {
    First,
    Longest,
    Step(String),
}

/// Answers taken from other steps, without a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum List {
    Step(String),
    Index { list: Box<List>, index: i64 },
    Literal(Vec<List>),
    First { count: Option<u32>, list: Box<List> },
    Last { count: Option<u32>, list: Box<List> },
    Without { list: Box<List>, item: Box<List> },
    Concat(Vec<List>),
}

/// Checks all files together. `None` when there is an error; warnings come beside a program.
///
/// Diagnostics are in the order of the source, each mistake once.
#[must_use]
pub fn check(sources: &Sources, files: &[ast::File]) -> (Option<Program>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let tables = collect::collect(files, &mut diagnostics);
    let handles = cells::handles(sources, &tables, &mut diagnostics);
    tidy(&mut diagnostics);
    let program = (!diagnostics.iter().any(Diagnostic::is_error))
        .then(|| Program { models: tables.models.clone(), handles });
    (program, diagnostics)
}

#[cfg(test)]
mod tests;
