//! Cells and roles.

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{Cell, Name};

use super::{Names, near};

/// C001
pub fn unknown_cell(span: Span, word: &str, what: &str, known: Names<'_>) -> Diagnostic {
    let found = Diagnostic::error("C001", span, format!("no {what} named `{word}`"));
    near(found, word, known, "known")
}

/// C001
pub fn swapped_cell(cell: &Cell, meant: &str) -> Diagnostic {
    let words: Vec<&str> = cell.words.iter().map(|word| word.text.as_str()).collect();
    let wrong = format!("no cell `{}`: the profile comes before the tier", words.join("-"));
    Diagnostic::error("C001", cell.span, wrong).help(format!("did you mean `{meant}`?")).fix(cell.span, meant)
}

/// C002
pub fn not_a_cell(span: Span) -> Diagnostic {
    Diagnostic::error("C002", span, "a cell is a profile, a dash and a tier")
        .help("for instance `high-xl`, `*-m` or `fast-*`")
}

/// C003
pub fn no_role(name: &str, span: Span, cells: &str) -> Diagnostic {
    Diagnostic::error("C003", span, format!("role `{name}` has no value in cell `{cells}`"))
        .help(format!("give `{name}` a value in that tier or profile, or narrow the ensemble with `at`"))
}

/// C004
pub fn cell_twice(name: &str, cell: &str, again: Span, first: Span) -> Diagnostic {
    Diagnostic::error("C004", again, format!("ensemble `{name}` is written twice for cell `{cell}`"))
        .related(first, "first here")
        .help("several ensembles may share a name if their cells differ")
}

/// C005
pub fn no_cells(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error("C005", span, format!("there is no {what} to run this in"))
        .help("a handle needs a profile and a tier: `profile high { }`, `tier xl { }`")
}

/// C006
pub fn tier_and_profile(name: &Name, other: Span) -> Diagnostic {
    Diagnostic::error("C006", name.span, format!("`{}` is both a tier and a profile", name.text))
        .related(other, "also here")
        .help("cells would be ambiguous; rename one")
}
