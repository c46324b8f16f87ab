//! What groups are made of: calls, ensembles and techniques written out, the bodies of a `for`.

use crate::program::call::Call;
use crate::program::{self, Given, Inline, Step};
use crate::template::Expression;

use super::super::{Act, Conversation, Input, Node, NodeId, Select};
use super::{Lowering, in_order, inside};

impl Lowering<'_> {
    /// Members of `id`, numbered. Calls see what the group sees.
    pub(super) fn members(&mut self, members: &[program::Member], id: &str, inputs: &[Input]) -> Vec<NodeId> {
        members
            .iter()
            .enumerate()
            .map(|(index, member)| {
                let own = format!("{id}[{index}]");
                match member {
                    program::Member::Call(call) => self.call(call, &own, inputs.to_vec()),
                    program::Member::Inline(inline) => {
                        let own = self.free(&own);
                        let act = self.inline_act(inline, &own);
                        self.push(Node::blank(own, self.span, act))
                    }
                    program::Member::List(list) => {
                        let own = self.free(&own);
                        let act = self.list_act(list, &own);
                        self.push(Node::blank(own, self.span, act))
                    }
                }
            })
            .collect()
    }

    fn call(&mut self, call: &Call, id: &str, inputs: Vec<Input>) -> NodeId {
        let (id, act) = (self.free(id), Act::Ask(self.ask(call)));
        self.push(Node { inputs, timeout: call.timeout, ..Node::blank(id, self.span, act) })
    }

    /// The calls of `parallel LIST over PREV`: each sees its own earlier answer and the others.
    pub(super) fn each_with_its_own(
        &mut self,
        calls: &[Call],
        list: NodeId,
        sees: &[String],
        id: &str,
        inputs: &[Input],
    ) -> Vec<NodeId> {
        let mut members = Vec::new();
        for (place, call) in calls.iter().enumerate() {
            let own = format!("{id}[{place}]");
            let place = place as u32;
            let mut inputs = inputs.to_vec();
            for name in sees {
                let select = match name.as_str() {
                    "mine" => Select::Mine { place, list },
                    _ => Select::Others { place, list },
                };
                let node = self.add(&inside(&own, name), Act::Select(select));
                inputs.push(Input { name: name.clone(), node, printed: false });
            }
            members.push(self.call(call, &own, inputs));
        }
        members
    }

    pub(super) fn items(&mut self, list: &Expression, most: u32, id: &str, inputs: &[Input]) -> NodeId {
        let own = self.free(&inside(id, "items"));
        let act = Act::Items { list: list.clone(), most };
        self.push(Node { inputs: inputs.to_vec(), ..Node::blank(own, self.span, act) })
    }

    /// The body of a `for` for one item: its last step.
    pub(super) fn body(&mut self, name: &str, items: NodeId, index: u32, body: &[Step], id: &str) -> NodeId {
        let prefix = format!("{id}[{index}]");
        let last = &body.last().expect("the check wants a step").name;
        self.in_block(|this| {
            let item = this.add(&inside(&prefix, name), Act::Item { items, index });
            this.names.push((name.to_owned(), item));
            for step in in_order(body) {
                let node = this.step(step, &inside(&prefix, &step.name));
                this.names.push((step.name.clone(), node));
            }
            this.named(last)
        })
    }

    /// An ensemble or technique, written out in a frame of its own.
    pub(super) fn inline_act(&mut self, inline: &Inline, id: &str) -> Act {
        let conversation = inline.conversation.as_ref().map(|changed| {
            let inputs = self.inputs(&changed.uses);
            let own = self.free(&inside(id, "conversation"));
            let act = Act::Conversation(Conversation {
                history: changed.history,
                system: changed.system.clone(),
                prompt: changed.prompt.clone(),
            });
            self.push(Node { inputs, ..Node::blank(own, self.span, act) })
        });
        let mut names = Vec::new();
        for (name, given) in &inline.given {
            let node = match given {
                Given::List(list) => self.list(list, &inside(id, name)),
                Given::Text { template, uses } => {
                    let inputs = self.inputs(uses);
                    let own = self.free(&inside(id, name));
                    self.push(Node { inputs, ..Node::blank(own, self.span, Act::Text(template.clone())) })
                }
            };
            names.push((name.clone(), node));
        }
        let reply =
            self.in_frame(&inline.unit, conversation, names, |this| this.steps(&inline.unit.steps, id));
        Act::Inline { of: inline.of.clone(), reply }
    }

    /// The most answers that a node can give.
    pub(super) fn width(&self, id: NodeId) -> u32 {
        let node = &self.nodes[id.0 as usize];
        let of = |id: NodeId| self.width(id);
        let all = |ids: &[NodeId]| ids.iter().map(|&id| of(id)).sum::<u32>();
        let own = match &node.act {
            Act::Group(group) => all(&group.members),
            Act::List(items) => all(items),
            Act::Score(score) => of(score.list),
            Act::Pick { list, count: Some(count), .. } => of(*list).min(*count),
            Act::Route(route) => route.arms.iter().map(|arm| of(arm.node)).max().unwrap_or(0),
            Act::Repeat(repeat) => {
                // Every round gives what is bound last, or what was there before.
                repeat.nodes().chain([repeat.first]).map(of).max().unwrap_or(0)
            }
            Act::Inline { reply, .. } => of(*reply),
            Act::Alias(id) => of(*id),
            Act::Select(select) => match select {
                Select::First { count: Some(count), list }
                | Select::Last { count: Some(count), list }
                | Select::Best { count: Some(count), list } => of(*list).min(*count),
                Select::Without { list, .. } => of(*list),
                Select::Concat(lists) => all(lists),
                Select::Member { name, list } => match self.group_of(*list) {
                    Some(group) => {
                        let at = group.names.iter().position(|known| known == name);
                        at.map_or(1, |at| of(group.members[at]))
                    }
                    None => of(*list),
                },
                Select::Others { list, .. } => of(*list).saturating_sub(1),
                _ => 1,
            },
            _ => 1,
        };
        node.fallback.map_or(own, |fallback| own.max(of(fallback)))
    }

    /// The named group behind a node, if it is one's.
    fn group_of(&self, id: NodeId) -> Option<&super::super::Group> {
        match &self.nodes[id.0 as usize].act {
            Act::Group(group) if !group.names.is_empty() => Some(group),
            Act::Alias(id) | Act::Inline { reply: id, .. } => self.group_of(*id),
            Act::Repeat(repeat) => self.group_of(repeat.first),
            _ => None,
        }
    }
}
