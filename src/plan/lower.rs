//! From the checked program to plans. Cannot fail: whatever could be wrong was said by the check.
//!
//! Everything is written out here: a round of a loop, a body of a `for`, a use of a technique each get nodes of their own.

pub(super) mod finish;
mod members;
mod rounds;
mod verbs;

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use crate::program::call::{Call, CallRole, Returns};
use crate::program::{Alt, Handle, List, Program, Step, Unit, Use};
use crate::source::Span;
use crate::template::Data;
use crate::units::Tokens;

use super::{
    Act, Ask, Bounds, Frame, FrameId, Inherits, Input, InputBound, Model, ModelId, Node, NodeId, Plan,
    Select, Tools, bounds, paths,
};

/// One plan per handle, in the order of the program.
#[must_use]
pub fn lower(program: &Program) -> Vec<Plan> {
    program.handles.iter().map(|handle| plan(program, handle)).collect()
}

fn plan(program: &Program, handle: &Handle) -> Plan {
    let mut lowering = Lowering {
        program,
        models: Vec::new(),
        nodes: Vec::new(),
        frames: vec![Frame { constants: Arc::clone(&handle.constants), conversation: None }],
        ids: HashSet::new(),
        names: Vec::new(),
        frame: FrameId(0),
        after: Vec::new(),
        span: handle.span,
    };
    let reply = lowering.steps(&handle.steps, "");
    let mut plan = Plan {
        handle: handle.name.clone().into(),
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
        choices: 1,
        frames: lowering.frames,
        settings: Arc::clone(&handle.settings),
        timeout: handle.timeout,
        limit: handle.limit,
        stream: handle.stream,
        bounds: Bounds::default(),
        hash: OnceLock::new(),
        memory: handle.memory,
    };
    plan.selector = handle.selector.clone().unwrap_or_else(|| finish::selector(&plan));
    finish::finish(&mut plan);
    paths::number(&mut plan);
    bounds::fill(&mut plan);
    plan
}

/// Steps after everything that they mention.
fn in_order(steps: &[Step]) -> Vec<&Step> {
    let mut order: Vec<&Step> = Vec::with_capacity(steps.len());
    let inner = |name: &str| steps.iter().any(|step| step.name == name);
    while order.len() < steps.len() {
        let ready = steps.iter().find(|step| {
            let is_done = |name: &str| order.iter().any(|done| done.name == name);
            !is_done(&step.name) && step.mentions().all(|name| !inner(name) || is_done(name))
        });
        order.push(ready.expect("the check found no circle"));
    }
    order
}

struct Lowering<'a> {
    program: &'a Program,
    models: Vec<Model>,
    nodes: Vec<Node>,
    frames: Vec<Frame>,
    /// Ids that are taken.
    ids: HashSet<String>,
    /// What each name means here, innermost last.
    names: Vec<(String, NodeId)>,
    frame: FrameId,
    /// What every node that is made now stands behind.
    after: Vec<NodeId>,
    /// The place in the program that is lowered: what comes of the prelude bears the place that uses it.
    span: Span,
}

// === impl Lowering ===

impl Lowering<'_> {
    /// All steps of a body; gives its `reply`. Their ids begin with `prefix`.
    fn steps(&mut self, steps: &[Step], prefix: &str) -> NodeId {
        for step in in_order(steps) {
            let id = self.step(step, &inside(prefix, &step.name));
            self.names.push((step.name.clone(), id));
        }
        self.named("reply")
    }

    fn named(&self, name: &str) -> NodeId {
        let found = self.names.iter().rev().find(|(known, _)| known == name);
        found.expect("steps are lowered after what they mention").1
    }

    fn step(&mut self, step: &Step, id: &str) -> NodeId {
        let head = self.alternatives(&step.alts, id);
        let node = &mut self.nodes[head.0 as usize];
        node.name = Some(step.name.clone());
        node.doc.clone_from(&step.doc);
        head
    }

    /// The fallbacks from the last to the first, then the head.
    fn alternatives(&mut self, alts: &[Alt], id: &str) -> NodeId {
        let mut fallback = None;
        for (index, alt) in alts.iter().enumerate().rev() {
            let id = match index {
                0 => id.to_owned(),
                1 => format!("{id}.else"),
                n => format!("{id}.else{n}"),
            };
            let returns = alts[0].verb.returns().filter(|_| index > 0);
            fallback = Some(self.alternative(alt, &id, fallback, returns));
        }
        fallback.expect("a step has at least one alternative")
    }

    fn alternative(
        &mut self,
        alt: &Alt,
        id: &str,
        fallback: Option<NodeId>,
        returns: Option<&Returns>,
    ) -> NodeId {
        // Taken before what is inside it, so that the head has the plain id.
        let id = self.free(id);
        let inputs = self.inputs(&alt.uses);
        let span = self.place(alt.span);
        let act = self.act(alt, &id, &inputs);
        self.push(Node {
            inputs,
            fallback,
            skip_when: alt.skip_when.clone(),
            accept_when: alt.accept_when.clone(),
            returns: returns.cloned(),
            timeout: verbs::timeout(&alt.verb),
            ..Node::blank(id, span, act)
        })
    }

    fn inputs(&self, uses: &[Use]) -> Vec<Input> {
        let input = |used: &Use| Input {
            name: used.name.clone(),
            node: self.named(&used.name),
            printed: used.printed,
        };
        uses.iter().map(input).collect()
    }

    /// Adds a node whose id was made free before.
    fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(Node { frame: self.frame, after: self.after.clone(), ..node });
        NodeId(self.nodes.len() as u32 - 1)
    }

    /// Adds a node that makes no call and names nothing.
    fn add(&mut self, id: &str, act: Act) -> NodeId {
        let id = self.free(id);
        self.push(Node::blank(id, self.span, act))
    }

    /// The place in the program that is to blame: what stands in the prelude is its user's.
    fn place(&mut self, span: Span) -> Span {
        if span.file.built_in_index().is_none() {
            self.span = span;
        }
        self.span
    }

    /// The node that gives a list: the step itself where one is named, else a node of its own.
    fn list(&mut self, list: &List, id: &str) -> NodeId {
        if let List::Step(name) = list {
            return self.named(name);
        }
        let own = self.free(&format!("{id}.list"));
        let act = self.list_act(list, &own);
        self.push(Node::blank(own, self.span, act))
    }

    fn list_act(&mut self, list: &List, id: &str) -> Act {
        let count_and_list =
            |this: &mut Self, count: &Option<u32>, list: &List| (*count, this.list(list, id));
        match list {
            List::Step(name) => Act::Alias(self.named(name)),
            List::Index { list, index } => {
                Act::Select(Select::Index { index: *index, list: self.list(list, id) })
            }
            List::Member { list, name } => {
                Act::Select(Select::Member { name: name.clone(), list: self.list(list, id) })
            }
            List::Literal(parts) => Act::List(parts.iter().map(|part| self.list(part, id)).collect()),
            List::First { count, list } => {
                let (count, list) = count_and_list(self, count, list);
                Act::Select(Select::First { count, list })
            }
            List::Last { count, list } => {
                let (count, list) = count_and_list(self, count, list);
                Act::Select(Select::Last { count, list })
            }
            List::Best { count, list } => {
                let (count, list) = count_and_list(self, count, list);
                Act::Select(Select::Best { count, list })
            }
            List::Without { list, item } => {
                Act::Select(Select::Without { list: self.list(list, id), item: self.list(item, id) })
            }
            List::Concat(lists) => {
                Act::Select(Select::Concat(lists.iter().map(|list| self.list(list, id)).collect()))
            }
        }
    }

    /// `id`, or `id2`, `id3`, … if it is taken; taken from now on.
    fn free(&mut self, id: &str) -> String {
        let free = match self.ids.contains(id) {
            false => id.to_owned(),
            true => (2..)
                .map(|n| format!("{id}{n}"))
                .find(|id| !self.ids.contains(id))
                .expect("there are more numbers than nodes"),
        };
        self.ids.insert(free.clone());
        free
    }

    fn model(&mut self, name: &str) -> ModelId {
        let at = self.models.iter().position(|model| model.name.as_ref() == name).unwrap_or_else(|| {
            let model = &self.program.models[name];
            self.models.push(Model {
                name: model.name.clone().into(),
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

    /// Runs `lower` in a frame of its own, where only `names` are known.
    fn in_frame(
        &mut self,
        unit: &Unit,
        conversation: Option<NodeId>,
        names: Vec<(String, NodeId)>,
        lower: impl FnOnce(&mut Self) -> NodeId,
    ) -> NodeId {
        // A conversation goes on inside unless it is changed again.
        let around = self.frames[self.frame.0 as usize].conversation;
        let constants: Arc<[(String, Data)]> = Arc::clone(&unit.constants);
        self.frames.push(Frame { constants, conversation: conversation.or(around) });
        let frame = std::mem::replace(&mut self.frame, FrameId(self.frames.len() as u32 - 1));
        let outer = std::mem::replace(&mut self.names, names);
        let after = std::mem::take(&mut self.after);
        self.after.extend(conversation.or(around));
        let span = self.span;
        let reply = lower(self);
        (self.frame, self.names, self.after, self.span) = (frame, outer, after, span);
        reply
    }

    /// Runs `lower` in a block inside; its names are forgotten afterwards.
    fn in_block<T>(&mut self, lower: impl FnOnce(&mut Self) -> T) -> T {
        let depth = self.names.len();
        let after = self.after.len();
        let result = lower(self);
        self.names.truncate(depth);
        self.after.truncate(after);
        result
    }
}

/// The id of something inside `outer`.
fn inside(outer: &str, name: &str) -> String {
    match outer {
        "" => name.to_owned(),
        outer => format!("{outer}.{name}"),
    }
}
