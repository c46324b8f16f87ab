//! Every complaint of the checking phase, in one place to read.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::suggest::{did_you_mean, sure};
use crate::source::Span;
use crate::syntax::ast::{Cell, Entry, Name};

type Names<'a> = &'a [&'a str];

// === N: names ===

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

// === C: cells and roles ===

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

// === T: types, units, templates ===

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

/// T009
pub fn forbidden_statement(span: Span, word: &str) -> Diagnostic {
    Diagnostic::error("T009", span, format!("`{word}` is not allowed in templates"))
        .help("share text with `prompt NAME(params) \"\"\"…\"\"\"` instead")
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

/// Where an entry begins.
fn place_of(entry: &Entry) -> Span {
    match entry {
        Entry::Option(setting) => setting.name.span,
        Entry::Step(step) => step.name.span,
        Entry::Clause(clause) => clause.span,
        Entry::Arm(arm) => arm.span,
        Entry::Run(run) => run.span,
        Entry::Mock(mock) => mock.span,
        Entry::Expect(expr) => expr.span,
        Entry::Turn(turn) => turn.span,
        Entry::Bad(span) => *span,
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

// === G: graph ===

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
        "loops, samples, `for` bodies and techniques count as often as they may run: lower their bounds",
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

// === U: ensembles and techniques in use ===

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

/// What was meant, if one of `known` is near, and a fix if that is certain; else a list of them.
fn near(found: Diagnostic, word: &str, known: Names<'_>, lead: &str) -> Diagnostic {
    let span = found.span;
    // A place may hold more than the word.
    let meant = sure(word, known.iter().copied()).filter(|_| (span.end - span.start) as usize == word.len());
    found
        .help_if(did_you_mean(word, known.iter().copied()).or_else(|| listing(lead, known)))
        .fix_if(span, meant)
}

fn listing(lead: &str, names: Names<'_>) -> Option<String> {
    const SHOWN: usize = 12;
    if names.is_empty() {
        return None;
    }
    let mut seen = BTreeSet::new();
    let names: Vec<&str> = names.iter().copied().filter(|name| seen.insert(*name)).collect();
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > SHOWN { format!(" and {} more", names.len() - SHOWN) } else { String::new() };
    Some(format!("{lead}: {}{more}", shown.join(", ")))
}
