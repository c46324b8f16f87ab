//! Any text parses, and every place lies inside it.

use proptest::prelude::*;

use super::super::parse;
use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};

/// Pieces that are more likely to meet in a wrong way than single characters are.
const PIECES: &[&str] = &[
    "ensemble x {\n",
    "model a { }\n",
    "}\n",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "\"",
    "\"\"\"",
    "\"\"\"\"",
    "'",
    "\\",
    "//",
    "///",
    "#",
    ";",
    ",",
    ":",
    "=",
    "->",
    "=>",
    "@",
    "$",
    "%",
    "-",
    ".",
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "  ",
    "a",
    "b = ",
    "reply = ",
    "ask ",
    "parallel ",
    "for ",
    "in ",
    "up to ",
    "merge ",
    "by ",
    "sample ",
    "3 ",
    "of ",
    "route ",
    "when ",
    "else ",
    "stop ",
    "repeat ",
    "text ",
    "test \"t\" {\n",
    "mock ",
    "expect ",
    "run ",
    "at ",
    "high-xl",
    "ü",
    "🦀",
    "\u{202e}",
    "\u{feff}",
    "\u{a0}",
    "“",
    "”",
    "0,7",
    "12k",
    "timeout: 3s\n",
    "prompt: ",
    "/*",
    "*/",
];

fn check(text: &str) -> Result<(), TestCaseError> {
    let (file, found) = parse(FileId(0), text);
    for diagnostic in &found {
        inside(text, diagnostic)?;
    }
    // The tree's own places are in its printed form, which is the one walk that misses no node.
    for (start, end) in printed_spans(&format!("{file:?}")) {
        place(text, start, end)?;
    }
    let again = parse(FileId(0), text).1;
    prop_assert_eq!(found, again);
    Ok(())
}

fn inside(text: &str, diagnostic: &Diagnostic) -> Result<(), TestCaseError> {
    let spans =
        diagnostic.related.iter().map(|label| label.span).chain(diagnostic.fix.iter().map(|fix| fix.span));
    for Span { start, end, .. } in spans.chain([diagnostic.span]) {
        place(text, start as usize, end as usize)?;
    }
    Ok(())
}

fn place(text: &str, start: usize, end: usize) -> Result<(), TestCaseError> {
    prop_assert!(start <= end && end <= text.len(), "{start}..{end} of {}", text.len());
    prop_assert!(text.is_char_boundary(start) && text.is_char_boundary(end), "{start}..{end}");
    Ok(())
}

/// The numbers in `start: N, end: M`.
fn printed_spans(tree: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let number =
        |text: &str| text.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok());
    tree.split("Span { file: FileId(0), start: ").skip(1).filter_map(move |rest| {
        let end = rest.split_once("end: ")?.1;
        Some((number(rest)?, number(end)?))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_parses(text in "\\PC{0,200}") {
        check(&text)?;
    }

    #[test]
    fn any_row_of_pieces_parses(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)) {
        check(&pieces.concat())?;
    }

    #[test]
    fn a_program_with_a_piece_put_in_or_taken_out_parses(at in 0..600_usize, length in 0..6_usize, piece in prop::sample::select(PIECES)) {
        let program = include_str!("../../../tests/check/syntax/route.ens").to_owned()
            + include_str!("../../../tests/check/syntax/mock.ens");
        let floor = |at: usize| (0..=at.min(program.len())).rev().find(|at| program.is_char_boundary(*at)).unwrap_or(0);
        let (start, end) = (floor(at), floor(at + length));
        check(&format!("{}{piece}{}", &program[..start], &program[end..]))?;
    }
}

#[test]
fn nesting_never_overflows_the_stack() {
    for piece in ["[", "{", "(", "a(", "x = {", "[{(", "when (", "a { b = ask c {\n"] {
        let (_, found) = parse(FileId(0), &piece.repeat(20_000));
        assert!(!found.is_empty());
    }
}
