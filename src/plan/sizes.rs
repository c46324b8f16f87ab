//! How large answers can be, in tokens and in conversations: what a prompt that prints them may send.

use std::collections::BTreeMap;

use crate::template::{Data, Size, estimate};

use super::{Act, History, NodeId, Operand, Part, PartKind, Plan, Select, Ties, Turn};

/// The most that each node's answer can hold.
pub struct Sizes {
    /// By node.
    nodes: Vec<Size>,
    /// Of each call that another node makes: that node, and what it shows.
    shown: BTreeMap<NodeId, (NodeId, Size)>,
}

// === impl Sizes ===

impl Sizes {
    /// In one pass, since what a node uses stands before it.
    pub fn of(plan: &Plan) -> Self {
        let mut sizes = Self { nodes: Vec::with_capacity(plan.nodes.len()), shown: BTreeMap::new() };
        for id in plan.ids() {
            let size = sizes.output(plan, id);
            sizes.nodes.push(size);
            sizes.show(plan, id);
        }
        sizes
    }

    fn at(&self, id: NodeId) -> Size {
        self.nodes[id.0 as usize]
    }

    /// The conversation that a node's call sees.
    pub fn conversation(&self, plan: &Plan, id: NodeId) -> Size {
        match plan.frame(id).conversation {
            Some(node) => self.at(node),
            None => Size { conversations: 1, ..Size::default() },
        }
    }

    /// One turn of the call at `id`.
    pub fn turn(&self, plan: &Plan, id: NodeId, turn: &Turn) -> Size {
        let (scope, shown) = match (&plan.node(id).act, self.shown.get(&id)) {
            (_, Some(&(owner, shown))) => (owner, shown),
            (Act::Merge { list, .. } | Act::Pick { list, .. }, None) => (id, self.at(*list)),
            _ => (id, Size::default()),
        };
        let named = |name: &str| self.named(plan, scope, name);
        match &turn.binds {
            None => turn.template.size(&named),
            Some(binds) => turn.template.size(&|name: &str| {
                let operand = binds.iter().find(|(param, _)| param == name).map(|(_, operand)| operand);
                match operand {
                    Some(Operand::Shown) => shown,
                    Some(Operand::Expression(expression)) => expression.size(&named),
                    Some(Operand::Template(template)) => template.size(&named),
                    Some(Operand::Constant(data)) => constant(data),
                    None => Size::default(),
                }
            }),
        }
    }

    /// What the templates of node `id` call `name`.
    fn named(&self, plan: &Plan, id: NodeId, name: &str) -> Size {
        if let Some(input) = plan.node(id).inputs.iter().find(|input| input.name == name) {
            return self.at(input.node);
        }
        match plan.frame(id).constants.iter().find(|(constant, _)| constant == name) {
            Some((_, data)) => constant(data),
            None if name == "request" => self.conversation(plan, id),
            // `choices`, `elapsed`.
            None => Size { tokens: 100, ..Size::default() },
        }
    }

    /// Enters what a node shows to the calls that it makes.
    fn show(&mut self, plan: &Plan, id: NodeId) {
        match &plan.node(id).act {
            Act::Score(score) => {
                let list = self.at(score.list);
                let shown = match score.method {
                    super::ScoreMethod::Grade => element(list),
                    super::ScoreMethod::Rank => list,
                };
                self.shown.extend(score.calls.iter().map(|&call| (call, (id, shown))));
            }
            Act::Knockout(knockout) => {
                let one = element(self.at(knockout.list));
                let pair = Size { tokens: one.tokens.saturating_mul(2), count: 2, each: one.tokens, ..one };
                self.shown.extend(knockout.rounds.iter().flatten().map(|&call| (call, (id, pair))));
            }
            Act::Cascade(cascade) => {
                let shown = cascade.graders.iter().zip(&cascade.rungs);
                let shown: Vec<_> = shown.map(|(&call, &rung)| (call, (id, self.at(rung)))).collect();
                self.shown.extend(shown);
            }
            _ => (),
        }
    }

    /// What node `id` gives; the nodes before it are known.
    fn output(&self, plan: &Plan, id: NodeId) -> Size {
        let node = plan.node(id);
        let tokens = |tokens: u64| Size { tokens, count: 0, each: tokens, conversations: 0 };
        let own = match &node.act {
            Act::Ask(ask) | Act::Merge { ask, .. } | Act::Judge(ask) => tokens(ask.max_tokens.0),
            Act::Group(group) => self.all(&group.members),
            Act::List(items) => self.all(items),
            Act::Score(score) => self.at(score.list),
            Act::Pick { list, count, .. } => some(self.at(*list), *count),
            Act::Knockout(knockout) => element(self.at(knockout.list)),
            Act::Vote(vote) => match vote.ties {
                Ties::Step(step) => either(element(self.at(vote.list)), self.at(step)),
                Ties::First | Ties::Longest => element(self.at(vote.list)),
            },
            Act::Route(route) => self.any(route.arms.iter().map(|arm| arm.node)),
            Act::Cascade(cascade) => self.any(cascade.rungs.iter().copied()),
            Act::Race(starters) => self.any(starters.iter().map(|starter| starter.node)),
            Act::Repeat(repeat) => {
                let next = |part: &Part| match part.what {
                    PartKind::Next(node) => Some(node),
                    PartKind::Stop(_) => None,
                };
                let bound = repeat.rounds.iter().flat_map(|round| round.parts.iter().filter_map(next));
                self.any(bound.chain([repeat.first]))
            }
            Act::Text(template) => {
                let size = template.size(&|name: &str| self.named(plan, id, name));
                Size { count: 0, each: size.tokens, ..size }
            }
            Act::Items { list, most } => {
                let size = list.size(&|name: &str| self.named(plan, id, name));
                let each = if size.count > 0 { size.each } else { size.tokens };
                Size { count: *most, each, ..size }
            }
            Act::Conversation(changed) => self.changed(plan, id, changed),
            Act::Item { items: list, .. } => element(self.at(*list)),
            Act::Alias(id) | Act::Inline { reply: id, .. } => self.at(*id),
            Act::Select(select) => self.select(plan, select),
            Act::Stop(_) => tokens(2),
        };
        node.fallback.map_or(own, |fallback| either(own, self.at(fallback)))
    }

    fn select(&self, plan: &Plan, select: &Select) -> Size {
        match select {
            Select::First { count, list } | Select::Last { count, list } | Select::Best { count, list } => {
                some(self.at(*list), *count)
            }
            Select::Index { list, .. } | Select::Mine { list, .. } => element(self.at(*list)),
            Select::Member { name, list } => match &plan.node(*list).act {
                Act::Group(group) => match group.names.iter().position(|known| known == name) {
                    Some(at) => self.at(group.members[at]),
                    None => self.at(*list),
                },
                _ => self.at(*list),
            },
            Select::Without { list, .. } | Select::Others { list, .. } => self.at(*list),
            Select::Concat(lists) => self.all(lists),
        }
    }

    fn changed(&self, plan: &Plan, id: NodeId, changed: &super::Conversation) -> Size {
        let around = match changed.history {
            History::None => Size::default(),
            _ => self.conversation(plan, id),
        };
        let turns = changed.prompt.iter().chain(&changed.system);
        let size = turns.fold(around, |sum, turn| sum.plus(self.turn(plan, id, turn)));
        Size { count: 0, each: size.tokens, ..size }
    }

    /// The largest of several, only one of which there will be.
    fn any(&self, ids: impl Iterator<Item = NodeId>) -> Size {
        ids.map(|id| self.at(id)).fold(Size::default(), either)
    }

    /// All together.
    fn all(&self, ids: &[NodeId]) -> Size {
        let mut sum = Size::default();
        for &id in ids {
            let size = self.at(id);
            sum.tokens = sum.tokens.saturating_add(size.tokens);
            sum.conversations = sum.conversations.saturating_add(size.conversations);
            sum.count = sum.count.saturating_add(size.count.max(1));
            sum.each = sum.each.max(size.each);
        }
        sum
    }
}

/// `count` of a list; one without a count.
fn some(list: Size, count: Option<u32>) -> Size {
    let Some(count) = count else { return element(list) };
    let count = if list.count == 0 { count } else { list.count.min(count) };
    Size { tokens: list.each.saturating_mul(u64::from(count)), count, ..list }
}

fn constant(data: &Data) -> Size {
    match data {
        Data::List(items) => {
            let sizes: Vec<Size> = items.iter().map(constant).collect();
            let each = sizes.iter().map(|size| size.tokens).max().unwrap_or(0);
            let sum = sizes.into_iter().fold(Size::default(), Size::plus);
            Size { count: items.len() as u32, each, ..sum }
        }
        Data::Map(pairs) => pairs.iter().map(|(_, data)| constant(data)).fold(Size::default(), Size::plus),
        Data::Text(text) => Size { tokens: estimate(text), ..Size::default() },
        // A number.
        _ => Size { tokens: 40, ..Size::default() },
    }
}

fn either(one: Size, other: Size) -> Size {
    Size {
        tokens: one.tokens.max(other.tokens),
        conversations: one.conversations.max(other.conversations),
        count: one.count.max(other.count),
        each: one.each.max(other.each),
    }
}

fn element(list: Size) -> Size {
    Size { tokens: list.each.max(u64::from(list.count == 0) * list.tokens), count: 0, ..list }
}
