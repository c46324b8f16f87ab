//! Single characters: those that do not belong outside texts, comments of other languages, typographic quotes.

use super::Pass;
use crate::diagnostic::Diagnostic;
use crate::syntax::errors;

/// What is wrong with a character.
enum Fault {
    Control,
    Direction,
    Invisible,
    Blank,
}

/// `None` for characters that may stand anywhere. A carriage return counts only where no line end follows.
fn fault(c: char) -> Option<Fault> {
    match c {
        '\n' | '\t' => None,
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}' => {
            Some(Fault::Direction)
        }
        '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}' | '\u{00AD}' => Some(Fault::Invisible),
        c if c.is_control() => Some(Fault::Control),
        c if c.is_whitespace() && c != ' ' => Some(Fault::Blank),
        _ => None,
    }
}

fn name(fault: &Fault, c: char) -> String {
    let kind = match fault {
        Fault::Control => "the control character",
        Fault::Direction => "the direction mark",
        Fault::Invisible => "the invisible character",
        Fault::Blank => "the blank",
    };
    format!("{kind} U+{:04X}", u32::from(c))
}

/// The sign that a wide one stands for.
fn narrow(c: char) -> Option<&'static str> {
    Some(match c {
        '：' => ":",
        '＝' => "=",
        '，' | '、' => ",",
        _ => return None,
    })
}

impl Pass<'_> {
    /// The character at hand with its end, and what is wrong with it.
    fn character(&self) -> (char, usize, Option<Fault>) {
        let c = self.text[self.at..].chars().next().unwrap_or(' ');
        let end = self.at + c.len_utf8();
        let line_end = c == '\r' && self.bytes.get(end) == Some(&b'\n');
        let mark = c == '\u{FEFF}' && self.at == 0;
        (c, end, if line_end || mark { None } else { fault(c) })
    }

    /// A row of characters that do not belong is one mistake.
    fn report_character(&mut self, diagnostic: Diagnostic) {
        let span = diagnostic.span;
        if self.fault_end.replace(span.end) != Some(span.start) {
            self.report(diagnostic);
        }
    }

    /// Outside texts and comments.
    pub fn code_character(&mut self) {
        let (c, end, fault) = self.character();
        let at = self.span(self.at, end);
        match fault {
            Some(fault @ Fault::Blank) => {
                self.report_character(errors::odd_blank(at, &name(&fault, c)));
                self.edit(self.at, end, " ");
            }
            Some(fault) => {
                self.report_character(errors::forbidden(at, &name(&fault, c)));
                self.edit(self.at, end, " ");
            }
            None if matches!(c, '“' | '”' | '„') => return self.curly_quotes(end),
            None => {
                if let Some(right) = narrow(c) {
                    self.report_character(errors::wide_sign(at, c, right));
                    self.edit(self.at, end, right);
                }
            }
        }
        self.at = end;
    }

    /// Inside a text: what cannot be seen is worth a warning. Joiners and odd blanks are ordinary there.
    pub fn text_character(&mut self) {
        if self.bytes[self.at].is_ascii_graphic() || self.bytes[self.at] == b' ' {
            self.at += 1;
            return;
        }
        let (c, end, fault) = self.character();
        if let Some(fault @ (Fault::Control | Fault::Direction)) = fault {
            let at = self.span(self.at, end);
            self.report_character(errors::suspicious(at, &name(&fault, c)));
        }
        self.at = end;
    }

    /// `“…”` on one line is read as a text.
    fn curly_quotes(&mut self, start: usize) {
        let inside = &self.text[start..];
        let close = inside.char_indices().find(|(_, c)| matches!(c, '“' | '”' | '„' | '"' | '\\' | '\n'));
        match close {
            Some((length, quote @ ('“' | '”'))) => {
                let (end, after) = (start + length, start + length + quote.len_utf8());
                let at = self.span(self.at, after);
                self.report(errors::curly_quotes(at, &inside[..length]));
                self.edit(self.at, start, "\"");
                self.edit(end, after, "\"");
                self.at = after;
            }
            _ => self.at = start,
        }
    }

    // === Comments and separators ===

    /// `// …`: nothing in it counts, but what cannot be seen is as wrong as in code.
    pub fn comment(&mut self) {
        let comment = self.span(self.at, self.line_end(self.at));
        self.found.comments.push(comment);
        while let Some(byte) = self.byte(0).filter(|byte| *byte != b'\n') {
            if byte.is_ascii_graphic() || byte == b' ' {
                self.at += 1;
                continue;
            }
            let (c, end, fault) = self.character();
            if let Some(fault @ (Fault::Control | Fault::Direction)) = fault {
                let at = self.span(self.at, end);
                self.report_character(errors::forbidden(at, &name(&fault, c)));
            }
            self.at = end;
        }
    }

    /// `# …` and `-- …` to the end of the line, `/* … */` to its end or that of the line.
    pub fn foreign_comment(&mut self) {
        let start = self.at;
        let sign = match self.bytes[start] {
            b'#' => "#",
            b'-' => "--",
            _ => "/*",
        };
        self.report(errors::wrong_comment(self.span(start, start + sign.len()), sign));
        let mut end = start + sign.len();
        let closed = |end: usize| sign == "/*" && self.bytes[..end].ends_with(b"*/") && end >= start + 4;
        while end < self.bytes.len() && self.bytes[end] != b'\n' && !closed(end) {
            end += 1;
        }
        if self.bytes[end - 1] == b'\r' {
            end -= 1;
        }
        self.edit(start, end, "");
        self.at = end;
    }

    /// Read as the `,` that was meant.
    pub fn semicolon(&mut self) {
        self.report(errors::semicolon(self.span(self.at, self.at + 1)));
        self.edit(self.at, self.at + 1, ",");
        self.at += 1;
    }
}
