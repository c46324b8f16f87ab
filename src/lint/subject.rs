//! What rules look at: the whole program, or one plan of it with the way back to what was written.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::answers::counts;
use crate::plan::{Act, Node, NodeId, Plan, Turn};
use crate::source::{Sources, Span};
use crate::syntax::ast::{
    Alt, Block, EnsembleBody, Entry, File, Item, Name, Rhs, Setting, Text, Value, Verb,
};

/// A program, from its texts to its plans.
pub struct Subject<'a> {
    pub sources: &'a Sources,
    pub files: &'a [File],
    pub plans: &'a [Plan],
    /// Whether the plans are all there are: no error was found before.
    pub sound: bool,
}

/// One plan.
pub struct View<'a> {
    pub plan: &'a Plan,
    subject: &'a Subject<'a>,
    written: &'a Written<'a>,
    counts: OnceCell<Vec<usize>>,
    users: OnceCell<Vec<Vec<NodeId>>>,
}

/// What is written, by place or name.
#[derive(Default)]
pub struct Written<'a> {
    alts: BTreeMap<Span, &'a Alt>,
    prompts: BTreeMap<&'a str, &'a Value>,
    models: BTreeMap<&'a str, &'a Name>,
}

// === impl View ===

impl<'a> View<'a> {
    #[must_use]
    pub fn new(subject: &'a Subject<'a>, written: &'a Written<'a>, plan: &'a Plan) -> Self {
        Self { plan, subject, written, counts: OnceCell::new(), users: OnceCell::new() }
    }

    /// Every node with its id, in the order of the plan.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &'a Node)> + use<'a> {
        let plan = self.plan;
        plan.ids().map(move |id| (id, plan.node(id)))
    }

    /// Where to point for a node: its verb; for what stands in no file of the program, the ensemble.
    #[must_use]
    pub fn place(&self, node: &Node) -> Span {
        match self.alt(node) {
            Some(alt) => alt.verb_span,
            None if self.subject.sources.iter().any(|(id, _)| id == node.span.file) => node.span,
            None => self.plan.span,
        }
    }

    /// What was written for a node, if it was. What a technique of the prelude is made of stands where it is used, and
    /// was not written there.
    #[must_use]
    pub fn alt(&self, node: &Node) -> Option<&'a Alt> {
        let alt = self.written.alts.get(&node.span).copied()?;
        let named = matches!(alt.verb, Verb::Plain { .. });
        let names = matches!(node.act, Act::Inline { .. } | Act::Alias(_) | Act::List(_) | Act::Select(_));
        (!named || names).then_some(alt)
    }

    /// An option in the node's own block.
    #[must_use]
    pub fn option(&self, node: &Node, name: &str) -> Option<&'a Setting> {
        let block = self.alt(node)?.block.as_ref()?;
        block.entries.iter().find_map(|entry| match entry {
            Entry::Option(setting) if setting.name.text == name => Some(setting),
            _ => None,
        })
    }

    /// What was written for the last of a node's fallbacks.
    #[must_use]
    pub fn last_fallback(&self, node: &Node) -> Option<&'a Alt> {
        let mut last = self.plan.node(node.fallback?);
        while let Some(next) = last.fallback {
            last = self.plan.node(next);
        }
        self.alt(last)
    }

    /// The text that a turn of a node's prompt was made from, if it stands in a file of the program.
    #[must_use]
    pub fn text(&self, node: &Node, turn: &Turn) -> Option<&'a Text> {
        let values =
            ["prompt", "system"].into_iter().filter_map(|name| Some(&self.option(node, name)?.value));
        let mut found = Vec::new();
        values.for_each(|value| self.texts(value, &mut found));
        found.into_iter().find(|text| text.value == turn.template.source())
    }

    /// The texts of a prompt: itself, those of its turns, or those of the prompt that it names.
    fn texts(&self, value: &'a Value, found: &mut Vec<&'a Text>) {
        match value {
            Value::Text(text) => found.push(text),
            Value::Tagged { payload, .. } => self.texts(payload, found),
            Value::List(list) => list.items.iter().for_each(|item| self.texts(item, found)),
            Value::Name(member) => match self.written.prompts.get(member.path.head.text.as_str()) {
                Some(Value::Name(_)) | None => (),
                Some(body) => self.texts(body, found),
            },
            _ => (),
        }
    }

    /// What a step is called; for what has no name, its id.
    #[must_use]
    pub fn name(&self, id: NodeId) -> &'a str {
        let node = self.plan.node(id);
        node.name.as_deref().unwrap_or(&node.id)
    }

    /// Where a model is defined.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<Span> {
        self.written.models.get(name).map(|name| name.span)
    }

    /// How many answers a node gives at most.
    #[must_use]
    pub fn most(&self, id: NodeId) -> usize {
        self.counts.get_or_init(|| counts(self.plan))[id.0 as usize]
    }

    /// Whether the run fails when this node does.
    #[must_use]
    pub fn dooms(&self, id: NodeId) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            if !seen.insert(id) || self.plan.node(id).fallback.is_some() {
                continue;
            }
            if id == self.plan.reply {
                return true;
            }
            open.extend(self.users(id).iter().filter(|user| needs(self.plan.node(**user), id)));
        }
        false
    }

    /// The nodes that name this one.
    fn users(&self, id: NodeId) -> &[NodeId] {
        let users = self.users.get_or_init(|| {
            let mut users = vec![Vec::new(); self.plan.nodes.len()];
            for user in self.plan.ids() {
                for used in self.plan.node(user).uses() {
                    users[used.0 as usize].push(user);
                }
            }
            users
        });
        &users[id.0 as usize]
    }
}

/// Whether `node` fails when `id` does: it prints it, works on it alone, or cannot do without it as a member.
fn needs(node: &Node, id: NodeId) -> bool {
    if node.inputs.iter().any(|input| input.printed && input.node == id) {
        return true;
    }
    match &node.act {
        Act::Merge { list, .. } | Act::Pick { list, .. } => *list == id,
        Act::Score(score) => score.list == id,
        Act::Knockout(knockout) => knockout.list == id,
        Act::Vote(vote) => vote.list == id,
        Act::Alias(other) | Act::Inline { reply: other, .. } | Act::Item { items: other, .. } => *other == id,
        Act::Repeat(repeat) => repeat.first == id,
        Act::Route(route) => route.arms.iter().any(|arm| arm.node == id),
        Act::Group(group) => {
            let members = group.members.len();
            group.items == Some(id)
                || (group.members.contains(&id) && group.need_of(members) as usize == members)
        }
        Act::List(items) => items.as_slice() == [id],
        Act::Select(select) => select.inputs().first() == Some(&id) && select.inputs().len() == 1,
        _ => false,
    }
}

// === impl Written ===

impl<'a> Written<'a> {
    /// That of all files.
    #[must_use]
    pub fn of(files: &'a [File]) -> Self {
        let mut written = Self::default();
        for item in files.iter().flat_map(|file| &file.items) {
            match item {
                Item::Technique(technique) => written.block(&technique.block),
                Item::Ensemble(ensemble) => match &ensemble.body {
                    EnsembleBody::Steps(block) => written.block(block),
                    EnsembleBody::Technique { .. } => (),
                },
                Item::Prompt(prompt) => _ = written.prompts.insert(&prompt.name.text, &prompt.body),
                Item::Model(model) => _ = written.models.insert(&model.name.text, &model.name),
                _ => (),
            }
        }
        written
    }

    fn block(&mut self, block: &'a Block) {
        for entry in &block.entries {
            match entry {
                Entry::Step(step) => self.steps(&step.rhs),
                Entry::Arm(arm) => self.steps(&arm.rhs),
                _ => (),
            }
        }
    }

    fn steps(&mut self, rhs: &'a Rhs) {
        for alt in &rhs.alts {
            self.alts.insert(alt.span, alt);
            alt.block.iter().for_each(|block| self.block(block));
        }
    }
}
