//! Formatting keeps what was written: comments in every gap of every file that we ship, and of programs that nobody
//! thought of.

mod command;
mod gaps;
mod program;

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

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

/// The items of the corpus, each a text of its own: what is wrong in one does not hide another. One of each shape.
fn items() -> Vec<String> {
    let mut items = Vec::new();
    let mut shapes = BTreeSet::new();
    for folder in FOLDERS {
        for path in crate::ensembles::files(std::path::Path::new(folder)) {
            let text = std::fs::read_to_string(&path).expect("a file can be read");
            items.extend(gaps::items(&text).into_iter().filter(|item| shapes.insert(gaps::shape(item))));
        }
    }
    assert!(items.len() > 30, "{}", items.len());
    items
}

#[test]
fn a_comment_in_any_gap_is_kept() {
    let (mut tried, mut kept) = (0, 0);
    for item in items() {
        for (index, gap) in gaps(&item).into_iter().enumerate() {
            let (text, marks) = with_comments(&item, &[(gap, index)]);
            tried += 1;
            kept += usize::from(formatted(&text, &marks).is_some());
        }
    }
    // A comment ends its line, and most gaps are where no line may end.
    assert!(kept > 1000 && kept * 5 > tried, "{kept} of {tried}");
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

#[test]
fn comments_in_many_gaps_are_kept() {
    let items = items();
    let gaps: Vec<Vec<usize>> = items.iter().map(|item| lasting(item)).collect();
    let places = (0..items.len()).prop_flat_map(move |index| {
        let gaps = gaps[index].clone();
        let most = gaps.len().min(12);
        (Just(index), prop::sample::subsequence(gaps, 0..=most), prop::collection::vec(0..5_usize, 12))
    });
    let kept = std::cell::Cell::new(0);
    always(256, places, |(index, gaps, forms)| {
        let places: Vec<(usize, usize)> = gaps.into_iter().zip(forms).collect();
        let (text, marks) = with_comments(&items[index], &places);
        kept.set(kept.get() + u32::from(formatted(&text, &marks).is_some()));
    });
    assert!(kept.get() > 100, "{}", kept.get());
}

/// The gaps that can hold a comment: a line may end there.
fn lasting(item: &str) -> Vec<usize> {
    let holds =
        |gap: &usize| ensc::syntax::parse(FileId(0), &with_comments(item, &[(*gap, 0)]).0).1.is_empty();
    gaps(item).into_iter().filter(holds).collect()
}

#[test]
fn programs_that_nobody_thought_of_keep_their_meaning_and_comments() {
    let read = std::cell::Cell::new(0);
    always(1000, program::programs(), |text| {
        read.set(read.get() + u32::from(formatted_twice(&text, &[]).is_some()));
    });
    assert!(read.get() > 500, "{}", read.get());
}
