use super::{Verdict, run};
use crate::diagnostic::render::render;
use crate::lint::{Level, Policy};
use crate::source::{SourceFile, Sources};

/// Three models, and an ensemble of three drafts and a chief.
const PANEL: &str = r#"
model a { context: 32k }
model b { context: 32k }
model c { context: 32k, price: $1 / $2 }
tier xl { panel = [a, b, c], chief = a }
profile high { width = 2 }

ensemble plan at high-xl {
  drafts = parallel panel { temperature: 0.7 }
  reply = merge drafts by chief else first(drafts)
}
"#;

/// The verdict on each test of `text`, which is added to `base`.
#[track_caller]
fn verdicts(base: &str, text: &str) -> (Sources, Vec<(String, Verdict)>) {
    let mut sources = Sources::default();
    sources.add(SourceFile::new("base.ens", base));
    sources.add(SourceFile::new("trial.ens", text));
    let mut policy = Policy::default();
    crate::lint::RULES.iter().for_each(|rule| assert!(policy.set(rule.code, Level::Allow)));
    let compiled = crate::compile(&sources, &policy);
    assert!(compiled.diagnostics.is_empty(), "{}", render(&sources, &compiled.diagnostics, false));
    let verdicts = compiled.tests.iter().map(|test| (test.title.clone(), run(test))).collect();
    (sources, verdicts)
}

/// Runs the lines of one test about `plan`, and gives what is said of it: nothing if it passed.
#[track_caller]
fn said(lines: &str) -> String {
    said_of(PANEL, &format!("test \"t\" {{\n  run plan\n{lines}\n}}\n"))
}

#[track_caller]
fn said_of(base: &str, text: &str) -> String {
    let (sources, verdicts) = verdicts(base, text);
    assert!(!verdicts.is_empty(), "there is a test");
    verdicts.iter().map(|(_, verdict)| render(&sources, &verdict.failures, false)).collect()
}

#[track_caller]
fn passes(lines: &str) {
    assert_eq!(said(lines), "");
}

#[track_caller]
fn fails(lines: &str, parts: &[&str]) {
    let said = said(lines);
    assert!(!said.is_empty(), "it passed");
    for part in parts {
        assert!(said.contains(part), "`{part}` is not in\n{said}");
    }
}

#[test]
fn the_test_of_the_language_page_passes() {
    passes(
        r#"
  user "Design a rate limiter."
  mock a -> "token bucket" after 2s, "final design"
  mock b -> "leaky bucket"
  mock c -> fail timeout
  expect drafts | length == 2
  expect "leaky bucket" in reply.prompt
  expect "rate limiter" in reply.prompt
  expect reply.text == "final design"
  expect calls == 4 and elapsed < 180 and degraded
"#,
    );
}

#[test]
fn a_failing_expectation_shows_both_values() {
    fails(
        "  mock a -> \"one\"\n  mock panel -> \"two\"\n  expect calls == 4\n  expect calls > 3 and reply.text == \"two\"",
        &["E104", "trial.ens:6:24", "is \"one\"", "is \"two\""],
    );
    fails("  mock panel -> \"x\"\n  expect drafts | length == 2", &["is 3", "is 2"]);
}
