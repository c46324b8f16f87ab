//! What the grammar knows and this version does not run: each says so by name, at its place.

use crate::source::Span;
use crate::syntax::ast::{Entry, Verb};

/// The name of a verb that is not of this version yet.
pub fn verb(verb: &Verb) -> Option<&'static str> {
    Some(match verb {
        Verb::Group => "`parallel { … }`",
        Verb::Over { .. } => "`parallel … over`",
        Verb::ForEach { .. } => "`parallel for`",
        Verb::Score { .. } => "`score`",
        Verb::Route { .. } => "`route`",
        Verb::Cascade { .. } => "`cascade`",
        Verb::Race { .. } => "`race`",
        Verb::Repeat { .. } => "`repeat`",
        Verb::Pick { count: Some(_), .. } => "`pick K of`",
        _ => return None,
    })
}

/// Where an entry begins, for a message about it.
pub fn span(entry: &Entry) -> Span {
    match entry {
        Entry::Option(setting) => setting.name.span,
        Entry::Step(step) => step.name.span,
        Entry::Clause(clause) => clause.span,
        Entry::Arm(arm) => arm.span,
        Entry::Run(run) => run.span,
        Entry::Mock(mock) => mock.span,
        Entry::Expect(expr) => expr.span,
        Entry::Turn(turn) => turn.span,
        Entry::Bad(span) => *span,
    }
}
