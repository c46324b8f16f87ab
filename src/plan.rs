//! What will happen, before it happens: one finite graph of nodes per handle, with its bounds.
//!
//! `explain`, `review`, `export` and `run` all take this value. Nothing in it is unresolved, and nothing in it
//! knows how a call is made.

pub mod act;
pub mod bounds;
pub mod hash;
pub mod lower;
pub mod paths;
pub mod several;
mod sizes;

use std::sync::{Arc, OnceLock};

use crate::source::Span;
use crate::template::{Data, Expression};
use crate::units::{Bytes, MicroUsd, Millis, Price, Tokens};

pub use crate::program::call::{Field, History, Operand, Returns, Schema, Tools, Turn, TurnRole};
pub use crate::program::{Limit, Matching, ScoreMethod, Setting, StreamMode};
pub use act::{
    Act, Arm, ArmHead, Cascade, Conversation, Group, GroupKind, Knockout, Part, PartKind, Repeat, Round,
    Route, Score, Select, Starter, Ties, Vote,
};
pub use lower::lower;

/// Index of a node in [`Plan::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// Index of a model in [`Plan::models`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelId(pub u32);

/// Index of a frame in [`Plan::frames`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameId(pub u32);

/// The plan of one handle.
///
/// Everything is written out: each round of a loop, each body of a `for`, each use of a technique has nodes of its own.
/// So a node runs at most once in a run, and what is not in the list cannot happen.
#[derive(Clone, Debug)]
pub struct Plan {
    /// `opt-architect-high-xl`
    pub handle: Arc<str>,
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
    /// Answers that the reply is to give: 1, but for a request with `n`. See [`several`].
    pub choices: u32,
    /// The handle's own first, then one for each ensemble or technique that is used in it.
    pub frames: Vec<Frame>,
    /// What applies, and which layer said so; in the order in which `explain` prints it.
    pub settings: Arc<[Setting]>,
    /// The whole run's deadline.
    pub timeout: Millis,
    pub limit: Limit,
    pub stream: StreamMode,
    pub bounds: Bounds,
    /// Computed when it is first asked for: most plans are only checked. Read it with [`Plan::short_hash`].
    pub(crate) hash: OnceLock<String>,
    /// What its models may hold together, from the tier.
    pub memory: Option<Bytes>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    pub name: Arc<str>,
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

/// What the nodes of one body share: the handle's own steps, or those of one use of an ensemble or technique.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Roles and parameters that have a value, as templates see them.
    pub constants: Arc<[(String, Data)]>,
    /// The node that makes the conversation which its calls and its `request` see; without one it is the client's. Every
    /// node of the frame has it among [`Node::after`].
    pub conversation: Option<NodeId>,
}

/// One thing that happens. A named step is a node; so is each member of a group and each `else`.
#[derive(Clone, Debug)]
pub struct Node {
    /// Unique and stable: `drafts`, `drafts[0]`, `reply.else`, `draft.round2.notes`.
    pub id: Arc<str>,
    /// The step's name if this is the head of one, as it is written: several nodes may bear the same.
    pub name: Option<String>,
    pub doc: String,
    pub span: Span,
    pub frame: FrameId,
    pub act: Act,
    /// What its own templates, lists and conditions name, in order of mention. Must have ended before it starts.
    pub inputs: Vec<Input>,
    /// What must have ended before it starts although it does not name it: the `stop when` above it in its round, the
    /// conversation of its frame.
    pub after: Vec<NodeId>,
    /// Its `else`: run when this one fails or is skipped.
    pub fallback: Option<NodeId>,
    pub skip_when: Option<Expression>,
    /// Of a node without a call of its own (for calls see [`Ask::accept_when`]): `it` must satisfy this, or it has failed.
    pub accept_when: Option<Expression>,
    /// Of a fallback: what the answer that it stands in for is read as, and so its own.
    pub returns: Option<Returns>,
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
    /// The races that it must win by its first token before its tokens are passed on, the outermost first: the node of the
    /// race, and the place among its starters.
    pub contests: Vec<(NodeId, u32)>,
    /// Most answers that it gives where its verb gives one: the best so many, in order. 1, but for a request with `n`.
    pub gives: u32,
    /// For a request with `n`: which of the runs of the reply it belongs to; `None` for what all of them share.
    pub lane: Option<u32>,
}

/// A name that a node's templates use, and the node that it means there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    pub name: String,
    pub node: NodeId,
    /// A prompt or text prints it: if it has failed, this node fails. What stands in a list only drops out of it.
    pub printed: bool,
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

// === impl Model ===

impl Model {
    /// `mlx`, `ov`, …: what was said, else what its name begins with; empty if neither tells.
    #[must_use]
    pub fn runs_on(&self) -> &str {
        match (self.runtime.as_str(), self.name.split_once('-')) {
            ("", Some((first @ ("mlx" | "ov"), _))) => first,
            (said, _) => said,
        }
    }
}

// === impl Plan ===

impl Plan {
    /// First 6 hexadecimal digits of the hash of the plan's meaning; layout and comments do not change it.
    #[must_use]
    pub fn short_hash(&self) -> &str {
        self.hash.get_or_init(|| hash::of(self))
    }

    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// The frame of a node.
    #[must_use]
    pub fn frame(&self, id: NodeId) -> &Frame {
        &self.frames[self.node(id).frame.0 as usize]
    }

    #[must_use]
    pub fn model(&self, id: ModelId) -> &Model {
        &self.models[id.0 as usize]
    }

    /// Its models that the controller of a runtime loads, in order of first mention.
    pub fn models_on(&self, runtime: &str) -> impl Iterator<Item = &Model> {
        self.models.iter().filter(move |model| model.runs_on() == runtime)
    }

    /// The longest answer that can reach a client, in tokens: of what may speak last, whoever may say most. A reply that no
    /// model writes is made of what came in.
    #[must_use]
    pub fn output_max(&self) -> Tokens {
        let finals = self.nodes.iter().filter(|node| node.is_final).filter_map(|node| node.act.ask());
        finals.map(|ask| ask.max_tokens).max().unwrap_or(self.bounds.request_max)
    }

    pub fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }
}

// === impl Node ===

impl Node {
    /// A node of the handle's own frame about which nothing but this is said.
    pub(crate) fn blank(id: impl Into<String>, span: Span, act: Act) -> Self {
        Self {
            id: id.into().into(),
            name: None,
            doc: String::new(),
            span,
            frame: FrameId(0),
            act,
            inputs: Vec::new(),
            after: Vec::new(),
            fallback: None,
            skip_when: None,
            accept_when: None,
            returns: None,
            timeout: None,
            waves_left: 0,
            wave: 0,
            is_final: false,
            is_live: false,
            contests: Vec::new(),
            gives: 1,
            lane: None,
        }
    }

    /// What must have ended before this node starts: what it names, the list it works on, what it stands behind. Nothing
    /// that it starts itself: see [`Act::parts`].
    #[must_use]
    pub fn needs(&self) -> Vec<NodeId> {
        let mut ids: Vec<NodeId> = self.inputs.iter().map(|input| input.node).collect();
        ids.extend(&self.after);
        self.act.reads(&mut ids);
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The step that it needs only if there is a tie.
    #[must_use]
    pub fn tie_step(&self) -> Option<NodeId> {
        match &self.act {
            Act::Vote(Vote { ties: Ties::Step(step), .. })
                if !self.inputs.iter().any(|input| input.node == *step) =>
            {
                Some(*step)
            }
            _ => None,
        }
    }

    /// Every node that this one names: what it waits for, what it starts, its `else`.
    #[must_use]
    pub fn uses(&self) -> Vec<NodeId> {
        let mut ids = self.needs();
        ids.extend(self.act.parts());
        ids.extend(self.tie_step());
        ids.extend(self.fallback);
        ids
    }
}
