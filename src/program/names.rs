//! Which words may be names, and in which form.

/// Words of the grammar and of expressions: never names.
const KEYWORDS: &[&str] = &[
    "else", "when", "by", "of", "over", "after", "up", "at", "true", "false", "none", "and", "or", "not",
    "in", "is", "if",
];

/// Names that mean something of their own in templates.
pub const RESERVED: &[&str] = &["request", "it", "loop", "mine", "others", "elapsed", "choices"];

pub const VERBS: &[&str] = &[
    "ask", "parallel", "sample", "merge", "score", "pick", "vote", "route", "cascade", "race", "repeat",
    "text",
];

pub const LIST_FUNCTIONS: &[&str] = &["first", "last", "best", "without", "concat"];

/// Why `name` cannot name a step, role or parameter; `None` if it can. `reply` is judged by its place.
pub fn why_not(name: &str) -> Option<&'static str> {
    if KEYWORDS.contains(&name) {
        Some("a word of the language")
    } else if RESERVED.contains(&name) {
        Some("a name that templates already know")
    } else if VERBS.contains(&name) {
        Some("a verb")
    } else if LIST_FUNCTIONS.contains(&name) {
        Some("a list function")
    } else {
        None
    }
}

/// `[a-z][a-z0-9_]*`: what templates see.
pub fn is_snake(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// `[a-z][a-z0-9-]*`: what the platform sees.
pub fn is_kebab(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// One lower-case word, digits allowed inside.
pub fn is_word(name: &str) -> bool {
    is_kebab(name) && !name.contains('-')
}
