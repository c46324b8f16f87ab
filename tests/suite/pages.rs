//! The page of a policy rule is its manual and its test: what it shows as wrong is found, what it shows instead is
//! not.

use ensc::lint::{Policy, RULES};
use ensc::source::{SourceFile, Sources};

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

/// The fenced blocks of a page that are marked so.
fn examples<'a>(page: &'a str, mark: &str) -> Vec<&'a str> {
    let fence = format!("```{mark}\n");
    page.split(fence.as_str()).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

fn findings(text: &str) -> (Vec<&'static str>, String) {
    let mut sources = Sources::default();
    sources.add(SourceFile::new("page.ens", text));
    let found = ensc::compile(&sources, &Policy::default()).diagnostics;
    let shown = ensc::diagnostic::render::render(&sources, &found, false);
    (found.into_iter().map(|diagnostic| diagnostic.code.0).collect(), shown)
}
