//! L107: text that looks like a key.

use crate::diagnostic::Diagnostic;
use crate::lint::{Check, Level, Rule, Subject};
use crate::source::{FileId, SourceFile, Span};

pub const RULE: Rule = Rule {
    code: "L107",
    name: "secret",
    page: include_str!("secret.md"),
    level: Level::Forbid,
    check: Check::Program(check),
};

/// How keys of well-known services begin, and how long what follows must be.
const PREFIXES: [(&str, usize); 8] = [
    ("sk-", 20),
    ("ghp_", 30),
    ("github_pat_", 30),
    ("glpat-", 20),
    ("hf_", 30),
    ("xoxb-", 20),
    ("AKIA", 16),
    ("AIza", 30),
];

/// Words that stand before a key.
const WORDS: [&str; 6] = ["api_key", "api-key", "apikey", "token", "secret", "password"];

/// Shortest text after such a word that is taken for a key.
const VALUE_LENGTH_MIN: usize = 24;

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    subject.sources.iter().flat_map(|(id, file)| in_file(id, file)).collect()
}

fn in_file(id: FileId, file: &SourceFile) -> Vec<Diagnostic> {
    words(&file.text)
        .filter(|&(start, word)| is_known_key(word) || follows_a_key_word(&file.text[..start], word))
        .map(|(start, word)| {
            Diagnostic::error("L107", Span::new(id, start, start + word.len()), "this looks like a secret")
                .label("whoever reads the file has it")
                .help("keys belong in the daemon's environment: `OPENAI_API_KEY`, `OPTILLM_API_KEY`")
        })
        .collect()
}

/// Runs of the characters that keys are made of, each with its first byte.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(|c: char| !is_key_character(c))
        .filter(|word| !word.is_empty())
        .map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

fn is_key_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+' | '/')
}

fn is_known_key(word: &str) -> bool {
    PREFIXES.iter().any(|(prefix, length)| {
        word.strip_prefix(prefix).is_some_and(|rest| rest.len() >= *length && is_mixed(rest))
    })
}

/// A long mixed word behind `key:`, `token =` and their like.
fn follows_a_key_word(before: &str, word: &str) -> bool {
    if word.len() < VALUE_LENGTH_MIN || !is_mixed(word) {
        return false;
    }
    let name = before.trim_end_matches(['"', '\'', ' ']);
    let Some(name) = name.strip_suffix([':', '=']) else { return false };
    let name = name.trim_end().as_bytes();
    WORDS.iter().any(|key| {
        let end = name.len().checked_sub(key.len()).map(|start| &name[start..]);
        end.is_some_and(|end| end.eq_ignore_ascii_case(key.as_bytes()))
    })
}

/// Letters and digits in one piece of at least 8 characters, as no name has them.
fn is_mixed(text: &str) -> bool {
    text.split(['-', '_']).any(|piece| {
        piece.len() >= 8
            && piece.bytes().any(|b| b.is_ascii_digit())
            && piece.bytes().any(|b| b.is_ascii_alphabetic())
    })
}
