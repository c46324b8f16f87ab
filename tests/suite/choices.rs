//! Several choices for one request: its `n`.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use ensc::plan::several::several;
use ensc::run::request::Request;

use crate::ensembles::shipped;
use crate::socket::{Client, served};
use crate::stage::{HEAD, plan, play, request, said, script};

/// A body, and for three choices its calls and waves at most.
const ROWS: &[(&str, u32, u32)] = &[
    ("reply = ask a", 3, 1),
    ("reply = ask a else ask b", 6, 2),
    (r#"reply = text """hello""""#, 0, 0),
    ("d = parallel panel, reply = merge d by a", 6, 2),
    ("d = parallel panel, reply = merge d by a else first(d)", 6, 2),
    ("d = parallel panel, reply = first(d)", 3, 1),
    ("d = parallel panel, reply = pick d by a", 4, 2),
    ("d = parallel panel, reply = pick d by a { method: pairwise }", 5, 3),
    ("d = parallel panel, reply = pick d by a { method: score }", 6, 2),
    ("d = parallel panel, t = ask b, reply = vote d { ties: t }", 4, 2),
    ("d = parallel panel, reply = vote d else ask a", 6, 2),
    ("reply = pair(x: a, y: b)", 5, 2),
    ("d = pair(x: a, y: b), reply = d", 5, 2),
    (r#"reply = route by a { small "small" -> ask b, else -> pair(x: b, y: c) }"#, 6, 3),
    ("reply = cascade [a, b] by c { accept: 0.5 }", 9, 3),
    // The drafts of a rung are drafts.
    ("reply = cascade [pair(x: a, y: b), c] by a", 11, 4),
    ("reply = race [a, b after 1s]", 6, 1),
    (
        r#"d = ask a, reply = repeat d up to 2 { n = ask b { prompt: """{{ d }}""" }, d = ask c { prompt: """{{ n }}""" } }"#,
        13,
        5,
    ),
];

#[test]
fn bounds_count_every_run_of_the_reply() {
    for (body, calls, waves) in ROWS {
        let one = plan(&format!("{HEAD}ensemble x {{ {body} }}"));
        let plan = several(&one, 3);
        assert_eq!((plan.bounds.calls, plan.bounds.waves), (*calls, *waves), "{body}");
        assert_eq!(plan.short_hash(), one.short_hash());
    }
}

#[test]
fn drafts_keep_their_seeds_and_every_choice_has_its_own() {
    let one = plan(&format!("{HEAD}ensemble x {{ d = parallel [a, b], reply = merge d by c }}"));
    let seven = serde_json::value::to_raw_value(&7).expect("a number");
    let seeds = |n: u32| -> Vec<i64> {
        let request =
            Request { fields: vec![("seed".to_owned(), seven.clone().into())], ..request("Which?") };
        let bodies = play(&Arc::new(several(&one, n)), script(""), request).bodies;
        assert!(bodies.iter().all(|body| body["n"].is_null()), "back ends ignore `n`: it is never sent");
        bodies.iter().map(|body| body["seed"].as_i64().expect("the client sent one")).collect()
    };
    assert_eq!(seeds(1), [7, 8, 9]);
    assert_eq!(seeds(3), [7, 8, 9, 10, 11]);
    let without = play(&Arc::new(several(&one, 3)), script(""), request("Which?")).bodies;
    assert!(without.iter().all(|body| body["seed"].is_null()));
}

#[test]
fn a_seed_of_the_plan_differs_from_choice_to_choice() {
    let one = plan(&format!(
        "{HEAD}ensemble x {{ d = ask a {{ seed: 3 }}, reply = merge [d] by c {{ seed: 40 }} }}"
    ));
    let bodies = play(&Arc::new(several(&one, 3)), script(""), request("Which?")).bodies;
    let seeds: Vec<_> = bodies.iter().map(|body| body["seed"].as_i64()).collect();
    assert_eq!(seeds, [Some(3), Some(40), Some(41), Some(42)]);
}

/// More text than waits for a slow reader, in one moment: whoever writes it is woken when there is room.
#[test]
fn long_choices_wait_for_their_reader() {
    let text = "long ".repeat(40_000);
    let day = script(&format!("[model.a]\nreply = [{{ text = {text:?} }}]"));
    let head = HEAD
        .replace("model a { context: 32k, max_output: 1k }", "model a { context: 200k, max_output: 64k }");
    let one = plan(&format!("{head}ensemble x {{ timeout: 1m, d = ask a, reply = d }}"));
    for n in [1, 3] {
        let request = Request { stream: true, ..request("Which?") };
        let pieces = said(&Arc::new(several(&one, n)), day.clone(), request);
        for choice in 0..n {
            let heard: String =
                pieces.iter().filter(|(of, _)| *of == choice).map(|(_, delta)| delta.text.as_str()).collect();
            assert!(heard == text, "choice {choice} of {n}: {} bytes of {}", heard.len(), text.len());
        }
    }
}

#[test]
fn every_shipped_handle_gives_several_choices_or_says_why_not() {
    let mut all = 0;
    for one in shipped() {
        let plan = Arc::new(several(&one, 3));
        let finished = play(&plan, script(""), request("Please.")).finished;
        let Ok(given) = &finished.result else { continue };
        let choices = finished.receipt.choices.as_ref().expect("several were asked for");
        assert_eq!((choices.asked, choices.given as usize), (3, given.len()), "{}", one.handle);
        assert_eq!(choices.fewer_because.is_some(), given.len() < 3, "{}: {choices:?}", one.handle);
        all += u32::from(given.len() == 3);
    }
    assert!(all >= 5, "only {all} gave three");
}

// === over a socket ===

const MERGE: &str = "ensemble x { limit: { calls: 5 }, d = parallel [a, b], reply = merge d by c }";

const DAY: &str = r#"
    step.reply.reply = [{ text = "one" }]
    step."reply#2".reply = [{ text = "two" }]
    step."reply#3".reply = [{ text = "three" }]
"#;

/// All that a client reads of an answer.
fn answered(n: u32, stream: bool) -> String {
    let plan = plan(&format!("{HEAD}{MERGE}"));
    let (seen, _) = served(&plan, script(DAY), Duration::ZERO, async |daemon| {
        let mut client: Client = daemon.ask_for(n, stream).await;
        client.read_to_end().await;
        client.seen
    });
    seen
}

fn body(seen: &str) -> Value {
    let (_, body) = seen.split_once("\r\n\r\n").expect("a head and a body");
    serde_json::from_str(body).unwrap_or_else(|_| panic!("not JSON: {seen}"))
}

#[test]
fn three_choices_come_whole_with_one_receipt() {
    let body = body(&answered(3, false));
    let said: Vec<_> = body["choices"].as_array().expect("a list").iter().collect();
    let texts: Vec<_> = said.iter().map(|choice| choice["message"]["content"].as_str()).collect();
    assert_eq!(texts, [Some("one"), Some("two"), Some("three")]);
    assert_eq!(
        said.iter().map(|choice| choice["index"].as_u64()).collect::<Vec<_>>(),
        [Some(0), Some(1), Some(2)]
    );
    assert_eq!(body["ensc"]["bound"]["calls"], 5);
    assert_eq!(body["ensc"]["totals"]["calls"], 5);
    assert_eq!(body["ensc"]["choices"]["given"], 3);
    let calls = body["ensc"]["calls"].as_array().expect("a list");
    let sum: u64 = calls.iter().filter_map(|call| call["usage"]["total_tokens"].as_u64()).sum();
    assert_eq!(body["usage"]["total_tokens"].as_u64(), Some(sum));
}

#[test]
fn three_choices_stream_and_each_has_a_finish() {
    let seen = answered(3, true);
    let chunks: Vec<Value> = seen
        .lines()
        .filter_map(|line| line.strip_prefix("data: {"))
        .map(|json| serde_json::from_str(&format!("{{{json}")).expect("JSON"))
        .collect();
    for (index, text) in [(0, "one"), (1, "two"), (2, "three")] {
        let own: Vec<&Value> = chunks
            .iter()
            .map(|chunk| &chunk["choices"][0])
            .filter(|choice| choice["index"] == index)
            .collect();
        assert_eq!(own[0]["delta"]["role"], "assistant", "{index}");
        assert_eq!(own[own.len() - 1]["finish_reason"], "stop", "{index}");
        let said: String = own.iter().filter_map(|choice| choice["delta"]["content"].as_str()).collect();
        assert_eq!(said, text);
    }
    let with_usage: Vec<usize> = (0..chunks.len()).filter(|at| !chunks[*at]["usage"].is_null()).collect();
    assert_eq!(with_usage, [chunks.len() - 1], "usage stands once, on the last finish");
    assert!(!chunks[chunks.len() - 4]["ensc"].is_null(), "the receipt stands before the first finish");
    assert!(seen.contains("data: [DONE]\n\n"));
}

#[test]
fn choices_beyond_the_limit_are_refused_before_any_call() {
    for stream in [false, true] {
        let seen = answered(4, stream);
        assert!(seen.starts_with("HTTP/1.1 400 "), "{seen}");
        let error = &body(&seen)["error"];
        assert_eq!((error["code"].as_str(), error["param"].as_str()), (Some("limit_exceeded"), Some("n")));
        let message = error["message"].as_str().expect("a text");
        assert!(message.contains("calls 6") && message.contains("limit is calls 5"), "{message}");
    }
}
