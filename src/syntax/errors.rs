//! The words of every syntax diagnostic.

use super::ast::Name;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::suggest;
use crate::source::Span;

/// Words that are never names.
pub const RESERVED: [&str; 8] = ["else", "when", "by", "of", "over", "after", "up", "at"];

/// Words that begin an item.
pub const ITEM_WORDS: [&str; 8] =
    ["model", "tier", "profile", "defaults", "prompt", "technique", "ensemble", "test"];

/// Words that begin a right-hand side.
pub const VERBS: [&str; 12] = [
    "ask", "parallel", "sample", "merge", "score", "pick", "vote", "route", "cascade", "race", "repeat",
    "text",
];

/// Words that begin an entry other than an option or a step.
pub const ENTRY_WORDS: [&str; 4] = ["run", "mock", "expect", "when"];

/// Longest piece of source that is repeated in a message, in characters.
const QUOTE_MAX: usize = 32;

/// The first line of `written`, cut to a length that fits a message.
fn quote(written: &str) -> String {
    let line = written.lines().next().unwrap_or("").trim();
    match line.char_indices().nth(QUOTE_MAX) {
        Some((cut, _)) => format!("`{}…`", &line[..cut]),
        None => format!("`{line}`"),
    }
}

fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    suggest::did_you_mean(word, candidates)
}

// === Quotes and brackets ===

/// `what` is the opener with what stands before it, e.g. `ensemble architect`.
pub fn unclosed_block(opener: Span, what: &str) -> Diagnostic {
    let message = if what.is_empty() {
        "this block is never closed".to_owned()
    } else {
        format!("{} is never closed", quote(what))
    };
    Diagnostic::error("S001", opener, message).label("opened here").help("add `}` where it ends")
}

pub fn unclosed_bracket(opener: Span, open: char, close: char) -> Diagnostic {
    Diagnostic::error("S001", opener, format!("`{open}` is never closed"))
        .label("opened here")
        .help(format!("add `{close}` where it ends"))
}

pub fn unclosed_text(opener: Span, quote: char) -> Diagnostic {
    Diagnostic::error("S002", opener, "this text does not end on its line")
        .label("opened here")
        .help(format!("close it with `{quote}`; text over several lines stands between `\"\"\"`"))
}

pub fn text_over_lines(text: Span) -> Diagnostic {
    Diagnostic::error("S002", text, "text between `\"` ends on its line")
        .help("text over several lines stands between `\"\"\"`")
}

pub fn unclosed_template(opener: Span, quotes: &str) -> Diagnostic {
    Diagnostic::error("S003", opener, "this template is never closed")
        .label("opened here")
        .help(format!("close it with `{quotes}`"))
}

pub fn short_quotes(at: Span) -> Diagnostic {
    Diagnostic::error("S003", at, "a template stands between `\"\"\"`").label("two quotes").fix(at, "\"\"\"")
}

pub fn too_deep(opener: Span, most: usize) -> Diagnostic {
    Diagnostic::error("S004", opener, format!("more than {most} brackets are open here"))
        .label("left out from here to its end")
}

pub fn stray_closer(closer: Span, written: &str) -> Diagnostic {
    Diagnostic::error("S006", closer, format!("`{written}` closes nothing")).fix(closer, "")
}

pub fn forbidden(at: Span, name: &str) -> Diagnostic {
    Diagnostic::error("S005", at, format!("{name} is not allowed here"))
        .help("write it as `\\u{…}` inside a text")
}

pub fn suspicious(at: Span, name: &str) -> Diagnostic {
    Diagnostic::warning("S005", at, format!("this text holds {name}"))
        .help("in a plain text it can be written as `\\u{…}`")
}

pub fn odd_blank(at: Span, name: &str) -> Diagnostic {
    Diagnostic::error("S005", at, format!("{name} is no blank here")).help("write a space").fix(at, " ")
}

/// A sign as it is typed with a keyboard for Chinese or Japanese.
pub fn wide_sign(at: Span, written: char, right: &'static str) -> Diagnostic {
    Diagnostic::error("S005", at, format!("`{written}` is not `{right}`")).fix(at, right)
}

pub fn curly_quotes(at: Span, text: &str) -> Diagnostic {
    Diagnostic::error("S019", at, "text stands between straight quotes").fix(at, format!("\"{text}\""))
}

pub fn wrong_comment(at: Span, sign: &str) -> Diagnostic {
    Diagnostic::error("S021", at, format!("`{sign}` begins no comment")).help("comments begin with `//`")
}

pub fn semicolon(at: Span) -> Diagnostic {
    Diagnostic::error("S022", at, "`;` separates nothing")
        .help("entries are separated by a new line or `,`")
        .fix(at, "")
}

// === Texts and comments ===

pub fn unknown_escape(at: Span, written: &str) -> Diagnostic {
    Diagnostic::error("S007", at, format!("unknown escape {}", quote(written)))
        .help("`\\n`, `\\t`, `\\r`, `\\\\`, `\\\"` and `\\u{…}` are known; `\"\"\"…\"\"\"` has no escapes")
}

pub fn single_quotes(at: Span, text: &str) -> Diagnostic {
    let sure = !text.contains(['"', '\\']);
    let diagnostic = Diagnostic::error("S019", at, "text stands between double quotes");
    if sure { diagnostic.fix(at, format!("\"{text}\"")) } else { diagnostic.help("write `\"…\"`") }
}

pub fn quoted_name(at: Span, text: &str) -> Diagnostic {
    Diagnostic::error("S019", at, "a name stands without quotes").fix(at, text)
}

pub fn dangling_doc(at: Span) -> Diagnostic {
    Diagnostic::warning("S008", at, "this documentation belongs to nothing")
        .help("`///` stands above an item or a step; other comments begin with `//`")
}

pub fn comment_divides(at: Span) -> Diagnostic {
    Diagnostic::warning("S025", at, "this is a comment, not a division")
        .help("`//` always begins a comment; write `/ … | int` for a whole quotient")
}

// === Parts ===

pub fn missing(at: Span, message: impl Into<String>, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error("S016", at, message).help(help)
}

pub fn too_much(at: Span, written: &str) -> Diagnostic {
    Diagnostic::error("S010", at, format!("{} is too much here", quote(written)))
        .help("entries are separated by a new line or `,`")
}

pub fn unseparated(at: Span, written: &str) -> Diagnostic {
    Diagnostic::error("S009", at, format!("a `,` is missing before {}", quote(written)))
        .fix(Span { end: at.start, ..at }, ", ")
}

pub fn stray_comma(at: Span) -> Diagnostic {
    Diagnostic::error("S009", at, "nothing stands before this `,`").fix(at, "")
}

pub fn needless(at: Span, sign: &str, why: &str) -> Diagnostic {
    Diagnostic::error("S010", at, format!("no `{sign}` stands here")).help(why).fix(at, "")
}

pub fn wrong_word(at: Span, written: &str, right: &str, help: impl Into<String>) -> Diagnostic {
    Diagnostic::error("S017", at, format!("`{written}` stands where `{right}` belongs"))
        .help(help)
        .fix(at, right)
}

/// `form` is what should stand there, e.g. `accept when`.
pub fn wrong_when(at: Span, written: &str, form: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error("S017", at, format!("`{written}` stands where `when` belongs"));
    match written {
        "unless" => diagnostic.help(format!("write `{form} not (…)`")),
        _ => diagnostic.help(format!("write `{form} …`")).fix(at, "when"),
    }
}

pub fn wrong_arrow(at: Span, written: &str) -> Diagnostic {
    Diagnostic::error("S018", at, format!("`{written}` is no arrow here")).help("write `->`").fix(at, "->")
}

pub fn unwanted_by(at: Span, verb: &str, why: &str) -> Diagnostic {
    Diagnostic::error("S010", at, format!("`{verb}` takes no `by`")).help(why)
}

pub fn one_model(at: Span) -> Diagnostic {
    Diagnostic::error("S016", at, "one model decides here, not a list")
        .help("only `score` and `pick` take several")
}

pub fn decimal_comma(at: Span, written: &str) -> Diagnostic {
    Diagnostic::error("S020", at, format!("`{written}` is no number"))
        .help("decimals are written with a point")
        .fix(at, written.replace(',', "."))
}

pub fn reserved(name: &Name) -> Diagnostic {
    Diagnostic::error(
        "S023",
        name.span,
        format!("`{}` is a word of the language and cannot be a name", name.text),
    )
    .help("choose another name")
}

// === Lines ===

pub fn step_with_colon(colon: Span, name: &Name) -> Diagnostic {
    Diagnostic::error("S015", colon, format!("`{}` is made with `=`", name.text))
        .help("`name = …` makes a step; `name: value` sets an option")
        .fix(colon, " =")
}

/// `skip: EXPR`
pub fn clause_with_colon(name: &Name, word: &str) -> Diagnostic {
    Diagnostic::error("S015", name.span, format!("`{word}` is a condition, not an option"))
        .help(format!("write `{word} when EXPRESSION`"))
}

pub fn missing_equals(name: &Name) -> Diagnostic {
    let end = Span { start: name.span.end, ..name.span };
    Diagnostic::error("S014", name.span, format!("`=` is missing after `{}`", name.text)).fix(end, " =")
}

pub fn missing_colon(name: &Name) -> Diagnostic {
    let end = Span { start: name.span.end, ..name.span };
    Diagnostic::error("S014", name.span, format!("`:` is missing after `{}`", name.text)).fix(end, ":")
}

pub fn nameless_step(at: Span, verb: &str) -> Diagnostic {
    Diagnostic::error("S026", at, "this step has no name")
        .help(format!("write `reply = {verb} …`, or another name"))
}

pub fn misspelt(name: &Name, near: &str) -> Diagnostic {
    Diagnostic::error("S011", name.span, format!("unknown word `{}`", name.text))
        .help(format!("did you mean `{near}`?"))
        .fix(name.span, near)
}

pub fn loose_else(at: Span) -> Diagnostic {
    Diagnostic::error("S011", at, "this `else` continues nothing")
        .help("`else` follows a step, or is an arm: `else -> …`")
}

pub fn unknown_verb(at: Span, word: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error("S012", at, format!("unknown verb `{word}`"));
    match suggest::nearest(word, VERBS) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(at, near),
        None => diagnostic.help(format!("the verbs are `{}`", VERBS.join("` `"))),
    }
}

/// A line that fits no form. `word` is its first word, if it begins with one.
pub fn unreadable_line(at: Span, written: &str, word: Option<&Name>) -> Diagnostic {
    let message = format!("cannot read {}", quote(written));
    let clauses = ["stop", "skip", "accept"];
    let near = word.and_then(|word| did_you_mean(&word.text, ENTRY_WORDS.into_iter().chain(clauses)));
    let expected = "a line is an option (`name: value`) or a step (`name = verb …`)".to_owned();
    let advice = match word {
        Some(word) if VERBS.contains(&word.text.as_str()) => {
            format!("a step has a name: `reply = {} …`", word.text)
        }
        Some(word) if clauses.contains(&word.text.as_str()) => {
            format!("write `{} when EXPRESSION`", word.text)
        }
        Some(word) if !word.text.is_ascii() => {
            format!("`{}` is no name: names are made of a to z, digits, `_` and `-`", word.text)
        }
        _ => near.unwrap_or(expected),
    };
    Diagnostic::error("S011", at, message).help(advice)
}

pub fn unreadable(at: Span, written: &str) -> Diagnostic {
    Diagnostic::error("S011", at, format!("cannot read {}", quote(written)))
}

// === Outside blocks ===

pub fn unknown_item(at: Span, word: Option<&Name>, written: &str) -> Diagnostic {
    let items = format!("a file holds `{}`", ITEM_WORDS.join("` `"));
    let Some(word) = word else {
        return Diagnostic::error("S013", at, format!("{} begins no item", quote(written))).help(items);
    };
    let diagnostic = Diagnostic::error("S013", at, format!("`{}` begins no item", word.text));
    match suggest::nearest(&word.text, ITEM_WORDS) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(word.span, near),
        None => diagnostic.help(items),
    }
}

pub fn outside(at: Span) -> Diagnostic {
    Diagnostic::error("S024", at, "this line stands in no block")
        .help("options and steps stand between the braces of an item")
}

pub fn untitled_test(at: Span, written: &str) -> Diagnostic {
    let name = if written.is_empty() { "what it shows" } else { written };
    Diagnostic::error("S026", at, "a test is named by a text").help(format!("write `test \"{name}\" {{`"))
}

pub fn unreadable_file(at: Span) -> Diagnostic {
    Diagnostic::error("S004", at, "this file is nested too deeply to be read")
}
