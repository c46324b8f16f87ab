//! What a node does: one variant a verb, and the small ones that verbs are made of.

use crate::template::{Expression, Template};
use crate::units::Millis;

use super::{Ask, History, Matching, ModelId, NodeId, ScoreMethod, Turn};

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
    Pick {
        list: NodeId,
        ask: Ask,
        rubric: String,
        count: Option<u32>,
        /// What the call asks instead where a request wants several of the answers in order.
        ranking: Vec<Turn>,
    },
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
    /// The runs of a final step for a request with `n`.
    Choices,
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

// === impl Group ===

impl Group {
    /// Successes that are enough when `started` members are.
    #[must_use]
    pub fn need_of(&self, started: usize) -> u32 {
        let started = started as u32;
        self.need.map_or(started.div_ceil(2), |need| need.min(started))
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

    fn rename(&mut self, change: &dyn Fn(NodeId) -> NodeId) {
        match self {
            Self::First { list, .. }
            | Self::Last { list, .. }
            | Self::Best { list, .. }
            | Self::Index { list, .. }
            | Self::Member { list, .. }
            | Self::Mine { list, .. }
            | Self::Others { list, .. } => *list = change(*list),
            Self::Without { list, item } => {
                *list = change(*list);
                *item = change(*item);
            }
            Self::Concat(lists) => lists.iter_mut().for_each(|list| *list = change(*list)),
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

    pub(super) fn ask_mut(&mut self) -> Option<&mut Ask> {
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
    pub(super) fn reads(&self, ids: &mut Vec<NodeId>) {
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

    /// Has `change` change every node that it names.
    pub(super) fn rename(&mut self, change: &dyn Fn(NodeId) -> NodeId) {
        let each = |ids: &mut Vec<NodeId>| ids.iter_mut().for_each(|id| *id = change(*id));
        match self {
            Self::Merge { list: id, .. }
            | Self::Pick { list: id, .. }
            | Self::Inline { reply: id, .. }
            | Self::Alias(id)
            | Self::Item { items: id, .. } => *id = change(*id),
            Self::Group(group) => {
                each(&mut group.members);
                group.items = group.items.map(change);
                group.decided_by = group.decided_by.map(change);
            }
            Self::Score(score) => {
                score.list = change(score.list);
                each(&mut score.calls);
            }
            Self::Knockout(knockout) => {
                knockout.list = change(knockout.list);
                knockout.rounds.iter_mut().for_each(each);
            }
            Self::Vote(vote) => {
                vote.list = change(vote.list);
                if let Ties::Step(step) = &mut vote.ties {
                    *step = change(*step);
                }
            }
            Self::Route(route) => route.arms.iter_mut().for_each(|arm| arm.node = change(arm.node)),
            Self::Cascade(cascade) => {
                each(&mut cascade.rungs);
                each(&mut cascade.graders);
            }
            Self::Race(starters) => {
                starters.iter_mut().for_each(|starter| starter.node = change(starter.node));
            }
            Self::Repeat(repeat) => {
                repeat.first = change(repeat.first);
                for part in repeat.rounds.iter_mut().flat_map(|round| &mut round.parts) {
                    each(&mut part.beside);
                    let (PartKind::Stop(node) | PartKind::Next(node)) = &mut part.what;
                    *node = change(*node);
                }
            }
            Self::List(items) => each(items),
            Self::Select(select) => select.rename(change),
            Self::Ask(_)
            | Self::Judge(_)
            | Self::Stop(_)
            | Self::Items { .. }
            | Self::Conversation(_)
            | Self::Text(_) => (),
        }
    }

    /// The verb, as it is written.
    #[must_use]
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Ask(_) => "ask",
            Self::Group(group) => match group.kind {
                GroupKind::Parallel | GroupKind::Named | GroupKind::Over | GroupKind::For => "parallel",
                GroupKind::Sample | GroupKind::Choices => "sample",
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
