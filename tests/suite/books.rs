//! The receipt against the books of the upstream: whatever fails, is tried again, stopped or raced, each call stands in both
//! with the same attempts and the same usage.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use ensc::plan::several::several;
use ensc::run::receipt::{CallReceipt, UsageReceipt};
use ensc::run::request::Request;
use ensc::upstream::sim::script::{Behaviour, Reply, ScriptedUsage, Trouble};
use ensc::upstream::sim::{Entry, Outcome, Script};

use crate::programs::{Case, cases, client};
use crate::stage::{Arrived, Played, plan, play, request, script};

/// What the upstream knows of one call: its attempts together.
#[derive(Debug, Default, PartialEq)]
struct Account {
    attempts: u32,
    /// The sum of what was reported to us.
    reported: Option<UsageReceipt>,
    /// Attempts for which a model worked, or may have, and that we have no report of.
    unreported: u32,
}

// === impl Account ===

impl Account {
    fn add(&mut self, entry: &Entry) {
        self.attempts += 1;
        let count = |usage: &serde_json::Value, name: &str| usage[name].as_u64().expect("a number");
        match &entry.reported {
            Some(usage) => {
                let sum = self.reported.get_or_insert_default();
                sum.prompt_tokens += count(usage, "prompt_tokens");
                sum.completion_tokens += count(usage, "completion_tokens");
                sum.total_tokens += count(usage, "total_tokens");
            }
            // Who hangs up cannot know how it would have gone on.
            None if entry.reached || entry.outcome == Outcome::Cancelled => self.unreported += 1,
            None => (),
        }
    }
}

fn accounts(book: &[Entry]) -> BTreeMap<String, Account> {
    let mut accounts: BTreeMap<String, Account> = BTreeMap::new();
    for entry in book {
        accounts.entry(Arrived::of(entry).step).or_default().add(entry);
    }
    accounts
}

/// Where receipt and books differ.
fn differences(played: &Played) -> Vec<String> {
    let receipt = &played.finished.receipt;
    let mut books = accounts(&played.book);
    let mut wrong = Vec::new();
    let mut unknown = 0;
    let mut sum = UsageReceipt::default();
    for CallReceipt { step, attempts, usage, .. } in &receipt.calls {
        let account = books.remove(&**step).unwrap_or_default();
        if (*attempts, *usage) != (account.attempts, account.reported) {
            wrong.push(format!("`{step}`: told {attempts} attempts and {usage:?}, was {account:?}"));
        }
        unknown += u32::from(account.unreported > 0);
        let reported = account.reported.unwrap_or_default();
        sum.prompt_tokens += reported.prompt_tokens;
        sum.completion_tokens += reported.completion_tokens;
    }
    wrong.extend(books.keys().map(|step| format!("`{step}` was called, and the receipt does not know")));
    let totals = &receipt.totals;
    let told = (totals.prompt_tokens, totals.completion_tokens, totals.usage_unknown);
    if told != (sum.prompt_tokens, sum.completion_tokens, unknown) {
        wrong.push(format!("in all: told {told:?}, was {sum:?} and {unknown} unknown"));
    }
    if totals.attempts as usize != played.book.len() || totals.calls as usize != receipt.calls.len() {
        wrong.push(format!("{} attempts of {totals:?}", played.book.len()));
    }
    wrong
}

/// The day of a case, where answers report what nobody could guess, some nothing, and some are withheld after they were paid for.
fn day(case: &Case, salt: u64) -> Script {
    let day: Script = script(&case.script);
    let mut at = salt;
    let mut reply = |reply: Reply| {
        at += 1;
        let usage = ScriptedUsage {
            prompt_tokens: at * 7 % 50,
            completion_tokens: at * 11 % 9,
            ..ScriptedUsage::default()
        };
        let withheld = at.is_multiple_of(7) && reply.fault.is_none();
        Reply {
            usage: Some(usage),
            no_usage: at.is_multiple_of(4),
            fault: if withheld { Some(Trouble::Empty) } else { reply.fault },
            finish_reason: withheld.then(|| "content_filter".to_owned()),
            ..reply
        }
    };
    let mut behaviour = |behaviour: Behaviour| Behaviour {
        reply: behaviour.reply.into_iter().map(&mut reply).collect(),
        ..behaviour
    };
    let model = day.model.into_iter().map(|(name, of)| (name, behaviour(of))).collect();
    Script { model, ..day }
}

/// Kinds that [`seen`] knows.
const HAPPENED: usize = 11;

/// What the cases are about.
fn seen(played: &Played) -> Vec<&'static str> {
    let receipt = &played.finished.receipt;
    let call = |is: &dyn Fn(&CallReceipt) -> bool| receipt.calls.iter().any(is);
    let why = |word: &str| receipt.calls.iter().any(|call| call.why.as_deref() == Some(word));
    let books = accounts(&played.book);
    let happened: [_; HAPPENED] = [
        ("all known", receipt.totals.usage_unknown == 0),
        ("nothing known", receipt.calls.iter().all(|call| call.usage.is_none())),
        ("attempts that report, each", call(&|call| call.attempts > 1 && call.usage.is_some())),
        (
            "one attempt that reports and one that does not",
            books.values().any(|account| account.reported.is_some() && account.unreported > 0),
        ),
        ("a failed call with usage", call(&|call| call.outcome == "failed" && call.usage.is_some())),
        ("a call stopped before its first attempt", call(&|call| call.attempts == 0)),
        ("withheld", why("withheld its answer")),
        ("lost a race", why("it lost the race")),
        ("left alone", why("is left alone after 5 failures in a row")),
        ("several choices", receipt.choices.is_some()),
        ("a stream", receipt.reply.streamed),
    ];
    happened.into_iter().filter(|(_, happened)| *happened).map(|(what, _)| what).collect()
}

#[test]
fn the_receipt_is_what_the_upstream_reported_once() {
    // `PROPTEST_CASES=20000` looks further; the first 256 are always the same.
    let config = Config { failure_persistence: None, ..Config::default() };
    let dice = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let counts = RefCell::new(BTreeMap::new());
    let patience = prop::option::weighted(0.3, prop::sample::select(vec![1_u64, 5, 705, 4_001, 9_000]));
    let cases = (cases(), 1_u32..=3, 0..1000_u64, patience);
    let checked = TestRunner::new_with_rng(config, dice).run(&cases, |(case, n, salt, patience)| {
        let alone = plan(&case.program);
        let plan = if n > 1 { Arc::new(several(&alone, n)) } else { alone };
        let request = Request { patience: patience.map(Duration::from_millis), ..client(&case) };
        let played = play(&plan, day(&case, salt), request);
        for what in seen(&played) {
            *counts.borrow_mut().entry(what).or_insert(0) += 1;
        }
        let wrong = differences(&played);
        prop_assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), played.finished.trace);
        Ok(())
    });
    if let Err(error) = checked {
        panic!("{error}");
    }
    let counts = counts.into_inner();
    assert_eq!(counts.len(), HAPPENED, "the programs have become too much alike: {counts:?}");
}

/// A race of `a`, which has the fault and waits for its next attempt, with `b`, which wins meanwhile.
fn stopped_between_attempts(fault: &str) -> Played {
    let plan = plan(
        "model a { context: 32k, max_output: 4k }
        model b { context: 32k, max_output: 4k }
        tier s { }
        profile high { }
        ensemble x { reply = race [a, b] { retries: 1 } }",
    );
    let day = format!("model.a.reply = [{{ {fault} }}]\nmodel.b.delay_ms = 1");
    let played = play(&plan, script(&day), request("Well?"));
    let call = &played.finished.receipt.calls[0];
    assert_eq!((call.outcome, call.attempts, played.book.len()), ("cancelled", 1, 2), "{call:?}");
    assert_eq!(differences(&played), [""; 0]);
    played
}

#[test]
fn what_is_stopped_between_its_attempts_has_left_nothing_unsaid() {
    let turned_away = stopped_between_attempts(r#"fault = "429", retry_after = "5""#).finished.receipt;
    assert_eq!((turned_away.calls[0].usage, turned_away.totals.usage_unknown), (None, 0));
    let empty = stopped_between_attempts(r#"fault = "empty""#).finished.receipt;
    assert!(empty.calls[0].usage.is_some() && empty.totals.usage_unknown == 0);
    let ill = stopped_between_attempts(r#"fault = "500""#).finished.receipt;
    assert_eq!((ill.calls[0].usage, ill.totals.usage_unknown), (None, 1));
}
