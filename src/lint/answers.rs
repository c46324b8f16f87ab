//! What a list of answers is made of: who writes them, how many there are, and who decides about them.
//!
//! Everything here is about a run in which nothing fails: what stands in for something lost is left out.

use std::collections::BTreeSet;

use crate::plan::{Act, ModelId, Node, NodeId, PartKind, Plan, ScoreMethod, Select};
use crate::units::Tokens;

/// A node that sees answers and chooses among them or grades them.
pub struct Judgement<'a> {
    pub node: &'a Node,
    /// What it judges: lists or single answers.
    pub judged: Vec<NodeId>,
    pub judges: BTreeSet<ModelId>,
    /// The judge's word on its own answers does not count.
    pub skips_own: bool,
}

/// Every node where a model decides about answers, in the order of the plan.
#[must_use]
pub fn judgements(plan: &Plan) -> Vec<Judgement<'_>> {
    plan.nodes.iter().filter_map(|node| judgement(plan, node)).collect()
}

fn judgement<'a>(plan: &'a Plan, node: &'a Node) -> Option<Judgement<'a>> {
    let models = |ids: &mut dyn Iterator<Item = NodeId>| -> BTreeSet<ModelId> {
        ids.filter_map(|id| Some(plan.node(id).act.ask()?.model)).collect()
    };
    let (judged, judges, skips_own) = match &node.act {
        Act::Pick { list, ask, .. } => (vec![*list], BTreeSet::from([ask.model]), false),
        Act::Score(score) => (vec![score.list], score.judges.iter().copied().collect(), score.skips_own),
        Act::Knockout(knockout) => {
            (vec![knockout.list], models(&mut knockout.rounds.iter().flatten().copied()), false)
        }
        Act::Cascade(cascade) => {
            // The last rung is not graded.
            let graded = &cascade.rungs[..cascade.rungs.len().saturating_sub(1)];
            (graded.to_vec(), models(&mut cascade.graders.iter().copied()), false)
        }
        _ => return None,
    };
    Some(Judgement { node, judged, judges, skips_own })
}

/// The list that one call is shown as a whole, and that call.
#[must_use]
pub fn shown<'a>(plan: &'a Plan, node: &'a Node) -> Option<(NodeId, &'a crate::plan::Ask)> {
    match &node.act {
        Act::Merge { list, ask } | Act::Pick { list, ask, .. } => Some((*list, ask)),
        Act::Score(score) if score.method == ScoreMethod::Rank => {
            Some((score.list, plan.node(*score.calls.first()?).act.ask()?))
        }
        _ => None,
    }
}

/// The list from which a node makes its answer: it is merged, judged or counted.
#[must_use]
pub fn candidates(node: &Node) -> Option<NodeId> {
    match &node.act {
        Act::Merge { list, .. } | Act::Pick { list, .. } => Some(*list),
        Act::Score(score) => Some(score.list),
        Act::Knockout(knockout) => Some(knockout.list),
        Act::Vote(vote) => Some(vote.list),
        _ => None,
    }
}

/// The calls whose words can stand in what `id` gives.
#[must_use]
pub fn writers(plan: &Plan, id: NodeId) -> BTreeSet<NodeId> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        match &plan.node(id).act {
            Act::Ask(_) | Act::Merge { .. } => _ = found.insert(id),
            act => open.extend(passed_on(plan, act)),
        }
    }
    found
}

/// The nodes whose answers a node passes on unchanged.
fn passed_on(plan: &Plan, act: &Act) -> Vec<NodeId> {
    match act {
        Act::Group(group) => group.members.clone(),
        Act::List(items) => items.clone(),
        Act::Pick { list, .. } => vec![*list],
        Act::Score(score) => vec![score.list],
        Act::Knockout(knockout) => vec![knockout.list],
        Act::Vote(vote) => vec![vote.list],
        Act::Alias(id) | Act::Inline { reply: id, .. } => vec![*id],
        Act::Select(Select::Member { name, list }) => vec![member(plan, name, *list).unwrap_or(*list)],
        Act::Select(Select::Without { list, .. }) => vec![*list],
        Act::Select(select) => select.inputs(),
        Act::Route(route) => route.arms.iter().map(|arm| arm.node).collect(),
        Act::Cascade(cascade) => cascade.rungs.clone(),
        Act::Race(starters) => starters.iter().map(|starter| starter.node).collect(),
        Act::Repeat(repeat) => {
            let parts = repeat.rounds.iter().flat_map(|round| &round.parts);
            let next = parts.filter_map(|part| match part.what {
                PartKind::Next(id) => Some(id),
                PartKind::Stop(_) => None,
            });
            std::iter::once(repeat.first).chain(next).collect()
        }
        Act::Ask(_)
        | Act::Merge { .. }
        | Act::Judge(_)
        | Act::Stop(_)
        | Act::Items { .. }
        | Act::Item { .. }
        | Act::Conversation(_)
        | Act::Text(_) => Vec::new(),
    }
}

/// `drafts.a`: the member of a named group.
fn member(plan: &Plan, name: &str, list: NodeId) -> Option<NodeId> {
    let Act::Group(group) = &plan.node(list).act else { return None };
    let at = group.names.iter().position(|other| other == name)?;
    group.members.get(at).copied()
}

/// How many answers each node gives at most, in one pass: what a node uses stands before it.
#[must_use]
pub fn counts(plan: &Plan) -> Vec<usize> {
    let mut counts = Vec::with_capacity(plan.nodes.len());
    for node in &plan.nodes {
        counts.push(count(plan, &counts, &node.act));
    }
    counts
}

fn count(plan: &Plan, counts: &[usize], act: &Act) -> usize {
    let of = |id: NodeId| counts.get(id.0 as usize).copied().unwrap_or(1);
    let sum = |ids: &[NodeId]| ids.iter().fold(0_usize, |sum, id| sum.saturating_add(of(*id)));
    let taken = |count: Option<u32>, list: NodeId| count.map_or(1, |count| (count as usize).min(of(list)));
    match act {
        Act::Group(group) => sum(&group.members),
        Act::List(items) => sum(items),
        Act::Score(score) => of(score.list),
        Act::Pick { list, count, .. } => taken(*count, *list),
        Act::Alias(id) | Act::Inline { reply: id, .. } => of(*id),
        Act::Repeat(repeat) => of(repeat.first),
        Act::Select(select) => match select {
            Select::First { count, list } | Select::Last { count, list } | Select::Best { count, list } => {
                taken(*count, *list)
            }
            Select::Concat(lists) => sum(lists),
            Select::Without { list, item } => of(*list).saturating_sub(of(*item)),
            Select::Member { name, list } => member(plan, name, *list).map_or(1, of),
            Select::Others { list, .. } => of(*list).saturating_sub(1),
            Select::Index { .. } | Select::Mine { .. } => 1,
        },
        _ => 1,
    }
}

/// The most tokens that `count` of the answers of `id` can hold together.
#[must_use]
pub fn tokens(plan: &Plan, id: NodeId, count: usize) -> Tokens {
    let mut sizes: Vec<u64> = writers(plan, id)
        .into_iter()
        .filter_map(|writer| Some(plan.node(writer).act.ask()?.max_tokens.0))
        .collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    Tokens(sizes.into_iter().take(count).fold(0, u64::saturating_add))
}
