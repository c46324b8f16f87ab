//! What every node was asked and gave. Kept only for runs that were made with [`super::Run::recording`].

use std::sync::{Arc, Mutex, MutexGuard};

use crate::plan::{NodeId, Plan};
use crate::template::{Answer, Data};
use crate::upstream::{Message, ToolCall};

use super::errors::Why;
use super::outcome::{Output, Reply};

/// By node, in the order of the plan.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub nodes: Vec<NodeRecord>,
}

/// What became of one node.
#[derive(Clone, Debug, Default)]
pub struct NodeRecord {
    /// The messages of its call, each as `role: text`, with blank lines between; `None` if it made no call.
    pub prompt: Option<String>,
    /// `None` if it never began, or was stopped before its end.
    pub ending: Option<Ending>,
}

/// How a node ended, its `else` included.
#[derive(Clone, Debug)]
pub enum Ending {
    One(Given),
    /// By place, as written; `None` for what failed, was skipped or cancelled.
    Many(Vec<Option<Given>>),
    /// What no model gave: an item of a list, whether a loop stops.
    Value(Data),
    Skipped,
    /// Why, in words of our own; and whether it had begun, or could not for what stood before it.
    Failed {
        why: String,
        began: bool,
    },
}

/// An answer as templates see it, with what only the client sees.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Id of the node that made it.
    pub step: String,
    pub answer: Arc<Answer>,
    pub tool_calls: Vec<ToolCall>,
}

/// The record while the run writes it.
#[derive(Debug)]
pub struct Recorder(Mutex<Record>);

// === impl Recorder ===

impl Recorder {
    pub fn new(plan: &Plan) -> Self {
        Self(Mutex::new(Record { nodes: vec![NodeRecord::default(); plan.nodes.len()] }))
    }

    /// The messages of the node's call; of several attempts the last.
    pub fn asked(&self, node: NodeId, messages: &[Message]) {
        let lines = messages.iter().map(|message| format!("{}: {}", message.role.word(), message.text));
        self.record().nodes[node.0 as usize].prompt = Some(lines.collect::<Vec<_>>().join("\n\n"));
    }

    /// The node's end; what a fallback gave in its place replaces it.
    pub fn ended(&self, node: NodeId, output: &Output) {
        self.record().nodes[node.0 as usize].ending = Some(Ending::of(output));
    }

    /// The end of a call, for deciders: no node of their own waits for them.
    pub fn answered(&self, node: NodeId, result: Result<&Reply, &Why>) {
        self.record().nodes[node.0 as usize].ending = Some(match result {
            Ok(reply) => Ending::One(Given::of(reply)),
            Err(why) => Ending::failed(why),
        });
    }

    pub fn copy(&self) -> Record {
        self.record().clone()
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().expect("nobody panics while writing the record")
    }
}

// === impl NodeRecord ===

impl NodeRecord {
    /// Whether it began: it was neither skipped nor left alone, nor failed for what stood before it.
    #[must_use]
    pub fn ran(&self) -> bool {
        let ended = match &self.ending {
            Some(Ending::One(_) | Ending::Many(_) | Ending::Value(_)) => true,
            Some(Ending::Failed { began, .. }) => *began,
            Some(Ending::Skipped) | None => false,
        };
        self.prompt.is_some() || ended
    }
}

// === impl Ending ===

impl Ending {
    fn of(output: &Output) -> Self {
        match output {
            Output::One(reply) => Self::One(Given::of(reply)),
            Output::Many(many) => {
                Self::Many(many.replies.iter().map(|reply| reply.as_deref().map(Given::of)).collect())
            }
            Output::Data(value) => match &value.reply {
                Some(reply) => Self::One(Given::of(reply)),
                None => Self::Value(value.data.clone()),
            },
            Output::Conversation(_) => Self::Value(Data::None),
            Output::Skipped => Self::Skipped,
            Output::Failed(why) => Self::failed(why),
        }
    }

    fn failed(why: &Why) -> Self {
        let began = !matches!(why, Why::Needs(_) | Why::Limit | Why::Strict | Why::Skipped);
        Self::Failed { why: why.to_string(), began }
    }
}

// === impl Given ===

impl Given {
    fn of(reply: &Reply) -> Self {
        Self {
            step: reply.step.to_string(),
            answer: Arc::clone(&reply.view),
            tool_calls: reply.completion.tool_calls.clone(),
        }
    }
}
