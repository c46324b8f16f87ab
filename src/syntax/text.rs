//! Quoted texts: escapes replaced, templates dedented, with the way back to the file.

use super::ast::{Text, TextForm, TextRun};
use super::errors;
use super::grammar::{Pair, Rule, parts};
use super::reader::Reader;
use crate::source::Span;

/// A text in the making.
#[derive(Default)]
struct Cook {
    value: String,
    runs: Vec<TextRun>,
}

/// One line of a template: its blanks, then the rest. Both know where they begin in the file.
struct Line<'t> {
    indent: &'t str,
    rest: &'t str,
    start: u32,
}

impl Reader<'_> {
    /// A `string` or a `templ`.
    pub fn text(&mut self, pair: Pair<'_>) -> Text {
        if pair.as_rule() == Rule::templ { self.template(pair) } else { self.string(pair) }
    }

    /// `'…'` is reported and then read as if it stood in double quotes.
    pub fn single_quoted(&mut self, pair: Pair<'_>) -> Text {
        let span = self.span(&pair);
        let mut cook = Cook::default();
        let inner = parts(pair).next();
        let text = inner.as_ref().map_or("", |inner| inner.as_str());
        let start = inner.as_ref().map_or(0, |inner| inner.as_span().start());
        cook.push(text, self.offset(start));
        self.report(errors::single_quotes(span, text));
        cook.done(TextForm::Plain, span)
    }

    fn string(&mut self, pair: Pair<'_>) -> Text {
        let span = self.span(&pair);
        let mut cook = Cook::default();
        for part in parts(pair) {
            let start = self.offset(part.as_span().start());
            match part.as_rule() {
                Rule::chars => cook.push(part.as_str(), start),
                Rule::escape => match self.escape(part) {
                    Some(letter) => cook.push(letter.encode_utf8(&mut [0; 4]), start),
                    None => cook.push("\u{FFFD}", start),
                },
                _ => {
                    // A text that does not end has its message already.
                    if !self.is_open_text(span) {
                        let at = self.span(&part);
                        self.report(errors::unknown_escape(at, part.as_str()));
                    }
                    cook.push(part.as_str(), start);
                }
            }
        }
        cook.done(TextForm::Plain, span)
    }

    /// `None`: a number that is no character; reported.
    fn escape(&mut self, pair: Pair<'_>) -> Option<char> {
        let (span, written) = (self.span(&pair), pair.as_str());
        let part = parts(pair).next()?;
        let letter = match (part.as_rule(), part.as_str()) {
            (Rule::escape_letter, "n") => Some('\n'),
            (Rule::escape_letter, "t") => Some('\t'),
            (Rule::escape_letter, "r") => Some('\r'),
            (Rule::escape_letter, other) => other.chars().next(),
            (_, code) => u32::from_str_radix(code, 16).ok().and_then(char::from_u32),
        };
        if letter.is_none() {
            self.report(errors::unknown_escape(span, written));
        }
        letter
    }

    fn template(&mut self, pair: Pair<'_>) -> Text {
        let span = self.span(&pair);
        let lines: Vec<Line<'_>> = parts(pair).map(|line| self.line(line)).collect();
        let (first, last) = (0, lines.len().saturating_sub(1));
        // The column of the closer if it stands alone; else that of the line it stands on.
        let column = lines.last().filter(|_| last > first).map_or(0, |line| line.indent.len());
        let begin = usize::from(last > first && lines[first].rest.is_empty());
        let end = if last > first && lines[last].rest.is_empty() { last } else { lines.len() };
        let mut cook = Cook::default();
        for (index, line) in lines.iter().enumerate().take(end).skip(begin) {
            if index > begin {
                cook.value.push('\n');
            }
            let cut = if index == first { 0 } else { column.min(line.indent.len()) };
            cook.push_line(line, cut);
        }
        cook.done(TextForm::Template, span)
    }

    fn line<'t>(&self, pair: Pair<'t>) -> Line<'t> {
        let start = self.offset(pair.as_span().start());
        let mut parts = parts(pair);
        let mut next = || parts.next().map_or("", |part| part.as_str());
        Line { indent: next(), rest: next(), start }
    }
}

// === impl Cook ===

impl Cook {
    fn push(&mut self, text: &str, source: u32) {
        if !text.is_empty() {
            self.runs.push(TextRun { value: self.value.len() as u32, source });
            self.value.push_str(text);
        }
    }

    /// A line without the first `cut` of its blanks. Its run is there even if the line is empty, for its end.
    fn push_line(&mut self, line: &Line<'_>, cut: usize) {
        self.runs.push(TextRun { value: self.value.len() as u32, source: line.start + cut as u32 });
        self.value.push_str(&line.indent[cut..]);
        self.value.push_str(line.rest);
    }

    fn done(self, form: TextForm, span: Span) -> Text {
        let runs = if self.value.is_empty() { Vec::new() } else { self.runs };
        Text { form, value: self.value, span, runs }
    }
}
