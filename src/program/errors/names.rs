//! Names: what there is, and how it may be written.

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::Name;

use super::{Names, near};

/// N001
pub fn unknown_name(name: &str, span: Span, what: &str, known: Names<'_>) -> Diagnostic {
    let found = Diagnostic::error("N001", span, format!("no {what} named `{name}`"));
    near(found, name, known, "known")
}

/// N002
pub fn defined_twice(what: &str, name: &str, again: Span, first: Span) -> Diagnostic {
    Diagnostic::error("N002", again, format!("{what} `{name}` is defined twice"))
        .label("again here")
        .related(first, "first here")
        .help("a name is defined once; rename or remove one of them")
}

/// N003
pub fn not_a_name(name: &Name, why: &str) -> Diagnostic {
    Diagnostic::error("N003", name.span, format!("`{}` cannot be a name here: it is {why}", name.text))
        .help("choose another name")
}

/// N004
pub fn hides(this: &str, name: &Name, what: &str, other: Span) -> Diagnostic {
    Diagnostic::error("N004", name.span, format!("{this} `{}` hides the {what} of that name", name.text))
        .related(other, format!("the {what}"))
        .help(format!("rename the {this}"))
}

/// N005
pub fn wrong_form(what: &str, name: &Name, form: &str) -> Diagnostic {
    let better: String = name
        .text
        .chars()
        .map(|c| match c {
            '-' | '_' if form.contains("snake") => '_',
            '-' | '_' | '.' | '/' | ':' if form.contains("kebab") => '-',
            c => c.to_ascii_lowercase(),
        })
        .collect();
    let diagnostic =
        Diagnostic::error("N005", name.span, format!("the name of {what} is {form}, not `{}`", name.text));
    match better == name.text {
        true => diagnostic.help("a dash would end it: cells are written `PROFILE-TIER`"),
        // The platform sees the others: to rename them is not for us.
        false if form.contains("snake") => {
            diagnostic.help(format!("write `{better}`")).fix(name.span, better)
        }
        false => diagnostic.help(format!("write `{better}`")),
    }
}
