//! From text to tree. Total: any text gives a tree, and diagnostics for what could not be read.
//!
//! The *scan* balances quotes and brackets and reports those that are missing; the *grammar* then takes the whole
//! text apart; the *reader* turns its parts into the tree and reports every part that is missing or too many.
//! Nothing here knows what a name means.

pub mod ast;
mod blocks;
mod docs;
mod errors;
mod expressions;
mod grammar;
mod items;
mod mended;
mod mistakes;
mod reader;
mod scan;
mod steps;
mod text;
mod trials;
mod values;

#[cfg(test)]
mod tests;

use crate::diagnostic::{self, Diagnostic};
use crate::source::{FileId, Span};

/// The tree of `text`, and everything that could not be read in it, in the order of the text.
///
/// Every span lies inside `text`, on character boundaries. Takes time linear in the length of `text`.
#[must_use]
pub fn parse(id: FileId, text: &str) -> (ast::File, Vec<Diagnostic>) {
    let (mended, found) = scan::scan(id, text);
    let mut reader = reader::Reader::new(id, &mended, found);
    let items = match grammar::pairs(mended.text()) {
        Some(pairs) => reader.file(pairs),
        None => reader.refused(),
    };
    let mut diagnostics = reader.finish();
    diagnostic::tidy(&mut diagnostics);
    (ast::File { id, items }, diagnostics)
}

/// The comments of `text` and its lines of documentation, in order, each to the end of its line. Those inside
/// expressions are among them; what looks like one inside a text is not.
#[must_use]
pub fn comments(id: FileId, text: &str) -> Vec<Span> {
    scan::scan(id, text).1.comments
}
