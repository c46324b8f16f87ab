//! Plain texts, which end on their line, and templates, which end where their quotes do.

use super::{Open, Pass, Reach, Runaway, Turned};
use crate::syntax::errors;

/// How many brackets after an unclosed text are taken to stand outside it.
const CLOSERS_MAX: usize = 16;

impl Pass<'_> {
    /// At a `"`: how many there are decides what they open.
    pub fn quotes(&mut self) {
        match self.run_of_quotes(self.at) {
            1 => self.line_text(b'"'),
            2 if self.suspicions.short_quotes.contains(&self.at) => {
                self.report_short_quotes();
                self.template("\"\"\"", 2);
            }
            // Empty texts.
            run @ (2 | 6) => {
                if run == 2 && !self.ends_value(self.at + 2) {
                    self.short.get_or_insert(self.at);
                }
                self.at += run;
            }
            run => {
                self.close_before_template();
                match run {
                    3 => self.template("\"\"\"", 3),
                    _ => self.template("\"\"\"\"", 4),
                }
            }
        }
    }

    fn run_of_quotes(&self, from: usize) -> usize {
        self.bytes[from..].iter().take_while(|byte| **byte == b'"').count()
    }

    // === Plain texts ===

    /// `"…"` or `'…'`
    pub fn line_text(&mut self, quote: u8) {
        let opener = self.at;
        self.at += 1;
        loop {
            match self.byte(0) {
                None | Some(b'\n') => {
                    self.unclosed_text(opener, quote);
                    return;
                }
                Some(b'\\') if self.byte(1).is_some_and(|next| next.is_ascii() && next != b'\n') => {
                    self.at += 2;
                }
                Some(byte) if byte == quote => {
                    self.at += 1;
                    return;
                }
                Some(_) => self.text_character(),
            }
        }
    }

    fn unclosed_text(&mut self, opener: usize, quote: u8) {
        self.found.open_texts.push(opener as u32);
        if quote == b'"'
            && let Some(closer) = self.closer_on_later_line(self.at)
        {
            return self.text_over_lines(opener, closer);
        }
        let at = self.span(opener, opener + 1);
        self.report(errors::unclosed_text(at, quote as char));
        self.muted = Some(self.line);
        let end = self.before_closers(opener + 1, self.line_end(opener));
        // The blank keeps a backslash at the end from taking the quote.
        self.edit(end, end, if quote == b'"' { " \"" } else { " '" });
        self.at = end;
    }

    /// A text over several lines is read as one, for what follows it.
    fn text_over_lines(&mut self, opener: usize, closer: usize) {
        self.report(errors::text_over_lines(self.span(opener, closer + 1)));
        for at in opener..closer {
            if self.bytes[at] == b'\n' {
                self.edit(at, at + 1, " ");
            }
        }
        self.at = closer + 1;
    }

    /// The quote on a later line that closes a text, if the next quote looks like a closer and not like an opener.
    fn closer_on_later_line(&self, from: usize) -> Option<usize> {
        let quote = from + self.bytes[from..].iter().position(|byte| *byte == b'"')?;
        let line = self.bytes[..quote].iter().rposition(|byte| *byte == b'\n')? + 1;
        let rest = &self.bytes[quote..self.line_end(quote)];
        let odd = rest.iter().filter(|byte| **byte == b'"').count() % 2 == 1;
        let alone = self.bytes[line..quote].iter().all(|byte| matches!(byte, b' ' | b'\t'));
        let closes = if alone {
            rest[1..].iter().all(|byte| matches!(byte, b' ' | b'\t' | b',' | b'}' | b']' | b')'))
        } else {
            !matches!(self.bytes[quote - 1], b' ' | b'\t' | b':' | b'=' | b'[' | b'(' | b'{' | b',' | b'"')
        };
        (odd && closes && self.run_of_quotes(quote) == 1).then_some(quote)
    }

    /// Where an unclosed text ends so that the brackets at the end of its line still close what the line opened.
    fn before_closers(&self, start: usize, end: usize) -> usize {
        let opens = self.stack.iter().rev().take_while(|open| open.line == self.line).take(CLOSERS_MAX);
        let opens: Vec<Open> = opens.copied().collect();
        let mut closers: Vec<(usize, u8)> = Vec::new();
        let mut at = end;
        while at > start && closers.len() < opens.len() {
            match self.bytes[at - 1] {
                b' ' | b'\t' | b',' => {}
                closer @ (b'}' | b']' | b')') => closers.insert(0, (at - 1, closer)),
                _ => break,
            }
            at -= 1;
        }
        while !in_order(&opens, &closers) {
            closers.remove(0);
        }
        let mut end = closers.first().map_or(end, |(at, _)| *at);
        while end > start && matches!(self.bytes[end - 1], b' ' | b'\t') {
            end -= 1;
        }
        end
    }

    // === Templates ===

    /// `written` is the length of its opener.
    fn template(&mut self, quotes: &'static str, written: usize) {
        let opener = self.at;
        let latest = self.suspicions.templates.get(&opener).copied();
        let indent = self.indent;
        // The first line below that is no deeper than the opener's.
        let mut shallow = None;
        self.at += written;
        loop {
            match self.byte(0) {
                None => {
                    self.template_open = true;
                    return self.unclosed_template(opener, quotes, Reach::All);
                }
                Some(_) if latest.is_some_and(|(end, _)| self.at >= end) => {
                    let reach = latest.map_or(Reach::All, |(_, reach)| reach);
                    return self.unclosed_template(opener, quotes, reach);
                }
                Some(b'"') => {
                    let closer = self.at;
                    if self.closes_template(quotes) {
                        if let Some(end) = shallow.filter(|_| self.is_like_opener(closer)) {
                            self.turn(Turned { item: self.item, opener, end });
                        }
                        return;
                    }
                }
                Some(b'\n') => {
                    self.at += 1;
                    if shallow.is_none() && self.indent_at(self.at).is_some_and(|own| own <= indent) {
                        shallow = Some(self.at);
                    }
                    if self.runaway.is_none() && self.at < self.bytes.len() && self.looks_like_item(self.at) {
                        let item = self.item;
                        self.runaway = Some(Runaway { opener, item, end: self.at, short: self.short });
                    }
                }
                Some(_) => self.text_character(),
            }
        }
    }

    /// Keeps the first of an item.
    fn turn(&mut self, turned: Turned) {
        if self.turned.is_none_or(|first| first.item != turned.item) {
            self.turned = Some(turned);
        }
    }

    /// Whether quotes stand where a template begins: after a sign, or after a word that takes a template.
    fn is_like_opener(&self, quotes: usize) -> bool {
        let before = self.text[..quotes].trim_end_matches([' ', '\t']);
        let word = before.rsplit(|c: char| !c.is_ascii_alphanumeric()).next();
        before.ends_with(':') || matches!(word, Some("text" | "user" | "assistant" | "system" | "json"))
    }

    /// The indentation of the line that begins at `line`; `None` for a blank one.
    fn indent_at(&self, line: usize) -> Option<usize> {
        let indent = self.bytes[line..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let first = self.bytes.get(line + indent)?;
        (!matches!(first, b'\n' | b'\r')).then_some(indent)
    }

    /// At quotes inside a template: passes them, and says whether they close it.
    fn closes_template(&mut self, quotes: &str) -> bool {
        let run = self.run_of_quotes(self.at);
        if run == 2 && self.suspicions.short_quotes.contains(&self.at) {
            self.report_short_quotes();
            self.at += run;
            return true;
        }
        if run == 2 && (self.ends_value(self.at + 2) || self.is_alone(self.at)) {
            self.short.get_or_insert(self.at);
        }
        self.at += run;
        run >= quotes.len()
    }

    /// `""` is read as the `"""` that was meant.
    fn report_short_quotes(&mut self) {
        let at = self.span(self.at, self.at + 2);
        self.report(errors::short_quotes(at));
        self.edit(self.at, self.at, "\"");
    }

    /// Whether the two bytes at `at` are all that their line has. Looks at no more than the line's blanks.
    fn is_alone(&self, at: usize) -> bool {
        let before = self.bytes[..at].iter().rev().find(|byte| !matches!(byte, b' ' | b'\t'));
        let after = self.bytes[at + 2..].iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r'));
        matches!((before, after), (Some(b'\n'), None | Some(b'\n')))
    }

    /// Whether what stands at `from` is what stands after a value.
    fn ends_value(&self, from: usize) -> bool {
        let next = self.bytes[from..].iter().find(|byte| !matches!(byte, b' ' | b'\t'));
        matches!(next, Some(b'}' | b']' | b')' | b','))
    }

    /// Ends a template here, alone or with all that was open, whose closers are inside.
    fn unclosed_template(&mut self, opener: usize, quotes: &'static str, reach: Reach) {
        self.found.open_texts.push(opener as u32);
        self.report(errors::unclosed_template(self.span(opener, opener + quotes.len()), quotes));
        let end = self.at;
        match reach {
            Reach::All => self.close_silently(end, quotes),
            Reach::Template => self.edit(end, end, format!("{quotes}\n")),
        }
        if end < self.bytes.len() {
            self.start_line();
        }
    }
}

/// Whether the closers close some of the brackets, from the innermost on.
fn in_order(opens: &[Open], closers: &[(usize, u8)]) -> bool {
    let mut opens = opens.iter();
    closers.iter().all(|(_, closer)| {
        opens.any(|open| matches!((open.bracket, closer), (b'{', b'}') | (b'[', b']') | (b'(', b')')))
    })
}
