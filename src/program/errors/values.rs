//! Options, units and declared values; what stands where it may not.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::suggest::did_you_mean;
use crate::source::Span;
use crate::syntax::ast::{Entry, Name};

use super::{Names, near};

/// T001
pub fn wrong_value(option: &str, span: Span, expected: &str) -> Diagnostic {
    Diagnostic::error("T001", span, format!("`{option}` takes {expected}"))
}

/// T001
pub fn wrong_returns(span: Span, found: Option<&str>) -> Diagnostic {
    let form = match found {
        Some("one_of") => "choices: `one_of [pass, repair]`",
        Some("number") => "two bounds: `number(0, 10)`",
        Some("json") => "a JSON Schema: `json \"\"\"{ \"type\": \"object\" }\"\"\"`",
        Some("list") => "nothing more: `list`",
        _ => {
            let near = found.and_then(|word| did_you_mean(word, ["one_of", "number", "json", "list"]));
            return wrong_value("returns", span, "`one_of […]`, `number(…)`, `json \"\"\"…\"\"\"` or `list`")
                .help_if(near);
        }
    };
    let word = found.unwrap_or_default();
    Diagnostic::error("T001", span, format!("`{word}` of `returns` takes {form}"))
}

/// T001
pub fn no_reason(lint: &str, span: Span) -> Diagnostic {
    Diagnostic::error("T001", span, format!("`allow` wants a reason for `{lint}`"))
        .help(format!("say in a text why it does not count here: `{lint}: \"…\"`"))
}

/// T002
pub fn unknown_option(name: &Name, place: &str, known: Names<'_>) -> Diagnostic {
    let found = Diagnostic::error("T002", name.span, format!("{place} has no option `{}`", name.text));
    near(found, &name.text, known, "its options are")
        .help_if(known.is_empty().then(|| "set it where the call is made".to_owned()))
}

/// T003
pub fn option_twice(name: &Name, first: Span) -> Diagnostic {
    Diagnostic::error("T003", name.span, format!("`{}` is set twice in this block", name.text))
        .related(first, "first here")
        .help("remove one of them")
}

/// T010
pub fn wrong_kind(span: Span, expected: &str, found: &str) -> Diagnostic {
    let verb = "`{ … }` alone is a map; a step begins with a verb, for example `ask chief { … }`";
    Diagnostic::error("T010", span, format!("this must be {expected}, not {found}"))
        .help_if((found == "a map" && expected.contains("step")).then(|| verb.to_owned()))
}

/// T011
pub fn misplaced(span: Span, what: &str, place: &str) -> Diagnostic {
    Diagnostic::error("T011", span, format!("{what} cannot stand in {place}"))
}

/// T011
pub fn misplaced_entry(entry: &Entry, place: &str) -> Diagnostic {
    let (what, home) = match entry {
        Entry::Option(_) => ("an option", ""),
        Entry::Step(_) => ("a step or role", ""),
        Entry::Clause(_) => ("a condition", "it belongs to the step that it is about, in its block"),
        Entry::Arm(_) => ("an arm", "it belongs to a `route`"),
        Entry::Run(_) => ("`run`", "it belongs to a `test`"),
        Entry::Mock(_) => ("`mock`", "it belongs to a `test`"),
        Entry::Expect(_) => ("`expect`", "it belongs to a `test`"),
        Entry::Turn(_) => ("a turn", "it belongs to a `prompt: […]` or a `test`"),
        Entry::Bad(_) => ("this", ""),
    };
    let help = (!home.is_empty()).then(|| home.to_owned());
    misplaced(place_of(entry), what, place).help_if(help)
}

/// Where an entry begins: at its name, if it has one.
fn place_of(entry: &Entry) -> Span {
    match entry {
        Entry::Option(setting) => setting.name.span,
        Entry::Step(step) => step.name.span,
        unnamed => unnamed.span(),
    }
}

/// T012
pub fn option_as_role(name: &Name, value: Span) -> Diagnostic {
    let sign = Span { start: name.span.end, end: value.start, ..name.span };
    Diagnostic::error("T012", name.span, format!("`{}` is an option: set it with `:`", name.text))
        .help(format!("write `{}: …`; `=` makes a step or a role", name.text))
        .fix(sign, ": ")
}

/// T013
pub fn wrong_arguments(name: &str, span: Span, expected: usize, found: usize) -> Diagnostic {
    let s = if expected == 1 { "" } else { "s" };
    Diagnostic::error("T013", span, format!("prompt `{name}` takes {expected} argument{s}, not {found}"))
        .help("a prompt sees only what it is given: one argument for each of its parameters")
}

/// T014
pub fn not_a_choice(span: Span, text: &str, choices: Names<'_>) -> Diagnostic {
    let found = Diagnostic::error("T014", span, format!("`{text}` is not one of the declared choices"));
    near(found, text, choices, "choices")
}

/// T014
pub fn not_a_value(span: Span, returns: &str, why: &str) -> Diagnostic {
    Diagnostic::error("T014", span, format!("this text cannot be read as `returns: {returns}`: {why}"))
        .help("what follows `else` is read like the answer that it stands in for")
}

/// T015
pub fn wrong_unit(option: &str, span: Span, unit: &str, expected: &str, example: &str) -> Diagnostic {
    let found = if unit.is_empty() { "a bare number".to_owned() } else { format!("the unit `{unit}`") };
    Diagnostic::error("T015", span, format!("`{option}` is {expected}, and {found} does not say one"))
        .help(format!("write for instance `{example}`"))
}

/// T016
pub fn out_of_range(option: &str, span: Span, range: &str) -> Diagnostic {
    Diagnostic::error("T016", span, format!("`{option}` must be {range}"))
}

/// T016
pub fn bounds_the_wrong_way(span: Span, min: f64, max: f64) -> Diagnostic {
    let diagnostic = Diagnostic::error("T016", span, format!("there is no number from {min} to {max}"));
    match min == max {
        true => diagnostic.help("the first bound is the smallest number, the second the largest"),
        false => diagnostic.help(format!("write `number({max}, {min})`")),
    }
}

/// T016
pub fn wrong_count(span: Span) -> Diagnostic {
    Diagnostic::error("T016", span, "a count is a whole number between 1 and 1000")
}

/// T017
pub fn not_a_schema(span: Span, why: &str) -> Diagnostic {
    Diagnostic::error("T017", span, why).help(
        "`returns: json` takes a JSON Schema, such as `{ \"type\": \"object\", \"required\": [\"name\"] }`",
    )
}
