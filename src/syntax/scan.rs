//! Before the grammar: balances quotes and brackets, and reports what is missing. Knows lines and indentation,
//! not the language, but for the words that begin an item.
//!
//! A text without such a mistake is left as it is. One with a mistake is gone through again, the second time with
//! suspicion: indentation tells which block lacks its end, and an item inside a template tells which template does.
//! Each pass is linear, and there are at most [`PASSES_MAX`].

mod brackets;
mod characters;
mod lines;
mod quotes;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::mended::{Edit, Mended};
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};

/// Deepest nesting of brackets that is read. The reader recurses no deeper.
const DEPTH_MAX: usize = 64;

/// One pass finds the broken items, one for each template that is cut short, one to place the brackets.
const PASSES_MAX: usize = 6;

/// What the scan has to say.
pub struct Found {
    pub diagnostics: Vec<Diagnostic>,
    /// Openers of texts whose end is a guess, in order.
    pub open_texts: Vec<u32>,
    /// Documentation included, in order, without line ends.
    pub comments: Vec<Span>,
}

/// What an earlier pass taught.
#[derive(Clone, Default)]
struct Suspicions {
    /// Starts of items whose brackets do not match: there, indentation decides.
    items: BTreeSet<usize>,
    /// Openers of templates, and where each must end at the latest: with all that is open, or alone.
    templates: BTreeMap<usize, (usize, Reach)>,
    /// Where `""` stands for `"""`.
    short_quotes: BTreeSet<usize>,
}

/// A template that goes on into the next item.
#[derive(Clone, Copy)]
struct Runaway {
    opener: usize,
    /// The item of the opener.
    item: usize,
    /// Where the other item begins.
    end: usize,
    /// A `""` in the item of the opener that may have been meant as `"""`.
    short: Option<usize>,
}

/// What ends where a template has no end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    All,
    Template,
}

/// A template whose closer stands where an opener would: `text """`. Its own closer may be missing.
#[derive(Clone, Copy)]
struct Turned {
    item: usize,
    opener: usize,
    /// The first line that is no deeper than that of the opener.
    end: usize,
}

/// A bracket that is open.
#[derive(Clone, Copy)]
struct Open {
    bracket: u8,
    at: usize,
    /// Start and indentation of its line.
    line: usize,
    indent: usize,
}

/// One way through the text.
struct Pass<'t> {
    file: FileId,
    text: &'t str,
    bytes: &'t [u8],
    suspicions: Suspicions,
    /// The next byte; always on a character boundary.
    at: usize,
    /// Start and indentation of the line.
    line: usize,
    indent: usize,
    /// Start of the item; of its first line.
    item: usize,
    /// Start of the comment lines right above.
    comments: Option<usize>,
    stack: Vec<Open>,
    /// The opener that was one too deep.
    deep: Option<usize>,
    deep_reported: bool,
    edits: Vec<Edit>,
    found: Found,
    /// Starts of items whose brackets do not match.
    broken: BTreeSet<usize>,
    /// The first template that holds what looks like an item.
    runaway: Option<Runaway>,
    /// The first template of the item that ends where another seems to begin.
    turned: Option<Turned>,
    /// The last template has no end.
    template_open: bool,
    /// The first `""` of the item that may have been meant as `"""`.
    short: Option<usize>,
    /// A line with an unclosed text: its brackets may be inside.
    muted: Option<usize>,
    /// End of the last character that does not belong.
    fault_end: Option<u32>,
}

/// The text for the grammar: brackets balanced, nested at most [`DEPTH_MAX`] deep, quotes closed.
pub fn scan(file: FileId, text: &str) -> (Mended<'_>, Found) {
    let mut pass = Pass::new(file, text, Suspicions::default()).run();
    for _ in 1..PASSES_MAX {
        match pass.suspects() {
            Some(suspicions) => pass = Pass::new(file, text, suspicions).run(),
            None => break,
        }
    }
    pass.finish()
}

// === impl Pass ===

impl<'t> Pass<'t> {
    fn new(file: FileId, text: &'t str, suspicions: Suspicions) -> Self {
        Self {
            file,
            text,
            bytes: text.as_bytes(),
            suspicions,
            at: 0,
            line: 0,
            indent: 0,
            item: 0,
            comments: None,
            stack: Vec::new(),
            deep: None,
            deep_reported: false,
            edits: Vec::new(),
            found: Found { diagnostics: Vec::new(), open_texts: Vec::new(), comments: Vec::new() },
            broken: BTreeSet::new(),
            runaway: None,
            turned: None,
            template_open: false,
            short: None,
            muted: None,
            fault_end: None,
        }
    }

    fn run(mut self) -> Self {
        self.start_line();
        while let Some(byte) = self.byte(0) {
            match byte {
                b'\n' => {
                    self.at += 1;
                    self.start_line();
                }
                b'"' => self.quotes(),
                b'\'' => self.line_text(b'\''),
                b'/' if self.byte(1) == Some(b'/') => self.comment(),
                b'/' if self.byte(1) == Some(b'*') => self.foreign_comment(),
                b'#' => self.foreign_comment(),
                b'-' if self.text[self.at..].starts_with("-- ") => self.foreign_comment(),
                b';' => self.semicolon(),
                b'{' | b'[' | b'(' => self.open(byte),
                b'}' | b']' | b')' => self.close(byte),
                _ => self.code_character(),
            }
        }
        self.end();
        self
    }

    /// What to look at more closely; `None` if nothing new was learnt.
    fn suspects(&self) -> Option<Suspicions> {
        let mut suspicions = self.suspicions.clone();
        if self.template_open {
            // A template that swallows the rest breaks brackets too: it comes first.
            let short = self.runaway.map_or(self.short, |runaway| runaway.short);
            let item = self.runaway.map_or(self.item, |runaway| runaway.item);
            let turned = self.turned.filter(|turned| {
                turned.item == item && self.runaway.is_none_or(|runaway| runaway.opener != turned.opener)
            });
            let templates = &mut suspicions.templates;
            let new = match (short, turned, self.runaway) {
                (Some(at), _, _) => suspicions.short_quotes.insert(at),
                (None, Some(turned), _) => {
                    templates.insert(turned.opener, (turned.end, Reach::Template)).is_none()
                }
                (None, None, Some(runaway)) => {
                    templates.insert(runaway.opener, (runaway.end, Reach::All)).is_none()
                }
                (None, None, None) => false,
            };
            if new {
                return Some(suspicions);
            }
        }
        suspicions.items.extend(&self.broken);
        (suspicions.items.len() > self.suspicions.items.len()).then_some(suspicions)
    }

    fn finish(mut self) -> (Mended<'t>, Found) {
        self.found.open_texts.sort_unstable();
        (Mended::new(self.text, self.edits), self.found)
    }

    /// The byte `ahead` of the next one.
    fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.found.diagnostics.push(diagnostic);
    }

    fn edit(&mut self, start: usize, end: usize, text: impl Into<Cow<'static, str>>) {
        self.edits.push(Edit { start, end, text: text.into() });
    }

    /// The end of the line that byte `from` stands on, before its `\n` or `\r\n`.
    fn line_end(&self, from: usize) -> usize {
        let end = self.bytes[from..]
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(self.bytes.len(), |at| from + at);
        if end > from && self.bytes[end - 1] == b'\r' { end - 1 } else { end }
    }
}
