//! A plan, told to people and programs before anything runs.
//!
//! The JSON document comes first and holds everything; the text is written from the document alone. Knows nothing
//! of terminals, of sources, or of how a call is made.

pub mod diff;
pub mod grid;
pub mod json;
pub mod memory;
pub mod models;
pub mod outline;
pub mod picture;
mod summary;
pub mod text;
pub mod why;
pub mod words;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

use crate::explain::json::Document;
use crate::plan::Plan;

/// The plan as a document: the same plan always gives the same bytes.
#[must_use]
pub fn document(plan: &Plan) -> Document {
    Document::of(plan)
}

/// The document as indented JSON with a line end.
#[must_use]
pub fn to_json(plan: &Plan) -> String {
    pretty(&document(plan))
}

fn pretty(document: &impl serde::Serialize) -> String {
    let mut json = serde_json::to_string_pretty(document).expect("a document holds nothing that JSON cannot");
    json.push('\n');
    json
}

/// The page for people, at most [`text::WIDTH`] columns where names allow it. `full` also shows what is built in.
#[must_use]
pub fn to_text(plan: &Plan, full: bool) -> String {
    text::render(&document(plan), full)
}

/// The plan as a drawing, for [`picture::svg`], [`picture::mermaid`] and [`picture::dot`].
#[must_use]
pub fn picture(plan: &Plan) -> picture::Picture {
    picture::Picture::of(&document(plan))
}
