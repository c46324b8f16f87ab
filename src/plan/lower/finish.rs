//! What is known only when all nodes are there: which calls are final, what streams, which votes end early.

use crate::units::Tokens;

use super::super::{Act, ArmHead, GroupKind, Inherits, NodeId, PartKind, Plan, Ties, Tools, Vote};

/// Most tokens of output of a call that is not final and does not say.
const MAX_TOKENS_INNER: Tokens = Tokens(8_192);

pub(super) fn finish(plan: &mut Plan) {
    let asks = plan.nodes.iter_mut().filter_map(|node| node.act.ask_mut());
    (0..).zip(asks).for_each(|(number, ask)| ask.number = number);
    mark(plan);
}

/// Marks all of it, whatever was marked before.
pub(in super::super) fn mark(plan: &mut Plan) {
    for node in &mut plan.nodes {
        (node.is_final, node.is_live, node.contests) = (false, false, Vec::new());
        if let Act::Group(group) = &mut node.act {
            group.decided_by = None;
        }
    }
    mark_final(plan, plan.reply, true, &[]);
    finish_calls(plan);
    mark_decided(plan);
}

/// Follows `reply` to every call whose answer can reach the client unchanged. `contests`: races that it must win first.
fn mark_final(plan: &mut Plan, id: NodeId, live: bool, contests: &[(NodeId, u32)]) {
    let node = &mut plan.nodes[id.0 as usize];
    if node.is_final && (node.is_live || !live) {
        return;
    }
    node.is_final = true;
    let live = live && node.accept_when.is_none();
    let streams = match &node.act {
        Act::Ask(ask) | Act::Merge { ask, .. } => ask.accept_when.is_none() && ask.returns.is_none(),
        Act::Alias(_) | Act::Inline { .. } | Act::Route(_) | Act::Cascade(_) | Act::Race(_) => true,
        Act::Group(group) => group.kind == GroupKind::Choices,
        _ => false,
    };
    node.is_live = live && streams && node.returns.is_none();
    if node.is_live {
        node.contests = contests.to_vec();
    }
    let fallback = node.fallback;
    let below = below(plan, id, live);
    for (lane, (part, live)) in below.into_iter().enumerate() {
        if matches!(plan.node(id).act, Act::Race(_)) {
            let mut contests = contests.to_vec();
            contests.push((id, lane as u32));
            mark_final(plan, part, live, &contests);
        } else {
            mark_final(plan, part, live, contests);
        }
    }
    if let Some(fallback) = fallback {
        mark_final(plan, fallback, live, contests);
    }
}

/// The nodes whose answers this one hands on unchanged, and whether their tokens go out as they come.
fn below(plan: &Plan, id: NodeId, live: bool) -> Vec<(NodeId, bool)> {
    let still = |ids: Vec<NodeId>| ids.into_iter().map(|id| (id, false)).collect();
    match &plan.node(id).act {
        Act::Pick { list, .. } => still(vec![*list]),
        Act::Score(score) => still(vec![score.list]),
        Act::Knockout(knockout) => still(vec![knockout.list]),
        Act::Group(group) if group.kind == GroupKind::Choices => {
            // The first of them may be a step that others wait for.
            let alone = |member: &NodeId| (*member, live && is_used_only_by(plan, id, *member));
            group.members.iter().map(alone).collect()
        }
        Act::Group(group) => still(group.members.clone()),
        Act::Vote(vote) => {
            let ties = match vote.ties {
                Ties::Step(step) => Some(step),
                _ => None,
            };
            still(std::iter::once(vote.list).chain(ties).collect())
        }
        Act::List(items) => still(items.clone()),
        Act::Select(select) => still(select.inputs()),
        Act::Repeat(repeat) => {
            let next = |part: &super::super::Part| match part.what {
                PartKind::Next(node) => Some(node),
                PartKind::Stop(_) => None,
            };
            let bound = repeat.rounds.iter().flat_map(|round| round.parts.iter().filter_map(next));
            still(std::iter::once(repeat.first).chain(bound).collect())
        }
        Act::Item { items, .. } => {
            // An item that is an answer comes from one of the steps that the list names.
            still(plan.node(*items).inputs.iter().map(|input| input.node).collect())
        }
        // A step that others wait for runs before it is known whether its answer is the reply.
        Act::Alias(step) => vec![(*step, live && is_used_only_by(plan, id, *step))],
        Act::Inline { reply: id, .. } => vec![(*id, live)],
        Act::Route(route) => route.arms.iter().map(|arm| (arm.node, live)).collect(),
        Act::Race(starters) => starters.iter().map(|starter| (starter.node, live)).collect(),
        Act::Cascade(cascade) => {
            let last = cascade.rungs.len() - 1;
            cascade.rungs.iter().enumerate().map(|(at, rung)| (*rung, live && at == last)).collect()
        }
        Act::Ask(_)
        | Act::Merge { .. }
        | Act::Text(_)
        | Act::Judge(_)
        | Act::Stop(_)
        | Act::Items { .. }
        | Act::Conversation(_) => Vec::new(),
    }
}

fn is_used_only_by(plan: &Plan, user: NodeId, step: NodeId) -> bool {
    plan.ids().filter(|&id| id != user).all(|id| !plan.node(id).uses().contains(&step))
}

/// Fills what depends on being final.
fn finish_calls(plan: &mut Plan) {
    let models = &plan.models;
    for node in &mut plan.nodes {
        // The decider of a final `pick` is not final itself: its words never reach the client.
        let is_final = node.is_final && !node.act.decides();
        let Some(ask) = node.act.ask_mut() else { continue };
        let most = models[ask.model.0 as usize].max_output;
        ask.max_tokens = match ask.max_tokens {
            Tokens(0) if is_final => most,
            Tokens(0) => most.min(MAX_TOKENS_INNER),
            said => said.min(most),
        };
        if is_final && ask.inherits != Inherits::Nothing {
            ask.inherits = match ask.inherits {
                Inherits::SamplingCool | Inherits::AllCool => Inherits::AllCool,
                _ => Inherits::All,
            };
            if !ask.tools_own {
                ask.tools = Tools::Pass;
            }
        }
    }
}

/// A vote that alone uses a group may end it early.
fn mark_decided(plan: &mut Plan) {
    for vote in plan.ids() {
        let Act::Vote(Vote { list, .. }) = plan.node(vote).act else { continue };
        if plan.node(vote).gives > 1 {
            // Who is second is not decided when the winner is.
            continue;
        }
        let others = plan.ids().filter(|&id| id != vote).any(|id| plan.node(id).uses().contains(&list));
        if let (false, Act::Group(group)) = (others, &mut plan.nodes[list.0 as usize].act) {
            group.decided_by = Some(vote);
        }
    }
}

/// A technique prefix and the handle without `opt-`.
pub(super) fn selector(plan: &Plan) -> String {
    format!("{}-{}", prefix(plan, plan.reply), plan.handle.strip_prefix("opt-").unwrap_or(&plan.handle))
}

/// What the verb of `reply` is known as; a technique by its own name.
fn prefix(plan: &Plan, id: NodeId) -> &str {
    match &plan.node(id).act {
        Act::Merge { .. } => "moa",
        Act::Pick { .. } | Act::Knockout(_) => "bon",
        Act::Select(super::super::Select::Best { list, .. })
            if matches!(plan.node(*list).act, Act::Score(_)) =>
        {
            "bon"
        }
        Act::Vote(_) => "self-consistency",
        Act::Route(route) if route.arms.iter().any(|arm| !matches!(arm.head, ArmHead::Else)) => "router",
        Act::Repeat(_) => "refine",
        Act::Cascade(_) => "cascade",
        Act::Race(_) => "race",
        Act::Inline { of, reply } => match of.split_once('@') {
            Some(_) => prefix(plan, *reply),
            None => of,
        },
        _ => "chain",
    }
}
