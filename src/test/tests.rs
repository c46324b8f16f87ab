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

#[test]
fn replies_are_one_a_call_and_the_last_is_repeated() {
    passes(
        r#"
  mock drafts -> "one", "two"
  mock reply -> "x"
  expect drafts[0].text == "one" and drafts[1].text == "two" and drafts[2].text == "two"
"#,
    );
    // Calls that start at the same moment count in the order of the plan, whoever answers first.
    passes(
        r#"
  mock panel -> "one" after 3s, "two" after 2s, "three" after 1s, "four"
  expect drafts | map(attribute="text") | join(" ") == "one two three"
  expect reply.text == "four" and elapsed == 3.0
"#,
    );
}

#[test]
fn a_mock_of_several_calls_says_the_same_to_every_attempt_and_one_of_a_single_call_does_not() {
    passes(
        r#"
  mock drafts -> fail 503, "two", "three"
  mock reply -> "x"
  expect drafts | length == 2 and attempts == 6 and calls == 4 and degraded
"#,
    );
    passes(
        r#"
  mock drafts -> "d"
  mock reply -> fail 429 (retry_after: 3s), "x"
  expect reply.text == "x" and attempts == 5 and calls == 4 and not degraded
  expect 3 <= elapsed < 4
"#,
    );
}

#[test]
fn the_closest_mock_answers() {
    passes(
        r#"
  mock panel -> "by role"
  mock a -> "by model"
  mock drafts[1] -> "by place"
  mock reply -> "by step"
  expect drafts[0].text == "by model" and drafts[1].text == "by place" and drafts[2].text == "by role"
  expect reply.text == "by step" and reply.model == "a" and drafts[1].model == "b"
"#,
    );
}

#[test]
fn a_call_without_a_mock_fails_the_test_and_says_which() {
    fails(
        "  mock drafts -> \"x\"\n  expect reply.text == \"x\"",
        &["E101", "`reply` called `a`, which is not mocked", "mock a ->", "1:1"]
            .map(|part| if part == "1:1" { "trial.ens:2:3" } else { part }),
    );
}

#[test]
fn a_failing_run_needs_an_expectation_about_its_error() {
    let lost = "  mock panel -> fail refused\n";
    fails(&format!("{lost}  expect calls == 3"), &["E102", "upstream_unreachable", "error.code =="]);
    passes(&format!("{lost}  expect error.code == \"upstream_unreachable\" and error\n  expect calls == 3"));
    passes(&format!(
        "{lost}  expect drafts.error == \"0 of the 2 answers it needs\" and drafts | length == 0 and error"
    ));
    passes("  mock panel -> \"x\"\n  expect not error and error.code == \"\" and error.message == \"\"");
}

#[test]
fn what_never_ran_can_only_be_asked_whether_it_did() {
    let base =
        PANEL.replace("  reply =", "  spare = ask b\n  reply =").replace("else first(drafts)", "else spare");
    let of = |lines: &str| {
        said_of(
            &base,
            &format!("test \"t\" {{\n  run plan\n  mock drafts -> \"d\"\n  mock a -> \"x\"\n{lines}\n}}\n"),
        )
    };
    assert_eq!(of("  expect not spare.ran and not spare.skipped and spare.error == none"), "");
    let said = of("  expect spare.text == \"\"");
    assert!(said.contains("E103") && said.contains("`spare` never ran"), "{said}");
    assert!(of("  expect spare").contains("E103"));
}

#[test]
fn each_fault_is_what_it_is_called() {
    let check = |fault: &str, why: &str| {
        let lines = format!(
            "  mock drafts -> \"d\"\n  mock reply -> {fault}\n  expect reply.text == \"d\" and degraded and attempts > 3\n"
        );
        let (_, verdicts) = verdicts(PANEL, &format!("test \"t\" {{\n  run plan\n{lines}}}\n"));
        let verdict = &verdicts[0].1;
        assert!(verdict.passed(), "{fault}: {:?}", verdict.failures);
        let because = verdict.finished.receipt.degraded_because.join("; ");
        assert!(because.contains(why), "{fault}: {because}");
    };
    check("fail timeout", "timed out");
    check("fail refused", "refused the connection");
    check("fail reset", "dropped the connection");
    check("fail cut", "dropped the connection");
    check("fail stall", "timed out");
    check("fail garbage", "answered what is not a completion");
    check("fail empty", "answered empty text");
    check("fail 400", "rejected the request");
    check("fail 401", "refused our key");
    check("fail 429", "busy");
    check("fail 500", "answered with a server error");
    check("fail 503", "answered with a server error");
}

#[test]
fn the_clients_turns_and_fields_are_what_the_calls_get() {
    passes(
        r#"
  system "Terse."
  user "Hello."
  assistant "Hi."
  user "Go on."
  params: { stream: true, strict: true }
  mock panel -> "x"
  expect drafts[0].prompt == "system: Terse.\n\nuser: Hello.\n\nassistant: Hi.\n\nuser: Go on."
  expect drafts.prompt | length > drafts[0].prompt | length and drafts.calls == 3
  expect streamed and reply.calls == 1
"#,
    );
    fails(
        "  params: { strict: true }\n  mock drafts -> \"x\", fail 500\n  mock reply -> \"y\"\n  expect calls == 4",
        &["E102", "ensemble_degraded"],
    );
}

#[test]
fn tools_are_called() {
    passes(
        r#"
  params: { tools: [{ type: "function", function: { name: "search" } }] }
  mock drafts -> "d"
  mock reply -> tool "search" """{"query": "rust"}"""
  expect reply.tools[0].name == "search" and "rust" in reply.tools[0].arguments
  expect reply.finish_reason == "tool_calls"
"#,
    );
}

#[test]
fn the_totals_are_those_of_the_receipt() {
    passes("  mock panel -> \"one two\"\n  expect cost > 0 and tokens > 8 and elapsed == 0 and not streamed");
}

#[test]
fn what_cannot_be_judged_says_why() {
    fails("  mock panel -> \"x\"\n  expect reply.value.a == 1", &["E105", "cannot be judged"]);
}

#[test]
fn a_long_value_is_shown_where_it_differs() {
    let long = "word ".repeat(60);
    fails(
        &format!("  mock panel -> \"{long}left\"\n  expect reply.text == \"{long}right\""),
        &["…\"", "left\"", "right\""],
    );
}

#[test]
fn a_test_gives_the_same_every_time() {
    let text = "test \"t\" {\n  run plan\n  mock drafts -> \"x\" after 2s, fail 503, \"z\"\n  mock reply -> \"y\"\n  expect degraded\n}\n";
    let told = || {
        let (_, verdicts) = verdicts(PANEL, text);
        let verdict = &verdicts[0].1;
        format!("{}{:?}", verdict.finished.trace, verdict.finished.receipt)
    };
    assert_eq!(told(), told());
}

/// Ways and lost calls of the tests of `text`.
fn surveyed(text: &str) -> (Vec<String>, Vec<String>) {
    let mut sources = Sources::default();
    sources.add(SourceFile::new("base.ens", PANEL));
    sources.add(SourceFile::new("trial.ens", text));
    let compiled = crate::compile(&sources, &Policy::default());
    let run: Vec<_> = compiled.tests.iter().map(|test| (test, run(test))).collect();
    let seen: Vec<_> = run.iter().map(|(test, verdict)| (*test, verdict)).collect();
    let ways = super::coverage::measure(&sources, &compiled.plans, &seen);
    let missing = ways.iter().flat_map(|coverage| {
        coverage.missing().map(|way| format!("{} {} {}", coverage.name, way.kind.word(), way.what))
    });
    let lost = run.iter().flat_map(|(test, verdict)| super::mutate::mutate(test, verdict));
    (missing.collect(), lost.map(|lost| format!("{} {} {:?}", lost.step, lost.model, lost.gets)).collect())
}

#[test]
fn coverage_names_what_no_test_reached() {
    let good = "test \"good\" { run plan, mock panel -> \"x\", expect calls == 4 }\n";
    let lost = "test \"lost\" { run plan, mock drafts -> \"x\", mock reply -> fail 500, expect degraded }\n";
    assert_eq!(surveyed(good).0, ["plan else reply"]);
    assert_eq!(surveyed(&format!("{good}{lost}")).0, [""; 0]);
    assert_eq!(surveyed("").0, ["plan else reply"]);
}

#[test]
fn mutation_says_what_the_client_would_get() {
    let (_, lost) = surveyed(
        "test \"t\" { run plan, mock drafts -> \"x\", fail 500, \"z\", mock reply -> \"y\", expect degraded }\n",
    );
    assert_eq!(
        lost,
        [
            "drafts[0] a Error(\"ensemble_failed\")",
            "drafts[1] b Degraded",
            "drafts[2] c Error(\"ensemble_failed\")",
            "reply a Degraded",
        ]
    );
}

#[test]
fn a_technique_is_run_with_models_that_are_only_names() {
    let said = said_of(
        "",
        r#"
test "moa" {
  run moa(panel: [a, b], chief: c)
  user "Why?"
  mock a -> "because"
  mock b -> "why not"
  mock c -> "so"
  expect reply.text == "so" and calls == 3
  expect drafts | length == 2 and "why not" in reply.prompt
}
test "another" {
  run moa(panel: [a, b, d], chief: c)
  mock drafts -> "one", "two", fail 503
  mock reply -> fail timeout
  expect reply.text == "one" and degraded
  expect drafts | length == 2
}
"#,
    );
    assert_eq!(said, "");
}

/// One ensemble for each verb that decides where to go.
const VERBS: &str = r#"
model a { context: 32k }
model b { context: 32k }
model c { context: 32k }
tier xl { panel = [a, b, c], chief = a, judge = c }
profile high { width = 2 }

ensemble routed at high-xl {
  reply = route by judge {
    when "please" in request.last -> text """Since you ask."""
    small "a small question" -> ask b
    large "a large question" -> ask chief
    else -> text """Ask again."""
  }
}
ensemble picked at high-xl {
  drafts = parallel { x = ask a, y = ask b }
  reply = pick drafts by judge
}
ensemble laddered at high-xl { reply = cascade [b, chief] by judge { accept: 0.8 } }
ensemble raced at high-xl { reply = race [a, b after 2s] }
ensemble looped at high-xl {
  draft = ask chief
  reply = repeat draft up to 3 {
    notes = ask judge { prompt: """Notes on {{ draft }}""" }
    stop when notes.text == "fine"
    draft = ask chief { prompt: """Mend {{ draft }} by {{ notes }}""" }
  }
}
ensemble typed at high-xl {
  verdict = ask judge { returns: one_of [pass, repair] }
  reply = ask chief { skip when verdict.value == "pass" } else text """passed"""
}
"#;

#[test]
fn a_route_goes_where_its_classifier_says() {
    let said = said_of(
        VERBS,
        r#"
test "small" {
  run routed
  mock reply -> "small"
  mock b -> "b says"
  expect reply.text == "b says" and calls == 2
}
test "free" {
  run routed
  user "Say it, please."
  expect reply.text == "Since you ask." and calls == 0
}
test "lost" {
  run routed
  mock judge -> fail 500
  expect reply.text == "Ask again." and degraded
}
"#,
    );
    assert_eq!(said, "");
}

#[test]
fn a_decider_sees_answers_in_the_order_of_the_plan() {
    let test = |number: u32, name: &str| {
        format!(
            "test \"{name}\" {{\n  run picked\n  mock drafts.x -> \"ex\"\n  mock drafts.y -> \"why\"\n  mock reply -> \"{number}\"\n  \
             expect reply.text == \"{name}\" and drafts.x.text == \"ex\" and drafts.y.model == \"b\"\n}}\n"
        )
    };
    assert_eq!(said_of(VERBS, &format!("{}{}", test(1, "ex"), test(2, "why"))), "");
}

#[test]
fn cascades_races_and_loops_are_told_step_by_step() {
    let said = said_of(
        VERBS,
        r#"
test "climbed" {
  run laddered
  mock b -> "weak"
  mock judge -> """{"score": 2}"""
  mock chief -> "strong"
  expect reply.text == "strong" and calls == 3
}
test "the second starter wins" {
  run raced
  mock a -> "late" after 9s
  mock b -> "soon" after 1s
  expect reply.text == "soon" and elapsed == 3 and not degraded
}
test "two rounds" {
  run looped
  mock chief -> "one", "two"
  mock judge -> "more", "fine"
  expect reply.text == "two" and calls == 4
  expect notes.calls == 2 and notes.text == "fine"
  expect "Notes on one" in notes.prompt and "Notes on two" in notes.prompt
}
test "a choice" {
  run typed
  mock verdict -> "pass"
  expect verdict.value == "pass" and reply.skipped and reply.text == "passed" and not degraded
}
"#,
    );
    assert_eq!(said, "");
}

#[test]
fn arms_and_stops_are_ways_too() {
    let mut sources = Sources::default();
    sources.add(SourceFile::new("verbs.ens", VERBS));
    let policy = Policy::default();
    let text = "test \"small\" {\n  run routed\n  mock reply -> \"small\"\n  mock b -> \"x\"\n  expect calls == 2\n}\n\
                test \"loop\" {\n  run looped\n  mock chief -> \"one\"\n  mock judge -> \"fine\"\n  expect calls == 2\n}\n";
    sources.add(SourceFile::new("tests.ens", text));
    let compiled = crate::compile(&sources, &policy);
    let run: Vec<_> = compiled.tests.iter().map(|test| (test, run(test))).collect();
    let seen: Vec<_> = run.iter().map(|(test, verdict)| (*test, verdict)).collect();
    let ways = super::coverage::measure(&sources, &compiled.plans, &seen);
    let of = |name: &str| -> Vec<String> {
        let coverage = ways.iter().find(|coverage| coverage.name == name).expect("it is measured");
        coverage
            .ways
            .iter()
            .map(|way| format!("{} {}: {}", way.kind.word(), way.what, way.is_reached))
            .collect()
    };
    assert_eq!(
        of("routed"),
        [
            "arm reply, when \"please\" in request.last: false",
            "arm reply, small: true",
            "arm reply, large: false",
            "arm reply, else: false",
        ]
    );
    assert_eq!(of("looped"), ["stop when notes.text == \"fine\": true"]);
    assert_eq!(of("typed"), ["skip when reply: false", "else reply: false"]);
}
