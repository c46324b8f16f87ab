//! `docs/errors.md`: every code that the crate can give, with what a check of its example really prints.
//!
//! `ENSC_BLESS=1 cargo test --test suite catalogue` writes the page; read the change before you commit it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use ensc::diagnostic::catalogue::{self, Entry, PLATFORM};
use ensc::diagnostic::{Diagnostic, render};
use ensc::lint::Policy;
use ensc::source::{SourceFile, Sources};

use super::tidy::rust::sources;

/// The letters of the catalogue; rules of sense and policy (`L`) have pages of their own.
const LETTERS: &str = "SNCTGUE";

const HEAD: &str = "\
# Every error, by its code

This page is generated from `src/diagnostic/catalogue.md`; `ensc explain N001` prints one section of it. A code keeps its meaning. Its letter
names what went wrong: `S` the text cannot be read, `N` names, `C` cells and roles, `T` options, units and templates, `G` the graph of
steps, `U` techniques and what is used inline, `E` tests (`E1` when they run). Rules of sense and policy, `L`, have pages of their own:
`ensc explain L101`.

One mistake gives one message. What only repeats another complaint is left out: a name whose definition could not be read is not missing
as well. All files are checked, whatever is wrong in one of them.

The examples stand beside these lines. `// × 64` means that a line is there so often.
";

/// The codes that an example gives, and what is printed.
fn found(entry: Entry) -> (Vec<String>, String) {
    if entry.is_run {
        return tested(entry);
    }
    let (found, shown) = check(entry);
    (found.iter().map(|found| found.code.0.to_owned()).collect(), shown)
}

/// What `ensc test` says, but for its head and its sum, which tell the time.
fn tested(entry: Entry) -> (Vec<String>, String) {
    let program = entry.program();
    let files: Vec<(&str, &str)> = program.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let folder = super::cli::folder(&files);
    let run = |format: &str| {
        let command =
            super::cli::ensc().current_dir(folder.path()).args(["test", "--format", format]).output();
        String::from_utf8(command.expect("the command starts").stdout).expect("what is printed is UTF-8")
    };
    let report = run("json");
    let codes =
        report.split("\"code\": \"").skip(1).filter_map(|rest| rest.get(..4)).map(str::to_owned).collect();
    (codes, run("text"))
}

fn check(entry: Entry) -> (Vec<Diagnostic>, String) {
    let mut sources = Sources::default();
    for (name, text) in entry.program() {
        sources.add(SourceFile::new(name, text));
    }
    let found = ensc::compile(&sources, &Policy::default()).diagnostics;
    let shown = render::render(&sources, &found, false);
    (found, shown)
}

fn page() -> String {
    let mut page = format!("{HEAD}\n```ens\n{PLATFORM}```\n\n| code | |\n| --- | --- |\n");
    for entry in catalogue::entries() {
        let _ = writeln!(page, "| `{}` | {} |", entry.code, entry.title);
    }
    for entry in catalogue::entries() {
        let _ = write!(page, "\n{}", entry.page(&found(entry).1));
    }
    page
}

#[test]
fn the_page_is_what_a_check_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors.md");
    let page = page();
    if std::env::var_os("ENSC_BLESS").is_some() {
        assert!(std::env::var_os("CI").is_none(), "a CI run compares, it never writes");
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let differing = written.lines().zip(page.lines()).find(|(written, now)| written != now);
    assert!(written == page, "docs/errors.md is stale (ENSC_BLESS=1 writes it), first at {differing:?}");
}

#[test]
fn an_example_shows_its_code_and_nothing_else() {
    let mut wrong = String::new();
    for entry in catalogue::entries() {
        let (codes, shown) = found(entry);
        if codes != [entry.code] {
            let _ = writeln!(wrong, "{} shows {codes:?}:\n{shown}", entry.code);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_code_of_the_crate_is_in_the_catalogue_and_none_is_stale() {
    let mut made = BTreeSet::new();
    for file in sources().iter().filter(|file| !file.is_test) {
        for call in ["Diagnostic::error(", "Diagnostic::warning("] {
            for rest in file.code.split(call).skip(1) {
                let code = rest.trim_start().strip_prefix('"').and_then(|rest| rest.get(..4));
                made.extend(code.filter(|code| code.starts_with(|c| LETTERS.contains(c))).map(str::to_owned));
            }
        }
    }
    let listed: Vec<&str> = catalogue::entries().map(|entry| entry.code).collect();
    let known: BTreeSet<String> = listed.iter().map(|code| (*code).to_owned()).collect();
    assert_eq!(listed.len(), known.len(), "a code stands in the catalogue twice");
    let missing: Vec<_> = made.difference(&known).collect();
    let stale: Vec<_> = known.difference(&made).collect();
    assert!(missing.is_empty(), "add a section to src/diagnostic/catalogue.md for {missing:?}");
    assert!(stale.is_empty(), "nothing gives {stale:?} any more");
}
