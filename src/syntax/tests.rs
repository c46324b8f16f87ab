//! What the parser promises.

mod page;
mod places;
mod recovery;
mod shapes;
mod texts;

use super::ast::{EnsembleBody, Entry, File, Item, Step};
use super::parse;
use crate::source::FileId;

/// The tree of a text without mistakes.
fn tree(text: &str) -> File {
    let (file, found) = parse(FileId(0), text);
    assert!(found.is_empty(), "{text}: {found:?}");
    file
}

/// The steps of the one ensemble whose lines are `lines`.
fn steps(lines: &str) -> Vec<Step> {
    let file = tree(&format!("ensemble x {{\n{lines}\n}}\n"));
    let [Item::Ensemble(ensemble)] = file.items.as_slice() else { panic!("{:?}", file.items) };
    let EnsembleBody::Steps(block) = &ensemble.body else { panic!("{:?}", ensemble.body) };
    let step = |entry: &Entry| match entry {
        Entry::Step(step) => Some(step.clone()),
        _ => None,
    };
    block.entries.iter().filter_map(step).collect()
}
