//! Waves: how many calls stand one behind the other, before a node and after it.

use super::{Act, NodeId, Plan};

/// Fills `wave` and `waves_left` of every node.
pub fn number(plan: &mut Plan) {
    let mut ends = vec![0; plan.nodes.len()];
    start(plan, plan.reply, 0, &mut ends);
    let mut after = vec![0; plan.nodes.len()];
    for id in plan.ids().rev() {
        leave(plan, id, &mut after);
    }
}

/// The longest chain of calls of the whole run: what is left from the start of a step that waits for none.
pub fn total(plan: &Plan) -> u32 {
    plan.nodes.iter().map(|node| node.waves_left).max().unwrap_or(0)
}

/// Waves that a node's own act takes: its members' included, its `else` not.
fn own(plan: &Plan, id: NodeId) -> u32 {
    match &plan.node(id).act {
        Act::Ask(_) | Act::Merge { .. } | Act::Pick { .. } | Act::Group(_) => 1,
        _ => 0,
    }
}

/// Waves of a node and its fallbacks, one after the other.
fn with_fallbacks(plan: &Plan, id: NodeId) -> u32 {
    own(plan, id) + plan.node(id).fallback.map_or(0, |fallback| with_fallbacks(plan, fallback))
}

/// Gives `id` and all it needs their wave when all is well, `id` starting not before `earliest` waves have ended; what
/// stands in for it comes after it. Returns the wave after which it has ended, its fallbacks not counted. `ends[i]`
/// remembers the end of node `i`, plus one.
fn start(plan: &mut Plan, id: NodeId, earliest: u32, ends: &mut [u32]) -> u32 {
    if ends[id.0 as usize] > 0 && earliest == 0 {
        return ends[id.0 as usize] - 1;
    }
    let mut ready = earliest;
    for input in plan.node(id).waits_for() {
        ready = ready.max(start(plan, input, 0, ends));
    }
    let end = ready + own(plan, id);
    plan.nodes[id.0 as usize].wave = end;
    if let Act::Group(group) = &plan.node(id).act {
        for member in group.members.clone() {
            plan.nodes[member.0 as usize].wave = end;
            ends[member.0 as usize] = end + 1;
        }
    }
    if let Some(fallback) = plan.node(id).fallback {
        start(plan, fallback, end, ends);
    }
    ends[id.0 as usize] = end + 1;
    end
}

/// Counts the waves from the start of `id` to the end of the run. `after[i]` is what follows node `i`; users come
/// later in the list than what they use, so it is complete when `i` is reached.
fn leave(plan: &mut Plan, id: NodeId, after: &mut [u32]) {
    let follows = after[id.0 as usize];
    let left = follows + with_fallbacks(plan, id);
    let node = &mut plan.nodes[id.0 as usize];
    node.waves_left = node.waves_left.max(left);
    let left = node.waves_left;
    let node = plan.node(id);
    for input in node.waits_for() {
        after[input.0 as usize] = after[input.0 as usize].max(left);
    }
    if let Some(fallback) = node.fallback {
        after[fallback.0 as usize] = after[fallback.0 as usize].max(follows);
    }
    if let Act::Group(group) = &node.act {
        for member in group.members.clone() {
            plan.nodes[member.0 as usize].waves_left = left;
        }
    }
}
