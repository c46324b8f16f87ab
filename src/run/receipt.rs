//! What really happened, for the client: whatever went differently from the plan stands here.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

/// Stands under `ensc` in every answer. Numbers that could not be known are absent, never guessed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Receipt {
    pub run: Arc<str>,
    pub handle: Arc<str>,
    /// The plan's hash.
    pub plan: String,
    /// A member or decider failed for good, was cut by a deadline, or an `else` was taken.
    pub degraded: bool,
    /// Why, one sentence each, in the order in which it happened.
    pub degraded_because: Vec<String>,
    /// The cause of each of them. Counted, not told to clients.
    #[serde(skip)]
    pub causes: Vec<Cause>,
    /// One entry a call that was started, in the order of the plan.
    pub calls: Vec<CallReceipt>,
    /// Groups that had a quorum to meet.
    pub quorums: Vec<QuorumReceipt>,
    /// Steps whose `else` was taken.
    pub fallbacks: Vec<Arc<str>>,
    /// Steps that `skip when` left out.
    pub skipped: Vec<Arc<str>>,
    /// The reply's own step and model; of several choices the first.
    pub reply: ReplyReceipt,
    /// Of a request with `n` above 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choices: Option<ChoicesReceipt>,
    pub totals: Totals,
    /// What `ensc explain` promises at most.
    pub bound: Totals,
    /// Request fields that were dropped.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<String>,
    /// Request fields that were lowered to what the plan allows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub capped: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CallReceipt {
    pub step: Arc<str>,
    pub model: Arc<str>,
    /// `ok`, `failed`, `cancelled`.
    pub outcome: &'static str,
    /// For what failed or was cancelled: words of the closed vocabulary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    pub attempts: u32,
    pub seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<UsageReceipt>,
    // Counted and measured, not told to clients.
    /// Why, as a word of a closed list; empty for what went well.
    #[serde(skip)]
    pub word: &'static str,
    /// From the beginning of the run to that of the call.
    #[serde(skip)]
    pub began: Duration,
    #[serde(skip)]
    pub took: Duration,
    /// Of that, how long it waited for slots.
    #[serde(skip)]
    pub waited: Duration,
    /// It was not tried again because the handle had retried too much.
    #[serde(skip)]
    pub is_unretried: bool,
}

/// What makes a run degraded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A call failed for good.
    Call,
    /// An `else` was taken.
    Else,
    /// A cascade gave an answer that was not good enough.
    Cascade,
    /// A loop ended with a round that failed.
    Loop,
    /// A step failed by itself.
    Step,
}

// === impl Cause ===

impl Cause {
    pub const ALL: [Self; 5] = [Self::Call, Self::Else, Self::Cascade, Self::Loop, Self::Step];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Else => "else",
            Self::Cascade => "cascade",
            Self::Loop => "loop",
            Self::Step => "step",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UsageReceipt {
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub total_tokens: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct QuorumReceipt {
    pub step: Arc<str>,
    pub need: u32,
    pub of: u32,
    pub got: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ReplyReceipt {
    /// The step whose answer the client got, e.g. `drafts[1]` after a pick.
    pub step: Arc<str>,
    pub model: Option<Arc<str>>,
    pub streamed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<UsageReceipt>,
}

/// The choices of a request with `n`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ChoicesReceipt {
    pub asked: u32,
    pub given: u32,
    /// Why there are fewer; no answer is given twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fewer_because: Option<String>,
    /// In order.
    pub replies: Vec<ChoiceReceipt>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ChoiceReceipt {
    pub index: u32,
    #[serde(flatten)]
    pub reply: ReplyReceipt,
}

/// What the end of a run says of the reply.
#[derive(Clone, Debug, Default)]
pub struct Told {
    pub reply: ReplyReceipt,
    pub choices: Option<ChoicesReceipt>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Totals {
    pub calls: u32,
    pub attempts: u32,
    pub waves: u32,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    /// Calls that ran without telling what they used: cancelled ones among them.
    pub usage_unknown: u32,
    pub cost_usd: f64,
    pub seconds: f64,
}
