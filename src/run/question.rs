//! What a decider is asked for: the form of its answer.

use super::combine::{pick, score};

/// What a decider must say: its answer is asked for in that form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// The best among so many.
    Choice(usize),
    /// The `wanted` best, in order.
    Choices {
        wanted: usize,
        count: usize,
    },
    /// The better of two.
    Better,
    Grade,
    /// The order of so many.
    Ranking(usize),
}

// === impl Question ===

impl Question {
    /// The `response_format` that asks for it.
    pub fn format(self) -> serde_json::Value {
        match self {
            Self::Choice(count) => pick::choice_format(count),
            Self::Choices { wanted, count } => pick::choices_format(wanted, count),
            Self::Better => pick::better_format(),
            Self::Grade => score::grade_format(),
            Self::Ranking(count) => score::ranking_format(count),
        }
    }
}
