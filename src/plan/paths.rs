//! The longest chains of calls: which stand one behind the other, and what stands behind each.
//!
//! A step that a run needs from its beginning is *early*. Everything else is *late*: it starts when the place that needs
//! it is reached (an `else`, an arm, a rung, a round), behind all that came before it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::{Act, Node, NodeId, PartKind, Plan};

/// Chains of calls, a call weighing what it costs: one wave, or its time limit.
pub struct Paths {
    /// From the start of each node to the end of the run, along the heaviest chain; its `else` counted.
    pub left: Vec<u64>,
}

/// What a node weighs once everything that it waits for is there.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    /// Its own call and what it starts.
    own: u64,
    /// The step that breaks its tie.
    tie: u64,
    /// Its `else`.
    fallback: u64,
}

/// Fills `wave` and `waves_left` of every node.
pub fn number(plan: &mut Plan) {
    let paths = Paths::of(plan, &|node| u64::from(node.act.ask().is_some()));
    for id in plan.ids() {
        plan.nodes[id.0 as usize].waves_left = u32::try_from(paths.left[id.0 as usize]).unwrap_or(u32::MAX);
    }
    let early = early(plan);
    let mut clock = Clock { early, ends: BTreeMap::new(), waves: vec![0; plan.nodes.len()] };
    clock.run(plan, plan.reply, 0);
    for (node, wave) in plan.nodes.iter_mut().zip(clock.waves) {
        node.wave = wave;
    }
}

// === impl Paths ===

impl Paths {
    pub fn of(plan: &Plan, cost: &dyn Fn(&Node) -> u64) -> Self {
        let mut walk = Walk { plan, cost, early: early(plan), spans: Vec::new(), cold: Vec::new() };
        plan.ids().for_each(|id| walk.next(id));
        let spans = walk.spans;
        let mut after = vec![0; plan.nodes.len()];
        let mut left = vec![0; plan.nodes.len()];
        for id in plan.ids().rev() {
            leave(plan, &spans, id, &mut after, &mut left);
        }
        Self { left }
    }

    /// The heaviest chain of the whole run.
    pub fn total(&self) -> u64 {
        self.left.iter().copied().max().unwrap_or(0)
    }
}

/// Whether a run needs node `i` from its beginning.
#[must_use]
pub fn early(plan: &Plan) -> Vec<bool> {
    let mut early = vec![false; plan.nodes.len()];
    let mut open = vec![plan.reply];
    while let Some(id) = open.pop() {
        if !std::mem::replace(&mut early[id.0 as usize], true) {
            open.extend(plan.node(id).needs());
        }
    }
    early
}

/// Alternatives inside alternatives that are told apart; deeper ones are counted as if nothing had run before them.
const DEPTH_MAX: u32 = 2;

struct Walk<'p> {
    plan: &'p Plan,
    cost: &'p dyn Fn(&Node) -> u64,
    early: Vec<bool>,
    /// Those of the nodes so far: what a node uses stands before it.
    spans: Vec<Span>,
    /// By node: all that it takes if nothing that is late has run.
    cold: Vec<u64>,
}

/// When each node has ended, counted from the start of the node whose parts are walked.
struct Inside<'w, 'p> {
    walk: &'w Walk<'p>,
    /// What the nodes that were walked weigh here.
    seen: &'w RefCell<Vec<(NodeId, Span)>>,
    /// What is there already.
    ready: BTreeSet<NodeId>,
    ends: BTreeMap<NodeId, u64>,
    depth: u32,
}

// === impl Walk ===

impl Walk<'_> {
    fn next(&mut self, id: NodeId) {
        let span = self.span(id);
        let needs = self.plan.node(id).needs();
        let late = needs.iter().filter(|need| !self.early[need.0 as usize]);
        let lead = late.map(|need| self.cold[need.0 as usize]).max().unwrap_or(0);
        self.cold.push(lead + span.whole());
        self.spans.push(span);
    }

    fn span(&mut self, id: NodeId) -> Span {
        let node = self.plan.node(id);
        let cost = (self.cost)(node);
        if node.act.parts().is_empty() && node.tie_step().is_none() && node.fallback.is_none() {
            return Span { own: cost, ..Span::default() };
        }
        let seen = RefCell::new(Vec::new());
        let ready = self.ready(node);
        let mut inside = Inside { walk: self, ready, ends: BTreeMap::new(), depth: 0, seen: &seen };
        let span = inside.span(node, 0);
        // Seen from farther out, more of what a node waits for is there already.
        for (id, span) in seen.into_inner() {
            self.spans[id.0 as usize] = span;
        }
        span
    }

    /// The late nodes that have ended when this one starts.
    fn ready(&self, node: &Node) -> BTreeSet<NodeId> {
        let mut ready = BTreeSet::new();
        let mut open: Vec<NodeId> = node.needs();
        while let Some(id) = open.pop() {
            if !self.early[id.0 as usize] && ready.insert(id) {
                open.extend(self.plan.node(id).needs());
            }
        }
        ready
    }

    /// A call that another node makes: it has no inputs of its own.
    fn call(&self, id: NodeId) -> u64 {
        (self.cost)(self.plan.node(id))
    }
}

// === impl Inside ===

impl Inside<'_, '_> {
    /// When the node's own call and its parts have ended, in the order in which they are reached.
    fn own(&mut self, node: &Node, start: u64) -> u64 {
        let cost = (self.walk.cost)(node);
        let walk = self.walk;
        let longest = |calls: &[NodeId]| calls.iter().map(|&call| walk.call(call)).max().unwrap_or(0);
        match &node.act {
            Act::Score(score) => start + longest(&score.calls),
            Act::Knockout(knockout) => {
                start + knockout.rounds.iter().map(|round| longest(round)).sum::<u64>()
            }
            Act::Route(route) => {
                let start = start + cost;
                route.arms.iter().map(|arm| self.alone(arm.node, start)).max().unwrap_or(start)
            }
            Act::Cascade(cascade) => {
                let mut end = start;
                for (at, &rung) in cascade.rungs.iter().enumerate() {
                    end = self.end(rung, end) + cascade.graders.get(at).map_or(0, |&call| walk.call(call));
                }
                end
            }
            Act::Repeat(repeat) => {
                let mut end = start;
                for part in repeat.rounds.iter().flat_map(|round| &round.parts) {
                    for &step in &part.beside {
                        self.end(step, end);
                    }
                    let (PartKind::Stop(step) | PartKind::Next(step)) = part.what;
                    end = end.max(self.end(step, end));
                }
                end
            }
            act => {
                let parts = act.parts().into_iter().map(|part| self.end(part, start)).max();
                parts.unwrap_or(start) + cost
            }
        }
    }

    /// The same for one of several ways: what another way has done is not there.
    fn alone(&self, id: NodeId, start: u64) -> u64 {
        if self.depth >= DEPTH_MAX {
            return start + self.walk.cold[id.0 as usize];
        }
        let (ready, ends) = (self.ready.clone(), self.ends.clone());
        let mut inside = Inside { walk: self.walk, ready, ends, depth: self.depth + 1, seen: self.seen };
        inside.end(id, start)
    }

    /// When a node ends that is reached at `start`: not before that.
    fn end(&mut self, id: NodeId, start: u64) -> u64 {
        // What is early has its own way through the run: see `leave`.
        if self.walk.early[id.0 as usize] || self.ready.contains(&id) {
            return start;
        }
        if let Some(&end) = self.ends.get(&id) {
            return end.max(start);
        }
        let node = self.walk.plan.node(id);
        let mut end = start;
        for need in node.needs() {
            end = end.max(self.end(need, start));
        }
        let span = self.span(node, end);
        self.seen.borrow_mut().push((id, span));
        end += span.whole();
        self.ends.insert(id, end);
        end
    }

    /// What a node weighs that starts at `start`.
    fn span(&mut self, node: &Node, start: u64) -> Span {
        let own = self.own(node, start);
        let tied = node.tie_step().map_or(own, |step| self.alone(step, own));
        let last = node.fallback.map_or(tied, |step| self.alone(step, tied));
        Span { own: own - start, tie: tied - own, fallback: last - tied }
    }
}

/// Counts from the start of `id` to the end of the run. `after[i]` is what follows node `i`; users come later in the list
/// than what they use, so it is complete when `i` is reached.
fn leave(plan: &Plan, spans: &[Span], id: NodeId, after: &mut [u64], left: &mut [u64]) {
    let (span, follows) = (spans[id.0 as usize], after[id.0 as usize]);
    left[id.0 as usize] = follows + span.whole();
    let node = plan.node(id);
    let mut behind = |id: NodeId, weight: u64| after[id.0 as usize] = after[id.0 as usize].max(weight);
    for need in node.needs() {
        behind(need, follows + span.whole());
    }
    let rest = follows + span.fallback;
    if let Some(step) = node.tie_step() {
        behind(step, rest);
    }
    if let Some(fallback) = node.fallback {
        behind(fallback, follows);
    }
    // What is reached later than others has fewer behind it.
    let rest = rest + span.tie;
    let whole = |id: &NodeId| spans[id.0 as usize].whole();
    match &node.act {
        Act::Knockout(knockout) => {
            let mut later = rest;
            for round in knockout.rounds.iter().rev() {
                round.iter().for_each(|&call| behind(call, later));
                later += round.iter().map(whole).max().unwrap_or(0);
            }
        }
        Act::Cascade(cascade) => {
            let mut later = rest;
            for (at, &rung) in cascade.rungs.iter().enumerate().rev() {
                if let Some(&call) = cascade.graders.get(at) {
                    behind(call, later);
                    later += whole(&call);
                }
                behind(rung, later);
                later += whole(&rung);
            }
        }
        Act::Repeat(repeat) => {
            let mut later = rest;
            for part in repeat.rounds.iter().rev().flat_map(|round| round.parts.iter().rev()) {
                let (PartKind::Stop(step) | PartKind::Next(step)) = part.what;
                behind(step, later);
                later += whole(&step);
                part.beside.iter().for_each(|&step| behind(step, rest));
            }
        }
        act => act.parts().into_iter().for_each(|part| behind(part, rest)),
    }
}

/// Gives every node its wave when all is well; what breaks a tie or stands in for something comes after it.
struct Clock {
    early: Vec<bool>,
    /// The wave after which each node that was reached has ended.
    ends: BTreeMap<NodeId, u32>,
    waves: Vec<u32>,
}

// === impl Clock ===

impl Clock {
    fn run(&mut self, plan: &Plan, id: NodeId, start: u32) -> u32 {
        if let Some(&end) = self.ends.get(&id) {
            return end;
        }
        let node = plan.node(id);
        let mut ready = start;
        for need in node.needs() {
            let start = if self.early[need.0 as usize] { 0 } else { start };
            ready = ready.max(self.run(plan, need, start));
        }
        let end = self.parts(plan, node, ready);
        // A route asks before it goes on.
        let asks_first = matches!(&node.act, Act::Route(route) if route.ask.is_some());
        self.waves[id.0 as usize] = if asks_first { ready + 1 } else { end };
        self.ends.insert(id, end);
        let mut last = end;
        if let Some(step) = node.tie_step() {
            let start = if self.early[step.0 as usize] { 0 } else { end };
            last = last.max(self.run(plan, step, start));
        }
        if let Some(fallback) = node.fallback {
            self.run(plan, fallback, last);
        }
        end
    }

    /// A call that another node makes.
    fn call(&mut self, id: NodeId, start: u32) -> u32 {
        self.waves[id.0 as usize] = start + 1;
        start + 1
    }

    fn parts(&mut self, plan: &Plan, node: &Node, start: u32) -> u32 {
        let mut end = start;
        match &node.act {
            Act::Score(score) => {
                for &call in &score.calls {
                    end = self.call(call, start);
                }
            }
            Act::Knockout(knockout) => {
                for round in &knockout.rounds {
                    let start = end;
                    for &call in round {
                        end = self.call(call, start);
                    }
                }
            }
            Act::Route(route) => {
                let start = start + u32::from(route.ask.is_some());
                end = route.arms.iter().map(|arm| self.run(plan, arm.node, start)).max().unwrap_or(start);
            }
            Act::Cascade(cascade) => {
                for (at, &rung) in cascade.rungs.iter().enumerate() {
                    end = self.run(plan, rung, end);
                    if let Some(&call) = cascade.graders.get(at) {
                        end = self.call(call, end);
                    }
                }
            }
            Act::Repeat(repeat) => {
                for part in repeat.rounds.iter().flat_map(|round| &round.parts) {
                    for &step in &part.beside {
                        self.run(plan, step, end);
                    }
                    let (PartKind::Stop(step) | PartKind::Next(step)) = part.what;
                    end = end.max(self.run(plan, step, end));
                }
            }
            act => {
                for part in act.parts() {
                    end = end.max(self.run(plan, part, start));
                }
                end += u32::from(act.ask().is_some());
            }
        }
        end
    }
}

// === impl Span ===

impl Span {
    fn whole(self) -> u64 {
        self.own + self.tie + self.fallback
    }
}
