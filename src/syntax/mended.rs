//! A text with a few places changed, and the way back to the places in the original.

use std::borrow::Cow;

use crate::source::{FileId, Span};

/// Replace the bytes `start..end` of the original by `text`.
#[derive(Clone, Debug)]
pub struct Edit {
    pub start: usize,
    pub end: usize,
    pub text: Cow<'static, str>,
}

/// The text that the grammar reads.
#[derive(Debug)]
pub struct Mended<'t> {
    text: Cow<'t, str>,
    /// In order, without holes; empty if nothing was changed.
    pieces: Vec<Piece>,
}

/// From byte `mended` on, the text is that of the original from `source` on, or new text that stands at `source`.
#[derive(Debug)]
struct Piece {
    mended: usize,
    source: usize,
    kept: bool,
}

// === impl Mended ===

impl<'t> Mended<'t> {
    /// Makes `edits`; one that begins inside an earlier one is left out.
    pub fn new(text: &'t str, mut edits: Vec<Edit>) -> Self {
        if edits.is_empty() {
            return Self { text: Cow::Borrowed(text), pieces: Vec::new() };
        }
        edits.sort_by_key(|edit| edit.start);
        let mut out = String::with_capacity(text.len() + 64);
        let mut pieces = Vec::new();
        let mut at = 0;
        for edit in edits.into_iter() {
            if edit.start < at {
                continue;
            }
            if at < edit.start {
                pieces.push(Piece { mended: out.len(), source: at, kept: true });
                out.push_str(&text[at..edit.start]);
            }
            if !edit.text.is_empty() {
                pieces.push(Piece { mended: out.len(), source: edit.start, kept: false });
                out.push_str(&edit.text);
            }
            at = edit.end;
        }
        pieces.push(Piece { mended: out.len(), source: at, kept: true });
        out.push_str(&text[at..]);
        Self { text: Cow::Owned(out), pieces }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The place in the original of the bytes `range` of the mended text.
    pub fn span(&self, file: FileId, range: std::ops::Range<usize>) -> Span {
        let start = self.start(range.start);
        let end = if range.is_empty() { start } else { self.end(range.end) };
        Span::new(file, start, end.max(start))
    }

    /// The place in the original of byte `at`.
    pub fn start(&self, at: usize) -> usize {
        self.back(at, at)
    }

    /// The end is found from the last byte inside, so that it does not jump over what was left out.
    fn end(&self, at: usize) -> usize {
        self.back(at - 1, at)
    }

    fn back(&self, probe: usize, at: usize) -> usize {
        let index = self.pieces.partition_point(|piece| piece.mended <= probe);
        match index.checked_sub(1).map(|index| &self.pieces[index]) {
            Some(piece) if piece.kept => piece.source + (at - piece.mended),
            Some(piece) => piece.source,
            None => at,
        }
    }
}
