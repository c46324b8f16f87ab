//! From the checked program to plans. Cannot fail: whatever could be wrong was said by the check.

use crate::program::call::{Call, CallRole};
use crate::program::{self, Alt, Handle, List, Program, Step, Verb};
use crate::source::Span;
use crate::units::Tokens;

use super::{
    Act, Ask, Bounds, Frame, Group, GroupKind, Inherits, Input, InputBound, Matching, Model, ModelId, Node,
    NodeId, Plan, Select, Ties, Tools, Vote, bounds, hash, waves,
};

/// Most tokens of output of a call that is not final and does not say.
const MAX_TOKENS_INNER: Tokens = Tokens(8_192);

/// One plan per handle, in the order of the program.
#[must_use]
pub fn lower(program: &Program) -> Vec<Plan> {
    program.handles.iter().map(|handle| plan(program, handle)).collect()
}

fn plan(program: &Program, handle: &Handle) -> Plan {
    let mut lowering = Lowering { program, models: Vec::new(), nodes: Vec::new(), steps: Vec::new() };
    for step in in_order(&handle.steps) {
        let id = lowering.step(step);
        lowering.steps.push((step.name.clone(), id));
    }
    let reply = lowering.named("reply");
    let mut plan = Plan {
        handle: handle.name.clone(),
        selector: String::new(),
        ensemble: handle.ensemble.clone(),
        profile: handle.profile.clone(),
        tier: handle.tier.clone(),
        doc: handle.doc.clone(),
        place: handle.place.clone(),
        span: handle.span,
        models: lowering.models,
        nodes: lowering.nodes,
        reply,
        frames: vec![Frame { constants: handle.constants.clone().into(), conversation: None }],
        settings: handle.settings.clone(),
        timeout: handle.timeout,
        limit: handle.limit,
        stream: handle.stream,
        bounds: Bounds::default(),
        hash: String::new(),
        memory: handle.memory,
    };
    plan.selector = handle.selector.clone().unwrap_or_else(|| selector(&plan));
    mark_final(&mut plan, reply, true);
    finish_calls(&mut plan);
    mark_decided(&mut plan);
    waves::number(&mut plan);
    bounds::fill(&mut plan);
    plan.hash = hash::of(&plan);
    plan
}

/// Steps after everything that they mention; `reply` is last, since nothing mentions it.
fn in_order(steps: &[Step]) -> Vec<&Step> {
    let mut order: Vec<&Step> = Vec::new();
    while order.len() < steps.len() {
        let ready = steps.iter().find(|step| {
            !order.iter().any(|done| done.name == step.name)
                && mentions(step).all(|name| order.iter().any(|done| done.name == name))
        });
        order.push(ready.expect("the check found no circle"));
    }
    order
}

fn mentions(step: &Step) -> impl Iterator<Item = &str> {
    step.alts.iter().flat_map(|alt| {
        let ties = match &alt.verb {
            Verb::Vote { ties: program::Ties::Step(name), .. } => Some(name.as_str()),
            _ => None,
        };
        alt.uses.iter().map(String::as_str).chain(ties)
    })
}

struct Lowering<'a> {
    program: &'a Program,
    models: Vec<Model>,
    nodes: Vec<Node>,
    /// Heads of the steps lowered so far.
    steps: Vec<(String, NodeId)>,
}

// === impl Lowering ===

impl Lowering<'_> {
    fn named(&self, name: &str) -> NodeId {
        let found = self.steps.iter().find(|(step, _)| step == name);
        found.expect("steps are lowered after what they mention").1
    }

    /// The step's fallbacks from the last to the first, then its head.
    fn step(&mut self, step: &Step) -> NodeId {
        let mut fallback = None;
        for (index, alt) in step.alts.iter().enumerate().rev() {
            let id = match index {
                0 => step.name.clone(),
                1 => format!("{}.else", step.name),
                n => format!("{}.else{n}", step.name),
            };
            let act = self.act(alt, &id);
            let inputs = alt
                .uses
                .iter()
                .map(|name| Input {
                    name: name.clone(),
                    node: self.named(name),
                    printed: alt.printed.contains(name),
                })
                .collect();
            fallback = Some(self.push(Node {
                name: (index == 0).then(|| step.name.clone()),
                doc: if index == 0 { step.doc.clone() } else { String::new() },
                inputs,
                fallback,
                skip_when: alt.skip_when.clone(),
                returns: if index > 0 { step.alts[0].verb.returns().cloned() } else { None },
                timeout: timeout(&alt.verb),
                ..Node::blank(id, alt.span, act)
            }));
        }
        fallback.expect("a step has at least one alternative")
    }

    fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId(self.nodes.len() as u32 - 1)
    }

    fn act(&mut self, alt: &Alt, id: &str) -> Act {
        match &alt.verb {
            Verb::Ask(call) => Act::Ask(self.ask(call)),
            Verb::Parallel { calls, group } => self.group(GroupKind::Parallel, calls, group, id, alt.span),
            Verb::Sample { call, count, group } => {
                let calls: Vec<Call> = (0..*count).map(|_| call.clone()).collect();
                self.group(GroupKind::Sample, &calls, group, id, alt.span)
            }
            Verb::Merge { list, call } => {
                Act::Merge { list: self.list(list, id, alt.span), ask: self.ask(call) }
            }
            Verb::Pick { list, call, rubric } => Act::Pick {
                list: self.list(list, id, alt.span),
                ask: self.ask(call),
                rubric: rubric.clone(),
                count: None,
            },
            Verb::Vote { list, ties, min_share, weights } => Act::Vote(Vote {
                list: self.list(list, id, alt.span),
                key: None,
                matching: Matching::Text,
                ties: match ties {
                    program::Ties::First => Ties::First,
                    program::Ties::Longest => Ties::Longest,
                    program::Ties::Step(name) => Ties::Step(self.named(name)),
                },
                min_share: *min_share,
                weights: weights.iter().map(|(name, weight)| (self.model(name), *weight)).collect(),
            }),
            Verb::Text(template) => Act::Text(template.clone()),
            Verb::Value(list) => self.list_act(list, id, alt.span),
        }
    }

    fn group(
        &mut self,
        kind: GroupKind,
        calls: &[Call],
        group: &program::Group,
        id: &str,
        span: Span,
    ) -> Act {
        let members: Vec<NodeId> = calls
            .iter()
            .enumerate()
            .map(|(index, call)| {
                let act = Act::Ask(self.ask(call));
                self.push(Node { timeout: call.timeout, ..Node::blank(format!("{id}[{index}]"), span, act) })
            })
            .collect();
        Act::Group(Group {
            kind,
            members,
            names: Vec::new(),
            items: None,
            need: group.need,
            grace: group.grace,
            decided_by: None,
        })
    }

    /// The node that gives a list: the step itself where one is named, else a node of its own.
    fn list(&mut self, list: &List, id: &str, span: Span) -> NodeId {
        if let List::Step(name) = list {
            return self.named(name);
        }
        let own = self.free(&format!("{id}.list"));
        let act = self.list_act(list, &own, span);
        self.push(Node::blank(own, span, act))
    }

    fn list_act(&mut self, list: &List, id: &str, span: Span) -> Act {
        match list {
            List::Step(name) => Act::Alias(self.named(name)),
            List::Index { list, index } => {
                Act::Select(Select::Index { index: *index, list: self.list(list, id, span) })
            }
            List::Literal(parts) => Act::List(parts.iter().map(|part| self.list(part, id, span)).collect()),
            List::First { count, list } => {
                Act::Select(Select::First { count: *count, list: self.list(list, id, span) })
            }
            List::Last { count, list } => {
                Act::Select(Select::Last { count: *count, list: self.list(list, id, span) })
            }
            List::Without { list, item } => Act::Select(Select::Without {
                list: self.list(list, id, span),
                item: self.list(item, id, span),
            }),
            List::Concat(lists) => {
                Act::Select(Select::Concat(lists.iter().map(|list| self.list(list, id, span)).collect()))
            }
        }
    }

    /// `id`, or `id2`, `id3`, … if it is taken.
    fn free(&self, id: &str) -> String {
        let taken = |id: &str| self.nodes.iter().any(|node| node.id == id);
        if !taken(id) {
            return id.to_owned();
        }
        (2..).map(|n| format!("{id}{n}")).find(|id| !taken(id)).expect("there are more numbers than nodes")
    }

    fn model(&mut self, name: &str) -> ModelId {
        let at = self.models.iter().position(|model| model.name == name).unwrap_or_else(|| {
            let model = &self.program.models[name];
            self.models.push(Model {
                name: model.name.clone(),
                runtime: model.runtime.clone(),
                memory: model.memory,
                context: model.context,
                max_output: model.max_output,
                price: model.price,
                concurrency: model.concurrency,
            });
            self.models.len() - 1
        });
        ModelId(at as u32)
    }

    /// Everything but what depends on whether the call is final.
    fn ask(&mut self, call: &Call) -> Ask {
        let model = self.model(&call.model);
        Ask {
            model,
            prompt: call.prompt.clone(),
            system: call.system.clone(),
            history: call.history,
            fields: call.fields.clone(),
            max_tokens: call.max_tokens.map_or(Tokens(0), |max| max.tokens),
            max_tokens_own: call.max_tokens.is_some_and(|max| max.own),
            first_token: call.first_token,
            retries: call.retries,
            tools: call.tools.unwrap_or(Tools::Show),
            tools_own: call.tools.is_some(),
            returns: call.returns.clone(),
            accept_when: call.accept_when.clone(),
            soft: call.soft.clone(),
            inherits: match call.role {
                CallRole::Decider => Inherits::Nothing,
                _ if call.returns.is_some() => Inherits::Nothing,
                CallRole::Sampled => Inherits::SamplingCool,
                CallRole::Plain => Inherits::Sampling,
            },
            input_max: InputBound::default(),
            number: 0,
        }
    }
}

fn timeout(verb: &Verb) -> Option<crate::units::Millis> {
    match verb {
        Verb::Ask(call) | Verb::Merge { call, .. } | Verb::Pick { call, .. } => call.timeout,
        _ => None,
    }
}

/// Follows `reply` to every call whose answer can reach the client unchanged.
fn mark_final(plan: &mut Plan, id: NodeId, live: bool) {
    let node = &mut plan.nodes[id.0 as usize];
    if node.is_final && (node.is_live || !live) {
        return;
    }
    node.is_final = true;
    let streams = match &node.act {
        Act::Ask(ask) | Act::Merge { ask, .. } => ask.accept_when.is_none() && ask.returns.is_none(),
        Act::Alias(_) => true,
        _ => false,
    };
    node.is_live = live && streams && node.returns.is_none();
    let fallback = node.fallback;
    let below: Vec<(NodeId, bool)> = match &node.act {
        Act::Ask(_) | Act::Merge { .. } | Act::Text(_) => Vec::new(),
        Act::Pick { list, .. } => vec![(*list, false)],
        Act::Group(group) => group.members.iter().map(|id| (*id, false)).collect(),
        Act::Vote(vote) => {
            let ties = match vote.ties {
                Ties::Step(step) => Some((step, false)),
                _ => None,
            };
            std::iter::once((vote.list, false)).chain(ties).collect()
        }
        Act::List(items) => items.iter().map(|id| (*id, false)).collect(),
        Act::Select(select) => select.inputs().into_iter().map(|id| (id, false)).collect(),
        Act::Alias(id) => vec![(*id, live)],
        _ => unreachable!("no program is lowered to this yet"),
    };
    for (id, live) in below.into_iter().chain(fallback.map(|id| (id, live))) {
        mark_final(plan, id, live);
    }
}

/// Fills what depends on being final, and numbers the calls.
fn finish_calls(plan: &mut Plan) {
    let models = &plan.models;
    let mut number = 0;
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
            ask.inherits =
                if ask.inherits == Inherits::SamplingCool { Inherits::AllCool } else { Inherits::All };
            if !ask.tools_own {
                ask.tools = Tools::Pass;
            }
        }
        ask.number = number;
        number += 1;
    }
}

/// A vote that alone uses a group may end it early.
fn mark_decided(plan: &mut Plan) {
    for vote in plan.ids() {
        let Act::Vote(Vote { list, .. }) = plan.node(vote).act else { continue };
        let others = plan.ids().filter(|&id| id != vote).any(|id| plan.node(id).uses().contains(&list));
        if let (false, Act::Group(group)) = (others, &mut plan.nodes[list.0 as usize].act) {
            group.decided_by = Some(vote);
        }
    }
}

/// A technique prefix and the handle without `opt-`.
fn selector(plan: &Plan) -> String {
    let prefix = match &plan.node(plan.reply).act {
        Act::Merge { .. } => "moa",
        Act::Pick { .. } => "bon",
        Act::Vote(_) => "self-consistency",
        _ => "chain",
    };
    format!("{prefix}-{}", plan.handle.strip_prefix("opt-").unwrap_or(&plan.handle))
}
