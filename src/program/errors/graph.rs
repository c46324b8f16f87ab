//! Steps and how they hang together.

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::Name;

use super::Names;

/// G001
pub fn no_reply(ensemble: &Name, steps: Names<'_>) -> Diagnostic {
    let near = crate::diagnostic::suggest::nearest("reply", steps.iter().copied());
    Diagnostic::error(
        "G001",
        ensemble.span,
        format!("ensemble `{}` has no step called `reply`", ensemble.text),
    )
    .help(match near {
        Some(near) => format!("is `{near}` meant? `reply` is what the client gets"),
        None => "`reply` is what the client gets: add `reply = …`".to_owned(),
    })
}

/// G002
pub fn cycle(span: Span, path: &[String]) -> Diagnostic {
    Diagnostic::error("G002", span, format!("steps wait for each other: {}", path.join(" → ")))
        .help("a step may mention only what can be ready before it; `repeat` is the only loop")
}

/// G003
pub fn unused(name: &Name) -> Diagnostic {
    Diagnostic::error("G003", name.span, format!("step `{}` is never used", name.text))
        .help("mention it in a prompt or a list that leads to `reply`, or remove it")
}

/// G004
pub fn empty_list(span: Span) -> Diagnostic {
    Diagnostic::error("G004", span, "this list is empty: there is nobody to ask")
        .help("name at least one, for example `[chief]`")
}

/// G005
pub fn need_too_large(span: Span, need: u32, of: usize) -> Diagnostic {
    Diagnostic::error("G005", span, format!("`need` asks for {need} successes of {of}"))
        .help(format!("at most {of}"))
}

/// G006
pub fn reply_may_be_missing(span: Span) -> Diagnostic {
    Diagnostic::error("G006", span, "`reply` may be skipped and has no `else`")
        .help("add `else` with what the client gets then")
}

/// G007
pub fn too_many_steps(ensemble: &Name, count: usize, most: usize) -> Diagnostic {
    Diagnostic::error("G007", ensemble.span, format!("ensemble `{}` has {count} steps", ensemble.text))
        .help(format!("at most {most}; split it into several ensembles"))
}

/// G008
pub fn too_many_handles(ensemble: &Name, most: usize) -> Diagnostic {
    Diagnostic::error("G008", ensemble.span, format!("from here on there would be more than {most} handles"))
        .help("narrow the ensembles with `at`, or define fewer tiers and profiles")
}

/// G003
pub fn unused_in_round(name: &str, span: Span) -> Diagnostic {
    Diagnostic::error("G003", span, format!("step `{name}` is never used in its round"))
        .help("mention it in a `stop when` or in what the loop binds, or remove it")
}

/// G009
pub fn uses_itself(span: Span, path: &[String]) -> Diagnostic {
    Diagnostic::error("G009", span, format!("this uses itself: {}", path.join(" → ")))
        .help("a plan is finite; `repeat` is the only loop")
}

/// G009
pub fn too_deep(span: Span, most: usize) -> Diagnostic {
    Diagnostic::error("G009", span, format!("ensembles and techniques are nested deeper than {most}"))
        .help("write the inner ones out")
}

/// G010
pub fn too_large(span: Span, most: u64) -> Diagnostic {
    Diagnostic::error("G010", span, format!("written out, this has more than {most} steps")).help(
        "each member of a list is a step; loops, samples, `for` bodies and techniques count as often as they may run",
    )
}

/// G011
pub fn not_one_binding(name: &Name, found: usize) -> Diagnostic {
    let found = if found == 0 { "never".to_owned() } else { format!("{found} times") };
    Diagnostic::error(
        "G011",
        name.span,
        format!("`repeat {}` binds `{}` {found} in its round", name.text, name.text),
    )
    .help(format!("each round gives it one new value: `{} = …`, once", name.text))
}

/// G012
pub fn no_else_arm(span: Span) -> Diagnostic {
    Diagnostic::error("G012", span, "this `route` has no `else` arm")
        .help("say what happens when nothing fits, or nobody can tell: `else -> …`")
}

/// G013
pub fn nobody_routes(span: Span) -> Diagnostic {
    Diagnostic::error("G013", span, "this `route` has labels, and nobody chooses among them")
        .help("name the model that does: `route by cheap { … }`")
}

/// G013
pub fn nothing_to_route(span: Span) -> Diagnostic {
    Diagnostic::error("G013", span, "there is no label here to choose")
        .help("leave `by` out, or give it labels: `small \"a small question\" -> …`")
}

/// G014
pub fn nothing_accepts(span: Span) -> Diagnostic {
    Diagnostic::error("G014", span, "nothing says when an answer of this `cascade` is good enough")
        .help("let a model grade it, `cascade … by judge { accept: 0.8 }`, or write `accept when …`; for failures use `else`")
}

/// G014
pub fn nobody_grades(span: Span) -> Diagnostic {
    Diagnostic::error("G014", span, "`accept` is a grade, and nobody grades here")
        .help("name the model that does, `cascade … by judge`, or write `accept when …`")
}

/// G015
pub fn too_few(span: Span, what: &str, found: usize) -> Diagnostic {
    Diagnostic::error("G015", span, format!("{what} needs at least two, and this is {found}"))
        .help("for one model write `ask`")
}

/// G016
pub fn no_body(span: Span) -> Diagnostic {
    Diagnostic::error("G016", span, "this block has no step")
        .help("its last step is the answer for each item: `{ note = ask cheap { … } }`")
}
