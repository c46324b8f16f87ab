//! Ensembles and techniques in use.

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::Name;

use super::{Names, listing, wrong_kind};

/// U001
pub fn no_argument(technique: &str, span: Span, param: &str, kind: &str) -> Diagnostic {
    Diagnostic::error("U001", span, format!("technique `{technique}` needs `{param}`, {kind}"))
        .help(format!("give it one, `{technique}({param}: …)`, or a role of that name"))
}

/// U002
pub fn too_many_arguments(technique: &str, span: Span, most: usize) -> Diagnostic {
    let s = if most == 1 { "" } else { "s" };
    Diagnostic::error("U002", span, format!("technique `{technique}` takes {most} argument{s}"))
        .help("remove this one")
}

/// U003
pub fn wrong_role(name: &str, span: Span, expected: &str, found: &str) -> Diagnostic {
    Diagnostic::error(
        "U003",
        span,
        format!("parameter `{name}` is {expected}, and the role of that name {found}"),
    )
    .help(format!("give it another one: `{name}: …`"))
}

/// U004
pub fn does_not_suit(technique: &str, span: Span, why: &str) -> Diagnostic {
    Diagnostic::error("U004", span, format!("technique `{technique}` cannot be used so: {why}"))
        .help(format!("`ensc explain --prelude {technique}` shows how it is written"))
}

/// U005
pub fn not_in_cell(name: &str, span: Span, cell: &str, cells: &[String]) -> Diagnostic {
    let known: Vec<&str> = cells.iter().map(String::as_str).collect();
    Diagnostic::error("U005", span, format!("ensemble `{name}` has no cell `{cell}`"))
        .help_if(listing("its cells are", &known))
}

/// U006
pub fn only_a_model(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error("U006", span, format!("`{name}` is no model, and only a model can stand here"))
        .help("an ensemble or technique can be a step, or stand in `parallel […]`, `sample … of`, `cascade` and `race`")
}

/// U006
pub fn ask_a_unit(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error("U006", span, format!("`{name}` is no model: it is not asked, it is a step itself"))
        .help(format!("write `= {name}` instead of `= ask {name}`"))
}

/// U007
pub fn unit_in_list(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error(
        "U007",
        span,
        format!("`{name}` is an ensemble or technique: it cannot stand among steps"),
    )
    .help(format!("make it a step first: `x = {name}`"))
}

/// U007
pub fn not_a_list(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error("U007", span, format!("`{name}` is one ensemble or technique, not a list"))
        .help(format!("write `[{name}, …]`, or `= {name}` alone"))
}

/// U008
pub fn no_param_kind(name: &Name, kinds: Names<'_>) -> Diagnostic {
    Diagnostic::error("U008", name.span, format!("parameter `{}` does not say what it holds", name.text))
        .help_if(listing("write one of these after a colon", kinds))
}

/// T010
pub fn reply_is_a_list(span: Span) -> Diagnostic {
    wrong_kind(span, "one answer: it is what the client gets", "a list of answers")
        .help("merge them, pick one, vote, or take `first(…)`")
}
