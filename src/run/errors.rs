//! Why a run, a step or a call failed, in words of our own.

use std::fmt;

use crate::upstream::Fault;

/// Longest message that leaves, in bytes.
pub const MESSAGE_SIZE_MAX: usize = 2048;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunError {
    pub kind: ErrorKind,
    /// For people and clients: our own words only, at most 2 KiB.
    pub message: String,
    /// For `Busy` and `Unreachable`: seconds to wait.
    pub retry_after_s: Option<u64>,
    /// It said more.
    pub is_cut: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The conversation is longer than the handle takes, or too long for every proposer.
    ContextLength,
    /// The ensemble failed, deadlines included.
    Failed,
    /// All members answered 429.
    Busy,
    /// The upstream could not be reached before any call was accepted.
    Unreachable,
    /// The run was degraded and the client asked for `strict`.
    Degraded,
}

/// Why a step or a call has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The upstream's doing.
    Fault(Fault),
    /// `accept when` did not hold.
    NotAccepted,
    /// The answer could not be read as `returns` asks.
    NotReadable,
    /// A template or condition failed while it ran.
    Expression(String),
    /// It would have gone beyond the handle's `limit`.
    Limit,
    /// A step that it mentions has failed.
    Needs(String),
    /// Fewer successes than `need`.
    Quorum { got: u32, need: u32 },
    /// A list without any answer.
    Nothing,
    /// None of its `rungs`, `starters` or `judges` gave an answer.
    AllFailed(&'static str),
    /// More items than `up to` allows.
    TooMany { found: usize, most: u32 },
    /// What `parallel for` goes through is no list but this.
    NotAList(&'static str),
    /// It was stopped half-way, and is not started a second time.
    Stopped,
    /// No choice reached `min_share`.
    NoMajority,
    /// `skip when` held, and there is no `else`.
    Skipped,
    /// The client wants no degraded answer.
    Strict,
}

// === impl ErrorKind ===

impl ErrorKind {
    /// What a client reads in `error.code`, and a test in `error.code`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::ContextLength => "context_length_exceeded",
            Self::Failed => "ensemble_failed",
            Self::Busy => "members_busy",
            Self::Unreachable => "upstream_unreachable",
            Self::Degraded => "ensemble_degraded",
        }
    }
}

// === impl Why ===

impl Why {
    /// The same without what differs from run to run, for counting.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Fault(fault) => fault.words(),
            Self::NotAccepted => "not accepted",
            Self::NotReadable => "not readable",
            Self::Expression(_) => "template failed",
            Self::Limit => "beyond the limit",
            Self::Needs(_) => "needs what failed",
            Self::Quorum { .. } => "no quorum",
            Self::Nothing => "nothing to work on",
            Self::AllFailed(_) => "all failed",
            Self::TooMany { .. } => "too many items",
            Self::NotAList(_) => "no list",
            Self::Stopped => "stopped",
            Self::NoMajority => "no majority",
            Self::Skipped => "skipped",
            Self::Strict => "strict",
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => f.write_str(fault.words()),
            Self::NotAccepted => f.write_str("gave an answer that `accept when` turned down"),
            Self::NotReadable => f.write_str("gave an answer that `returns` cannot read"),
            Self::Expression(what) => write!(f, "its template {what}"),
            Self::Limit => f.write_str("would go beyond the handle's limit"),
            Self::Needs(step) => write!(f, "needs `{step}`, which failed"),
            Self::Quorum { got, need } => write!(f, "{got} of the {need} answers it needs"),
            Self::Nothing => f.write_str("has no answer to work on"),
            Self::AllFailed(who) => write!(f, "got no answer from any of its {who}"),
            Self::TooMany { found, most } => write!(f, "found {found} items where {most} are the most"),
            Self::NotAList(what) => write!(f, "found {what} where a list is needed"),
            Self::Stopped => f.write_str("was stopped before its end"),
            Self::NoMajority => f.write_str("found no choice with the share it needs"),
            Self::Skipped => f.write_str("skipped"),
            Self::Strict => f.write_str("stopped: the run is degraded and `strict` was asked for"),
        }
    }
}

// === impl RunError ===

impl RunError {
    /// Cuts the message to what may leave.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let mut message = message.into();
        let is_cut = message.len() > MESSAGE_SIZE_MAX;
        if is_cut {
            let end = (0..=MESSAGE_SIZE_MAX - 4).rev().find(|&at| message.is_char_boundary(at)).unwrap_or(0);
            message.truncate(end);
            message.push('…');
        }
        Self { kind, message, retry_after_s: None, is_cut }
    }

    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RunError {}

#[cfg(test)]
mod tests;
