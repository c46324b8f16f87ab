//! The checked program: names resolved, cells filled, kinds and units agreed, templates typed.
//!
//! Knows nothing of calls in flight, bounds or waves.

mod asking;
mod block;
pub mod call;
mod calls;
mod cells;
mod collect;
mod compound;
mod deciders;
pub mod echoes;
pub mod errors;
mod extent;
mod filling;
mod graph;
mod inline;
mod lists;
mod names;
mod options;
mod prompts;
mod returns;
mod roles;
mod scope;
mod settings;
pub mod standard;
mod steps;
mod techniques;
pub mod templates;
mod typing;
pub mod values;

use std::sync::Arc;

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
    pub settings: Arc<[Setting]>,
    /// Roles, as templates see them.
    pub constants: Arc<[(String, Data)]>,
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
    pub name: Arc<str>,
    /// As it would be written.
    pub value: Arc<str>,
    /// `profile high`, `tier xl`, `defaults`, `ensemble`, `built in`.
    pub layer: Arc<str>,
    /// `profiles.ens:4`; empty for what is built in.
    pub place: Arc<str>,
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
    /// Of a name or an ensemble used as a step; a call has its own.
    pub accept_when: Option<Expression>,
    /// What its own templates, conditions and lists name, in order, each once.
    pub uses: Vec<Use>,
    /// Names from outside that it mentions anywhere, steps inside it included: what must be ordered before it.
    pub mentions: Vec<String>,
}

/// A name that a template, a condition or a list uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    pub name: String,
    /// A prompt or text prints it: what prints it cannot do without it.
    pub printed: bool,
}

#[derive(Clone, Debug)]
pub enum Verb {
    Ask(Call),
    Parallel {
        members: Vec<Member>,
        group: Group,
    },
    /// `parallel { a = …, b = … }`
    Named {
        steps: Vec<Step>,
        group: Group,
    },
    /// Calls only, each with `mine` and `others` of the list.
    Over {
        calls: Vec<Call>,
        prev: List,
        /// Which of `mine` and `others` their prompts name.
        sees: Vec<String>,
        group: Group,
    },
    For {
        name: String,
        items: Expression,
        most: u32,
        /// In the order as written; the last is the item's answer.
        body: Vec<Step>,
        group: Group,
    },
    Sample {
        member: Member,
        count: u32,
        group: Group,
    },
    Merge {
        list: List,
        call: Call,
    },
    Score(Score),
    Pick(Pick),
    Vote(Vote),
    Route {
        arms: Vec<Arm>,
        /// The call that chooses among the labels, if there are any.
        call: Option<Call>,
    },
    Cascade(Cascade),
    Race(Vec<(Member, Millis)>),
    Repeat {
        name: String,
        most: u32,
        /// In the order as written; exactly one step bears `name`.
        body: Vec<Line>,
    },
    Inline(Inline),
    Text(Template),
    Value(List),
}

/// What may stand in the place of a model.
#[derive(Clone, Debug)]
pub enum Member {
    Call(Box<Call>),
    Inline(Inline),
    List(List),
}

/// An ensemble or technique with everything that it needs.
#[derive(Clone, Debug)]
pub struct Inline {
    /// `moa`, `solver@high-l`.
    pub of: String,
    pub unit: Arc<Unit>,
    /// Parameters that hold something of the caller's.
    pub given: Vec<(String, Given)>,
    /// Changes of the conversation that it sees, if there are some.
    pub conversation: Option<Conversation>,
}

/// The checked steps of an ensemble or technique, for one cell and one set of arguments.
#[derive(Clone, Debug)]
pub struct Unit {
    pub steps: Vec<Step>,
    /// Roles and parameters, as templates see them.
    pub constants: Arc<[(String, Data)]>,
}

/// An argument that is known only when it runs.
#[derive(Clone, Debug)]
pub enum Given {
    List(List),
    Text { template: Template, uses: Vec<Use> },
}

#[derive(Clone, Debug)]
pub struct Conversation {
    pub history: call::History,
    pub system: Option<call::Turn>,
    pub prompt: Vec<call::Turn>,
    pub uses: Vec<Use>,
}

#[derive(Clone, Debug)]
pub struct Score {
    pub list: List,
    pub method: ScoreMethod,
    /// Models.
    pub judges: Vec<String>,
    /// Of each judge, the model left open.
    pub call: Call,
    pub skips_own: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreMethod {
    /// The mean of what the judges give each answer by itself.
    Grade,
    /// Borda points of the judges' rankings, over the most possible.
    Rank,
}

#[derive(Clone, Debug)]
pub struct Pick {
    pub list: List,
    pub method: PickMethod,
    /// One, but for `score`.
    pub judges: Vec<String>,
    /// Of each judge, the model left open.
    pub call: Call,
    pub rubric: String,
    /// `pick K of`: the best so many, in order.
    pub count: Option<u32>,
    /// Of `choose`: what the call asks where a request wants several of the answers in order; else empty.
    pub ranking: Vec<call::Turn>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PickMethod {
    Choose,
    Score,
    Pairwise,
}

#[derive(Clone, Debug)]
pub struct Vote {
    pub list: List,
    /// What an answer (`it`) votes for.
    pub key: Option<Template>,
    pub matching: Matching,
    pub ties: Ties,
    pub min_share: f64,
    pub weights: Vec<(String, u32)>,
}

#[derive(Clone, Debug)]
pub struct Arm {
    pub head: ArmHead,
    /// Like those of a step.
    pub alts: Vec<Alt>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum ArmHead {
    When(Expression),
    Label { label: String, meaning: String },
    Else,
}

#[derive(Clone, Debug)]
pub struct Cascade {
    pub rungs: Vec<Member>,
    pub grader: Option<Call>,
    /// The grade that is good enough, 0–1.
    pub accept: f64,
    pub accept_when: Option<Expression>,
}

/// One line of a round.
#[derive(Clone, Debug)]
pub enum Line {
    Step(Step),
    Stop { condition: Expression, uses: Vec<Use>, span: Span },
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
    Index {
        list: Box<List>,
        index: i64,
    },
    /// `drafts.a`: of a named group.
    Member {
        list: Box<List>,
        name: String,
    },
    Literal(Vec<List>),
    First {
        count: Option<u32>,
        list: Box<List>,
    },
    Last {
        count: Option<u32>,
        list: Box<List>,
    },
    Best {
        count: Option<u32>,
        list: Box<List>,
    },
    Without {
        list: Box<List>,
        item: Box<List>,
    },
    Concat(Vec<List>),
}

// === impl Step ===

impl Step {
    /// Every name from outside that it mentions, in any of its alternatives.
    pub fn mentions(&self) -> impl Iterator<Item = &str> {
        self.alts.iter().flat_map(|alt| alt.mentions.iter().map(String::as_str))
    }
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
