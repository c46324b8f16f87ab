//! What will happen, before it happens: one finite graph of nodes per handle, with its bounds.
//!
//! `explain`, `review`, `export` and `run` all take this value. Nothing in it is unresolved, and nothing in it
//! knows how a call is made.

pub mod bounds;
pub mod hash;
pub mod lower;
mod waves;

use std::sync::Arc;

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
    /// The handle's own first, then one for each ensemble or technique that is used in it.
    pub frames: Vec<Frame>,
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
    pub id: String,
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
    /// Nobody but the plan's author wrote this: it is a default made visible (a decider's fallback).
    pub built_in: bool,
}

/// A name that a node's templates use, and the node that it means there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    pub name: String,
    pub node: NodeId,
    /// A prompt or text prints it: if it has failed, this node fails. What stands in a list only drops out of it.
    pub printed: bool,
}

#[derive(Clone, Debug)]
pub enum Act {
    /// One call.
    Ask(Ask),
    /// Different things at once: `parallel` in all its forms, and `sample`.
    Group(Group),
    /// One call that is shown a list. Fails if the list is empty.
    Merge { list: NodeId, ask: Ask },
    /// The same answers, unchanged, each with a score.
    Score(Score),
    /// One call that chooses among a list, unchanged: one answer, or the `count` best of them in order.
    Pick { list: NodeId, ask: Ask, rubric: String, count: Option<u32> },
    /// A choice by comparing two at a time.
    Knockout(Knockout),
    /// A call that the node around it makes and shows something: of `score`, `cascade`, `pick` pairwise. Never started by
    /// itself; has no inputs of its own.
    Judge(Ask),
    /// The most frequent, without a call.
    Vote(Vote),
    /// One of several ways to go.
    Route(Route),
    /// One after the other until an answer is good enough.
    Cascade(Cascade),
    /// The first that succeeds; the others are cancelled.
    Race(Vec<Starter>),
    /// The only loop, written out.
    Repeat(Repeat),
    /// `stop when`: gives true or false.
    Stop(Expression),
    /// The list of a `parallel for`; fails if it is longer than `most`.
    Items { list: Expression, most: u32 },
    /// One of them, from 0; skipped if there is none at this place.
    Item { items: NodeId, index: u32 },
    /// An ensemble or technique used as a step: its reply is this node's. `of` says which, as `solver@high-l` or `moa`.
    Inline { of: String, reply: NodeId },
    /// What the calls of an inlined ensemble or technique see instead of the conversation around it.
    Conversation(Conversation),
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
    /// `parallel LIST`
    Parallel,
    /// `parallel { a = …, b = … }`
    Named,
    /// `parallel LIST over PREV`
    Over,
    /// `parallel for x in …`
    For,
    Sample,
}

#[derive(Clone, Debug)]
pub struct Group {
    pub kind: GroupKind,
    /// In the order as written. Of `For`: one for each item that there may be.
    pub members: Vec<NodeId>,
    /// Of `Named`: what each member is called; else empty.
    pub names: Vec<String>,
    /// Of `For`: the node that gives the items; member `i` is only started if there is an item `i`.
    pub items: Option<NodeId>,
    /// Successes that are enough, a member that gives several answers counted once; without it half of those that are
    /// started, rounded up. See [`Group::need_of`].
    pub need: Option<u32>,
    /// How long stragglers still get once `need` is met; without it all are awaited.
    pub grace: Option<Millis>,
    /// The vote that alone uses this group: as soon as it is decided, the rest is cancelled.
    pub decided_by: Option<NodeId>,
}

#[derive(Clone, Debug)]
pub struct Score {
    pub list: NodeId,
    pub method: ScoreMethod,
    /// Models that judge, in order.
    pub judges: Vec<ModelId>,
    /// [`Act::Judge`] nodes. `Grade`: that of answer `i` by judge `j` is at `i * judges.len() + j`; `Rank`: one a judge.
    pub calls: Vec<NodeId>,
    /// `own: skip`: a judge's word on what it wrote itself does not count.
    pub skips_own: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreMethod {
    /// The mean of what the judges give each answer by itself.
    Grade,
    /// Borda points of the judges' rankings, over the most possible.
    Rank,
}

#[derive(Clone, Debug)]
pub struct Knockout {
    pub list: NodeId,
    /// [`Act::Judge`] nodes, one a match; each round has as many as its most possible contestants need.
    pub rounds: Vec<Vec<NodeId>>,
}

#[derive(Clone, Debug)]
pub struct Route {
    /// As written; exactly one is `Else`.
    pub arms: Vec<Arm>,
    /// The call that chooses among the labels, if there are any. It returns one of them, or `else`.
    pub ask: Option<Ask>,
}

#[derive(Clone, Debug)]
pub struct Arm {
    pub head: ArmHead,
    pub node: NodeId,
}

#[derive(Clone, Debug)]
pub enum ArmHead {
    /// Free, and tried first, in order.
    When(Expression),
    Label {
        label: String,
        meaning: String,
    },
    Else,
}

#[derive(Clone, Debug)]
pub struct Cascade {
    pub rungs: Vec<NodeId>,
    /// [`Act::Judge`] nodes that grade each rung but the last; empty without `by`.
    pub graders: Vec<NodeId>,
    /// The grade that is good enough, 0–1.
    pub accept: f64,
    /// Must hold of `it`, too.
    pub accept_when: Option<Expression>,
}

#[derive(Clone, Debug)]
pub struct Starter {
    pub node: NodeId,
    /// How long after the race began it starts.
    pub wait: Millis,
}

#[derive(Clone, Debug)]
pub struct Repeat {
    /// What the name holds before the first round.
    pub first: NodeId,
    pub rounds: Vec<Round>,
}

/// One round: its parts in the order as written. Exactly one of them is `Next`.
#[derive(Clone, Debug)]
pub struct Round {
    pub parts: Vec<Part>,
}

#[derive(Clone, Debug)]
pub struct Part {
    /// Steps written above this part that a later one needs: they run beside it.
    pub beside: Vec<NodeId>,
    pub what: PartKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// An [`Act::Stop`]: the loop ends here if it gives true.
    Stop(NodeId),
    /// What the name holds from here on.
    Next(NodeId),
}

#[derive(Clone, Debug)]
pub struct Conversation {
    pub history: History,
    /// Added after the system text.
    pub system: Option<Turn>,
    /// Turns appended.
    pub prompt: Vec<Turn>,
}

#[derive(Clone, Debug)]
pub struct Vote {
    pub list: NodeId,
    /// What an answer (`it`) votes for; without it its value, tool calls or whole text.
    pub key: Option<Template>,
    pub matching: Matching,
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
    /// `best(xs)`, `best(2, xs)`: by score, the highest first; the first in the list wins ties.
    Best {
        count: Option<u32>,
        list: NodeId,
    },
    /// `drafts[1]`: a member by its place among the successes; counted from the end if negative.
    Index {
        index: i64,
        list: NodeId,
    },
    /// `drafts.a`: a member of a named group, or all of its answers.
    Member {
        name: String,
        list: NodeId,
    },
    /// `mine`: the answer at this place as written; skipped if it is missing.
    Mine {
        place: u32,
        list: NodeId,
    },
    /// `others`: the successes at all other places, in order.
    Others {
        place: u32,
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

// === impl Group ===

impl Group {
    /// Successes that are enough when `started` members are.
    #[must_use]
    pub fn need_of(&self, started: usize) -> u32 {
        let started = started as u32;
        self.need.map_or(started.div_ceil(2), |need| need.min(started))
    }
}

// === impl Node ===

impl Node {
    /// A node of the handle's own frame about which nothing but this is said.
    pub(crate) fn blank(id: impl Into<String>, span: Span, act: Act) -> Self {
        Self {
            id: id.into(),
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
            timeout: None,
            waves_left: 0,
            wave: 0,
            is_final: false,
            is_live: false,
            contests: Vec::new(),
            built_in: false,
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

// === impl Select ===

impl Select {
    #[must_use]
    pub fn inputs(&self) -> Vec<NodeId> {
        match self {
            Self::First { list, .. }
            | Self::Last { list, .. }
            | Self::Best { list, .. }
            | Self::Index { list, .. }
            | Self::Member { list, .. }
            | Self::Mine { list, .. }
            | Self::Others { list, .. } => vec![*list],
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
            Self::Ask(ask) | Self::Judge(ask) | Self::Merge { ask, .. } | Self::Pick { ask, .. } => Some(ask),
            Self::Route(route) => route.ask.as_ref(),
            _ => None,
        }
    }

    pub(in crate::plan) fn ask_mut(&mut self) -> Option<&mut Ask> {
        match self {
            Self::Ask(ask) | Self::Judge(ask) | Self::Merge { ask, .. } | Self::Pick { ask, .. } => Some(ask),
            Self::Route(route) => route.ask.as_mut(),
            _ => None,
        }
    }

    /// Whether its call decides about answers instead of giving one.
    #[must_use]
    pub fn decides(&self) -> bool {
        matches!(self, Self::Judge(_) | Self::Pick { .. } | Self::Route(_))
    }

    /// Adds what it reads: it must be there before the node starts.
    fn reads(&self, ids: &mut Vec<NodeId>) {
        match self {
            Self::Merge { list, .. } | Self::Pick { list, .. } => ids.push(*list),
            Self::Score(score) => ids.push(score.list),
            Self::Knockout(knockout) => ids.push(knockout.list),
            Self::Vote(vote) => ids.push(vote.list),
            Self::List(items) => ids.extend(items),
            Self::Select(select) => ids.extend(select.inputs()),
            Self::Alias(id) | Self::Item { items: id, .. } => ids.push(*id),
            Self::Repeat(repeat) => ids.push(repeat.first),
            Self::Group(group) => ids.extend(group.items),
            Self::Inline { .. }
            | Self::Ask(_)
            | Self::Judge(_)
            | Self::Text(_)
            | Self::Route(_)
            | Self::Cascade(_)
            | Self::Race(_)
            | Self::Stop(_)
            | Self::Items { .. }
            | Self::Conversation(_) => (),
        }
    }

    /// What it starts itself, at once or when that place is reached, in order.
    #[must_use]
    pub fn parts(&self) -> Vec<NodeId> {
        match self {
            Self::Group(group) => group.members.clone(),
            Self::Score(score) => score.calls.clone(),
            Self::Knockout(knockout) => knockout.rounds.concat(),
            Self::Route(route) => route.arms.iter().map(|arm| arm.node).collect(),
            Self::Cascade(cascade) => cascade.rungs.iter().chain(&cascade.graders).copied().collect(),
            Self::Race(starters) => starters.iter().map(|starter| starter.node).collect(),
            Self::Repeat(repeat) => repeat.nodes().collect(),
            Self::Inline { reply, .. } => vec![*reply],
            _ => Vec::new(),
        }
    }

    /// The verb, as it is written.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Ask(_) => "ask",
            Self::Group(group) => match group.kind {
                GroupKind::Parallel | GroupKind::Named | GroupKind::Over | GroupKind::For => "parallel",
                GroupKind::Sample => "sample",
            },
            Self::Merge { .. } => "merge",
            Self::Score(_) => "score",
            Self::Pick { .. } | Self::Knockout(_) => "pick",
            Self::Judge(_) => "judge",
            Self::Vote(_) => "vote",
            Self::Route(_) => "route",
            Self::Cascade(_) => "cascade",
            Self::Race(_) => "race",
            Self::Repeat(_) => "repeat",
            Self::Stop(_) => "stop",
            Self::Items { .. } => "items",
            Self::Item { .. } => "item",
            Self::Inline { .. } => "inline",
            Self::Conversation(_) => "conversation",
            Self::Text(_) => "text",
            Self::List(_) => "list",
            Self::Select(select) => match select {
                Select::First { .. } => "first",
                Select::Last { .. } => "last",
                Select::Without { .. } => "without",
                Select::Concat(_) => "concat",
                Select::Best { .. } => "best",
                Select::Index { .. } => "index",
                Select::Member { .. } => "member",
                Select::Mine { .. } => "mine",
                Select::Others { .. } => "others",
            },
            Self::Alias(_) => "alias",
        }
    }
}

// === impl Repeat ===

impl Repeat {
    /// Every node that its rounds start, in order.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.rounds.iter().flat_map(|round| &round.parts).flat_map(|part| {
            let (PartKind::Stop(node) | PartKind::Next(node)) = part.what;
            part.beside.iter().copied().chain([node])
        })
    }
}
