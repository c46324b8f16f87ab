//! `docs/doctor.md` is made of the table of findings.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use ensc::cli::doctor::kind::{Kind, Part};

/// What stands above the table.
const HEAD: &str = include_str!("head.md");

#[test]
fn the_page_about_the_doctor_is_that_of_its_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/doctor.md");
    let page = page();
    if std::env::var_os("ENSC_BLESS").is_some() {
        assert!(std::env::var_os("CI").is_none(), "a CI run compares, it never writes");
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/doctor.md is stale; ENSC_BLESS=1 writes it");
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for part in Part::ALL {
        let rows: Vec<_> = Kind::ALL.iter().map(|kind| kind.row()).filter(|row| row.part == part).collect();
        if rows.is_empty() {
            continue;
        }
        let word = part.word();
        let title = match part {
            Part::Litellm => "LiteLLM".to_owned(),
            _ => word[..1].to_uppercase() + &word[1..],
        };
        let _ = write!(page, "\n## {title}\n\n");
        page.push_str("| code | name | | what is so | what to do |\n| --- | --- | --- | --- | --- |\n");
        for row in rows {
            let cells = [row.code, row.name, row.level.word(), row.means, row.advice];
            let _ = writeln!(page, "| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | "));
        }
    }
    page
}

#[test]
fn codes_and_names_stand_once_and_in_order() {
    let rows: Vec<_> = Kind::ALL.iter().map(|kind| kind.row()).collect();
    assert!(rows.is_sorted_by(|a, b| a.code < b.code));
    let names: BTreeSet<&str> = rows.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), rows.len());
}
