//! A node of the plan made into one of the document: what all have, then what it does, verb by verb.

use crate::explain::json::call::{CallOut, TurnOut, history_word};
use crate::explain::json::node::{ArmOut, ContestOut, ConversationOut, InputOut, PartOut, StarterOut, Step};
use crate::plan::{
    Act, ArmHead, Cascade, Conversation, Group, GroupKind, Input, Knockout, Matching, Node, NodeId, PartKind,
    Plan, Repeat, Route, Score, ScoreMethod, Select, Starter, Ties, Vote,
};

// === impl Step ===

impl Step {
    #[must_use]
    pub fn of(plan: &Plan, node: &Node) -> Self {
        let id = |id: NodeId| plan.node(id).id.to_string();
        let input = |input: &Input| InputOut {
            name: input.name.clone(),
            node: id(input.node),
            printed: input.printed,
        };
        let step = Self {
            id: node.id.to_string(),
            name: node.name.clone(),
            doc: node.doc.clone(),
            verb: node.act.verb().to_owned(),
            model: node.act.ask().map(|ask| plan.model(ask.model).name.to_string()),
            wave: node.wave,
            waves_left: node.waves_left,
            free: is_free(&node.act),
            frame: node.frame.0,
            inputs: node.inputs.iter().map(input).collect(),
            after: node.after.iter().map(|&node| id(node)).collect(),
            fallback: node.fallback.map(id),
            built_in_else: if node.fallback.is_none() { built_in_else(&node.act) } else { None },
            is_final: node.is_final,
            streams: node.is_live,
            contests: node
                .contests
                .iter()
                .map(|&(race, place)| ContestOut { race: id(race), place })
                .collect(),
            deadline_ms: node.timeout.map(|timeout| timeout.0),
            skip_when: node.skip_when.as_ref().map(|when| when.source().to_owned()),
            accept_when: node.accept_when.as_ref().map(|when| when.source().to_owned()),
            call: node.act.ask().map(CallOut::of),
            ..Self::default()
        };
        fill(step, plan, &node.act)
    }
}

/// It makes no call, and none is made because of it.
fn is_free(act: &Act) -> bool {
    act.ask().is_none() && act.parts().is_empty()
}

/// What stands in for a decider that is lost, where no `else` is written.
fn built_in_else(act: &Act) -> Option<String> {
    let word = match act {
        Act::Pick { .. } | Act::Knockout(_) => "first",
        Act::Score(_) => "0",
        Act::Route(route) if route.ask.is_some() => "else arm",
        Act::Cascade(cascade) if !cascade.graders.is_empty() => "next rung",
        _ => return None,
    };
    Some(word.to_owned())
}

fn fill(step: Step, plan: &Plan, act: &Act) -> Step {
    let id = |node: NodeId| plan.node(node).id.to_string();
    match act {
        Act::Ask(_) | Act::Judge(_) => step,
        Act::Group(group) => fill_group(step, plan, group),
        Act::Merge { list, .. } => Step { lists: vec![id(*list)], ..step },
        Act::Score(score) => fill_score(step, plan, score),
        Act::Pick { list, rubric, count, .. } => Step {
            lists: vec![id(*list)],
            method: Some("choose".to_owned()),
            rubric: (!rubric.is_empty()).then(|| rubric.clone()),
            count: *count,
            ..step
        },
        Act::Knockout(Knockout { list, rounds }) => Step {
            lists: vec![id(*list)],
            method: Some("pairwise".to_owned()),
            matches: rounds.iter().map(|round| ids(plan, round)).collect(),
            ..step
        },
        Act::Vote(vote) => fill_vote(step, plan, vote),
        Act::Route(route) => fill_route(step, plan, route),
        Act::Cascade(cascade) => fill_cascade(step, plan, cascade),
        Act::Race(starters) => Step {
            starters: starters
                .iter()
                .map(|Starter { node, wait }| StarterOut { node: id(*node), after_ms: wait.0 })
                .collect(),
            ..step
        },
        Act::Repeat(repeat) => fill_repeat(step, plan, repeat),
        Act::Stop(when) => Step { expression: Some(when.source().to_owned()), ..step },
        Act::Items { list, most } => {
            Step { expression: Some(list.source().to_owned()), most: Some(*most), ..step }
        }
        Act::Item { items, index } => {
            Step { items: Some(id(*items)), index: Some(i64::from(*index)), ..step }
        }
        Act::Inline { of, reply } => Step { of: Some(of.clone()), reply: Some(id(*reply)), ..step },
        Act::Conversation(conversation) => {
            Step { conversation: Some(ConversationOut::of(conversation)), ..step }
        }
        Act::Text(template) => Step { text: Some(template.source().to_owned()), ..step },
        Act::List(nodes) => Step { lists: ids(plan, nodes), ..step },
        Act::Select(select) => fill_select(step, plan, select),
        Act::Alias(node) => Step { lists: vec![id(*node)], ..step },
    }
}

fn ids(plan: &Plan, nodes: &[NodeId]) -> Vec<String> {
    nodes.iter().map(|&node| plan.node(node).id.to_string()).collect()
}

fn fill_group(step: Step, plan: &Plan, group: &Group) -> Step {
    let form = match group.kind {
        GroupKind::Parallel => Some("list"),
        GroupKind::Named => Some("named"),
        GroupKind::Over => Some("over"),
        GroupKind::For => Some("for"),
        GroupKind::Choices => Some("choices"),
        GroupKind::Sample => None,
    };
    let need = match group.kind {
        // How many items there are is known when they are there.
        GroupKind::For => group.need,
        _ => Some(group.need_of(group.members.len())),
    };
    Step {
        form: form.map(str::to_owned),
        members: ids(plan, &group.members),
        names: group.names.clone(),
        items: group.items.map(|items| plan.node(items).id.to_string()),
        need,
        grace_ms: group.grace.map(|grace| grace.0),
        decided_by: group.decided_by.map(|vote| plan.node(vote).id.to_string()),
        ..step
    }
}

fn fill_score(step: Step, plan: &Plan, score: &Score) -> Step {
    let method = match score.method {
        ScoreMethod::Grade => "grade",
        ScoreMethod::Rank => "rank",
    };
    Step {
        lists: ids(plan, &[score.list]),
        method: Some(method.to_owned()),
        judges: score.judges.iter().map(|judge| plan.model(*judge).name.to_string()).collect(),
        calls: ids(plan, &score.calls),
        skips_own: score.skips_own,
        ..step
    }
}

fn fill_vote(step: Step, plan: &Plan, vote: &Vote) -> Step {
    let ties = match vote.ties {
        Ties::First => "first".to_owned(),
        Ties::Longest => "longest".to_owned(),
        Ties::Step(id) => plan.node(id).id.to_string(),
    };
    let (matching, similarity) = match vote.matching {
        Matching::Text => ("text", None),
        Matching::Number => ("number", None),
        Matching::Similarity(least) => ("similarity", Some(least)),
    };
    Step {
        lists: ids(plan, &[vote.list]),
        matching: Some(matching.to_owned()),
        similarity,
        key: vote.key.as_ref().map(|key| key.source().to_owned()),
        ties: Some(ties),
        min_share: (vote.min_share > 0.0).then_some(vote.min_share),
        weights: vote.weights.iter().map(|(model, w)| (plan.model(*model).name.to_string(), *w)).collect(),
        ..step
    }
}

fn fill_route(step: Step, plan: &Plan, route: &Route) -> Step {
    let arms = route.arms.iter().map(|arm| {
        let node = plan.node(arm.node).id.to_string();
        match &arm.head {
            ArmHead::When(when) => ArmOut { when: Some(when.source().to_owned()), node, ..ArmOut::default() },
            ArmHead::Label { label, meaning } => {
                ArmOut { label: Some(label.clone()), meaning: Some(meaning.clone()), node, when: None }
            }
            ArmHead::Else => ArmOut { node, ..ArmOut::default() },
        }
    });
    Step { arms: arms.collect(), ..step }
}

fn fill_cascade(step: Step, plan: &Plan, cascade: &Cascade) -> Step {
    let accept_when = cascade.accept_when.as_ref().map(|when| when.source().to_owned());
    Step {
        rungs: ids(plan, &cascade.rungs),
        graders: ids(plan, &cascade.graders),
        accept: (!cascade.graders.is_empty()).then_some(cascade.accept),
        accept_when: accept_when.or(step.accept_when),
        ..step
    }
}

fn fill_repeat(step: Step, plan: &Plan, repeat: &Repeat) -> Step {
    let id = |node: NodeId| plan.node(node).id.to_string();
    let rounds = repeat.rounds.iter().map(|round| {
        let parts = round.parts.iter().map(|part| {
            let (stop, next) = match part.what {
                PartKind::Stop(node) => (Some(id(node)), None),
                PartKind::Next(node) => (None, Some(id(node))),
            };
            PartOut { beside: ids(plan, &part.beside), stop, next }
        });
        parts.collect()
    });
    Step { first: Some(id(repeat.first)), rounds: rounds.collect(), ..step }
}

fn fill_select(step: Step, plan: &Plan, select: &Select) -> Step {
    let step = Step { lists: ids(plan, &select.inputs()), ..step };
    match select {
        Select::First { count, .. } | Select::Last { count, .. } | Select::Best { count, .. } => {
            Step { count: *count, ..step }
        }
        Select::Index { index, .. } => Step { index: Some(*index), ..step },
        Select::Member { name, .. } => Step { member: Some(name.clone()), ..step },
        Select::Mine { place, .. } | Select::Others { place, .. } => {
            Step { index: Some(i64::from(*place)), ..step }
        }
        Select::Without { .. } | Select::Concat(_) => step,
    }
}

impl ConversationOut {
    fn of(conversation: &Conversation) -> Self {
        Self {
            history: history_word(conversation.history),
            system: conversation.system.as_ref().map(|turn| turn.template.source().to_owned()),
            prompt: conversation.prompt.iter().map(TurnOut::of).collect(),
        }
    }
}
