//! How long the parser takes for a mebibyte of this and that: `cargo bench --bench parse_speed`.
//!
//! Each text is read at half its size too: a ratio far above 2 means that time is not linear.

#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use std::time::Instant;

use ensc::source::{FILE_SIZE_MAX, FileId};

/// Texts that repeat one piece.
const PIECES: [(&str, &str); 40] = [
    (
        "valid",
        "ensemble x at high-xl {\n  a = ask m { temperature: 0.7, accept when it.text | length > 5 }\n  b = merge a by chief { prompt: \"\"\"\n    hello {{ a }}\n    \"\"\" }\n}\n\n",
    ),
    ("one line", "ensemble x { a = ask m, b = parallel [a, b, c] { need: 1 } } "),
    ("list items", "a, "),
    ("open braces", "{"),
    ("close braces", "}"),
    ("open brackets", "["),
    ("open round", "("),
    ("pairs", "[]"),
    ("round pairs", "a(b("),
    ("mixed openers", "{[("),
    ("double quotes", "\""),
    ("single quotes", "'"),
    ("quoted backslashes", "'\\"),
    ("backslashes in quotes", "\"\\"),
    ("spaced quotes", "\"\"\" "),
    ("open templates", "\"\"\"\nmodel a {\n"),
    ("template lines", "\"\"\"\"\n x"),
    ("docs", "/// doc\n"),
    ("docs in a block", "a {\n/// doc\n"),
    ("comments", "// c\n"),
    ("slashes", "/"),
    ("line ends", "\n"),
    ("blanks", " "),
    ("returns", "\r"),
    ("commas", ","),
    ("word", "a"),
    ("words", "a "),
    ("dashes", "-"),
    ("dotted", "a."),
    ("unclosed blocks", "ensemble x {\n  a = ask m {\n"),
    ("unclosed lists", "ensemble x {\n  a = [b, c\n  d = e\n}\n"),
    ("unclosed texts", "ensemble x {\n  a = ask m { prompt: \"hi }\n}\n"),
    ("else", "else "),
    ("else lines", "a = b\n\n\n\n"),
    ("when", "when "),
    ("equals", "a = "),
    ("colons", "a: "),
    ("curly quotes", "„“"),
    ("foreign comments", "/**/ "),
    ("nested when", "x {\nwhen {\n"),
];

fn main() {
    println!("{:>24} {:>8} {:>8} {:>6} {:>8}", "text", "half", "whole", "ratio", "found");
    for (name, piece) in PIECES {
        measure(name, &piece.repeat(FILE_SIZE_MAX / piece.len()));
    }
    measure("block of option lines", &format!("ensemble x {{\n{}", "a: 1\n".repeat(FILE_SIZE_MAX / 5 - 4)));
    measure("open block, then items", &format!("x {{\n{}", "model a { }\n".repeat(FILE_SIZE_MAX / 12 - 1)));
    let deep = format!("{}{}", "[".repeat(FILE_SIZE_MAX / 2), "]".repeat(FILE_SIZE_MAX / 2));
    measure("nested lists", &deep);
    measure(
        "nested, crossed",
        &format!("{}{}", "(".repeat(FILE_SIZE_MAX / 2), "]".repeat(FILE_SIZE_MAX / 2)),
    );
    measure("bytes", &noise());
}

fn measure(name: &str, text: &str) {
    let half = (0..=text.len() / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let (first, _) = time(&text[..half]);
    let (second, found) = time(text);
    println!("{name:>24} {first:8.3} {second:8.3} {:6.1} {found:8}", second / first.max(1e-6));
}

/// Seconds, and how many diagnostics there are.
fn time(text: &str) -> (f64, usize) {
    let start = Instant::now();
    let (_, found) = ensc::syntax::parse(FileId(0), text);
    (start.elapsed().as_secs_f64(), found.len())
}

/// Bytes without order, taken as text.
fn noise() -> String {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let bytes = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    });
    let mut text = String::from_utf8_lossy(&bytes.take(FILE_SIZE_MAX / 2).collect::<Vec<_>>()).into_owned();
    text.truncate(
        (0..=text.len().min(FILE_SIZE_MAX)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0),
    );
    text
}
