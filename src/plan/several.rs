//! The plan of a handle for a request with `n`: the same graph with its last part several times.
//!
//! What writes the reply runs `n` times, each run in a *lane* of its own; what it is written from runs once. What chooses
//! the reply from several answers gives its `n` best instead. What can give one answer only gives one.

use std::collections::BTreeSet;

use super::lower::finish;
use super::{Act, Ask, FrameId, Group, GroupKind, Inherits, Node, NodeId, Plan, Select, bounds, paths};

/// The plan for `n` choices; for 1 the plan itself. Its hash is the handle's.
#[must_use]
pub fn several(plan: &Plan, n: u32) -> Plan {
    if n <= 1 {
        return plan.clone();
    }
    let mut parts = Parts::of(plan);
    parts.widen(plan.reply);
    let mut plan = Writing::of(&parts, n as usize).plan();
    finish::mark(&mut plan);
    paths::number(&mut plan);
    bounds::fill(&mut plan);
    plan
}

/// What becomes of each node; of those that stand nowhere here, nothing.
struct Parts<'p> {
    plan: &'p Plan,
    /// By node: how many others name it.
    users: Vec<u32>,
    /// Nodes on the way to the reply that hand on, or choose, as many answers as they get.
    wide: BTreeSet<NodeId>,
    /// Nodes that there is one of in each lane.
    copied: BTreeSet<NodeId>,
    /// Those of them whose answers are brought together.
    gathered: BTreeSet<NodeId>,
}

// === impl Parts ===

impl<'p> Parts<'p> {
    fn of(plan: &'p Plan) -> Self {
        let mut users = vec![0; plan.nodes.len()];
        for node in &plan.nodes {
            let named: BTreeSet<NodeId> = node.uses().into_iter().collect();
            named.into_iter().for_each(|id| users[id.0 as usize] += 1);
        }
        Self { plan, users, wide: BTreeSet::new(), copied: BTreeSet::new(), gathered: BTreeSet::new() }
    }

    /// Makes node `id` give several answers, if it can. Nobody else may name it then: who does expects one.
    fn widen(&mut self, id: NodeId) {
        let node = self.plan.node(id);
        let runs = match &node.act {
            Act::Ask(_) | Act::Merge { .. } | Act::Cascade(_) | Act::Race(_) | Act::Repeat(_) => true,
            _ => self.users[id.0 as usize] > 1,
        };
        if runs {
            if self.copy(id) {
                self.gathered.insert(id);
            }
            return;
        }
        self.wide.insert(id);
        for below in handed_on(&node.act).into_iter().chain(node.fallback) {
            self.widen(below);
        }
    }

    /// Gives node `id` a copy in each lane, with all that runs anew in it; false if nothing does: then each lane has the
    /// same answer.
    fn copy(&mut self, id: NodeId) -> bool {
        let node = self.plan.node(id);
        let runs = match &node.act {
            Act::Ask(_) | Act::Merge { .. } => true,
            Act::Alias(_) | Act::Inline { .. } | Act::Route(_) => self.copy_any(&handed_on(&node.act)),
            Act::Race(starters) => {
                self.copy_any(&starters.iter().map(|starter| starter.node).collect::<Vec<_>>())
            }
            Act::Cascade(cascade) => {
                let runs = self.copy_any(&cascade.rungs);
                if runs {
                    self.copied.extend(&cascade.graders);
                }
                runs
            }
            Act::Repeat(_) => {
                let rounds = self.rounds(id);
                self.copied.extend(rounds);
                true
            }
            _ => false,
        };
        let falls = node.fallback.is_some_and(|fallback| self.copy(fallback));
        if runs || falls {
            self.copied.insert(id);
        }
        runs || falls
    }

    fn copy_any(&mut self, ids: &[NodeId]) -> bool {
        // Each of them, also behind the first that runs.
        ids.iter().filter(|id| self.copy(**id)).count() > 0
    }

    /// All that the rounds of a loop are made of: what bears their name, see `docs/traces.md`.
    fn rounds(&self, id: NodeId) -> BTreeSet<NodeId> {
        let plan = self.plan;
        let Act::Repeat(repeat) = &plan.node(id).act else { return BTreeSet::new() };
        let name = format!("{}.round", plan.node(id).id);
        let mut inside = BTreeSet::new();
        let mut open: Vec<NodeId> = repeat.nodes().collect();
        while let Some(id) = open.pop() {
            if plan.node(id).id.starts_with(&name) && inside.insert(id) {
                open.extend(plan.node(id).uses());
            }
        }
        inside
    }
}

/// The nodes whose answers a node hands on as they are, one of them in a run.
fn handed_on(act: &Act) -> Vec<NodeId> {
    match act {
        Act::Alias(id) | Act::Inline { reply: id, .. } => vec![*id],
        Act::Route(route) => route.arms.iter().map(|arm| arm.node).collect(),
        _ => Vec::new(),
    }
}

/// A seed that the plan sets would give the same answer in every lane. Samples have theirs by number already.
fn shift_seed(ask: &mut Ask, lane: usize) {
    if matches!(ask.inherits, Inherits::SamplingCool | Inherits::AllCool) {
        return;
    }
    for field in ask.fields.iter_mut().filter(|field| field.name == "seed") {
        if let Ok(seed) = field.json.parse::<i64>() {
            field.json = seed.wrapping_add(lane as i64).to_string();
        }
    }
}

/// The new plan while it is written. Behind each node stand its copies and what brings them together: so what a node uses
/// stands before it, as it did.
struct Writing<'w, 'p> {
    parts: &'w Parts<'p>,
    lanes: usize,
    /// By node of the old plan: its place in the new one.
    at: Vec<u32>,
}

// === impl Writing ===

impl<'w, 'p> Writing<'w, 'p> {
    fn of(parts: &'w Parts<'p>, lanes: usize) -> Self {
        let mut next = 0;
        let mut place = |id: NodeId| {
            let at = next;
            next += if parts.copied.contains(&id) { lanes as u32 } else { 1 };
            next += u32::from(parts.gathered.contains(&id));
            at
        };
        let at = parts.plan.ids().map(&mut place).collect();
        Self { parts, lanes, at }
    }

    /// What a node of the old plan is in this lane.
    fn in_lane(&self, id: NodeId, lane: usize) -> NodeId {
        let lane = if self.parts.copied.contains(&id) { lane } else { 0 };
        NodeId(self.at[id.0 as usize] + lane as u32)
    }

    /// What gives all the answers of a node of the old plan.
    fn all_of(&self, id: NodeId) -> NodeId {
        self.in_lane(id, if self.parts.gathered.contains(&id) { self.lanes } else { 0 })
    }

    fn plan(&self) -> Plan {
        let old = self.parts.plan;
        let mut plan = Plan {
            nodes: Vec::new(),
            frames: old.frames.clone(),
            reply: self.all_of(old.reply),
            choices: self.lanes as u32,
            hash: old.short_hash().to_owned().into(),
            ..old.clone()
        };
        let frames = self.frames(&mut plan);
        let mut number = old.nodes.iter().filter(|node| node.act.ask().is_some()).count() as u32;
        for id in old.ids() {
            let lanes = if self.parts.copied.contains(&id) { self.lanes } else { 1 };
            for (lane, frames) in frames.iter().enumerate().take(lanes) {
                let mut node = self.node(id, lane);
                node.frame = frames[node.frame.0 as usize];
                // The calls that were there keep their seeds.
                if let Some(ask) = node.act.ask_mut().filter(|_| lane > 0) {
                    ask.number = number;
                    number += 1;
                    shift_seed(ask, lane);
                }
                plan.nodes.push(node);
            }
            if self.parts.gathered.contains(&id) {
                plan.nodes.push(self.gatherer(id));
            }
        }
        plan
    }

    /// By lane and frame of the old plan: the frame there. One whose conversation is made in each lane has a copy there.
    fn frames(&self, plan: &mut Plan) -> Vec<Vec<FrameId>> {
        let old = &self.parts.plan.frames;
        let mut lanes = Vec::new();
        for lane in 0..self.lanes {
            let mut places = Vec::new();
            for (at, frame) in old.iter().enumerate() {
                let conversation = frame.conversation.map(|id| self.in_lane(id, lane));
                if lane == 0 {
                    plan.frames[at].conversation = conversation;
                }
                if plan.frames[at].conversation == conversation {
                    places.push(FrameId(at as u32));
                } else {
                    plan.frames.push(super::Frame { conversation, ..frame.clone() });
                    places.push(FrameId(plan.frames.len() as u32 - 1));
                }
            }
            lanes.push(places);
        }
        lanes
    }

    /// What a node of the old plan becomes in this lane.
    fn node(&self, id: NodeId, lane: usize) -> Node {
        let mut node = self.parts.plan.node(id).clone();
        let same = |id: NodeId| self.in_lane(id, lane);
        for input in &mut node.inputs {
            input.node = same(input.node);
        }
        node.after.iter_mut().for_each(|id| *id = same(*id));
        if self.parts.wide.contains(&id) {
            let hands_on = !handed_on(&node.act).is_empty();
            node.act.rename(&|id| if hands_on { self.all_of(id) } else { same(id) });
            node.fallback = node.fallback.map(|id| self.all_of(id));
            self.choose(&mut node);
        } else {
            node.act.rename(&same);
            node.fallback = node.fallback.map(same);
        }
        if self.parts.copied.contains(&id) {
            node.lane = Some(lane as u32);
        }
        if lane > 0 {
            node.id = format!("{}#{}", node.id, lane + 1).into();
        }
        node
    }

    /// What chooses one of several chooses as many as there are lanes.
    fn choose(&self, node: &mut Node) {
        match &mut node.act {
            Act::Pick { ask, count: None, ranking, .. } => ask.prompt.clone_from(ranking),
            Act::Knockout(_) | Act::Vote(_) => (),
            Act::Select(
                Select::First { count: None, .. }
                | Select::Last { count: None, .. }
                | Select::Best { count: None, .. },
            ) => (),
            _ => return,
        }
        node.gives = self.lanes as u32;
    }

    /// Brings together what node `id` gives in each lane. It stands behind what all of them wait for: that is needed as
    /// early as it was.
    fn gatherer(&self, id: NodeId) -> Node {
        let head = self.parts.plan.node(id);
        let shared = head.needs().into_iter().filter(|need| !self.parts.copied.contains(need));
        let group = Group {
            kind: GroupKind::Choices,
            members: (0..self.lanes).map(|lane| self.in_lane(id, lane)).collect(),
            names: Vec::new(),
            items: None,
            need: Some(1),
            grace: None,
            decided_by: None,
        };
        Node {
            frame: head.frame,
            after: shared.map(|need| self.in_lane(need, 0)).collect(),
            ..Node::blank(format!("{}#all", head.id), head.span, Act::Group(group))
        }
    }
}
