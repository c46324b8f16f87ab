//! The page of a lint is its manual and its test: what it shows as wrong is found, what it shows instead is not, and a
//! fix makes what it says.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use ensc::Compiled;
use ensc::diagnostic::fix::apply;
use ensc::lint::{Level, Policy, RULES, Rule};
use ensc::source::{SourceFile, Sources};

/// What stands above the list in `docs/lints.md`.
const HEAD: &str = include_str!("pages/head.md");

#[test]
fn the_list_of_lints_is_that_of_the_rules() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lints.md");
    let page = list();
    if std::env::var_os("ENSC_BLESS").is_some() {
        assert!(std::env::var_os("CI").is_none(), "a CI run compares, it never writes");
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/lints.md is stale; ENSC_BLESS=1 writes it");
}

/// The head, a table, and what each rule does and why.
fn list() -> String {
    let mut page = HEAD.to_owned();
    page.push_str("\n| code | name | level | |\n| --- | --- | --- | --- |\n");
    for rule in RULES {
        let level = if rule.level == Level::Warn { "warn" } else { "forbid" };
        let does = section(rule, "What it does").replace('\n', " ");
        let first = does.split_once(". ").map_or(does.as_str(), |(first, _)| first).trim_end_matches('.');
        let first = first.replace('|', "\\|");
        let (code, name) = (rule.code, rule.name);
        let _ =
            writeln!(page, "| [`{code}`](#{}-{name}) | {name} | {level} | {first} |", code.to_lowercase());
    }
    for rule in RULES {
        let (does, why) = (section(rule, "What it does"), section(rule, "Why it matters"));
        let _ = write!(page, "\n## {} {}\n\n{does}\n\n{why}\n", rule.code, rule.name);
    }
    page
}

/// What stands under a heading of a page.
fn section(rule: &Rule, heading: &str) -> String {
    let (_, rest) = rule.page.split_once(&format!("## {heading}\n\n")).expect("the page has this heading");
    rest.split("\n## ").next().unwrap_or_default().trim().to_owned()
}

/// The stories show every word that a trace has; the page explains those words and no others.
#[test]
fn the_page_about_traces_explains_every_word() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/traces.md")).expect("the page is there");
    let (_, table) = page.split_once("| word | what happened |\n| --- | --- |\n").expect("a table of words");
    let rows = table.lines().take_while(|line| line.starts_with("| "));
    let explained: BTreeSet<&str> = rows
        .filter_map(|row| row.split('|').nth(1))
        .flat_map(|words| words.split('`').skip(1).step_by(2))
        .collect();
    let stories = std::fs::read_dir(root.join("tests/run")).expect("there are stories");
    let told: Vec<String> = stories
        .map(|story| std::fs::read_to_string(story.expect("a story").path()).expect("it can be read"))
        .collect();
    let seen: BTreeSet<&str> = told
        .iter()
        .flat_map(|story| story.lines())
        .filter_map(|line| line.split_once(" ms  "))
        .filter(|(at, _)| at.trim().parse::<u64>().is_ok())
        .filter_map(|(_, event)| event.split_whitespace().nth(1))
        .collect();
    assert_eq!(explained, seen);
}

#[test]
fn the_examples_of_the_list_are_right() {
    let page = list();
    let example = examples(&page, "ens");
    assert_eq!(example.len(), 1, "the head shows how to allow a finding");
    assert!(findings(example[0]).0.is_empty(), "{}", findings(example[0]).1);
    let without = example[0].replacen("allow: {", "// allow: {", 1);
    assert!(!findings(&without).0.is_empty(), "there is nothing to allow in\n{without}");
}

/// Pages with programs, and what those build on.
const PROGRAMS: [(&str, Base); 5] = [
    ("docs/language.md", Base::FirstExample),
    ("docs/faults.md", Base::Nothing),
    ("docs/ensembles.md", Base::Shipped),
    ("docs/testing.md", Base::EachOther),
    ("docs/lints.md", Base::Nothing),
];

enum Base {
    Nothing,
    FirstExample,
    /// All of the page are one program.
    EachOther,
    Shipped,
}

#[test]
fn no_page_shows_what_a_lint_would_warn_of() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, base) in PROGRAMS {
        let page = std::fs::read_to_string(root.join(name)).expect("there is the page");
        let examples = programs(&page);
        assert!(!examples.is_empty(), "{name} shows no program");
        for (index, example) in examples.iter().enumerate() {
            let mut sources = match base {
                Base::Shipped => crate::ensembles::sources(),
                _ => Sources::default(),
            };
            let below = match base {
                Base::FirstExample => &examples[..index.min(1)],
                Base::EachOther => &examples[..index],
                Base::Nothing | Base::Shipped => &[],
            };
            for text in below.iter().chain([example]) {
                sources.add(SourceFile::new(name, *text));
            }
            let found = ensc::compile(&sources, &Policy::default()).diagnostics;
            assert!(found.is_empty(), "{}", ensc::diagnostic::render::render(&sources, &found, false));
        }
    }
}

/// The blocks of a page that hold programs, whatever else is said of them.
fn programs(page: &str) -> Vec<&str> {
    let blocks = page.split("```ens").skip(1).filter_map(|rest| rest.split_once('\n'));
    blocks.filter_map(|(_, rest)| rest.split("```").next()).collect()
}

#[test]
fn every_page_is_true() {
    for rule in RULES {
        let failing = examples(rule.page, "ens fail");
        let passing = examples(rule.page, "ens pass");
        assert!(!failing.is_empty() && !passing.is_empty(), "{} lacks an example", rule.code);
        for text in failing {
            let (codes, shown) = findings(text);
            assert!(
                !codes.is_empty() && codes.iter().all(|code| *code == rule.code),
                "{}:\n{shown}",
                rule.code
            );
        }
        for text in passing {
            let (codes, shown) = findings(text);
            assert!(codes.is_empty(), "{}, in the place of its example:\n{shown}", rule.code);
        }
    }
}

#[test]
fn every_fix_makes_what_its_page_says() {
    let mut shown = 0;
    for rule in RULES {
        for fixed in examples(rule.page, "ens fixed") {
            let failing = examples(rule.page, "ens fail")[0];
            let (_, compiled) = compile(failing);
            let fixes: Vec<_> = compiled.diagnostics.iter().filter_map(|found| found.fix.as_ref()).collect();
            assert_eq!(apply(failing, &fixes).0, fixed, "{}", rule.code);
            assert!(findings(fixed).0.is_empty(), "{}:\n{}", rule.code, findings(fixed).1);
            shown += 1;
        }
    }
    assert!(shown > 0, "no page shows a fix");
}

/// The fenced blocks of a page that are marked so.
fn examples<'a>(page: &'a str, mark: &str) -> Vec<&'a str> {
    let fence = format!("```{mark}\n");
    page.split(fence.as_str()).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

fn findings(text: &str) -> (Vec<&'static str>, String) {
    let (sources, compiled) = compile(text);
    let found = compiled.diagnostics;
    let shown = ensc::diagnostic::render::render(&sources, &found, false);
    (found.into_iter().map(|diagnostic| diagnostic.code.0).collect(), shown)
}

fn compile(text: &str) -> (Sources, Compiled) {
    let mut sources = Sources::default();
    sources.add(SourceFile::new("page.ens", text));
    let compiled = ensc::compile(&sources, &Policy::default());
    (sources, compiled)
}
