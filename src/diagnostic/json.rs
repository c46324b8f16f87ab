//! Diagnostics as JSON, for editors and other programs. Lines and columns count from 1, columns in characters.

use serde::Serialize;

use super::{Diagnostic, Fix, Label, SHOWN_MAX, Severity};
use crate::source::{Position, Sources, Span};

#[derive(Serialize)]
struct Report<'a> {
    diagnostics: Vec<Entry<'a>>,
    errors: usize,
    warnings: usize,
    /// Diagnostics beyond the first [`SHOWN_MAX`], which `errors` and `warnings` count.
    not_shown: usize,
}

#[derive(Serialize)]
struct Entry<'a> {
    code: &'static str,
    severity: &'static str,
    message: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
    label: &'a str,
    help: &'a [String],
    related: Vec<Related<'a>>,
    fix: Option<Replace<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
struct Related<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    label: &'a str,
}

#[derive(Serialize)]
struct Replace<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    replacement: &'a str,
}

/// `{"diagnostics": […], "errors": n, "warnings": n, "not_shown": n}`, in the order given.
#[must_use]
pub fn to_json(sources: &Sources, diagnostics: &[Diagnostic]) -> serde_json::Value {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let report = Report {
        diagnostics: diagnostics
            .iter()
            .take(SHOWN_MAX)
            .map(|diagnostic| entry(sources, diagnostic))
            .collect(),
        errors,
        warnings: diagnostics.len() - errors,
        not_shown: diagnostics.len().saturating_sub(SHOWN_MAX),
    };
    serde_json::to_value(report).expect("plain data is JSON")
}

fn entry<'a>(sources: &'a Sources, diagnostic: &'a Diagnostic) -> Entry<'a> {
    Entry {
        code: diagnostic.code.0,
        severity: match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        message: &diagnostic.message,
        place: place(sources, diagnostic.span),
        label: &diagnostic.label,
        help: &diagnostic.help,
        related: diagnostic.related.iter().map(|label| related(sources, label)).collect(),
        fix: diagnostic.fix.as_ref().map(|fix| replace(sources, fix)),
    }
}

fn related<'a>(sources: &'a Sources, label: &'a Label) -> Related<'a> {
    Related { place: place(sources, label.span), label: &label.text }
}

fn replace<'a>(sources: &'a Sources, fix: &'a Fix) -> Replace<'a> {
    Replace { place: place(sources, fix.span), replacement: &fix.replacement }
}

fn place(sources: &Sources, span: Span) -> Place<'_> {
    let file = sources.file(span.file);
    let Position { line, column } = file.position(span.start);
    let end = file.position(span.end);
    Place { file: &file.name, line, column, end_line: end.line, end_column: end.column }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;

    #[test]
    fn columns_count_characters_from_one() {
        let mut sources = Sources::default();
        let file = sources.add(SourceFile::new("a.ens", "ü = x\n"));
        let span = Span::new(file, 5, 6);
        let one = Diagnostic::error("N001", span, "no `x`").help("add it").fix(span, "y");
        let json = to_json(&sources, &[one]);
        assert_eq!(json["errors"], 1);
        assert_eq!(json["warnings"], 0);
        let first = &json["diagnostics"][0];
        assert_eq!(
            (&first["line"], &first["column"], &first["end_column"]),
            (&1.into(), &5.into(), &6.into())
        );
        assert_eq!(first["fix"]["replacement"], "y");
        assert_eq!(first["help"][0], "add it");
    }
}
