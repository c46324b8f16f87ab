//! What we ship and what we show is laid out as `ensc fmt` does it.

use std::fs;
use std::path::{Path, PathBuf};

use ensc::fmt::{Refusal, format};
use ensc::source::FileId;

/// Folders of `.ens` files, and of pages that show some.
const PROGRAMS: [&str; 2] = ["ensembles", "src/prelude"];
const PAGES: [&str; 2] = ["docs", "src/lint/rules"];

/// What opens a block that is shown; a word after it says what the block is for.
const FENCE: &str = "```ens";

/// What is not formatted, each with what would be better. `ENSC_BLESS=1` writes that.
#[test]
fn what_we_ship_and_show_is_formatted() {
    let bless = std::env::var_os("ENSC_BLESS").is_some();
    let programs = PROGRAMS.iter().flat_map(|folder| files(folder, "ens"));
    let pages = PAGES.iter().flat_map(|folder| files(folder, "md"));
    let mut wrong = Vec::new();
    let mut shown = 0;
    let mut compare = |path: &Path, is: &str, should: String| {
        if is == should {
            return;
        }
        if bless {
            fs::write(path, should).expect("a file can be written");
        } else {
            wrong.push(path.display().to_string());
        }
    };
    for path in programs {
        let text = fs::read_to_string(&path).expect("a file can be read");
        let should = formatted(&text).unwrap_or_else(|| panic!("{} has mistakes", path.display()));
        compare(&path, &text, should);
    }
    // The catalogue shows mistakes, some of them shortened: what is wrong stands where it was written.
    for path in pages.filter(|path| !path.ends_with("docs/errors.md")) {
        let text = fs::read_to_string(&path).expect("a page can be read");
        let (should, blocks) = page(&text);
        shown += blocks;
        compare(&path, &text, should);
    }
    assert!(shown > 10, "{shown} blocks are shown");
    assert!(
        wrong.is_empty(),
        "not formatted (ENSC_BLESS=1 cargo test formatted does it): {}",
        wrong.join(", ")
    );
}

/// The page with its blocks formatted, and how many there are. One with mistakes, shown as such, stays as it is.
fn page(text: &str) -> (String, usize) {
    let mut parts = text.split_inclusive('\n');
    let (mut page, mut blocks) = (String::new(), 0);
    while let Some(line) = parts.next() {
        page.push_str(line);
        if line.trim_end() != FENCE && !line.starts_with(&format!("{FENCE} ")) {
            continue;
        }
        let mut block = String::new();
        let closer = parts.by_ref().find(|line| {
            let closes = line.starts_with("```");
            if !closes {
                block.push_str(line);
            }
            closes
        });
        blocks += 1;
        page.push_str(&formatted(&block).unwrap_or(block));
        page.push_str(closer.expect("a block is closed"));
    }
    (page, blocks)
}

/// `None` for a text with mistakes.
fn formatted(text: &str) -> Option<String> {
    match format(FileId(0), text) {
        Ok(formatted) => Some(formatted),
        Err(Refusal::Mistakes(_)) => None,
        Err(Refusal::Unproven(reason)) => panic!("formatted, {reason}:\n{text}"),
    }
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path.display().to_string(), extension));
        } else if path.extension().is_some_and(|other| other == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}
