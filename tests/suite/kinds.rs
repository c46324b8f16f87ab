//! Each handle that we ship has tests of four kinds: all goes well, a member is lost, who decides is lost, all are lost.
//!
//! Of which kind a test is is told by what happened when it ran, not by its title.

use std::collections::BTreeSet;

use ensc::Compiled;
use ensc::lint::{Level, Policy, RULES};
use ensc::plan::{Act, Node, Plan};
use ensc::source::{SourceFile, Sources};
use ensc::test::mutate::{Gets, mutate};
use ensc::test::{Test, Verdict};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Every call succeeds, and nothing went differently from the plan.
    Good,
    /// A call that gives an answer fails, and there is an answer all the same.
    LostMember,
    /// A call that decides about answers, or makes one of them, fails; another call succeeds.
    LostDecider,
    /// No call succeeds.
    AllLost,
}

/// One test that has passed.
struct Passed<'a> {
    test: &'a Test,
    verdict: Verdict,
}

// === impl Passed ===

impl Passed<'_> {
    /// Those of the calls that ended so.
    fn calls(&self, outcome: &str) -> Vec<&Node> {
        let calls = self.verdict.finished.receipt.calls.iter().filter(|call| call.outcome == outcome);
        calls.map(|call| node(&self.test.plan, &call.step)).collect()
    }

    fn kinds(&self) -> BTreeSet<Kind> {
        let (ok, failed) = (self.calls("ok"), self.calls("failed"));
        let answers = self.verdict.finished.result.is_ok();
        let is_whole = answers && !self.verdict.finished.receipt.degraded;
        let kinds = [
            (Kind::Good, is_whole && failed.is_empty() && !ok.is_empty()),
            (Kind::LostMember, answers && !ok.is_empty() && failed.iter().any(|node| !decides(node))),
            (Kind::LostDecider, !ok.is_empty() && failed.iter().any(|node| decides(node))),
            (Kind::AllLost, ok.is_empty() && !failed.is_empty()),
        ];
        kinds.into_iter().filter(|(_, is)| *is).map(|(kind, _)| kind).collect()
    }

    /// Whether a member is lost and the run is an error, though other calls succeed.
    fn fails_without_a_member(&self) -> bool {
        let failed = self.calls("failed");
        self.verdict.finished.result.is_err()
            && !self.calls("ok").is_empty()
            && failed.iter().any(|node| !decides(node))
    }

    /// Whether each of its members, lost alone, makes the run an error.
    fn needs_every_member(&self) -> bool {
        let lost = mutate(self.test, &self.verdict);
        let mut members = lost.iter().filter(|lost| !decides(node(&self.test.plan, &lost.step)));
        members.all(|lost| matches!(lost.gets, Gets::Error(_)))
    }
}

fn node<'p>(plan: &'p Plan, step: &str) -> &'p Node {
    plan.nodes.iter().find(|node| node.id.as_ref() == step).expect("a call is made by a step of the plan")
}

/// Whether its call is about the answers of others: it grades, chooses, sends on, or writes one from all.
fn decides(node: &Node) -> bool {
    node.act.ask().is_some() && (node.act.decides() || matches!(node.act, Act::Merge { .. }))
}

/// The kinds of which a handle has no test that passes, as `HANDLE: KIND`.
fn missing(compiled: &Compiled) -> Vec<String> {
    compiled
        .plans
        .iter()
        .flat_map(|plan| {
            let tests = compiled.tests.iter().filter(|test| test.plan.handle == plan.handle);
            let passed: Vec<Passed<'_>> = tests
                .map(|test| Passed { test, verdict: ensc::test::run(test) })
                .filter(|passed| passed.verdict.passed())
                .collect();
            let mut found: BTreeSet<Kind> = passed.iter().flat_map(Passed::kinds).collect();
            // Where fewer members than all must not answer, that is what a test has to show.
            let mut good = passed.iter().filter(|passed| passed.kinds().contains(&Kind::Good));
            if good.all(Passed::needs_every_member) && passed.iter().any(Passed::fails_without_a_member) {
                found.insert(Kind::LostMember);
            }
            let mut wanted = vec![Kind::Good, Kind::LostMember, Kind::AllLost];
            wanted.extend(plan.nodes.iter().any(decides).then_some(Kind::LostDecider));
            wanted.sort_unstable();
            let missing = wanted.into_iter().filter(move |kind| !found.contains(kind));
            missing.map(|kind| format!("{}: {kind:?}", plan.handle)).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn each_handle_that_we_ship_has_tests_of_all_kinds() {
    let compiled = ensc::compile(&crate::ensembles::sources(), &Policy::default());
    assert!(compiled.tests.len() >= compiled.plans.len(), "the tests are among the files");
    assert_eq!(missing(&compiled), Vec::<String>::new());
}

/// An ensemble with a decider, one without that answers only if all members do, and one without any test.
const PROGRAM: &str = r#"
model a { context: 32k }
model b { context: 32k }
model c { context: 32k }
tier xl { panel = [a, b], chief = c }
profile high { }

ensemble panel at high-xl {
  drafts = parallel panel
  reply = merge drafts by chief else first(drafts)
}

ensemble strict at high-xl {
  drafts = parallel panel { need: 2 }
  reply = vote drafts
}

ensemble forgotten at high-xl {
  reply = race panel
}
"#;

/// The tests of `panel` and `strict`: what is mocked, and whether there is an answer.
const TESTS: [(&str, &str, &str); 7] = [
    ("panel", "mock a -> \"x\"\nmock b -> \"y\"\nmock c -> \"z\"", "reply.text == \"z\""),
    ("panel", "mock a -> fail 500\nmock b -> \"y\"\nmock c -> \"z\"", "degraded"),
    ("panel", "mock a -> \"x\"\nmock b -> \"y\"\nmock c -> fail 500", "reply.text == \"x\""),
    ("panel", "mock a -> fail 500\nmock b -> fail 500\nmock c -> fail 500", "error"),
    ("strict", "mock a -> \"x\"\nmock b -> \"x\"", "not degraded"),
    ("strict", "mock a -> \"x\"\nmock b -> fail 500", "error"),
    ("strict", "mock a -> fail 500\nmock b -> fail 500", "error"),
];

/// What is missing without the test at that place, or with none left out.
fn missing_without(left_out: Option<usize>) -> Vec<String> {
    let tests = TESTS.iter().enumerate().filter(|(place, _)| Some(*place) != left_out);
    let tests = tests.map(|(place, (name, mocks, expected))| {
        format!("test \"{place}\" {{\nrun {name}\nuser \"?\"\n{mocks}\nexpect {expected}\n}}\n")
    });
    let mut sources = Sources::default();
    sources.add(SourceFile::new("kinds.ens", PROGRAM.to_owned() + &tests.collect::<String>()));
    let mut policy = Policy::default();
    RULES.iter().for_each(|rule| assert!(policy.set(rule.code, Level::Allow)));
    let compiled = ensc::compile(&sources, &policy);
    let shown = ensc::diagnostic::render::render(&sources, &compiled.diagnostics, false);
    assert_eq!(shown, "");
    missing(&compiled)
}

#[test]
fn a_kind_that_is_missing_is_named() {
    let forgotten = ["Good", "LostMember", "AllLost"].map(|kind| format!("opt-forgotten-high-xl: {kind}"));
    assert_eq!(missing_without(None), forgotten);
    let kinds = [
        "panel-high-xl: Good",
        "panel-high-xl: LostMember",
        "panel-high-xl: LostDecider",
        "panel-high-xl: AllLost",
        "strict-high-xl: Good",
        "strict-high-xl: LostMember",
        "strict-high-xl: AllLost",
    ];
    for (place, kind) in kinds.iter().enumerate() {
        let expected: Vec<String> = std::iter::once(format!("opt-{kind}")).chain(forgotten.clone()).collect();
        assert_eq!(missing_without(Some(place)), expected);
    }
}
