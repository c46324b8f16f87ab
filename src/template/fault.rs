//! What is wrong with a template.

use std::ops::Range;

/// What is wrong, and where in the template's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub what: FaultKind,
    pub range: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    Syntax(String),
    UnknownName(String),
    UnknownField {
        of: &'static str,
        field: String,
        known: Vec<String>,
    },
    UnknownFilter(String),
    UnknownTest(String),
    UnknownFunction(String),
    /// `text.upper()`: values have no methods.
    Method(String),
    /// `usage` as in `chunks(size, overlap?)`; `of` as in "filter `chunks`".
    WrongCount {
        of: String,
        usage: String,
        found: usize,
    },
    WrongArgument {
        of: String,
        argument: &'static str,
        wanted: &'static str,
    },
    UnknownArgument {
        of: String,
        argument: String,
        known: Vec<&'static str>,
    },
    /// `.value` of an answer whose step declares no `returns`.
    NoValue,
    /// Compared with a word that it can never be.
    NotAChoice {
        word: String,
        choices: Vec<String>,
    },
    /// An answer compared with a text or number: it is never equal to one.
    ComparedWhole,
    /// `include` and its like.
    Forbidden(&'static str),
}

const STATEMENTS_FORBIDDEN: &[&str] = &["macro", "include", "import", "from", "extends", "block", "call"];

// === impl Fault ===

impl Fault {
    /// From an error of the compiler. Its words are made ours where they are known.
    pub fn syntax(error: &minijinja::Error, source: &str) -> Self {
        let range = error.range().unwrap_or(0..source.len());
        // The engine counts one byte for a character that has more.
        let range = source.floor_char_boundary(range.start)..source.ceil_char_boundary(range.end);
        let detail = error.detail().unwrap_or("this cannot be read").to_owned();
        let forbidden = STATEMENTS_FORBIDDEN
            .iter()
            .find(|word| detail.starts_with("unknown statement") && detail.ends_with(&format!(" {word}")));
        let what = match forbidden {
            Some(word) => FaultKind::Forbidden(word),
            None => FaultKind::Syntax(detail),
        };
        Self { what, range }
    }
}
