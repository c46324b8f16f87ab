//! What the client would get if one of a test's calls failed for good.

use crate::plan::NodeId;

use super::stage::Change;
use super::{Test, Verdict, verdict};

/// One call that was lost, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutation {
    /// Id of the node that made the call.
    pub step: String,
    pub model: String,
    /// It decides about answers instead of giving one.
    pub decides: bool,
    pub gets: Gets,
}

/// What the client gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gets {
    /// As if nothing had been lost.
    Answer,
    /// One that the receipt calls degraded.
    Degraded,
    /// None: the code of the error.
    Error(String),
}

// === impl Gets ===

impl Gets {
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Degraded => "degraded",
            Self::Error(_) => "error",
        }
    }
}

/// Loses each call that the test made, one after the other; all else stays as the test says. A call that only the loss
/// brings about, and that has no mock, is answered.
#[must_use]
pub fn mutate(test: &Test, passed: &Verdict) -> Vec<Mutation> {
    let made = |id: &NodeId| passed.record.nodes[id.0 as usize].prompt.is_some();
    test.plan.ids().filter(made).map(|id| lose(test, id)).collect()
}

fn lose(test: &Test, lost: NodeId) -> Mutation {
    let node = test.plan.node(lost);
    let played = verdict::play(test, Change { lost: Some(lost), lenient: true });
    let gets = match &played.finished.result {
        Err(error) => Gets::Error(error.kind.code().to_owned()),
        Ok(_) if played.finished.receipt.degraded => Gets::Degraded,
        Ok(_) => Gets::Answer,
    };
    let model = node.act.ask().map(|ask| test.plan.model(ask.model).name.to_string());
    Mutation {
        step: node.id.to_string(),
        model: model.unwrap_or_default(),
        decides: node.act.decides(),
        gets,
    }
}
