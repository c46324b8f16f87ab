//! Waves: how many calls stand one behind the other, before a node and after it.
//!
//! A step that only an `else` or a tie needs is *late*: it starts when that place is reached, behind all that came
//! before it.

use super::{Act, NodeId, Plan, scenarios};

/// Fills `wave` and `waves_left` of every node: the latest and the most over all runs in which it has a part.
pub fn number(plan: &mut Plan) {
    let late = late(plan);
    for made in scenarios::all(plan) {
        let waves = starts(plan, &late, &made);
        let left = left(plan, &late, &made);
        for (at, node) in plan.nodes.iter_mut().enumerate().filter(|(at, _)| made[*at]) {
            node.wave = node.wave.max(waves[at]);
            node.waves_left = node.waves_left.max(left[at]);
        }
    }
}

/// The longest chain of calls of the whole run: what is left from the start of a step that waits for none.
pub fn total(plan: &Plan) -> u32 {
    plan.nodes.iter().map(|node| node.waves_left).max().unwrap_or(0)
}

/// Whether node `i` is none that a run needs from its beginning.
fn late(plan: &Plan) -> Vec<bool> {
    let mut late = vec![true; plan.nodes.len()];
    let mut open = vec![plan.reply];
    while let Some(id) = open.pop() {
        if std::mem::replace(&mut late[id.0 as usize], false) {
            let node = plan.node(id);
            open.extend(node.needs());
            if let Act::Group(group) = &node.act {
                open.extend(&group.members);
            }
        }
    }
    late
}

/// Waves that a node's own act takes: its members' included, its `else` not.
fn own(plan: &Plan, made: &[bool], id: NodeId) -> u32 {
    match &plan.node(id).act {
        _ if !made[id.0 as usize] => 0,
        Act::Ask(_) | Act::Merge { .. } | Act::Pick { .. } | Act::Group(_) => 1,
        _ => 0,
    }
}

/// Waves from the start of a node to its end.
#[derive(Clone, Copy, Default)]
struct Waves {
    /// Those of the late steps that must end before it.
    lead: u32,
    /// Its own.
    own: u32,
    /// Those of the step that breaks its tie.
    tie: u32,
    /// Those of its `else`, late steps of that included.
    fallback: u32,
}

/// By node, in one pass: what a node uses stands before it.
fn spans(plan: &Plan, late: &[bool], made: &[bool]) -> Vec<Waves> {
    let mut spans: Vec<Waves> = Vec::with_capacity(plan.nodes.len());
    for id in plan.ids() {
        let node = plan.node(id);
        let whole = |id: NodeId| spans[id.0 as usize].whole();
        let if_late = |id: &NodeId| late[id.0 as usize];
        let waves = Waves {
            lead: node.needs().into_iter().filter(if_late).map(whole).max().unwrap_or(0),
            own: own(plan, made, id),
            tie: node.tie_step().filter(if_late).map_or(0, whole),
            fallback: node.fallback.map_or(0, whole),
        };
        spans.push(waves);
    }
    spans
}

/// The wave of each node's first call; for what makes none, the wave whose end it waits for.
fn starts(plan: &Plan, late: &[bool], made: &[bool]) -> Vec<u32> {
    let nodes = plan.nodes.len();
    let mut starts = Starts { plan, late, made, waves: vec![0; nodes], visits: vec![None; nodes] };
    starts.visit(plan.reply, 0);
    starts.waves
}

struct Starts<'a> {
    plan: &'a Plan,
    late: &'a [bool],
    made: &'a [bool],
    waves: Vec<u32>,
    /// Of each node the wave before which it did not start, and its end.
    visits: Vec<Option<(u32, u32)>>,
}

/// By node, the waves from its start to the end of the run.
fn left(plan: &Plan, late: &[bool], made: &[bool]) -> Vec<u32> {
    let spans = spans(plan, late, made);
    let mut left = vec![0_u32; plan.nodes.len()];
    let mut after = vec![0_u32; plan.nodes.len()];
    // Users come later in the list than what they use, so what follows a node is known when it is reached.
    for id in plan.ids().rev() {
        let (node, waves, follows) = (plan.node(id), spans[id.0 as usize], after[id.0 as usize]);
        let own = left[id.0 as usize].max(follows + waves.own + waves.tie + waves.fallback);
        left[id.0 as usize] = own;
        let mut behind = |id: NodeId, waves: u32| after[id.0 as usize] = after[id.0 as usize].max(waves);
        node.needs().into_iter().for_each(|input| behind(input, own));
        if let Some(step) = node.tie_step() {
            behind(step, follows + waves.fallback);
        }
        if let Some(fallback) = node.fallback {
            behind(fallback, follows);
        }
        if let Act::Group(group) = &node.act {
            group.members.iter().for_each(|member| left[member.0 as usize] = own);
        }
    }
    left
}

// === impl Starts ===

impl Starts<'_> {
    /// Gives `id` and all it needs their wave, `id` starting not before `earliest` waves have ended. Returns the wave
    /// after which it has ended, its fallbacks counted.
    fn visit(&mut self, id: NodeId, earliest: u32) -> u32 {
        let at = id.0 as usize;
        match self.visits[at] {
            Some((before, end)) if earliest <= before => return end,
            _ => (),
        }
        let plan = self.plan;
        let node = plan.node(id);
        let mut ready = earliest;
        for input in node.needs() {
            ready = ready.max(self.visit(input, self.not_before(input, earliest)));
        }
        let mut end = ready + own(plan, self.made, id);
        self.waves[at] = end;
        if let Act::Group(group) = &node.act {
            for member in &group.members {
                self.waves[member.0 as usize] = end;
            }
        }
        if let Some(step) = node.tie_step() {
            end = end.max(self.visit(step, self.not_before(step, end)));
        }
        if let Some(fallback) = node.fallback {
            end = end.max(self.visit(fallback, end));
        }
        self.visits[at] = Some((earliest, end));
        end
    }

    /// A late step starts where it is reached, any other when it can.
    fn not_before(&self, id: NodeId, wave: u32) -> u32 {
        if self.late[id.0 as usize] { wave } else { 0 }
    }
}

// === impl Waves ===

impl Waves {
    fn whole(self) -> u32 {
        self.lead + self.own + self.tie + self.fallback
    }
}
