//! What all readers of constructs share: the file, the mended text, and the diagnostics found so far.

use super::ast;
use super::errors;
use super::grammar::{self, Pair, Rule};
use super::mended::Mended;
use super::scan::Found;
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};

/// Turns the parts of the grammar into the tree. Its methods stand in one file per family of constructs.
pub struct Reader<'m> {
    pub file: FileId,
    mended: &'m Mended<'m>,
    /// Openers of texts whose end is a guess: they are read as `Bad`.
    open_texts: Vec<u32>,
    diagnostics: Vec<Diagnostic>,
}

// === impl Reader ===

impl<'m> Reader<'m> {
    pub fn new(file: FileId, mended: &'m Mended<'m>, found: Found) -> Self {
        Self { file, mended, open_texts: found.open_texts, diagnostics: found.diagnostics }
    }

    pub fn finish(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// The tree of a text that the grammar gave up on.
    pub fn refused(&mut self) -> Vec<ast::Item> {
        let all = self.mended.span(self.file, 0..self.mended.text().len());
        if self.diagnostics.is_empty() {
            self.report(errors::unreadable_file(Span { end: all.start, ..all }));
        }
        vec![ast::Item::Bad(all)]
    }

    pub fn span(&self, pair: &Pair<'_>) -> Span {
        self.mended.span(self.file, grammar::range(pair))
    }

    /// The empty place right after `span`.
    pub fn after(&self, span: Span) -> Span {
        Span { start: span.end, ..span }
    }

    /// The place in the file of byte `at` of the mended text.
    pub fn offset(&self, at: usize) -> u32 {
        self.mended.start(at) as u32
    }

    /// Whether the text that opens here was closed by a guess.
    pub fn is_open_text(&self, span: Span) -> bool {
        self.open_texts.binary_search(&span.start).is_ok()
    }

    /// Any pair, taken as a name as it stands.
    pub fn name(&self, pair: &Pair<'_>) -> ast::Name {
        ast::Name { text: pair.as_str().to_owned(), span: self.span(pair) }
    }

    /// What stands where a name is missing.
    pub fn no_name(&self, span: Span) -> ast::Name {
        ast::Name { text: String::new(), span }
    }

    /// Reports what stands after a complete construct, if anything does.
    pub fn leftover(&mut self, pair: Option<Pair<'_>>) {
        if let Some(pair) = pair {
            self.too_much(pair);
        }
    }

    /// The last parts of an entry or an item.
    pub fn tail(&mut self, parts: &mut grammar::Parts<'_>) {
        let junk = parts.eat_any(&[Rule::junk, Rule::excess]);
        self.leftover(junk);
    }
}
