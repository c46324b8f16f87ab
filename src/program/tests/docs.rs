//! `docs/language.md` is executed: its examples and the rows of its table check clean.

use crate::program::check;
use crate::source::{SourceFile, Sources};

const PAGE: &str = include_str!("../../../docs/language.md");

const ITEMS: &[&str] = &["model", "tier", "profile", "defaults", "prompt", "technique", "ensemble", "test"];

/// The texts of blocks that begin with ```` ```ens ````, in order. The first is what the others build on.
fn examples() -> Vec<&'static str> {
    let blocks = PAGE.split("```ens\n").skip(1);
    blocks.map(|block| block.split_once("```").expect("a block is closed").0).collect()
}

/// Codes with messages, in the order of the source.
fn complaints(own: &str) -> Vec<String> {
    let base = examples()[0];
    let mut sources = Sources::default();
    let mut trees = Vec::new();
    let mut diagnostics = Vec::new();
    for (name, text) in [("base.ens", base), ("own.ens", own)] {
        let id = sources.add(SourceFile::new(name, text));
        let (tree, found) = crate::syntax::parse(id, text);
        trees.push(tree);
        diagnostics.extend(found);
    }
    diagnostics.extend(check(&sources, &trees).1);
    diagnostics.iter().map(|d| format!("{} {}", d.code.0, d.message)).collect()
}

/// `(form, example)`
fn rows() -> Vec<(&'static str, String)> {
    let table = PAGE.split("## Every form").nth(1).expect("the page has its table");
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(2);
    rows.map(|row| {
        let row = row.strip_prefix("| ").and_then(|row| row.strip_suffix("` |")).expect("a row");
        let (form, example) = row.split_once(" | `").expect("an example");
        (form, example.replace("\\|", "|"))
    })
    .collect()
}

fn program_of(example: &str) -> String {
    let word = example.split_whitespace().next().unwrap_or_default();
    match ITEMS.contains(&word) {
        true => example.to_owned(),
        false => format!("ensemble row at high-l {{ {example} }}"),
    }
}

#[test]
fn every_example_of_the_tour_checks_clean() {
    assert_eq!(complaints(""), Vec::<String>::new(), "the first program");
    let examples = examples();
    assert!(examples.len() >= 6);
    for example in &examples[1..] {
        assert_eq!(complaints(example), Vec::<String>::new(), "{example}");
    }
}

#[test]
fn every_form_of_the_table_checks_clean() {
    let rows = rows();
    assert!(rows.len() > 40, "{}", rows.len());
    for (form, example) in rows {
        assert_eq!(complaints(&program_of(&example)), Vec::<String>::new(), "{form}: {example}");
    }
}

/// What the page does not name would be a secret.
#[test]
fn every_option_and_filter_is_named_on_the_page() {
    use crate::program::options::Place;
    let places = [Place::Defaults, Place::Tier, Place::Group, Place::Pick, Place::Vote, Place::Model];
    let options = places.into_iter().flat_map(Place::options);
    for name in options.chain(crate::program::names::VERBS.iter().copied()) {
        let named = [format!("`{name}"), format!("{name}:"), format!(" {name} ")];
        assert!(named.iter().any(|text| PAGE.contains(text)), "`{name}` is not on the page");
    }
    for name in crate::template::kind::ANSWER_FIELDS.iter().chain(crate::template::kind::REQUEST_FIELDS) {
        assert!(PAGE.contains(&format!("`{name}`")), "`{name}` is not on the page");
    }
}
