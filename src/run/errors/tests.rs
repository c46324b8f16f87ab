//! The closed vocabulary, word by word: `docs/traces.md` shows it, and `tests/clients` sends each through a real LiteLLM.
//!
//! `ENSC_BLESS=1 cargo test vocabulary` writes the section of the page.

#![allow(clippy::disallowed_methods, reason = "the page is a file of the repository")]

use std::collections::BTreeSet;

use super::*;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/traces.md");
const TITLE: &str = "## Why something failed\n";

/// One of each kind; of those that say more, one of each way to say it.
fn whys() -> Vec<Why> {
    let mut whys: Vec<_> = Fault::ALL.into_iter().map(Why::Fault).collect();
    whys.extend([Why::LeftAlone, Why::QueueFull, Why::NotAccepted, Why::NotReadable]);
    let broken = [
        "ran out of fuel",
        "used a value that is not there",
        "gave more than 8 MiB of text",
        "failed: invalid operation",
    ];
    whys.extend(broken.map(|what| Why::Expression(what.to_owned())));
    whys.extend([Why::Limit, Why::Needs("drafts".to_owned()), Why::Quorum { got: 1, need: 2 }, Why::Nothing]);
    whys.extend(["rungs", "starters", "judges"].map(Why::AllFailed));
    whys.push(Why::TooMany { found: 12, most: 8 });
    let not_lists = ["nothing", "true or false", "a number", "a text", "a map", "an answer"];
    whys.extend(not_lists.map(Why::NotAList));
    whys.extend([Why::Stopped, Why::NoMajority, Why::Skipped, Why::Strict]);
    whys
}

/// What else makes a run degraded, and so stands in the message of a `strict` one.
const REASONS: [&str; 3] = [
    "answered in the place of `reply`",
    "gave the answer of `small`, which was not good enough",
    "ended in round 2, since `draft` failed",
];

/// How many variants an `enum` has, counted in its source: a line of its own each, between doc comments.
fn variants(source: &str, name: &str) -> usize {
    let body = source.split(&format!("pub enum {name} {{\n")).nth(1).expect("it is there");
    let body = body.split("\n}\n").next().expect("it ends");
    let is_variant =
        |line: &&str| line.strip_prefix("    ").is_some_and(|line| line.starts_with(char::is_uppercase));
    body.lines().filter(is_variant).count()
}

#[test]
fn the_vocabulary_forgets_no_word() {
    let faults: BTreeSet<_> = Fault::ALL.into_iter().collect();
    assert_eq!(faults.len(), variants(include_str!("../../upstream.rs"), "Fault"), "`Fault::ALL` is not all");
    let kinds: BTreeSet<_> = whys().iter().map(|why| format!("{:?}", std::mem::discriminant(why))).collect();
    assert_eq!(kinds.len(), variants(include_str!("../errors.rs"), "Why"), "`whys` has not one of each");
}

#[test]
fn the_page_shows_the_vocabulary() {
    let words: BTreeSet<_> = whys().iter().map(Why::to_string).chain(REASONS.map(str::to_owned)).collect();
    let list: String = words.iter().map(|word| format!("- {word}\n")).collect();
    let page = std::fs::read_to_string(PAGE).expect("the page is there");
    let (before, section) = page.split_once(TITLE).expect("the section is there");
    let at = section.find("\n- ").expect("a list follows the text") + 1;
    let shown: String =
        section[at..].split_inclusive('\n').take_while(|line| line.starts_with("- ")).collect();
    if std::env::var_os("ENSC_BLESS").is_some() {
        let after = &section[at + shown.len()..];
        let page = format!("{before}{TITLE}{}{list}{after}", &section[..at]);
        return std::fs::write(PAGE, page).expect("the page can be written");
    }
    assert_eq!(shown, list, "docs/traces.md does not show the vocabulary");
}
