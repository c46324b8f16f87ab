//! Echoes: complaints that only repeat another one. A name that stands in what could not be read, or whose own
//! definition is wrong, is not missing wherever it is used.
//!
//! Works on what all phases found, since none sees the mistakes of another. An echo is left out only beside the
//! error that it repeats, so nothing wrong becomes right.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::source::{Sources, Span};
use crate::syntax::ast::{Block, EnsembleBody, Entry, File, Item, Value};

/// Complaints that a name means nothing; their place is the name.
const MISSING: &[&str] = &["N001", "T004", "C001", "C003"];

/// With more complaints than this nobody looks for echoes, and each is compared with each.
const MOST: usize = 200;

/// Leaves out what only repeats another complaint.
pub fn silence(sources: &Sources, files: &[File], diagnostics: &mut Vec<Diagnostic>) {
    if !(2..=MOST).contains(&diagnostics.len()) {
        return;
    }
    let found = Found { sources, files, all: diagnostics };
    let lost: Vec<Lost<'_>> = diagnostics.iter().filter_map(|cause| found.lost(cause)).collect();
    let echoes: Vec<bool> = diagnostics.iter().map(|echo| found.is_echo(echo, &lost)).collect();
    let mut echoes = echoes.into_iter();
    diagnostics.retain(|_| !echoes.next().unwrap_or(false));
}

/// Everything that was found, and in what.
struct Found<'a> {
    sources: &'a Sources,
    files: &'a [File],
    all: &'a [Diagnostic],
}

/// Names that an error took away.
struct Lost<'a> {
    words: BTreeSet<&'a str>,
    /// Whole lines; what is missing in them is a mistake of its own.
    lines: Span,
}

// === impl Found ===

impl<'a> Found<'a> {
    /// What stands in a text that could not be read, or the role, step or parameter in whose definition something is
    /// wrong.
    fn lost(&self, cause: &Diagnostic) -> Option<Lost<'a>> {
        if !cause.is_error() || !self.is_ours(cause.span) || cause.code.0 == "C003" {
            return None;
        }
        if cause.code.0.starts_with('S') {
            let lines = self.unread(cause);
            return Some(Lost { words: words(self.sources.text(lines)).collect(), lines });
        }
        let item = self.item(cause.span)?;
        if let Some(lost) = param(item, cause.span) {
            return Some(lost);
        }
        let block = block(item)?;
        let (name, span) = block.entries.iter().find_map(|entry| match entry {
            Entry::Step(step) if encloses(step.span, cause.span) => Some((&step.name.text, step.span)),
            Entry::Option(set) if encloses(set.span, cause.span) => Some((&set.name.text, set.span)),
            _ => None,
        })?;
        Some(Lost { words: BTreeSet::from([name.as_str()]), lines: self.lines(span) })
    }

    /// The lines that a syntax error makes unreadable: a template without an end takes what follows with it.
    fn unread(&self, cause: &Diagnostic) -> Span {
        let lines = self.lines(cause.span);
        match self.item(cause.span) {
            Some(item) if cause.code.0 == "S003" => Span { end: lines.end.max(item.span().end), ..lines },
            _ => lines,
        }
    }

    fn is_echo(&self, echo: &Diagnostic, lost: &[Lost<'_>]) -> bool {
        if !self.is_ours(echo.span) {
            return false;
        }
        match echo.code.0 {
            code if MISSING.contains(&code) => {
                let name = self.sources.text(echo.span);
                lost.iter().any(|lost| lost.words.contains(name) && !encloses(lost.lines, echo.span))
                    || (name == "choices" && self.has_wrong_returns(echo))
                    || self.others(echo).any(|other| self.is_form_of(other, name))
                    || self.others(echo).any(|other| self.is_param(other, name))
                    || (code == "C003" && self.has_unread_head(echo.span))
            }
            "G001" => self.others(echo).any(|other| {
                let unread = || words(self.sources.text(self.unread(other))).any(|word| word == "reply");
                other.span.file == echo.span.file
                    && (self.is_form_of(other, "reply") || (other.code.0.starts_with('S') && unread()))
            }),
            "G003" => self.others(echo).any(|other| self.may_use(other, echo)) || self.is_unread(echo.span),
            // The arguments do not fit a prompt whose parameters are what is wrong.
            "T013" => self.others(echo).filter(|other| other.code.0 == "T004").any(|other| {
                let prompts = echo.related.iter().filter_map(|related| self.item(related.span));
                prompts.into_iter().any(|prompt| encloses(prompt.span(), other.span))
            }),
            // A condition whose verb could not be read; but not one that could not be read itself.
            "T011" => {
                let lines = self.lines(echo.span);
                self.is_unread(echo.span)
                    && !self.others(echo).any(|other| other.code.0 == "S016" && encloses(lines, other.span))
            }
            // What is missing in an entry that may not stand there at all.
            "S016" => self
                .others(echo)
                .any(|other| other.code.0 == "T011" && encloses(self.lines(other.span), echo.span)),
            "N003" => self.others(echo).any(|other| other.code.0 == "S023" && other.span == echo.span),
            _ => false,
        }
    }

    /// Errors that `echo` may repeat.
    fn others(&self, echo: &Diagnostic) -> impl Iterator<Item = &'a Diagnostic> {
        let is_other =
            move |other: &&Diagnostic| other.is_error() && *other != echo && self.is_ours(other.span);
        self.all.iter().filter(is_other).collect::<Vec<_>>().into_iter()
    }

    /// Whether `other` says that `name` is written in a form that names do not have.
    fn is_form_of(&self, other: &Diagnostic, name: &str) -> bool {
        let fold = |name: &str| name.replace('_', "-").to_lowercase();
        other.code.0 == "N005" && fold(self.sources.text(other.span)) == fold(name)
    }

    /// Whether `other` says that the parameter `name` is not declared in full.
    fn is_param(&self, other: &Diagnostic, name: &str) -> bool {
        other.code.0 == "U008" && self.sources.text(other.span) == name
    }

    /// Whether a step that seems unused is used where something else is wrong, or is itself what is wrong.
    fn may_use(&self, other: &Diagnostic, unused: &Diagnostic) -> bool {
        let lines = self.lines(other.span);
        let name = self.sources.text(unused.span);
        other.span == unused.span
            || (other.span.file == unused.span.file
                && !encloses(lines, unused.span)
                && words(self.sources.text(lines)).any(|word| word == name))
    }

    /// Whether the step around a place says wrongly what it returns: then its choices are not known.
    fn has_wrong_returns(&self, echo: &Diagnostic) -> bool {
        let is_about_returns = |other: &Diagnostic| {
            words(self.sources.text(self.lines(other.span))).next() == Some("returns")
                && self.item(other.span).is_some_and(|item| encloses(item.span(), echo.span))
        };
        self.others(echo).any(is_about_returns)
    }

    /// Whether something in the item around a place could not be read: what it mentions is not known.
    fn is_unread(&self, place: Span) -> bool {
        let Some(item) = self.item(place) else { return false };
        let is_cause = |other: &Diagnostic| other.is_error() && other.code.0.starts_with('S');
        self.all.iter().any(|other| is_cause(other) && encloses(item.span(), other.span))
    }

    /// Whether the first line of the ensemble around a place could not be read: then its cells are a guess.
    fn has_unread_head(&self, place: Span) -> bool {
        let Some(item) = self.item(place) else { return false };
        let head = self.lines(Span { end: item.span().start, ..item.span() });
        self.all.iter().any(|other| other.code.0.starts_with('S') && encloses(head, other.span))
    }

    /// Whether a place lies in a file of this program, not in the prelude.
    fn is_ours(&self, span: Span) -> bool {
        (span.file.0 as usize) < self.files.len()
    }

    fn item(&self, span: Span) -> Option<&'a Item> {
        let file = self.files.get(span.file.0 as usize)?;
        file.items.iter().find(|item| encloses(item.span(), span))
    }

    /// The whole lines of a place, without the last line end.
    fn lines(&self, span: Span) -> Span {
        let text = &self.sources.file(span.file).text;
        let range = span.range();
        let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at);
        Span::new(span.file, start, end)
    }
}

fn encloses(outer: Span, inner: Span) -> bool {
    outer.file == inner.file && outer.start <= inner.start && inner.end <= outer.end
}

/// The technique's parameter in whose kind or default a place lies.
fn param(item: &Item, place: Span) -> Option<Lost<'_>> {
    let Item::Technique(technique) = item else { return None };
    technique.params.iter().find_map(|param| {
        let kind = param.kind.as_ref().map(|kind| kind.span);
        let default = param.default.as_ref().map(Value::span);
        let is_there = kind.into_iter().chain(default).any(|part| encloses(part, place));
        let words = BTreeSet::from([param.name.text.as_str()]);
        is_there.then_some(Lost { words, lines: place })
    })
}

fn block(item: &Item) -> Option<&Block> {
    match item {
        Item::Model(titled) | Item::Tier(titled) | Item::Profile(titled) => Some(&titled.block),
        Item::Defaults(defaults) => Some(&defaults.block),
        Item::Technique(technique) => Some(&technique.block),
        Item::Ensemble(ensemble) => match &ensemble.body {
            EnsembleBody::Steps(block) => Some(block),
            EnsembleBody::Technique { block, .. } => block.as_ref(),
        },
        Item::Test(test) => Some(&test.block),
        Item::Prompt(_) | Item::Bad(_) => None,
    }
}

/// Names as they may stand in a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).filter(|word| !word.is_empty())
}
