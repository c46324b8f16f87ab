//! Calls that exclude each other: what a run cannot have made if it takes an `else`.
//!
//! A `pick` without an `else` of its own gives the first answer when its model fails. So what stands in its place is
//! asked only if there was nothing to pick from, and then the `pick` made no call. Both never happen in one run.

use super::{Act, NodeId, Plan, Select};

/// Most `else`s that are told apart; with more, what the later ones exclude is counted all the same.
const TOLD_APART_MAX: usize = 6;

/// Which nodes can have a part in one run: `scenario[i]` for node `i`. Every run is within one of these.
pub fn all(plan: &Plan) -> Vec<Vec<bool>> {
    let mut choices: Vec<(NodeId, Vec<NodeId>)> = plan
        .ids()
        .filter(|&id| plan.node(id).fallback.is_some())
        .map(|id| (id, unmade(plan, id)))
        .filter(|(_, unmade)| !unmade.is_empty())
        .collect();
    choices.truncate(TOLD_APART_MAX);
    (0..1_u32 << choices.len())
        .map(|taken| {
            let is_taken = |at: usize| taken & (1 << at) != 0;
            let cut: Vec<NodeId> =
                choices.iter().enumerate().filter(|(at, _)| !is_taken(*at)).map(|(_, (id, _))| *id).collect();
            let mut made = reached(plan, &cut);
            let taken = choices.iter().enumerate().filter(|(at, _)| is_taken(*at));
            for id in taken.flat_map(|(_, (_, unmade))| unmade) {
                made[id.0 as usize] = false;
            }
            made
        })
        .collect()
}

/// Everything that `reply` uses, the `else`s of `cut` left out.
fn reached(plan: &Plan, cut: &[NodeId]) -> Vec<bool> {
    let mut reached = vec![false; plan.nodes.len()];
    let mut open = vec![plan.reply];
    while let Some(id) = open.pop() {
        if std::mem::replace(&mut reached[id.0 as usize], true) {
            continue;
        }
        let node = plan.node(id);
        let left_out = node.fallback.filter(|_| cut.contains(&id));
        open.extend(node.uses().into_iter().filter(|used| Some(*used) != left_out));
    }
    reached
}

/// Calls that were certainly not made if the `else` of `id` is taken.
fn unmade(plan: &Plan, id: NodeId) -> Vec<NodeId> {
    let node = plan.node(id);
    match &node.act {
        // What is skipped takes its `else` whatever else has happened.
        _ if node.skip_when.is_some() => Vec::new(),
        Act::Alias(step) => unmade_without(plan, *step),
        Act::Select(Select::First { count: None, list } | Select::Last { count: None, list }) => {
            unmade_if_empty(plan, *list)
        }
        _ => Vec::new(),
    }
}

/// The same if the list holds no answer.
fn unmade_if_empty(plan: &Plan, list: NodeId) -> Vec<NodeId> {
    match &plan.node(list).act {
        Act::List(items) => items.iter().flat_map(|item| unmade_if_empty(plan, *item)).collect(),
        _ => unmade_without(plan, list),
    }
}

/// The same if `id` has given nothing.
fn unmade_without(plan: &Plan, id: NodeId) -> Vec<NodeId> {
    let node = plan.node(id);
    if node.fallback.is_some() || node.skip_when.is_some() {
        return Vec::new();
    }
    match &node.act {
        Act::Pick { .. } => vec![id],
        // It has failed, and so has every call that prints it, without being made.
        Act::Ask(_) | Act::Merge { .. } => {
            let prints = |other: &NodeId| plan.node(*other).printed.contains(&id);
            plan.ids().filter(prints).flat_map(|other| calls(plan, other)).collect()
        }
        _ => Vec::new(),
    }
}

/// The node's own call, or those of its members.
fn calls(plan: &Plan, id: NodeId) -> Vec<NodeId> {
    match &plan.node(id).act {
        Act::Group(group) => [&[id], &group.members[..]].concat(),
        act if act.ask().is_some() => vec![id],
        _ => Vec::new(),
    }
}
