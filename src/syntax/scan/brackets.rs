//! Opening, closing, and what does not match.

use super::{DEPTH_MAX, Open, Pass};
use crate::syntax::errors;

/// How far down a `]` or `)` looks for its opener.
const SEARCH_MAX: usize = DEPTH_MAX;

impl Pass<'_> {
    pub fn open(&mut self, bracket: u8) {
        if bracket == b'{' && self.suspicions.items.contains(&self.item) {
            self.close_before_block();
        }
        if self.stack.len() == DEPTH_MAX {
            self.deep = Some(self.at);
            if !self.deep_reported {
                self.deep_reported = true;
                self.report(errors::too_deep(self.span(self.at, self.at + 1), DEPTH_MAX));
            }
        }
        self.stack.push(Open { bracket, at: self.at, line: self.line, indent: self.indent });
        self.at += 1;
    }

    /// A block may follow a `)` or `]` that is missing: `moa(panel: [a, b] {`. A map follows a sign.
    fn close_before_block(&mut self) {
        let before = self.bytes[self.line..self.at].iter().rposition(|byte| *byte != b' ');
        let word = before.is_some_and(|at| {
            let byte = self.bytes[self.line + at];
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'"' | b'\'' | b']' | b')')
        });
        while let Some(&top) = self.stack.last() {
            if !word || self.deep.is_some() || top.bracket == b'{' || top.line != self.line {
                return;
            }
            self.report_unclosed(top, &[]);
            self.pop_at(self.at, "");
        }
    }

    /// The text of a prompt may follow a `)` that is missing: `prompt rebut(mine, others """`.
    pub fn close_before_template(&mut self) {
        let is_prompt = self.bytes[self.line..].starts_with(b"prompt ");
        if !is_prompt || self.deep.is_some() || !self.suspicions.items.contains(&self.item) {
            return;
        }
        if let Some(&top) = self.stack.last()
            && top.bracket == b'('
            && top.line == self.line
        {
            self.report_unclosed(top, &[]);
            self.pop_at(self.at, "");
        }
    }

    pub fn close(&mut self, closer: u8) {
        let wanted = match closer {
            b'}' => b'{',
            b']' => b'[',
            _ => b'(',
        };
        if self.stack.last().is_some_and(|top| top.bracket == wanted) {
            self.at += 1;
            self.pop(self.at);
            return;
        }
        match self.opener_below(wanted) {
            Some(index) => {
                self.report_above(index + 1);
                while self.stack.len() > index + 1 {
                    self.pop_at(self.at, "");
                }
                self.at += 1;
                self.pop(self.at);
            }
            // The grammar sees a `}` that stands outside everything; the other two are of no use to it.
            None if closer == b'}' && self.stack.is_empty() => self.at += 1,
            None => {
                self.broken.insert(self.item);
                let at = self.span(self.at, self.at + 1);
                self.report(errors::stray_closer(at, (closer as char).encode_utf8(&mut [0; 4])));
                self.edit(self.at, self.at + 1, "");
                self.at += 1;
            }
        }
    }

    /// The opener that a closer may mean though others are open above it. Only `}` reaches through a `{`.
    fn opener_below(&self, wanted: u8) -> Option<usize> {
        let reach = self.stack.len().saturating_sub(SEARCH_MAX);
        let within = self.stack[reach..]
            .iter()
            .rposition(|open| open.bracket == wanted || (open.bracket == b'{' && wanted != b'{'));
        within.map(|index| reach + index).filter(|index| self.stack[*index].bracket == wanted)
    }

    /// Takes the innermost bracket away; `end` is where its part of the text ends.
    fn pop(&mut self, end: usize) {
        self.stack.pop();
        if self.stack.len() == DEPTH_MAX
            && let Some(start) = self.deep.take()
        {
            self.edit(start, end, "");
        }
    }

    /// Closes the innermost bracket before `at`, where none was written.
    pub fn pop_at(&mut self, at: usize, after: &'static str) {
        let Some(open) = self.stack.last() else { return };
        let closer = closer_of(open.bracket);
        if self.deep.is_none() {
            self.edit(at, at, format!("{closer}{after}"));
        }
        self.pop(at);
    }

    /// Closes everything before `end`, after `quotes`.
    pub fn close_silently(&mut self, end: usize, quotes: &str) {
        if let Some(start) = self.deep.take() {
            self.edit(start, end, "");
            self.stack.truncate(DEPTH_MAX);
        }
        let mut text = quotes.to_owned();
        // The last line may be a comment.
        text.push_str(if end == self.bytes.len() { "\n" } else { "" });
        text.extend(self.stack.drain(..).rev().map(|open| closer_of(open.bracket)));
        text.push('\n');
        self.edit(end, end, text);
    }
}

fn closer_of(bracket: u8) -> char {
    match bracket {
        b'{' => '}',
        b'[' => ']',
        _ => ')',
    }
}
