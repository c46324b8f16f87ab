//! A text without errors is formatted: the same tree, the same comments, and a second time nothing changes. One with
//! errors is refused.

#![no_main]

use ensc::diagnostic::Diagnostic;
use ensc::fmt::{Refusal, format};
use ensc::source::FileId;
use ensc::syntax::{comments, parse};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (tree, found) = parse(FileId(0), text);
    let has_errors = found.iter().any(Diagnostic::is_error);
    let formatted = match format(FileId(0), text) {
        Ok(formatted) => formatted,
        Err(Refusal::Mistakes(_)) => return assert!(has_errors, "refused, and has no errors"),
        Err(Refusal::Unproven(reason)) => panic!("{reason}"),
    };
    assert!(!has_errors, "formatted, and has errors");
    // What it proves of itself, from outside.
    let (again, found) = parse(FileId(0), &formatted);
    assert!(!found.iter().any(Diagnostic::is_error), "{found:?}");
    assert_eq!(tree.meaning(), again.meaning());
    assert_eq!(said(text), said(&formatted));
    assert_eq!(format(FileId(0), &formatted).expect("has no errors"), formatted);
});

/// The comments, without the blanks at their ends.
fn said(text: &str) -> Vec<&str> {
    comments(FileId(0), text).into_iter().map(|span| text[span.range()].trim_end()).collect()
}
