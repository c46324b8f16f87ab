//! Waves: how many calls stand one behind the other, before a node and after it.
//!
//! A step that only an `else` or a tie needs is *late*: it starts when that place is reached, behind all that came
//! before it.

use super::{Act, NodeId, Plan};

/// Fills `wave` and `waves_left` of every node.
pub fn number(plan: &mut Plan) {
    let late = late(plan);
    let mut visits = vec![None; plan.nodes.len()];
    start(plan, &late, plan.reply, 0, &mut visits);
    let spans = spans(plan, &late);
    let mut after = vec![0; plan.nodes.len()];
    for id in plan.ids().rev() {
        leave(plan, &spans, id, &mut after);
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
fn own(plan: &Plan, id: NodeId) -> u32 {
    match &plan.node(id).act {
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
fn spans(plan: &Plan, late: &[bool]) -> Vec<Waves> {
    let mut spans: Vec<Waves> = Vec::with_capacity(plan.nodes.len());
    for id in plan.ids() {
        let node = plan.node(id);
        let whole = |id: NodeId| spans[id.0 as usize].whole();
        let if_late = |id: &NodeId| late[id.0 as usize];
        let waves = Waves {
            lead: node.needs().into_iter().filter(if_late).map(whole).max().unwrap_or(0),
            own: own(plan, id),
            tie: node.tie_step().filter(if_late).map_or(0, whole),
            fallback: node.fallback.map_or(0, whole),
        };
        spans.push(waves);
    }
    spans
}

/// Gives `id` and all it needs their wave when all is well, `id` starting not before `earliest` waves have ended; what
/// breaks its tie or stands in for it comes after it. Returns the wave after which it has ended, these not counted.
/// `visits[i]` remembers `earliest` and the end of node `i`.
fn start(
    plan: &mut Plan,
    late: &[bool],
    id: NodeId,
    earliest: u32,
    visits: &mut [Option<(u32, u32)>],
) -> u32 {
    match visits[id.0 as usize] {
        Some((before, end)) if earliest <= before => return end,
        _ => (),
    }
    let not_before = |id: NodeId, wave: u32| if late[id.0 as usize] { wave } else { 0 };
    let mut ready = earliest;
    for input in plan.node(id).needs() {
        ready = ready.max(start(plan, late, input, not_before(input, earliest), visits));
    }
    let end = ready + own(plan, id);
    plan.nodes[id.0 as usize].wave = end;
    if let Act::Group(group) = &plan.node(id).act {
        for member in group.members.clone() {
            plan.nodes[member.0 as usize].wave = end;
            visits[member.0 as usize] = Some((earliest, end));
        }
    }
    let mut last = end;
    if let Some(step) = plan.node(id).tie_step() {
        last = last.max(start(plan, late, step, not_before(step, end), visits));
    }
    if let Some(fallback) = plan.node(id).fallback {
        start(plan, late, fallback, last, visits);
    }
    visits[id.0 as usize] = Some((earliest, end));
    end
}

/// Counts the waves from the start of `id` to the end of the run. `after[i]` is what follows node `i`; users come
/// later in the list than what they use, so it is complete when `i` is reached.
fn leave(plan: &mut Plan, spans: &[Waves], id: NodeId, after: &mut [u32]) {
    let (waves, follows) = (spans[id.0 as usize], after[id.0 as usize]);
    let left = plan.node(id).waves_left.max(follows + waves.own + waves.tie + waves.fallback);
    plan.nodes[id.0 as usize].waves_left = left;
    let node = plan.node(id);
    let mut behind = |id: NodeId, waves: u32| after[id.0 as usize] = after[id.0 as usize].max(waves);
    node.needs().into_iter().for_each(|input| behind(input, left));
    if let Some(step) = node.tie_step() {
        behind(step, follows + waves.fallback);
    }
    if let Some(fallback) = node.fallback {
        behind(fallback, follows);
    }
    if let Act::Group(group) = &node.act {
        for member in group.members.clone() {
            plan.nodes[member.0 as usize].waves_left = left;
        }
    }
}

// === impl Waves ===

impl Waves {
    fn whole(self) -> u32 {
        self.lead + self.own + self.tie + self.fallback
    }
}
