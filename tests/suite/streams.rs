//! A stream is passed on token by token: the upstream lets a token out only after the client has received the one
//! before. Whoever holds tokens back to send them together waits for ever.

use std::sync::Arc;
use std::time::Duration;

use ensc::plan::Plan;

use crate::ensembles::shipped;
use crate::socket::{Client, served};
use ensc::run::request::Request;

use crate::stage::{deltas, plan, request, script};

/// Four characters are a token of the simulator's.
const TOKENS: [&str; 6] = ["ein ", "zwei", "drei", "vier", "fünf", "ende"];

/// The call that speaks in a shipped handle, and what makes its route go there.
fn speaker(plan: &Plan) -> (&'static str, &'static str) {
    match plan.handle.as_ref() {
        "opt-architect-balanced-l" => ("reply.small", "[step.reply]\nreply = [{ text = \"small\" }]\n"),
        "opt-chat-balanced-m" => ("reply.otherwise", "[step.notes]\nreply = [{ text = \"other\" }]\n"),
        _ => ("reply", ""),
    }
}

/// Streams the reply of `plan`, the tokens of `model` at the gate.
fn streams(plan: &Arc<Plan>, model: &str) -> String {
    let text = TOKENS.concat();
    let (step, day) = speaker(plan);
    let spoken = script(&format!("{day}[step.\"{step}\"]\nreply = [{{ text = {text:?} }}]"));
    let (seen, _) = served(plan, spoken, Duration::ZERO, async |daemon| {
        let gate = daemon.sim.token_gate(model);
        let mut client = daemon.ask(true).await;
        for (index, token) in TOKENS.iter().enumerate() {
            client.read_until(&format!(r#""content":"{token}""#)).await;
            assert_eq!(gate.passed(), index + 1, "{}: a token is out that nobody let out", plan.handle);
            gate.received();
        }
        client.read_until("data: [DONE]\n\n").await;
        client.seen
    });
    seen
}

fn spoken(seen: &str) -> String {
    let data = seen.lines().filter_map(|line| line.strip_prefix("data: {"));
    let chunks =
        data.map(|json| serde_json::from_str::<serde_json::Value>(&format!("{{{json}")).expect("JSON"));
    chunks.filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned)).collect()
}

#[test]
fn every_shipped_reply_that_is_said_to_stream_does() {
    let live: Vec<Plan> = shipped().into_iter().filter(|plan| plan.node(plan.reply).is_live).collect();
    let mut streamed = 0;
    for plan in live.into_iter().map(Arc::new) {
        let (step, _) = speaker(&plan);
        let speaks = plan.nodes.iter().find(|node| node.id.as_ref() == step && node.is_live);
        let Some(ask) = speaks.filter(|node| !node.act.decides()).and_then(|node| node.act.ask()) else {
            continue;
        };
        let seen = streams(&plan, &plan.model(ask.model).name);
        assert_eq!(spoken(&seen), TOKENS.concat(), "{}", plan.handle);
        streamed += 1;
    }
    assert_eq!(streamed, 5, "both of architect, chat, research and summarize write their reply");
}

/// `explain` says which replies stream, so it must be right about the others as well.
#[test]
fn a_reply_that_is_not_said_to_stream_comes_in_one_piece() {
    let mut whole = 0;
    for plan in shipped().into_iter().filter(|plan| !plan.node(plan.reply).is_live).map(Arc::new) {
        let (seen, _) = served(&plan, script(""), Duration::ZERO, async |daemon| {
            let mut client = daemon.ask(true).await;
            client.read_until("data: [DONE]\n\n").await;
            client.seen
        });
        let pieces = seen.matches(r#""delta":{"content":"#).count();
        assert_eq!(pieces, 1, "{}: {seen}", plan.handle);
        whole += 1;
    }
    assert!(whole > 0);
}

/// What a condition waits for is said before it is known whether it is the reply.
#[test]
fn a_step_that_others_wait_for_does_not_stream_as_an_arm() {
    let plan = plan(
        "model a { context: 32k, max_output: 4k }
        model b { context: 32k, max_output: 4k }
        tier s { }
        profile high { }
        ensemble x {
          draft = ask a
          reply = route {
            when draft.text == \"good\" -> draft
            else -> ask b
          }
        }",
    );
    let live =
        |id: &str| plan.nodes.iter().find(|node| node.id.as_ref() == id).is_some_and(|node| node.is_live);
    assert!(!live("draft") && live("reply.otherwise"));
    let day = script("model.a.reply = [{ text = \"bad\" }]\nmodel.b.reply = [{ text = \"good\" }]");
    let (seen, _) = served(&plan, day, Duration::ZERO, async |daemon| {
        let mut client = daemon.ask(true).await;
        client.read_until("data: [DONE]\n\n").await;
        client.seen
    });
    assert_eq!(spoken(&seen), "good");
}

const PANEL: &str = "
model a { context: 32k, max_output: 4k }
model b { context: 32k, max_output: 4k }
model c { context: 32k, max_output: 4k }
tier s { }
profile high { }
ensemble x { timeout: 5m, d = parallel [a, b], reply = merge d by c }
";

/// Two readers, one of whom stands still: the other is not held up.
#[test]
fn a_slow_reader_holds_up_nobody_else() {
    let text = TOKENS.concat();
    let spoken = script(&format!("[model.c]\nreply = [{{ text = {text:?} }}]"));
    served(&plan(PANEL), spoken, Duration::ZERO, async |daemon| {
        let _stands_still = daemon.ask(true).await;
        let mut reads: Client = daemon.ask(true).await;
        reads.read_until("data: [DONE]\n\n").await;
    });
}

/// With `progress`, a run tells how far its calls are, as reasoning, until the reply begins; without, it does not.
#[test]
fn progress_is_told_as_reasoning_until_the_reply_begins() {
    let day = r#"
        model.a.reply = [{ text = "one", delay_ms = 1000 }]
        model.b.reply = [{ text = "two", delay_ms = 2000 }]
        model.c.reply = [{ text = "three", delay_ms = 1000 }]
    "#;
    let plan = plan(PANEL);
    let told = |progress: bool| -> Vec<(String, String)> {
        let request = Request { stream: true, progress, ..request("Which?") };
        deltas(&plan, script(day), request).into_iter().map(|delta| (delta.reasoning, delta.text)).collect()
    };
    let reasoned = told(true);
    let lines: Vec<&str> =
        reasoned.iter().map(|(line, _)| line.as_str()).take_while(|l| !l.is_empty()).collect();
    assert_eq!(lines, ["0 of 2 calls, 0.0 s\n", "1 of 2 calls, 1.0 s\n", "2 of 3 calls, 2.0 s\n"]);
    let said = |pieces: &[(String, String)]| pieces.iter().map(|(_, text)| text.as_str()).collect::<String>();
    assert_eq!(said(&reasoned), "three");
    let silent = told(false);
    assert!(silent.iter().all(|(line, _)| line.is_empty()), "{silent:?}");
    assert_eq!(said(&silent), "three");
}
