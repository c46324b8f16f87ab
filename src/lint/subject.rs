//! What rules look at: the whole program, or one plan of it with the way back to what was written.

use std::collections::BTreeMap;

use crate::plan::{Node, NodeId, Plan};
use crate::source::{Sources, Span};
use crate::syntax::ast::{Alt, Block, EnsembleBody, Entry, File, Item, Rhs, Setting};

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
}

/// The steps as they are written, by their place.
pub struct Written<'a> {
    alts: BTreeMap<Span, &'a Alt>,
}

// === impl View ===

impl<'a> View<'a> {
    #[must_use]
    pub fn new(subject: &'a Subject<'a>, written: &'a Written<'a>, plan: &'a Plan) -> Self {
        Self { plan, subject, written }
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

    /// What was written for a node, if it was.
    #[must_use]
    pub fn alt(&self, node: &Node) -> Option<&'a Alt> {
        self.written.alts.get(&node.span).copied()
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
}

// === impl Written ===

impl<'a> Written<'a> {
    /// Those of all files.
    #[must_use]
    pub fn of(files: &'a [File]) -> Self {
        let mut written = Self { alts: BTreeMap::new() };
        for item in files.iter().flat_map(|file| &file.items) {
            match item {
                Item::Technique(technique) => written.block(&technique.block),
                Item::Ensemble(ensemble) => match &ensemble.body {
                    EnsembleBody::Steps(block) => written.block(block),
                    EnsembleBody::Technique { .. } => (),
                },
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
