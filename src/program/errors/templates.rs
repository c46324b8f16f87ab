//! Prompts, texts and conditions.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::suggest::did_you_mean;
use crate::source::Span;

use super::{Names, near};

/// T004
pub fn unknown_variable(name: &str, span: Span, known: Names<'_>) -> Diagnostic {
    let found = Diagnostic::error("T004", span, format!("nothing here is named `{name}`"));
    if known.is_empty() {
        return found
            .help(format!("nothing is visible here; a prompt sees its parameters: `prompt NAME({name})`"));
    }
    near(found, name, known, "visible here")
}

/// T005
pub fn unknown_filter(name: &str, span: Span, known: Names<'_>) -> Diagnostic {
    let found = Diagnostic::error("T005", span, format!("no filter named `{name}`"));
    near(found, name, known, "known")
}

/// T006
pub fn unknown_field(of: &str, field: &str, span: Span, known: Names<'_>) -> Diagnostic {
    let found = Diagnostic::error("T006", span, format!("{of} has no field `{field}`"));
    near(found, field, known, "its fields are")
}

/// T007
pub fn unknown_in_template(what: &str, name: &str, span: Span, known: Names<'_>) -> Diagnostic {
    let found = Diagnostic::error("T007", span, format!("no {what} named `{name}`"));
    near(found, name, known, "known")
}

/// T008
pub fn template_syntax(span: Span, detail: &str) -> Diagnostic {
    let (why, help) = reading_of(detail);
    Diagnostic::error("T008", span, format!("this template cannot be read: {why}")).help(help)
}

/// T009
pub fn forbidden_statement(span: Span, word: &str) -> Diagnostic {
    Diagnostic::error("T009", span, format!("`{word}` is not allowed in templates"))
        .help("share text with `prompt NAME(params) \"\"\"…\"\"\"` instead")
}

/// T007
pub fn method(name: &str, span: Span, filters: Names<'_>) -> Diagnostic {
    let found =
        Diagnostic::error("T007", span, format!("values have no methods: `{name}()` cannot be called"));
    if filters.contains(&name) {
        return found.help(format!("it is a filter: `… | {name}`"));
    }
    let filter = crate::diagnostic::suggest::nearest(name, filters.iter().copied());
    found.help_if(filter.map(|filter| format!("is the filter meant? `… | {filter}`")))
}

/// T013
pub fn wrong_count_of(of: &str, usage: &str, found: usize, span: Span) -> Diagnostic {
    let s = if found == 1 { "" } else { "s" };
    Diagnostic::error("T013", span, format!("{of} does not take {found} argument{s}")).help(format!(
        "it is used as `{usage}`{}",
        if usage.contains('?') { "; what has a `?` may be left out" } else { "" }
    ))
}

/// T013
pub fn unknown_argument(of: &str, argument: &str, span: Span, known: Names<'_>) -> Diagnostic {
    let found = Diagnostic::error("T013", span, format!("{of} has no argument called `{argument}`"));
    match known.is_empty() {
        true => found.help("its arguments are given by their place, without names"),
        false => near(found, argument, known, "its named arguments are"),
    }
}

/// T010
pub fn wrong_argument(of: &str, argument: &str, wanted: &str, span: Span) -> Diagnostic {
    let argument = argument.replace('_', " ");
    Diagnostic::error("T010", span, format!("{of} takes {wanted} here ({argument})"))
}

/// T010
pub fn compared_whole(span: Span) -> Diagnostic {
    Diagnostic::error("T010", span, "an answer is never equal to this: it is more than its text")
        .help("compare its `.text`, or its `.value` if its step declares `returns`")
}

/// T018
pub fn no_value(span: Span) -> Diagnostic {
    Diagnostic::error("T018", span, "there is no value: the step that answers declares no `returns`")
        .help("declare it there, for instance `returns: one_of [pass, repair]`; what it says is its `.text`")
}

/// T013
pub fn no_prompt_argument(name: &str, span: Span, param: &str) -> Diagnostic {
    Diagnostic::error("T013", span, format!("prompt `{name}` needs an argument for `{param}`"))
        .help(format!("write `{name}({param}: …)`"))
}

/// What the template engine says, in words of ours, and what helps.
fn reading_of(detail: &str) -> (String, String) {
    const STATEMENTS: [&str; 10] =
        ["if", "elif", "else", "endif", "for", "endfor", "set", "endset", "with", "endwith"];
    let forms =
        "templates are minijinja: `{{ value }}`, `{% for x in xs %}…{% endfor %}`, `{% if … %}…{% endif %}`";
    let (why, help) = match detail {
        "unexpected end of input, expected end of block" => {
            ("a `{% … %}` is open at its end", "add `{% endif %}` or `{% endfor %}`")
        }
        "unexpected `}`, expected end of variable block" => (detail, "`{{` is closed by `}}`"),
        "unexpected `}`, expected end of block" => (detail, "`{%` is closed by `%}`"),
        "unexpected identifier, expected in" => (detail, "write `{% for x in xs %}`"),
        "unexpected input after expression" => (
            "this does not belong to the expression",
            "compare with `==` and `!=`, combine with `and`, `or` and `not`; numbers have no unit here",
        ),
        "unexpected character" => ("expressions do not have this sign", "combine with `and`, `or` and `not`"),
        _ => (detail, forms),
    };
    match detail.strip_prefix("unknown statement ") {
        Some(word) if STATEMENTS.contains(&word) => {
            (format!("`{word}` belongs to nothing here"), forms.to_owned())
        }
        Some(word) => (
            format!("there is no statement `{word}`"),
            did_you_mean(word, STATEMENTS).unwrap_or_else(|| forms.to_owned()),
        ),
        None => (why.to_owned(), help.to_owned()),
    }
}
