//! A catch-all hides mistakes of the grammar itself: valid programs must not need it.

// The valid programs are files.
#![allow(clippy::disallowed_methods)]

use std::path::{Path, PathBuf};

use super::super::grammar::{self, Pair, Rule};

/// The last section of the grammar.
fn is_recovery(rule: Rule) -> bool {
    use Rule as R;
    matches!(
        rule,
        R::excess | R::junk | R::round | R::braces | R::word | R::sign | R::comma | R::stray_close | R::loose
    ) || matches!(
        rule,
        R::unknown_item | R::bad_item | R::bad_line | R::extra | R::bad_part | R::decimal_comma
    ) || matches!(
        rule,
        R::colon_step
            | R::colon_equals
            | R::unsigned
            | R::single
            | R::wrong_sign
            | R::fat_arrow
            | R::bad_escape
    ) || matches!(rule, R::mis_by | R::mis_when | R::mis_arm | R::division | R::quoted)
}

fn recovery(pair: Pair<'_>, found: &mut Vec<String>) {
    if is_recovery(pair.as_rule()) {
        found.push(format!("{:?} {}", pair.as_rule(), pair.as_str()));
    }
    for inner in pair.into_inner() {
        recovery(inner, found);
    }
}

fn programs(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            programs(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "ens") {
            found.push(path);
        }
    }
}

#[test]
fn valid_programs_need_no_recovery() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["tests/check/syntax", "ensembles", "src/prelude"] {
        programs(&root.join(folder), &mut paths);
    }
    let mut count = 0;
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a fixture is text");
        let fixture = path.components().any(|part| part.as_os_str() == "check");
        if fixture && !text.trim_start_matches('\u{feff}').starts_with("// clean") {
            continue;
        }
        let mut found = Vec::new();
        for pair in grammar::pairs(&text).expect("the grammar is total") {
            recovery(pair, &mut found);
        }
        assert!(found.is_empty(), "{}: {found:#?}", path.display());
        count += 1;
    }
    assert!(count > 30, "only {count} valid programs were found");
}
