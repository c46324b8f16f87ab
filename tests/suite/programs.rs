//! Programs that nobody thought of, on days that nobody thought of: whatever happens, no run goes beyond its bounds.

mod draft;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use ensc::plan::Plan;
use ensc::plan::several::several;
use ensc::run::request::Request;
use ensc::upstream::sim::Script;
use ensc::upstream::sim::script::{Behaviour, Delay, Reply, Trouble};

use crate::stage::{Played, left, plan, play, request, script};
use draft::Draft;

/// What a wait may take beyond its deadline: tokio's clock counts in milliseconds, each wait rounds up.
const ROUNDING: Duration = Duration::from_millis(100);

/// One program, one day, one client.
#[derive(Clone)]
pub struct Case {
    pub program: String,
    pub script: String,
    user: String,
    stream: bool,
    strict: bool,
    fields: Vec<(&'static str, &'static str)>,
}

/// As a person would write it down, so that a failure can be read.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, script, stream, strict, fields, .. } = self;
        write!(f, "\n{program}\n{script}\nstream {stream}, strict {strict}, {fields:?}, ")?;
        write!(f, "{} bytes asked", self.user.len())
    }
}

pub fn cases() -> impl Strategy<Value = Case> {
    let fields = prop::sample::subsequence(
        vec![("max_tokens", "9"), ("temperature", "0.5"), ("seed", "7"), ("stop", "[\"x\"]")],
        0..=2,
    );
    let user = prop::sample::select(vec!["hi".to_owned(), "What is a token bucket? ".repeat(60)]);
    let program = (prop::collection::vec(draft::drafts(), 1..5), draft::drafts());
    (program, draft::scripts(), user, any::<bool>(), prop::bool::weighted(0.2), fields).prop_map(
        |((steps, last), script, user, stream, strict, fields)| Case {
            program: Draft::program(&steps, &last),
            script,
            user,
            stream,
            strict,
            fields,
        },
    )
}

fn played(case: &Case) -> (Arc<Plan>, Played) {
    let plan = plan(&case.program);
    let played = play(&plan, script(&case.script), client(case));
    (plan, played)
}

/// What must hold of every run. The name of what does not, with the two numbers.
fn broken(plan: &Plan, played: &Played) -> Vec<String> {
    let receipt = &played.finished.receipt;
    let (totals, bound) = (&receipt.totals, &receipt.bound);
    let mut broken = Vec::new();
    let mut at_most = |what: &str, was: f64, most: f64| {
        if was > most {
            broken.push(format!("{what}: {was} of at most {most}"));
        }
    };
    at_most("calls", totals.calls.into(), bound.calls.into());
    at_most("attempts", totals.attempts.into(), bound.attempts.into());
    at_most("waves", totals.waves.into(), bound.waves.into());
    at_most("tokens in", totals.prompt_tokens as f64, bound.prompt_tokens as f64);
    at_most("tokens out", totals.completion_tokens as f64, bound.completion_tokens as f64);
    at_most("unknown", totals.usage_unknown.into(), bound.usage_unknown.into());
    at_most("cost", totals.cost_usd, bound.cost_usd);
    at_most("seconds", totals.seconds, bound.seconds + ROUNDING.as_secs_f64());
    at_most("time", played.took.as_secs_f64(), (plan.timeout.as_duration() + ROUNDING).as_secs_f64());
    at_most("alive", played.alive as f64, 0.0);
    let mut equal = |what: &str, told: u64, was: u64| {
        if told != was {
            broken.push(format!("{what}: told {told}, was {was}"));
        }
    };
    let done = played.finished.trace.events.iter().filter(|event| event.what == "done").count();
    equal("ends in the trace", done as u64, 1);
    equal(
        "degraded without a reason",
        u64::from(receipt.degraded),
        u64::from(!receipt.degraded_because.is_empty()),
    );
    broken
}

/// The same program where each call takes as long as any other and is tried once: the clock counts the waves.
fn even(case: &Case) -> (Arc<Plan>, u64, u32) {
    const CALL_MS: u64 = 100;
    let day: Script = script(&case.script);
    let well_or_not = |behaviour: Behaviour| {
        let replies = behaviour.reply.into_iter().map(|reply| Reply {
            // Once, and for good; a label that cannot be read would be asked for a second time.
            fault: reply.fault.map(|_| Trouble::Garbage),
            text: reply.text.map(|text| if text.len().is_multiple_of(2) { "no" } else { "yes" }.to_owned()),
            delay_ms: Some(Delay::Fixed(CALL_MS)),
            ..Reply::default()
        });
        Behaviour { reply: replies.collect(), ..Behaviour::default() }
    };
    let model = day.model.into_iter().map(|(name, behaviour)| (name, well_or_not(behaviour))).collect();
    // One call at a time is a queue, and no wave.
    let program = case
        .program
        .replace(", concurrency: 1", "")
        .replace("returns: one_of [yes, no]", "")
        .replace("after 1s", "")
        .replace("after 2s", "")
        .replace("after 3s", "")
        .replace("retries: 1", "retries: 0")
        .replace("retries: 2", "retries: 0")
        .replace("timeout: 40s", "timeout: 40s, retries: 0");
    let plan = plan(&program);
    let played = play(&plan, Script { model, ..Script::default() }, request(&case.user));
    let firsts: BTreeMap<&str, u64> =
        played.calls.iter().rev().map(|call| (call.step.as_str(), call.at_ms)).collect();
    let last = firsts.values().map(|at_ms| at_ms / CALL_MS + 1).max().unwrap_or(0);
    (Arc::clone(&plan), last, played.finished.receipt.totals.waves)
}

#[test]
fn waves_on_the_clock_are_those_of_the_receipt_and_within_the_plan() {
    let config = Config { failure_persistence: None, ..Config::default() };
    let dice = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let checked = TestRunner::new_with_rng(config, dice).run(&cases(), |case| {
        let (plan, on_the_clock, told) = even(&case);
        prop_assert!(on_the_clock <= plan.bounds.waves.into(), "{on_the_clock} of {}", plan.bounds.waves);
        prop_assert!(on_the_clock <= told.into(), "{on_the_clock} on the clock, told {told}");
        Ok(())
    });
    if let Err(error) = checked {
        panic!("{error}");
    }
}

/// What must hold of a plan for several choices, and of a run of it, beside what [`broken`] looks at.
fn misplaced(plan: &Plan, played: &Played) -> Vec<String> {
    let mut wrong = Vec::new();
    for id in plan.ids() {
        let node = plan.node(id);
        if let Some(after) = node.uses().into_iter().find(|used| *used >= id && Some(*used) != node.fallback)
        {
            wrong.push(format!("`{}` stands before `{}`, which it uses", node.id, plan.node(after).id));
        }
    }
    let mut numbers: Vec<u32> =
        plan.nodes.iter().filter_map(|node| node.act.ask()).map(|ask| ask.number).collect();
    let mut ids: Vec<&str> = plan.nodes.iter().map(|node| node.id.as_ref()).collect();
    let (calls, nodes) = (numbers.len(), ids.len());
    numbers.sort_unstable();
    numbers.dedup();
    ids.sort_unstable();
    ids.dedup();
    if (numbers.len(), ids.len()) != (calls, nodes) {
        wrong.push("two nodes have one name, or two calls one number".to_owned());
    }
    let Ok(given) = &played.finished.result else { return wrong };
    let receipt = played.finished.receipt.choices.as_ref().expect("several were asked for");
    let steps: BTreeSet<&str> = receipt.replies.iter().map(|choice| choice.reply.step.as_ref()).collect();
    if steps.len() != given.len() || receipt.given as usize != given.len() || receipt.given > receipt.asked {
        wrong.push(format!("choices {receipt:?}"));
    }
    if receipt.fewer_because.is_some() != (receipt.given < receipt.asked) {
        wrong.push(format!("fewer, and nobody says why, or the other way round: {receipt:?}"));
    }
    if !given.is_sorted_by(|one, next| one.index < next.index) {
        wrong.push(format!("out of order: {given:?}"));
    }
    wrong
}

/// Kinds of what may come of several choices.
const GIVEN: usize = 8;

#[test]
fn no_run_for_several_choices_goes_beyond_its_bounds() {
    let config = Config { failure_persistence: None, ..Config::default() };
    let dice = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let counts = RefCell::new(BTreeMap::new());
    let checked = TestRunner::new_with_rng(config, dice).run(&(cases(), 2_u32..=8), |(case, n)| {
        let alone = plan(&case.program);
        let plan = Arc::new(several(&alone, n));
        let played = play(&plan, script(&case.script), client(&case));
        let (result, receipt) = (&played.finished.result, &played.finished.receipt);
        let given = result.as_ref().map_or(0, |given| given.len() as u32);
        let streams = receipt.choices.iter().flat_map(|choices| &choices.replies);
        let happened: [_; GIVEN] = [
            ("all", given == n),
            ("some", given > 1 && given < n),
            ("one", given == 1),
            ("none", given == 0),
            ("all, and they stream", given == n && streams.into_iter().all(|choice| choice.reply.streamed)),
            ("a degraded answer", given > 0 && receipt.degraded),
            ("several runs", plan.nodes.iter().any(|node| node.lane.is_some())),
            ("a choice of several", plan.nodes.iter().any(|node| node.gives > 1)),
        ];
        for (what, _) in happened.into_iter().filter(|(_, happened)| *happened) {
            *counts.borrow_mut().entry(what).or_insert(0) += 1;
        }
        let mut broken = broken(&plan, &played);
        broken.extend(misplaced(&plan, &played));
        prop_assert!(plan.bounds.calls >= alone.bounds.calls);
        prop_assert!(broken.is_empty(), "{}\n{}", broken.join("\n"), played.finished.trace);
        Ok(())
    });
    if let Err(error) = checked {
        panic!("{error}");
    }
    let counts = counts.into_inner();
    assert_eq!(counts.len(), GIVEN, "the programs have become too much alike: {counts:?}");
}

/// The client of a case, with all that it sends.
pub fn client(case: &Case) -> Request {
    let raw = |json: &str| serde_json::value::RawValue::from_string(json.to_owned()).expect("JSON").into();
    Request {
        stream: case.stream,
        strict: case.strict,
        fields: case.fields.iter().map(|(name, json)| ((*name).to_owned(), raw(json))).collect(),
        ..request(&case.user)
    }
}

#[test]
fn a_run_that_is_left_at_any_moment_leaves_nothing_alive() {
    let config = Config { failure_persistence: None, ..Config::default() };
    let dice = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let moments = prop::sample::select(vec![0_u64, 1, 5, 11, 690, 705, 1_500, 4_001, 9_000, 26_000]);
    let interrupted = RefCell::new(0);
    let checked = TestRunner::new_with_rng(config, dice).run(&(cases(), moments), |(case, after_ms)| {
        let after = Duration::from_millis(after_ms);
        let (before, alive) = left(&plan(&case.program), script(&case.script), client(&case), after);
        *interrupted.borrow_mut() += u64::from(before > 0);
        prop_assert!(alive == 0, "{alive} alive, left after {after_ms} ms");
        Ok(())
    });
    if let Err(error) = checked {
        panic!("{error}");
    }
    assert!(interrupted.into_inner() > 20, "hardly a run was left while it worked");
}

/// How many kinds [`seen`] knows.
const HAPPENED: usize = 26;

/// What the cases are about: a property over programs that all do the same would prove little.
fn seen(plan: &Plan, played: &Played) -> Vec<&'static str> {
    let finished = &played.finished;
    let (totals, bound) = (&finished.receipt.totals, &finished.receipt.bound);
    let outcome = |word: &str| finished.receipt.calls.iter().any(|call| call.outcome == word);
    let why = |word: &str| finished.receipt.calls.iter().any(|call| call.why.as_deref() == Some(word));
    let told = |word: &str| finished.receipt.degraded_because.iter().any(|because| because.contains(word));
    let trace = |what: &str| finished.trace.events.iter().any(|event| event.what == what);
    let happened: [_; HAPPENED] = [
        ("an answer", finished.result.is_ok()),
        ("an error", finished.result.is_err()),
        ("a stream", finished.receipt.reply.streamed),
        ("a degraded answer", finished.result.is_ok() && finished.receipt.degraded),
        ("a failed call", outcome("failed")),
        ("a cancelled call", outcome("cancelled")),
        ("a retry", trace("retry")),
        ("a fallback", !finished.receipt.fallbacks.is_empty()),
        ("a skip", !finished.receipt.skipped.is_empty()),
        ("a lost quorum", finished.receipt.quorums.iter().any(|quorum| quorum.got < quorum.need)),
        ("a tie", trace("tie")),
        ("a choice", trace("picked")),
        ("a vote", trace("voted")),
        ("a grade", trace("graded")),
        ("a ranking", trace("ranked")),
        ("a way", trace("routed")),
        ("a climb", trace("climbed")),
        ("a race won", trace("won")),
        ("a round", trace("round")),
        ("the end of a loop", trace("stopped")),
        ("a race lost", why("it lost the race")),
        ("too many items", told("items where")),
        ("the last call", totals.calls == bound.calls && totals.calls > 3),
        ("the last attempt", totals.attempts == bound.attempts && totals.attempts > 3),
        ("the last wave", totals.waves == bound.waves && totals.waves > 2),
        ("the deadline", played.took >= plan.timeout.as_duration()),
    ];
    happened.into_iter().filter(|(_, happened)| *happened).map(|(what, _)| what).collect()
}

#[test]
fn no_run_goes_beyond_what_was_explained() {
    // `PROPTEST_CASES=20000` looks further; the first 256 are always the same.
    let config = Config { failure_persistence: None, ..Config::default() };
    let dice = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let counts = RefCell::new(BTreeMap::new());
    let checked = TestRunner::new_with_rng(config, dice).run(&cases(), |case| {
        let (plan, played) = played(&case);
        let broken = broken(&plan, &played);
        for what in seen(&plan, &played) {
            *counts.borrow_mut().entry(what).or_insert(0) += 1;
        }
        prop_assert!(broken.is_empty(), "{}\n{}", broken.join("\n"), played.finished.trace);
        Ok(())
    });
    if let Err(error) = checked {
        panic!("{error}");
    }
    let counts = counts.into_inner();
    assert_eq!(counts.len(), HAPPENED, "the programs have become too much alike: {counts:?}");
}
