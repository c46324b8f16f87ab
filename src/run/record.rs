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
    /// What its call answered; of one that decides, that is not how the node ends.
    pub said: Option<Given>,
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

/// What one step was asked and what it gave, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spoken {
    /// The step's id.
    pub step: String,
    /// The messages of its call, see [`NodeRecord::prompt`].
    pub asked: Option<String>,
    /// Its answers: those that it made itself, not what it took from others; tool calls as `name(arguments)`.
    pub gave: Vec<String>,
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
        let record = &mut self.record().nodes[node.0 as usize];
        match result {
            Ok(reply) => {
                record.said = Some(Given::of(reply));
                record.ending = record.said.clone().map(Ending::One);
            }
            Err(why) => record.ending = Some(Ending::failed(why)),
        }
    }

    pub fn copy(&self) -> Record {
        self.record().clone()
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.0.lock().expect("nobody panics while writing the record")
    }
}

// === impl Record ===

impl Record {
    /// The steps that were asked something, or gave something of their own, in the order of the plan.
    #[must_use]
    pub fn spoken(&self, plan: &Plan) -> Vec<Spoken> {
        let spoken = plan.nodes.iter().zip(&self.nodes).map(|(node, record)| Spoken {
            step: node.id.to_string(),
            asked: record.prompt.clone(),
            gave: record.words(&node.id),
        });
        spoken.filter(|spoken| spoken.asked.is_some() || !spoken.gave.is_empty()).collect()
    }
}

// === impl Spoken ===

impl Spoken {
    /// Bytes of its words.
    #[must_use]
    pub fn size(&self) -> usize {
        let asked = self.asked.as_ref().map_or(0, String::len);
        size_of::<Self>() + self.step.len() + asked + self.gave.iter().map(String::len).sum::<usize>()
    }
}

// === impl NodeRecord ===

impl NodeRecord {
    /// What it said itself, as a call or without one.
    fn words(&self, step: &str) -> Vec<String> {
        match (&self.said, &self.ending) {
            (Some(said), _) => said.words(),
            (None, Some(ending)) => ending.words_of(step),
            (None, None) => Vec::new(),
        }
    }

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

    /// What the step made itself.
    fn words_of(&self, step: &str) -> Vec<String> {
        let given: Vec<&Given> = match self {
            Self::One(given) => vec![given],
            Self::Many(many) => many.iter().flatten().collect(),
            Self::Value(_) | Self::Skipped | Self::Failed { .. } => Vec::new(),
        };
        given.into_iter().filter(|given| *given.step == *step).flat_map(Given::words).collect()
    }

    fn failed(why: &Why) -> Self {
        let began = !matches!(why, Why::Needs(_) | Why::Limit | Why::Strict | Why::Skipped);
        Self::Failed { why: why.to_string(), began }
    }
}

// === impl Given ===

impl Given {
    fn words(&self) -> Vec<String> {
        let text = Some(self.answer.text.to_string()).filter(|text| !text.is_empty());
        let calls = self.tool_calls.iter().map(|call| format!("{}({})", call.name, call.arguments));
        text.into_iter().chain(calls).collect()
    }

    fn of(reply: &Reply) -> Self {
        Self {
            step: reply.step.to_string(),
            answer: Arc::clone(&reply.view),
            tool_calls: reply.completion.tool_calls.clone(),
        }
    }
}
