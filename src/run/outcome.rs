//! What a node gave.

use std::sync::Arc;

use crate::template::{Answer, Data};
use crate::upstream::Completion;

use super::errors::Why;

/// The end of a node, shared by everything that mentions it.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub output: Output,
    /// Calls that stood one behind the other until here.
    pub waves: u32,
}

#[derive(Clone, Debug)]
pub enum Output {
    One(Arc<Reply>),
    /// By place, as written; `None` for what failed, was skipped or cancelled.
    Many(Arc<Vec<Option<Arc<Reply>>>>),
    Skipped,
    Failed(Why),
}

/// An answer with where it came from.
#[derive(Debug)]
pub struct Reply {
    /// Id of the node that made it.
    pub step: String,
    /// Name of the model; none for a text.
    pub model: Option<String>,
    pub completion: Completion,
    /// As templates see it.
    pub view: Arc<Answer>,
    /// Its tokens went to the client as they came.
    pub streamed: bool,
}

// === impl Reply ===

impl Reply {
    /// The same answer with the value that was read from it.
    pub fn read_as(&self, text: String, value: Data) -> Self {
        let view = Answer { text: text.as_str().into(), value: Some(value), ..(*self.view).clone() };
        Self {
            step: self.step.clone(),
            model: self.model.clone(),
            completion: Completion { text, ..self.completion.clone() },
            view: Arc::new(view),
            streamed: self.streamed,
        }
    }
}

// === impl Output ===

impl Output {
    /// The successes, in order.
    pub fn replies(&self) -> Vec<Arc<Reply>> {
        match self {
            Self::One(reply) => vec![Arc::clone(reply)],
            Self::Many(replies) => replies.iter().flatten().cloned().collect(),
            Self::Skipped | Self::Failed(_) => Vec::new(),
        }
    }

    /// As templates see it; what failed or was skipped is the empty answer.
    pub fn data(&self) -> Data {
        match self {
            Self::One(reply) => Data::Answer(Arc::clone(&reply.view)),
            Self::Many(replies) => {
                let view = |reply: &Option<Arc<Reply>>| match reply {
                    Some(reply) => Arc::clone(&reply.view),
                    None => Arc::new(Answer::default()),
                };
                Data::Answers(Arc::new(replies.iter().map(view).collect()))
            }
            Self::Skipped => Data::Answer(Arc::new(Answer::default())),
            Self::Failed(why) => {
                Data::Answer(Arc::new(Answer { error: Some(why.to_string()), ..Answer::default() }))
            }
        }
    }
}
