//! A plan as a drawing: boxes inside boxes, and arrows between them. Mermaid, Graphviz and SVG are written from it.
//!
//! What the page draws once is one box here, too. A group of plain calls is one box with a line for each.

mod build;
pub mod dot;
mod measure;
pub mod mermaid;
mod place;
pub mod svg;

use crate::explain::json::Document;

/// The drawing of one handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub handle: String,
    /// `4 calls (at most 12 attempts) in 2 waves`, …
    pub facts: Vec<String>,
    /// In the order of the plan.
    pub figures: Vec<Figure>,
    pub arrows: Vec<Arrow>,
    /// Id of the figure whose answer the client gets.
    pub reply: String,
    /// `streams`, `in one piece`
    pub manner: String,
}

/// A box.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figure {
    /// Id of the node that it stands for.
    pub id: String,
    /// What it is to the box around it: `when request.images > 0`, `after 2s`, `each of at most 5`; or empty.
    pub tag: String,
    /// The step's name; may be empty.
    pub title: String,
    /// `merge drafts`, `parallel, need 2 of 3`
    pub what: String,
    /// Models, one a line, with what each is where that differs.
    pub lines: Vec<String>,
    pub look: Look,
    /// First and last wave of its calls, those of its parts included; nothing without calls.
    pub waves: Option<(u32, u32)>,
    /// Boxes inside.
    pub parts: Vec<Figure>,
    /// Its `else`, and the `else` of that.
    pub fallbacks: Vec<Figure>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// Models write something.
    #[default]
    Call,
    /// A model decides about answers.
    Decider,
    /// Costs nothing.
    Free,
}

/// From what is used to what uses it, by ids of figures.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    pub from: String,
    pub to: String,
    /// Few words, or none.
    pub label: String,
}

// === impl Picture ===

impl Picture {
    #[must_use]
    pub fn of(doc: &Document) -> Self {
        build::picture(doc)
    }
}

// === impl Figure ===

impl Figure {
    /// It and all boxes in and beside it.
    pub fn all(&self) -> Vec<&Self> {
        let below = self.parts.iter().chain(&self.fallbacks).flat_map(Self::all);
        std::iter::once(self).chain(below).collect()
    }
}
