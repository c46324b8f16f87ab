//! The page of a lint is its manual and its test: what it shows as wrong is found, what it shows instead is not, and a
//! fix makes what it says.

use ensc::Compiled;
use ensc::diagnostic::fix::apply;
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
            // The form is not of this version.
            if codes.contains(&"Y001") {
                continue;
            }
            assert!(
                !codes.is_empty() && codes.iter().all(|code| *code == rule.code),
                "{}:\n{shown}",
                rule.code
            );
        }
        for text in passing {
            let (codes, shown) = findings(text);
            if codes.contains(&"Y001") {
                continue;
            }
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
