//! Every complaint about a test, in one place to read: what is wrong with how it is written (`E0..`), and what went
//! wrong when it ran (`E1..`).

use crate::diagnostic::Diagnostic;
use crate::diagnostic::suggest::did_you_mean;
use crate::source::Span;

// === As written ===

/// E001
pub fn expects_nothing(title: Span) -> Diagnostic {
    Diagnostic::error("E001", title, "this test expects nothing")
        .help("say what must come of it, for example `expect reply.text == \"fine\"`")
}

/// E002
pub fn runs_nothing(title: Span) -> Diagnostic {
    Diagnostic::error("E002", title, "this test runs nothing")
        .help("say what it is about, for example `run architect at high-xl`")
}

/// E003
pub fn runs_twice(again: Span, first: Span) -> Diagnostic {
    Diagnostic::error("E003", again, "this test has a `run` already")
        .related(first, "first here")
        .help("one test is about one run; write a second test")
}

/// E004
pub fn which_cell(span: Span, name: &str, cells: &[String]) -> Diagnostic {
    let first = cells.first().map(String::as_str).unwrap_or_default();
    Diagnostic::error("E004", span, format!("`{name}` has {} cells; this does not say which", cells.len()))
        .help(format!("write for example `run {name} at {first}`; its cells are {}", listed(cells)))
}

/// E005
pub fn not_in_cell(span: Span, name: &str, cell: &str, cells: &[String]) -> Diagnostic {
    let swapped = cell.split_once('-').map(|(tier, profile)| format!("{profile}-{tier}"));
    let swapped = swapped.filter(|swapped| cells.contains(swapped));
    Diagnostic::error("E005", span, format!("`{name}` has no cell `{cell}`")).help(
        swapped
            .map(|swapped| format!("did you mean `{swapped}`? the profile comes before the tier"))
            .or_else(|| did_you_mean(cell, cells.iter().map(String::as_str)))
            .unwrap_or_else(|| format!("its cells are {}", listed(cells))),
    )
}

/// E006
pub fn takes_no_arguments(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error("E006", span, format!("`{name}` is an ensemble and takes no arguments"))
        .help("only a technique takes arguments; an ensemble has its roles from its cell")
}

/// E007
pub fn mocked_twice(again: Span, first: Span, step: &str) -> Diagnostic {
    Diagnostic::error("E007", again, format!("the call of `{step}` is mocked twice"))
        .related(first, "first here")
        .help(format!("a mock of a step goes before one of its model: write `mock {step} -> …`"))
}

/// E008
pub fn mocks_nothing(span: Span, name: &str, run: &str) -> Diagnostic {
    Diagnostic::error("E008", span, format!("`{run}` makes no call that `{name}` could answer"))
        .help("mock what makes a call: a model that the run can ask, a role, or a step with a model")
}

/// E009
pub fn all_mocked_closer(span: Span, name: &str) -> Diagnostic {
    Diagnostic::error("E009", span, format!("no call is left for the mock of `{name}`"))
        .help("a mock of a step goes before one of its model, a model before a role; leave this one out")
}

/// E010
pub fn not_a_field(span: Span, name: &str, known: &[&str]) -> Diagnostic {
    let ours = match name {
        "model" => Some("the model is what `run` names".to_owned()),
        "messages" => Some("the conversation is written in turns, for example `user \"Hello.\"`".to_owned()),
        _ => did_you_mean(name, known.iter().copied()),
    };
    Diagnostic::error("E010", span, format!("a test's request has no field `{name}`"))
        .help(ours.unwrap_or_else(|| "what is not passed on to models has no effect here".to_owned()))
}

// === As run ===

/// E101
pub fn not_mocked(run: Span, step: &str, model: &str) -> Diagnostic {
    Diagnostic::error("E101", run, format!("`{step}` called `{model}`, which is not mocked"))
        .help(format!("say what it answers, for example `mock {model} -> \"fine\"`"))
}

/// E102
pub fn run_failed(run: Span, code: &str, message: &str) -> Diagnostic {
    Diagnostic::error("E102", run, format!("the run failed ({code}): {message}"))
        .help(format!("if that is meant, say so: `expect error.code == \"{code}\"`"))
}

/// E103
pub fn never_ran(place: Span, step: &str) -> Diagnostic {
    Diagnostic::error("E103", place, format!("`{step}` never ran")).help(format!(
        "of what did not run, only `{step}.ran`, `{step}.skipped` and `{step}.error` can be expected"
    ))
}

/// E104
pub fn does_not_hold(expression: Span) -> Diagnostic {
    Diagnostic::error("E104", expression, "this does not hold")
}

/// E105
pub fn cannot_be_judged(expression: Span, why: &str) -> Diagnostic {
    Diagnostic::error("E105", expression, format!("this cannot be judged: it {why}"))
        .help("look at each value by itself, for example with an `expect` of its own")
}

pub fn listed(words: &[String]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
