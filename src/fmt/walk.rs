//! The walk through tree and source, in step: where it is, which comments come next, and how rows are made.

use super::layout::{Brackets, Group, Note, Piece, Remark, Row, Stop, StopKind, Turn};
use crate::source::Span;

/// Farthest column, in bytes, that is taken for aligned.
const COLUMN_MAX: usize = 240;

/// In the order of the source, never back.
pub struct Walk<'t> {
    text: &'t str,
    /// Comments and lines of documentation that are still to come.
    comments: &'t [Span],
    /// End of what was last put into a row.
    at: usize,
    /// Whether that was documentation, which stands right above what it describes.
    after_doc: bool,
}

/// A row in the making.
#[derive(Default)]
pub struct Line<'t> {
    pub pieces: Vec<Piece<'t>>,
    /// Comments from places where no line ends once it is formatted: they go above the row.
    strays: Vec<Note<'t>>,
}

/// Where a group stands in the source: the end of its opener, the start of its closer.
#[derive(Clone, Copy)]
pub struct Inside {
    pub open: usize,
    pub close: usize,
}

// === impl Inside ===

impl Inside {
    /// Of what stands in brackets, brackets included.
    pub fn of(span: Span) -> Self {
        Self { open: span.start as usize + 1, close: (span.end as usize).saturating_sub(1) }
    }
}

// === impl Line ===

impl<'t> Line<'t> {
    pub fn put(&mut self, text: &'t str) {
        self.pieces.push(Piece::Text(text));
    }

    pub fn group(&mut self, group: Group<'t>) {
        self.pieces.push(Piece::Group(group));
    }
}

// === impl Walk ===

impl<'t> Walk<'t> {
    pub fn new(text: &'t str, comments: &'t [Span]) -> Self {
        Self { text, comments, at: 0, after_doc: false }
    }

    // === Text ===

    /// What stands in the source at `span`, on one line.
    pub fn copy(&mut self, line: &mut Line<'t>, span: Span) {
        line.put(&self.text[span.range()]);
        self.move_to(span.end as usize);
    }

    /// The lines of the source at `span`, with whatever comments they hold.
    pub fn lines(&mut self, span: Span) -> Vec<&'t str> {
        self.move_to(span.end as usize);
        let inside = self.comments.iter().take_while(|comment| comment.start < span.end).count();
        self.comments = &self.comments[inside..];
        self.text[span.range()].split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect()
    }

    pub fn has_line_end(&self, start: usize, end: usize) -> bool {
        self.text[start..end].contains('\n')
    }

    /// End of what was last put into a row.
    pub fn at(&self) -> usize {
        self.at
    }

    /// End of the text.
    pub fn end(&self) -> usize {
        self.text.len()
    }

    /// Where the next word or sign begins, commas aside.
    pub fn next_sign(&self, from: usize) -> usize {
        let mut rest = &self.text[from..];
        loop {
            rest = rest.trim_start_matches([' ', '\t', '\r', '\n', ',', '\u{FEFF}']);
            if !rest.starts_with("//") {
                return self.text.len() - rest.len();
            }
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        }
    }

    /// Whether the next sign is this one.
    pub fn follows(&self, from: usize, sign: char) -> bool {
        self.text[self.next_sign(from)..].starts_with(sign)
    }

    fn move_to(&mut self, end: usize) {
        self.at = end;
        self.after_doc = false;
    }

    // === Comments ===

    /// The comments before `until`.
    pub fn notes(&mut self, until: usize) -> Vec<Note<'t>> {
        let mut notes = Vec::new();
        while let Some(comment) = self.comments.first().filter(|comment| (comment.start as usize) < until) {
            let blank = self.is_apart(comment.start as usize);
            notes.push(Note { text: self.take_comment(*comment), blank });
        }
        notes
    }

    /// The comments before `until` go above the row.
    pub fn stray(&mut self, line: &mut Line<'t>, until: usize) {
        line.strays.extend(self.notes(until));
    }

    /// The comment on the line that we are on, if one comes before `until`. Documentation is none.
    fn remark(&mut self, until: usize) -> Option<Remark<'t>> {
        let comment = *self.comments.first().filter(|comment| (comment.start as usize) < until)?;
        let start = comment.start as usize;
        if is_doc(&self.text[comment.range()]) || self.has_line_end(self.at, start) {
            return None;
        }
        Some(Remark { column: self.column(start), text: self.take_comment(comment) })
    }

    fn take_comment(&mut self, comment: Span) -> &'t str {
        let text = self.text[comment.range()].trim_end();
        self.comments = &self.comments[1..];
        self.at = comment.end as usize;
        self.after_doc = is_doc(text);
        text
    }

    /// Whether a blank line stands between what came last and `start`, where one may stand.
    fn is_apart(&self, start: usize) -> bool {
        let between = &self.text[self.at.min(start)..start];
        !self.after_doc && between.bytes().filter(|byte| *byte == b'\n').count() > 1
    }

    /// Characters between the start of the line and `at`.
    fn column(&self, at: usize) -> Option<usize> {
        let before = &self.text.as_bytes()[at.saturating_sub(COLUMN_MAX)..at];
        let start = before.iter().rposition(|byte| *byte == b'\n').map(|index| at - before.len() + index + 1);
        let start = if at < COLUMN_MAX { Some(start.unwrap_or(0)) } else { start };
        start.map(|start| self.text[start..at].chars().count())
    }

    // === Rows ===

    pub fn stop(&self, line: &mut Line<'t>, kind: StopKind, at: usize) {
        line.pieces.push(Piece::Stop(Stop { kind, column: self.column(at) }));
    }

    /// A place where the row may go on in a new line; what follows begins at `next`. `word` stands there already.
    pub fn turn(&mut self, line: &mut Line<'t>, word: usize, next: usize) {
        let own_line = self.has_line_end(self.at, word);
        let behind = self.remark(next);
        line.pieces.push(Piece::Turn(Turn { own_line, behind, notes: self.notes(next) }));
    }

    /// The row that begins at `start`; nothing of the next begins before `until`.
    fn row(&mut self, start: usize, until: usize, build: impl FnOnce(&mut Self, &mut Line<'t>)) -> Row<'t> {
        let mut above = self.notes(start);
        let mut blank = self.is_apart(start);
        let mut line = Line::default();
        build(self, &mut line);
        for mut stray in line.strays {
            // The blank line that was before the row is before them now, and none that was inside it.
            stray.blank = std::mem::take(&mut blank);
            above.push(stray);
        }
        Row { above, blank, pieces: line.pieces, behind: self.remark(until) }
    }

    /// The rows of `parts`. Each begins at `start` and is built by `build`. `broken` keeps them on lines of their own.
    pub fn group<T>(
        &mut self,
        brackets: &'static Brackets,
        inside: Inside,
        broken: bool,
        parts: &'t [T],
        start: impl Fn(&T) -> usize,
        build: impl Fn(&mut Self, &mut Line<'t>, &'t T),
    ) -> Group<'t> {
        // Comments before the opener go behind it.
        let mut early = self.notes(inside.open);
        self.move_to(inside.open);
        let remark = if early.is_empty() {
            self.remark(parts.first().map_or(inside.close, &start))
        } else {
            Some(Remark { text: early.remove(0).text, column: None })
        };
        let (mut rows, mut below) = self.rows(inside.close, parts, start, build);
        rows.first_mut().map_or(&mut below, |row| &mut row.above).splice(0..0, early);
        self.move_to(inside.close + brackets.broken.1.len());
        Group::new(brackets, remark, rows, below, broken)
    }

    /// A row for each of `parts`, and the comments between the last and `end`.
    pub fn rows<T>(
        &mut self,
        end: usize,
        parts: &'t [T],
        start: impl Fn(&T) -> usize,
        build: impl Fn(&mut Self, &mut Line<'t>, &'t T),
    ) -> (Vec<Row<'t>>, Vec<Note<'t>>) {
        let begin = |index: usize| parts.get(index).map_or(end, &start);
        let mut rows = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            rows.push(self.row(begin(index), begin(index + 1), |walk, line| build(walk, line, part)));
        }
        (rows, self.notes(end))
    }

    /// The same, on lines of their own if the first was written on one.
    pub fn list<T>(
        &mut self,
        brackets: &'static Brackets,
        inside: Inside,
        parts: &'t [T],
        start: impl Fn(&T) -> usize,
        build: impl Fn(&mut Self, &mut Line<'t>, &'t T),
    ) -> Group<'t> {
        let first = parts.first().map_or(inside.close, &start);
        let broken = self.has_line_end(inside.open, first);
        self.group(brackets, inside, broken, parts, start, build)
    }
}

fn is_doc(comment: &str) -> bool {
    comment.starts_with("///") && !comment.starts_with("////")
}
