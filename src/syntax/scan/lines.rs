//! What the beginning of a line tells: a new item, or, in an item whose brackets do not match, the end of a block.

use super::{Open, Pass};
use crate::syntax::errors::{self, ITEM_WORDS};

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

impl Pass<'_> {
    /// At the first byte of a line that is not inside a text.
    pub fn start_line(&mut self) {
        self.line = self.at;
        self.indent = self.bytes[self.at..].iter().take_while(|byte| is_blank(**byte)).count();
        let first = self.bytes.get(self.line + self.indent).copied();
        match first {
            None | Some(b'\n' | b'\r') => {}
            Some(b'/') => {
                if self.indent == 0 {
                    self.comments.get_or_insert(self.line);
                }
            }
            Some(_) if self.is_item(self.line) => {
                let end = self.comments.unwrap_or(self.line);
                self.close_all(end);
                self.item = self.line;
                self.short = None;
                self.comments = None;
            }
            Some(first) => {
                self.comments = None;
                if self.suspicions.items.contains(&self.item) {
                    self.close_by_indent(first);
                }
            }
        }
    }

    /// Whether an item begins at the line that starts at `line`: a word of [`ITEM_WORDS`] in the first column,
    /// and after it neither `=` nor `:`.
    pub fn is_item(&self, line: usize) -> bool {
        let bytes = &self.bytes[line..];
        let Some(word) = ITEM_WORDS.iter().find(|word| bytes.starts_with(word.as_bytes())) else {
            return false;
        };
        let rest = &bytes[word.len()..];
        let blanks = rest.iter().take_while(|byte| is_blank(**byte)).count();
        match rest.get(blanks) {
            Some(b'{' | b'"') => true,
            None | Some(b'=' | b':' | b',' | b'}' | b']' | b')' | b'.' | b'\n' | b'\r') => false,
            Some(_) => blanks > 0,
        }
    }

    /// Whether that line also has what an item has after its name.
    pub fn looks_like_item(&self, line: usize) -> bool {
        self.is_item(line)
            && self.bytes[line..self.line_end(line)].iter().any(|byte| matches!(byte, b'{' | b'"' | b'='))
    }

    /// Closes what the indentation of this line says has ended. Only in items whose brackets do not match.
    fn close_by_indent(&mut self, first: u8) {
        while let Some(&top) = self.stack.last() {
            let ended = match top.bracket {
                b'{' => self.is_outside(top, first),
                _ => self.is_entry(top.bracket == b'['),
            };
            if !ended || self.deep.is_some() {
                return;
            }
            self.report_unclosed(top, &[]);
            self.pop_at(self.line, "\n");
        }
    }

    /// Whether this line stands outside the block that `open` opened, by its indentation.
    fn is_outside(&self, open: Open, first: u8) -> bool {
        let Some(parent) = self.stack.len().checked_sub(2).map(|index| self.stack[index]) else {
            return false;
        };
        let left = if first == b'}' { self.indent < open.indent } else { self.indent <= open.indent };
        open.line < self.line && parent.indent < open.indent && left && !matches!(first, b']' | b')')
    }

    /// Whether this line begins with `name =`, or `name:` where that counts.
    fn is_entry(&self, colon: bool) -> bool {
        let bytes = &self.bytes[self.line + self.indent..];
        let word = bytes
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
            .count();
        let blanks = bytes[word..].iter().take_while(|byte| is_blank(**byte)).count();
        let sign = &bytes[word + blanks..];
        word > 0 && (sign.starts_with(b"=") && !sign.starts_with(b"==") || colon && sign.starts_with(b":"))
    }

    /// The end of the text.
    pub fn end(&mut self) {
        self.line = self.bytes.len();
        let end = self.bytes.len();
        self.close_all(end);
    }

    /// Closes whatever is open before `end`, and reports it.
    fn close_all(&mut self, end: usize) {
        let Some(&first) = self.stack.first() else { return };
        self.broken.insert(self.item);
        let others: Vec<Open> = self.stack[1..].iter().take(3).copied().collect();
        // What was too deep has its message already.
        if self.deep.is_none() {
            self.report_unclosed(first, &others);
        }
        self.close_silently(end, "");
    }

    pub fn report_unclosed(&mut self, open: Open, others: &[Open]) {
        let at = self.span(open.at, open.at + 1);
        let mut diagnostic = match open.bracket {
            b'{' => errors::unclosed_block(at, self.text[open.line..open.at].trim()),
            b'[' => errors::unclosed_bracket(at, '[', ']'),
            _ => errors::unclosed_bracket(at, '(', ')'),
        };
        for other in others {
            diagnostic = diagnostic.related(self.span(other.at, other.at + 1), "this is still open too");
        }
        self.report(diagnostic);
    }

    /// Reports the outermost of the brackets above `keep`.
    pub fn report_above(&mut self, keep: usize) {
        if let (Some(&open), None) = (self.stack.get(keep), self.deep)
            && self.muted != Some(open.line)
        {
            self.broken.insert(self.item);
            self.report_unclosed(open, &[]);
        }
    }
}
