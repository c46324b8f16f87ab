//! What will happen, before it happens: one finite graph of nodes per handle, with its bounds.
//!
//! `explain`, `review`, `export` and `run` all take this value. Nothing in it is unresolved, and nothing in it
//! knows how a call is made.

pub mod bounds;
pub mod hash;
pub mod lower;
mod waves;

use crate::source::Span;
use crate::template::{Data, Expression, Template};
use crate::units::{Bytes, MicroUsd, Millis, Price, Tokens};

pub use crate::program::call::{Field, History, Operand, Returns, Tools, Turn, TurnRole};
pub use crate::program::{Limit, Matching, Setting, StreamMode};
pub use lower::lower;

/// Index of a node in [`Plan::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// Index of a model in [`Plan::models`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelId(pub u32);

/// The plan of one handle.
#[derive(Clone, Debug)]
pub struct Plan {
    /// `opt-architect-high-xl`
    pub handle: String,
    /// `moa-architect-high-xl`
    pub selector: String,
    /// `architect`
    pub ensemble: String,
    pub profile: String,
    pub tier: String,
    /// The ensemble's doc comment; empty if it has none.
    pub doc: String,
    /// `architect.ens:2`
    pub place: String,
    pub span: Span,
    /// Every model that it can call, fallbacks included, in order of first mention.
    pub models: Vec<Model>,
    /// Inputs stand before the nodes that use them.
    pub nodes: Vec<Node>,
    pub reply: NodeId,
    /// Roles, as templates see them.
    pub constants: Vec<(String, Data)>,
    /// What applies, and which layer said so; in the order in which `explain` prints it.
    pub settings: Vec<Setting>,
    /// The whole run's deadline.
    pub timeout: Millis,
    pub limit: Limit,
    pub stream: StreamMode,
    pub bounds: Bounds,
    /// First 6 hexadecimal digits of the hash of the plan's meaning; layout and comments do not change it.
    pub hash: String,
    /// What its models may hold together, from the tier.
    pub memory: Option<Bytes>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub name: String,
    /// `mlx`, `ov`, `remote`; empty if not said.
    pub runtime: String,
    pub memory: Option<Bytes>,
    /// Tokens of input and output together.
    pub context: Tokens,
    pub max_output: Tokens,
    pub price: Price,
    /// Calls to it in flight at once.
    pub concurrency: u32,
}

/// One thing that happens. A named step is a node; so is each member of a group and each `else`.
#[derive(Clone, Debug)]
pub struct Node {
    /// Unique and stable: `drafts`, `drafts[0]`, `reply.else`.
    pub id: String,
    /// The step's name if this is the head of one: what templates call it.
    pub name: Option<String>,
    pub doc: String,
    pub span: Span,
    pub act: Act,
    /// Named steps that must have ended before it starts, in order of mention: those of its templates, lists and
    /// conditions. Members of a group are not among them.
    pub inputs: Vec<NodeId>,
    /// Those of its inputs that a prompt or text prints: if one of them has failed, this node fails. What stands in a
    /// list only drops out of it.
    pub printed: Vec<NodeId>,
    /// Its `else`: run when this one fails or is skipped.
    pub fallback: Option<NodeId>,
    pub skip_when: Option<Expression>,
    /// Its own time limit over all its attempts, if one was written.
    pub timeout: Option<Millis>,
    /// Waves of calls from its start to the end of the run, its `else` counted. At least 1 for what calls.
    /// Without a `timeout` it gets the time left divided by this.
    pub waves_left: u32,
    /// Its call is in this wave when all is well, counted from 1; for what makes no call, the wave whose end it waits for.
    /// A fallback comes after what it stands in for.
    pub wave: u32,
    /// Its answer can reach the client unchanged.
    pub is_final: bool,
    /// Its tokens are passed on as they come.
    pub is_live: bool,
    /// Nobody but the plan's author wrote this: it is a default made visible (a decider's fallback).
    pub built_in: bool,
}

#[derive(Clone, Debug)]
pub enum Act {
    /// One call.
    Ask(Ask),
    /// Different calls at once: `parallel` and `sample`.
    Group(Group),
    /// One call that is shown a list. Fails if the list is empty.
    Merge { list: NodeId, ask: Ask },
    /// One call that chooses among a list, unchanged.
    Pick { list: NodeId, ask: Ask, rubric: String },
    /// The most frequent, without a call.
    Vote(Vote),
    /// A template, without a call.
    Text(Template),
    /// A list written out: `[a, b]`, flattened in order.
    List(Vec<NodeId>),
    /// `first(2, xs)` and its like, without a call.
    Select(Select),
    /// Another step's answer under this name.
    Alias(NodeId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupKind {
    Parallel,
    Sample,
}

#[derive(Clone, Debug)]
pub struct Group {
    pub kind: GroupKind,
    pub members: Vec<NodeId>,
    /// Successes that are enough.
    pub need: u32,
    /// How long stragglers still get once `need` is met; without it all are awaited.
    pub grace: Option<Millis>,
    /// The vote that alone uses this group: as soon as it is decided, the rest is cancelled.
    pub decided_by: Option<NodeId>,
}

#[derive(Clone, Debug)]
pub struct Vote {
    pub list: NodeId,
    pub ties: Ties,
    /// Share of the votes that the winner must reach, 0–1.
    pub min_share: f64,
    /// Votes a model's answer counts for; 1 where a model is not named.
    pub weights: Vec<(ModelId, u32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ties {
    First,
    Longest,
    Step(NodeId),
}

#[derive(Clone, Debug)]
pub enum Select {
    First {
        count: Option<u32>,
        list: NodeId,
    },
    Last {
        count: Option<u32>,
        list: NodeId,
    },
    Without {
        list: NodeId,
        item: NodeId,
    },
    Concat(Vec<NodeId>),
    /// `drafts[1]`: a member by its place among the successes, or by its place as written where `by_place`.
    Index {
        index: i64,
        list: NodeId,
    },
}

/// One call, as far as it is known before the request.
#[derive(Clone, Debug)]
pub struct Ask {
    pub model: ModelId,
    /// Turns appended after the conversation.
    pub prompt: Vec<Turn>,
    /// Added after the client's system text.
    pub system: Option<Turn>,
    pub history: History,
    /// Request fields that the plan sets, e.g. `temperature`, with JSON values.
    pub fields: Vec<Field>,
    /// Most tokens of output that this call may be asked for. Always sent, or capped to.
    pub max_tokens: Tokens,
    /// Whether `max_tokens` was written in the step (then the client's own never replaces it).
    pub max_tokens_own: bool,
    /// Limit to the first token; makes the call stream.
    pub first_token: Option<Millis>,
    /// Attempts after the first.
    pub retries: u32,
    pub tools: Tools,
    /// Whether `tools` was written.
    pub tools_own: bool,
    pub returns: Option<Returns>,
    /// Otherwise the attempt counts as failed.
    pub accept_when: Option<Expression>,
    /// Fields left out in one more attempt if the upstream answers 400.
    pub soft: Vec<String>,
    /// Which of the client's sampling parameters it takes.
    pub inherits: Inherits,
    /// The most that one attempt sends.
    pub input_max: InputBound,
    /// Number of this call in the plan: its seed is the client's plus this.
    pub number: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inherits {
    /// Final calls: everything the client sent.
    All,
    /// Final ones of `sample`: everything but the temperature.
    AllCool,
    /// Others: sampling parameters only.
    Sampling,
    /// `sample`: the same without the client's temperature.
    SamplingCool,
    /// Deciders and calls with `returns`: nothing.
    Nothing,
}

/// The worst case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    pub calls: u32,
    pub attempts: u32,
    /// Longest chain of calls.
    pub waves: u32,
    pub tokens_out: Tokens,
    pub tokens_in: InputBound,
    /// For a conversation of `request_max` tokens.
    pub cost: MicroUsd,
    pub time: Millis,
    /// Longest conversation accepted, in tokens: `limit.request`, else the smallest context minus output.
    pub request_max: Tokens,
}

/// `conversations · c + constant`, c being the tokens of the client's conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InputBound {
    pub conversations: u32,
    pub constant: Tokens,
}

// === impl InputBound ===

impl InputBound {
    /// In tokens, for a conversation of this length.
    #[must_use]
    pub fn of(self, conversation: Tokens) -> Tokens {
        conversation.times(u64::from(self.conversations)).plus(self.constant)
    }
}

// === impl Plan ===

impl Plan {
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    #[must_use]
    pub fn model(&self, id: ModelId) -> &Model {
        &self.models[id.0 as usize]
    }

    pub fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }
}

// === impl Node ===

impl Node {
    /// What must have ended before this node starts: its inputs and the lists it works on. Members are not among
    /// them (they start with it), nor are steps that only an `else` or a tie would need.
    #[must_use]
    pub fn waits_for(&self) -> Vec<NodeId> {
        let mut ids = self.inputs.clone();
        match &self.act {
            Act::Merge { list, .. } | Act::Pick { list, .. } => ids.push(*list),
            Act::Vote(vote) => {
                ids.push(vote.list);
                if let Ties::Step(step) = vote.ties {
                    ids.push(step);
                }
            }
            Act::List(items) => ids.extend(items),
            Act::Select(select) => ids.extend(select.inputs()),
            Act::Alias(id) => ids.push(*id),
            Act::Ask(_) | Act::Group(_) | Act::Text(_) => (),
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// What it waits for from its beginning: all of that but the step that breaks a tie, if there is one.
    #[must_use]
    pub fn needs(&self) -> Vec<NodeId> {
        let tie = self.tie_step();
        self.waits_for().into_iter().filter(|id| Some(*id) != tie).collect()
    }

    /// The step that it needs only if there is a tie.
    #[must_use]
    pub fn tie_step(&self) -> Option<NodeId> {
        match &self.act {
            Act::Vote(Vote { ties: Ties::Step(step), .. }) if !self.inputs.contains(step) => Some(*step),
            _ => None,
        }
    }

    /// Every node that this one names: what it waits for, its members, its `else`.
    #[must_use]
    pub fn uses(&self) -> Vec<NodeId> {
        let mut ids = self.waits_for();
        if let Act::Group(group) = &self.act {
            ids.extend(&group.members);
        }
        ids.extend(self.fallback);
        ids
    }
}

// === impl Select ===

impl Select {
    #[must_use]
    pub fn inputs(&self) -> Vec<NodeId> {
        match self {
            Self::First { list, .. } | Self::Last { list, .. } | Self::Index { list, .. } => vec![*list],
            Self::Without { list, item } => vec![*list, *item],
            Self::Concat(lists) => lists.clone(),
        }
    }
}

// === impl Act ===

impl Act {
    /// The call it makes itself, if it makes one.
    #[must_use]
    pub fn ask(&self) -> Option<&Ask> {
        match self {
            Self::Ask(ask) | Self::Merge { ask, .. } | Self::Pick { ask, .. } => Some(ask),
            _ => None,
        }
    }

    /// The verb, as it is written.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Ask(_) => "ask",
            Self::Group(group) => match group.kind {
                GroupKind::Parallel => "parallel",
                GroupKind::Sample => "sample",
            },
            Self::Merge { .. } => "merge",
            Self::Pick { .. } => "pick",
            Self::Vote(_) => "vote",
            Self::Text(_) => "text",
            Self::List(_) => "list",
            Self::Select(select) => match select {
                Select::First { .. } => "first",
                Select::Last { .. } => "last",
                Select::Without { .. } => "without",
                Select::Concat(_) => "concat",
                Select::Index { .. } => "index",
            },
            Self::Alias(_) => "alias",
        }
    }
}
