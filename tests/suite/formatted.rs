//! Formatting keeps what was written: comments in every gap of every file that we ship, and of programs that nobody
//! thought of.

mod command;
mod gaps;
mod program;
mod shipped;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use ensc::diagnostic::Diagnostic;
use ensc::fmt::{Refusal, format};
use ensc::source::FileId;

use gaps::{gaps, with_comments};

/// Folders whose files make the corpus.
const FOLDERS: [&str; 4] = ["ensembles", "src/prelude", "tests/check/syntax/valid", "tests/fmt"];

/// The formatted text. `None` for one with errors.
///
/// # Panics
///
/// If formatting refuses its own work, or does not keep a marked comment.
#[track_caller]
fn formatted(text: &str, marks: &[String]) -> Option<String> {
    let formatted = match format(FileId(0), text) {
        Ok(formatted) => formatted,
        Err(Refusal::Mistakes(_)) => return None,
        Err(Refusal::Unproven(reason)) => panic!("{reason}:\n{text}"),
    };
    for mark in marks {
        assert_eq!(formatted.matches(mark).count(), 1, "`{mark}`:\n{text}\n---\n{formatted}");
    }
    Some(formatted)
}

/// The same, formatted twice.
#[track_caller]
fn formatted_twice(text: &str, marks: &[String]) -> Option<String> {
    let once = formatted(text, marks)?;
    let twice = formatted(&once, marks);
    assert_eq!(twice.as_ref(), Some(&once), "{text}");
    twice
}

/// The items of the corpus, each a text of its own: what is wrong in one does not hide another.
fn items() -> Vec<String> {
    let mut items = Vec::new();
    for folder in FOLDERS {
        for path in crate::ensembles::files(Path::new(folder)) {
            let text = std::fs::read_to_string(&path).expect("a file can be read");
            let as_written = text.split("//! formatted").next().unwrap_or_default();
            items.extend(gaps::items(as_written));
        }
    }
    assert!(items.len() > 80, "{}", items.len());
    items
}

#[test]
fn a_comment_in_any_gap_is_kept() {
    let (mut kinds, mut kept) = (BTreeSet::new(), 0);
    for item in items() {
        for gap in gaps(&item) {
            if kinds.insert(gap.kind.clone()) {
                let (text, marks) = with_comments(&item, &[(gap.at, kinds.len())]);
                kept += usize::from(formatted(&text, &marks).is_some());
            }
        }
    }
    // A comment ends its line, and in most gaps no line may end.
    assert!(kept > 500 && kept * 4 > kinds.len(), "{kept} of {}", kinds.len());
}

#[test]
fn comments_in_many_gaps_are_kept() {
    let items = items();
    let places = (0..items.len(), prop::collection::vec((any::<prop::sample::Index>(), 0..5_usize), 1..10));
    let kept = Cell::new(0);
    always(96, places, |(item, places)| {
        let (text, marks) = with_lasting_comments(&items[item], &places);
        kept.set(kept.get() + marks.len());
        assert!(formatted_twice(&text, &marks).is_some() || marks.len() != 1, "{text}");
    });
    assert!(kept.get() > 100, "{}", kept.get());
}

#[test]
fn programs_that_nobody_thought_of_keep_their_meaning_and_comments() {
    let places = prop::collection::vec((any::<prop::sample::Index>(), 0..5_usize), 0..4);
    let (read, kept) = (Cell::new(0), Cell::new(0));
    always(400, (program::programs(), places), |(text, places)| {
        if formatted_twice(&text, &[]).is_some() {
            read.set(read.get() + 1);
            let (text, marks) = with_lasting_comments(&text, &places);
            kept.set(kept.get() + marks.len());
            formatted_twice(&text, &marks);
        }
    });
    assert!(read.get() > 200 && kept.get() > 100, "{} read, {} kept", read.get(), kept.get());
}

/// Comments in those of the gaps that can hold one: a line may end there.
fn with_lasting_comments(text: &str, places: &[(prop::sample::Index, usize)]) -> (String, Vec<String>) {
    let gaps = gaps(text);
    let mut places: Vec<(usize, usize)> =
        places.iter().map(|(index, form)| (gaps[index.index(gaps.len())].at, *form)).collect();
    places.sort_unstable();
    places.dedup_by_key(|(at, _)| *at);
    let lasts = |place: &(usize, usize)| {
        let (with_one, _) = with_comments(text, &[*place]);
        !ensc::syntax::parse(FileId(0), &with_one).1.iter().any(Diagnostic::is_error)
    };
    places.retain(lasts);
    with_comments(text, &places)
}

/// A property, tried with dice that always fall alike.
fn always<T: std::fmt::Debug>(cases: u32, of: impl Strategy<Value = T>, holds: impl Fn(T)) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let dice = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let checked = TestRunner::new_with_rng(config, dice).run(&of, |value| {
        holds(value);
        Ok(())
    });
    if let Err(error) = checked {
        panic!("{error}");
    }
}
