//! Diagnostics as pictures for people. The only file that names ariadne.
//!
//! ariadne gets a *view*: only the lines that a diagnostic touches, long ones clipped, and every character that it
//! would take for a line end, and an editor would not, replaced by a blank.

use ariadne::{CharSet, Color, Config, Fmt as _, IndexType, LabelAttach, Report, ReportKind, Source};

use super::{Diagnostic, SHOWN_MAX, Severity};
use crate::source::{FileId, SourceFile, Sources, Span};

/// Longest part of a line that is shown, in characters.
const WIDTH_MAX: usize = 140;

/// How much of a clipped line is shown before the place.
const BEFORE: usize = 60;

/// Places within so many lines are shown with all that stands between them.
const NEAR: usize = 50;

/// Some lines of one file, as they are shown. Those before are empty.
struct View {
    id: FileId,
    /// The place in the file, as an editor counts.
    header: String,
    text: String,
    lines: Vec<Line>,
}

/// One line of a view.
struct Line {
    /// Where it begins in the file.
    offset: usize,
    /// Where it begins in the text of the view.
    start: usize,
    /// How many bytes were cut from its head, and how many stand there instead.
    cut: usize,
    mark: usize,
    /// Bytes that are shown, without the marks.
    shown: usize,
}

/// An index of a view, and bytes in its text.
type Place = (usize, std::ops::Range<usize>);

/// Stands after the header in ariadne's own place, which is cut from there on: it counts columns in the view.
const MARK: char = '\u{1}';

/// The views as ariadne asks for them.
struct Shelf(Vec<(String, Source<String>)>);

/// The first [`SHOWN_MAX`] diagnostics in the order given, and a last line that counts all. Empty if there are none.
#[must_use]
pub fn render(sources: &Sources, diagnostics: &[Diagnostic], colour: bool) -> String {
    let mut out = pictures(sources, diagnostics, colour);
    if diagnostics.len() > SHOWN_MAX {
        out.push_str(&format!("{} more are not shown\n", diagnostics.len() - SHOWN_MAX));
    }
    if !diagnostics.is_empty() {
        out.push_str(&summary(diagnostics));
        out.push('\n');
    }
    out
}

/// The same without the line that counts.
#[must_use]
pub fn pictures(sources: &Sources, diagnostics: &[Diagnostic], colour: bool) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics.iter().take(SHOWN_MAX) {
        one(sources, diagnostic, colour, &mut out);
    }
    out
}

/// `2 errors, 1 warning`
fn summary(diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let counted = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        _ => Some(format!("{count} {word}s")),
    };
    let parts = [counted(errors, "error"), counted(diagnostics.len() - errors, "warning")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn one(sources: &Sources, diagnostic: &Diagnostic, colour: bool, out: &mut String) {
    let views = views(sources, diagnostic);
    let (word, shade) = match diagnostic.severity {
        Severity::Error => ("error", Color::Red),
        Severity::Warning => ("warning", Color::Yellow),
    };
    // ariadne colours its own first line even where it should not.
    let kind = format!("{word}[{}]", diagnostic.code.0);
    match colour {
        true => out.push_str(&format!("{}: {}\n", (&kind).fg(shade), diagnostic.message)),
        false => out.push_str(&format!("{kind}: {}\n", diagnostic.message)),
    }
    let config = Config::new()
        .with_color(colour)
        .with_index_type(IndexType::Byte)
        .with_char_set(CharSet::Unicode)
        .with_label_attach(LabelAttach::Start)
        .with_tab_width(4)
        .with_compact(false);
    let primary = place(&views, diagnostic.span);
    // ariadne underlines only what has words, and opens a new picture where lines go backwards.
    let words = if diagnostic.label.is_empty() { "here" } else { &diagnostic.label };
    let mut places = vec![(primary.clone(), shade, words)];
    places.extend(
        diagnostic.related.iter().map(|other| (place(&views, other.span), Color::Blue, other.text.as_str())),
    );
    places.sort_by_key(|((view, range), _, _)| (*view, range.start));
    let labels = places
        .into_iter()
        .map(|(place, shade, words)| ariadne::Label::new(place).with_color(shade).with_message(words));
    let report = Report::build(ReportKind::Custom(&kind, shade), primary)
        .with_config(config)
        .with_labels(labels)
        .finish();
    let shelf = Shelf(views.into_iter().map(View::shelve).collect());
    let mut picture = Vec::new();
    // A vector takes every byte, and every place has its view.
    report.write(shelf, &mut picture).expect("writing to memory cannot fail");
    for line in String::from_utf8_lossy(&picture).lines().skip(1).map(placed) {
        out.push_str(line.trim_end());
        out.push('\n');
    }
    advice(diagnostic, out);
    out.push('\n');
}

/// Help and fix, under the picture.
fn advice(diagnostic: &Diagnostic, out: &mut String) {
    for help in &diagnostic.help {
        out.push_str(&format!("  help: {help}\n"));
    }
    if let Some(fix) = &diagnostic.fix {
        let line = match (fix.replacement.is_empty(), fix.span.start == fix.span.end) {
            (true, _) => "  fix: leave it out\n".to_owned(),
            (_, true) => format!("  fix: insert `{}`\n", fix.replacement.trim()),
            _ => format!("  fix: write `{}`\n", fix.replacement.trim()),
        };
        out.push_str(&line);
    }
}

/// Leaves out ariadne's own place after the mark.
fn placed(line: &str) -> String {
    match line.split_once(MARK) {
        Some((header, rest)) => format!(
            "{header}{}",
            rest.trim_start_matches([':', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
        ),
        None => line.to_owned(),
    }
}

fn place(views: &[View], span: Span) -> Place {
    let index = views.iter().position(|view| view.id == span.file).expect("each file has its view");
    (index, views[index].range(span))
}

/// One view for each file that is touched, the file of the diagnostic itself first.
fn views(sources: &Sources, diagnostic: &Diagnostic) -> Vec<View> {
    let spans: Vec<Span> =
        std::iter::once(diagnostic.span).chain(diagnostic.related.iter().map(|label| label.span)).collect();
    let mut views: Vec<View> = Vec::new();
    for span in &spans {
        if views.iter().all(|view| view.id != span.file) {
            let here: Vec<Span> = spans.iter().filter(|other| other.file == span.file).copied().collect();
            views.push(View::new(sources.file(span.file), &here));
        }
    }
    views
}

// === impl Shelf ===

impl ariadne::Cache<usize> for Shelf {
    type Storage = String;

    fn fetch(&mut self, id: &usize) -> Result<&Source<String>, impl std::fmt::Debug> {
        self.0.get(*id).map(|(_, source)| source).ok_or("no such view")
    }

    fn display<'a>(&self, id: &'a usize) -> Option<impl std::fmt::Display + 'a> {
        self.0.get(*id).map(|(header, _)| format!("{header}{MARK}"))
    }
}

// === impl View ===

impl View {
    /// The lines of `file` that the `spans` touch; the first span is what the header names.
    fn new(file: &SourceFile, spans: &[Span]) -> Self {
        let at = |offset: u32| file.position(offset);
        let first = spans.iter().map(|span| at(span.start).line).min().unwrap_or(1);
        let last = spans.iter().map(|span| at(span.end).line).max().unwrap_or(first);
        let start = at(spans[0].start);
        let mut view = Self {
            id: spans[0].file,
            header: format!("{}:{}:{}", file.name, start.line, start.column),
            // ariadne numbers the lines from the first one it gets.
            text: "\n".repeat(first - 1),
            lines: Vec::new(),
        };
        let earliest = spans.iter().map(|span| span.start as usize).min().unwrap_or(0);
        let mut offset = file.text[..floor(&file.text, earliest)].rfind('\n').map_or(0, |at| at + 1);
        let edges: Vec<usize> =
            spans.iter().flat_map(|span| [at(span.start).line, at(span.end).line]).collect();
        let is_near = last - first < NEAR;
        for number in first..=last {
            // Lines between places that lie far apart are never shown.
            let line = if is_near || edges.contains(&number) { file.line(number) } else { "" };
            let next =
                file.text[offset..].find('\n').map_or(file.text.len() + 1, |length| offset + length + 1);
            let ends = spans.iter().flat_map(|span| [span.start as usize, span.end as usize]);
            let focus = ends.filter(|end| (offset..next).contains(end)).map(|end| end - offset).min();
            view.push(line, offset, focus.unwrap_or(0));
            offset = next;
        }
        view
    }

    /// Adds a line that begins at byte `offset` of the file, clipped around byte `focus` of it.
    fn push(&mut self, line: &str, offset: usize, focus: usize) {
        let before = line[..floor(line, focus)].char_indices().rev().nth(BEFORE).map_or(0, |(at, _)| at);
        let long = line.chars().nth(WIDTH_MAX).is_some();
        let cut = if long { before } else { 0 };
        let rest = &line[cut..];
        let shown = rest.char_indices().nth(WIDTH_MAX).map_or(rest.len(), |(at, _)| at);
        let mark = if cut > 0 { "…" } else { "" };
        self.lines.push(Line { offset, start: self.text.len(), cut, mark: mark.len(), shown });
        self.text.push_str(mark);
        for c in rest[..shown].chars() {
            let plain = c == '\t'
                || !(c.is_control()
                    || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'));
            match plain {
                true => self.text.push(c),
                // As many bytes as before, so that places stay where they are.
                false => self.text.extend(std::iter::repeat_n(' ', c.len_utf8())),
            }
        }
        if shown < rest.len() {
            self.text.push('…');
        }
        self.text.push('\n');
    }

    /// Where a span stands in the text of the view.
    fn range(&self, span: Span) -> std::ops::Range<usize> {
        let start = self.back(span.start as usize);
        start..self.back(span.end as usize).max(start)
    }

    fn back(&self, offset: usize) -> usize {
        let index = self.lines.partition_point(|line| line.offset <= offset).saturating_sub(1);
        let line = &self.lines[index];
        let within = (offset - line.offset).saturating_sub(line.cut).min(line.shown);
        floor(&self.text, line.start + line.mark + within)
    }

    fn shelve(self) -> (String, Source<String>) {
        (self.header, Source::from(self.text))
    }
}

/// The character boundary at or before byte `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests;
