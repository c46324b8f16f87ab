//! What is run is what was explained: the printed plan against the calls that arrive upstream.
//!
//! The plan is read from its JSON, as an outsider would; the calls from the upstream's own book.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use ensc::explain::json::node::Step;
use ensc::plan::Plan;
use ensc::upstream::sim::Script;

use crate::ensembles::shipped;
use crate::stage::{Arrived, Played, play, request, script};

/// How long each call takes, so that the time of its start tells its wave.
const CALL_MS: u64 = 100;

/// What some steps say, so that every handle goes its longest way.
const SAID: &[(&str, &str, &str)] = &[
    ("opt-architect-balanced-l", "reply", "design"),
    // The draft will not do.
    ("opt-chat-balanced-m", "notes", "other"),
    // Something is found in every round.
    ("opt-clean-fast-s", "reply.round1.findings", "lost"),
    ("opt-clean-fast-s", "reply.round2.findings", "lost"),
    // Two differ, a third decides.
    ("opt-route-fast-s", "votes[0]", "opt-code-balanced-l"),
    ("opt-route-fast-s", "votes[1]", "opt-chat-balanced-m"),
];

/// Arms that are not taken then.
const NOT_TAKEN: &[&str] = &["reply.small"];

/// A day on which nothing fails, and every call takes as long as any other.
fn all_is_well(plan: &Plan, call_ms: u64) -> Script {
    let mut day = format!("[model.\"*\"]\ndelay_ms = {call_ms}\n");
    for (_, step, said) in SAID.iter().filter(|(handle, ..)| plan.handle.as_ref() == *handle) {
        day += &format!("[step.\"{step}\"]\ndelay_ms = {call_ms}\nreply = [{{ text = \"{said}\" }}]\n");
    }
    script(&day)
}

/// Nodes of the printed plan by id.
fn nodes(plan: &Plan) -> BTreeMap<String, Value> {
    let document: Value = serde_json::from_str(&ensc::explain::to_json(plan)).expect("a plan is JSON");
    let nodes = document["nodes"].as_array().expect("a plan has nodes");
    nodes
        .iter()
        .map(|node| (node["id"].as_str().expect("a node has an id").to_owned(), node.clone()))
        .collect()
}

/// Ids of the calls that the printed plan makes when nothing fails: all that `reply` needs, no `else` taken.
fn calls_without_failures(plan: &Plan) -> BTreeSet<String> {
    let nodes = nodes(plan);
    let mut open = vec![plan.node(plan.reply).id.to_string()];
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if seen.insert(id.clone()) {
            let node: Step = serde_json::from_value(nodes[&id].clone()).expect("a node can be read back");
            let taken = |id: &&str| !NOT_TAKEN.contains(id);
            open.extend(node.needs().into_iter().chain(node.parts()).filter(taken).map(str::to_owned));
        }
    }
    seen.retain(|id| nodes[id].get("model").is_some());
    seen
}

#[track_caller]
fn went_well(handle: &str, played: &Played) {
    let receipt = &played.finished.receipt;
    assert!(played.finished.result.is_ok(), "{handle}: {:?}", played.finished.result);
    assert_eq!(receipt.degraded_because, Vec::<String>::new(), "{handle}");
    assert_eq!(played.alive, 0, "{handle}");
}

#[test]
fn every_call_is_one_that_the_plan_shows_with_its_model() {
    for plan in shipped().into_iter().map(Arc::new) {
        let played = play(&plan, all_is_well(&plan, CALL_MS), request("Please clean up."));
        went_well(&plan.handle, &played);
        let nodes = nodes(&plan);
        for Arrived { step, model, .. } in &played.calls {
            let node = nodes.get(step).unwrap_or_else(|| panic!("{}: `{step}` is no node", plan.handle));
            assert_eq!(node["model"], *model, "{}: {step}", plan.handle);
            assert!(
                ["ask", "merge", "pick", "route"].contains(&node["verb"].as_str().expect("a verb")),
                "{step}"
            );
        }
    }
}

#[test]
fn every_call_that_the_plan_shows_is_made_once_and_no_else_is() {
    for plan in shipped().into_iter().map(Arc::new) {
        let played = play(&plan, all_is_well(&plan, CALL_MS), request("Please clean up."));
        let mut made: Vec<&str> = played.calls.iter().map(|call| call.step.as_str()).collect();
        made.sort_unstable();
        let shown = calls_without_failures(&plan);
        assert_eq!(made, shown.iter().map(String::as_str).collect::<Vec<_>>(), "{}", plan.handle);
    }
}

#[test]
fn every_call_starts_in_the_wave_that_the_plan_shows() {
    for plan in shipped().into_iter().map(Arc::new) {
        let played = play(&plan, all_is_well(&plan, CALL_MS), request("Please clean up."));
        let nodes = nodes(&plan);
        for call in &played.calls {
            let wave = nodes[&call.step]["wave"].as_u64().expect("a wave is a number");
            assert_eq!(call.at_ms, (wave - 1) * CALL_MS, "{}: {}", plan.handle, call.step);
        }
        let last = played.calls.iter().map(|call| call.at_ms / CALL_MS + 1).max().expect("there are calls");
        assert_eq!(u64::from(played.finished.receipt.totals.waves), last, "{}", plan.handle);
    }
}

/// The upstream answers no call before its whole wave has arrived. Whoever asks one after the other waits for ever.
#[test]
fn calls_of_one_wave_are_all_under_way_before_any_is_answered() {
    for plan in shipped().into_iter().map(Arc::new) {
        let nodes = nodes(&plan);
        let mut sizes: BTreeMap<u64, usize> = BTreeMap::new();
        for id in calls_without_failures(&plan) {
            *sizes.entry(nodes[&id]["wave"].as_u64().expect("a wave is a number")).or_default() += 1;
        }
        let sizes: Vec<usize> = sizes.into_values().collect();
        assert!(
            sizes.iter().any(|size| *size > 1) || plan.handle.as_ref() == "opt-clean-fast-s",
            "{sizes:?}"
        );
        let gated = Script { waves: sizes.clone(), ..all_is_well(&plan, 0) };
        let played = play(&plan, gated, request("Please clean up."));
        went_well(&plan.handle, &played);
        assert_eq!(played.calls.len(), sizes.iter().sum::<usize>(), "{}", plan.handle);
        assert!(played.took.is_zero(), "{}: something was waited for, {:?}", plan.handle, played.took);
    }
}

#[test]
fn the_name_of_a_plan_changes_with_its_meaning_and_not_with_its_layout() {
    let text = "model a { context: 32k, max_output: 4k }\nmodel b { context: 32k, max_output: 4k }\ntier s { }\n\
                profile high { }\nensemble x {\n  one = ask a\n  two = ask b { prompt: \"\"\"{{ one }}\"\"\" }\n  \
                reply = first([two, one])\n}\n";
    let hash = |text: &str| crate::stage::plan(text).short_hash().to_owned();
    let told = hash(text);
    for (from, to) in [
        ("  one = ask a\n", "\n  // first\n  /// The first.\n  one   =   ask a\n\n"),
        ("model a {", "/// Large.\nmodel a {"),
        ("\n  one = ask a\n", "\n\n\n  one = ask a // a\n"),
    ] {
        assert_eq!(hash(&text.replace(from, to)), told, "{to}");
    }
    for (from, to) in [
        ("first([two, one])", "first([one, two])"),
        ("first([two, one])", "two { accept when it.text | length > 3 }"),
        ("{{ one }}", "{{ one }}."),
        ("  one = ask a\n", "  one = ask a { retries: 1 }\n"),
        ("  one = ask a\n", "  one = ask a { skip when elapsed > 3 }\n"),
        ("max_output: 4k }\nmodel b", "max_output: 3k }\nmodel b"),
        ("profile high { }", "profile high { timeout: 9s }"),
    ] {
        assert_ne!(hash(&text.replace(from, to)), told, "{to}");
    }
}
