//! What clients of the shipped handles get, told by a simulated upstream.

use futures_util::StreamExt;
use std::sync::Arc;

use ensc::run::host::Host;
use ensc::run::request::Request;
use ensc::run::{Event, Run};
use ensc::upstream::sim::{Script, Sim, SimUpstream};
use ensc::upstream::{Message, Role};

use super::named;

/// What came of a request.
struct Told {
    reply: Result<String, String>,
    calls: usize,
    degraded: bool,
}

/// Runs a handle. `script` says what steps answer; `!` is a server error, `…` at the end an answer that was cut, and
/// what is not said is simulated.
fn told(handle: &str, user: &str, script: &[(&str, &str)]) -> Told {
    told_with(handle, user, "{}", script)
}

fn told_with(handle: &str, user: &str, fields: &str, script: &[(&str, &str)]) -> Told {
    let mut toml = String::new();
    for (step, says) in script {
        let reply = match says.strip_suffix('…') {
            _ if *says == "!" => "fault = \"500\"".to_owned(),
            Some(cut) => format!("text = '''{cut}'''\nfinish_reason = \"length\""),
            None => format!("text = '''{says}'''"),
        };
        toml.push_str(&format!("[[step.\"{step}\".reply]]\n{reply}\n"));
    }
    let script: Script = toml.parse().expect("the script can be read");
    let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(fields).expect("an object");
    let raw = |value| serde_json::value::to_raw_value(&value).expect("JSON stays JSON").into();
    let plan = Arc::new(named(handle));
    let request = Request {
        run: "run-test".to_owned().into(),
        model: handle.to_owned(),
        messages: vec![Message::ours(Role::User, user)],
        fields: fields.into_iter().map(|(name, value)| (name, raw(value))).collect(),
        stream: false,
        strict: false,
        ignored: Vec::new(),
        traceparent: None,
        patience: None,
        progress: false,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime starts").block_on(async {
        let sim = Sim::new(plan.models.iter().map(|model| model.name.to_string()).collect(), script);
        let host = Arc::new(Host::new(Arc::new(SimUpstream::new(sim))));
        let mut run = Run::new(Arc::clone(&plan), Arc::new(request), host);
        while let Some(event) = run.next().await {
            if let Event::Done(finished) = event {
                return Told {
                    reply: finished
                        .reply()
                        .map(|answer| answer.text.clone())
                        .map_err(|error| error.message.clone()),
                    calls: finished.receipt.calls.len(),
                    degraded: finished.receipt.degraded,
                };
            }
        }
        panic!("a run ends with `Done`")
    })
}

// === impl Told ===

impl Told {
    /// The reply after so many calls, nothing being lost.
    #[track_caller]
    fn fine(self, reply: &str, calls: usize) {
        assert_eq!((self.text(), self.calls, self.degraded), (reply, calls, false));
    }

    #[track_caller]
    fn degraded(self, reply: &str) {
        assert_eq!((self.text(), self.degraded), (reply, true));
    }

    /// The reply; of a simulated one, the model that spoke: `[simulated MODEL] …`.
    #[track_caller]
    fn text(&self) -> &str {
        let text = self.reply.as_deref().expect("there is a reply");
        text.strip_prefix("[simulated ").and_then(|rest| rest.split(']').next()).unwrap_or(text)
    }
}

const LARGE: &str = "mlx-gpt-oss-120b-mxfp4-q4";
const SWIFT: &str = "mlx-qwen3-next-80b-a3b-instruct-mxfp4";
const MISTRAL: &str = "ov-mistral-7b-instruct-v0-3-fp16";
const PHI: &str = "ov-phi-4-mini-instruct-fp16";

#[test]
fn architect_high_answers_by_the_chief_and_without_it_with_a_design() {
    let handle = "opt-architect-high-xl";
    told(handle, "Plan it.", &[]).fine(LARGE, 4);
    told(handle, "Plan it.", &[("reply", "!"), ("drafts[0]", "!"), ("drafts[1]", "B")]).degraded("B");
    assert!(told(handle, "Plan it.", &[("drafts[0]", "!"), ("drafts[1]", "!")]).reply.is_err());
}

#[test]
fn architect_balanced_picks_a_design_unchanged() {
    let handle = "opt-architect-balanced-l";
    let same = [("reply", "design"), ("drafts", "A"), ("demands", "- cheap")];
    told(handle, "Plan it.", &same).fine("A", 5);
    told(handle, "And why?", &[("reply", r#"{"value": "small"}"#)]).fine(SWIFT, 2);
    let lost = [("reply", "!"), ("drafts[0]", "A"), ("best_draft", "!"), ("demands", "!")];
    told(handle, "Plan it.", &lost).degraded("A");
}

#[test]
fn research_goes_on_without_its_sceptic() {
    let handle = "opt-research-high-xl";
    told(handle, "Why?", &[]).fine(LARGE, 4);
    told(handle, "Why?", &[("doubts", "!"), ("views[1]", "!")]).degraded(LARGE);
    told(handle, "Why?", &[("reply", "!"), ("views", "A")]).degraded("A");
}

#[test]
fn code_comes_from_a_writer_and_the_judge_stands_in_for_the_coder() {
    let handle = "opt-code-balanced-l";
    told(handle, "Sort it.", &[("first_try", "A"), ("more_tries", "A")]).fine("A", 4);
    told(handle, "Sort it.", &[("first_try", "A"), ("reply", "!"), ("more_tries", "B")]).degraded("A");
    let judge = [("first_try", "!"), ("first_try.else", "C"), ("more_tries", "!")];
    told(handle, "Sort it.", &judge).degraded("C");
    let nobody = [("first_try", "!"), ("first_try.else", "!"), ("more_tries", "!")];
    assert!(told(handle, "Sort it.", &nobody).reply.is_err());
}

#[test]
fn chat_needs_neither_draft_nor_notes_nor_its_large_model() {
    let handle = "opt-chat-balanced-m";
    told(handle, "Hello", &[("draft", "A"), ("notes", "Simple.")]).fine("A", 2);
    told(handle, "Hello", &[("draft", "A…"), ("notes", "simple")]).fine(LARGE, 3);
    told(handle, "Hello", &[("draft", "A"), ("notes", "other\n- a greeting")]).fine(LARGE, 3);
    told(handle, "Hello", &[("draft", "!"), ("notes", "!")]).degraded(LARGE);
    told(handle, "Hello", &[("reply.otherwise", "!"), ("reply.otherwise.else", "B")]).degraded("B");
}

#[test]
fn route_counts_votes_and_has_an_answer_when_all_are_lost() {
    let handle = "opt-route-fast-s";
    let code = r#"{"value": "opt-code-balanced-l"}"#;
    told(handle, "Fix this", &[("votes[0]", code), ("votes[1]", "`opt-code-balanced-l`.")])
        .fine("opt-code-balanced-l", 2);
    let differ = [("votes[0]", "opt-chat-balanced-m"), ("votes[1]", code), ("reply", code)];
    told(handle, "Fix this", &differ).fine("opt-code-balanced-l", 3);
    told(handle, "Fix this", &[("votes", "!"), ("reply", "!")]).degraded("opt-chat-balanced-m");
    told(handle, "Fix this", &[("votes", "no idea"), ("reply", code)]).degraded("opt-code-balanced-l");
}

#[test]
fn extract_drops_what_does_not_fit_the_schema() {
    let handle = "opt-extract-fast-s";
    let schema = r#"{"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema":
        {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}}}}"#;
    let fenced = "```json\n{\"n\": 1}\n```";
    let reads = [("reads[0]", fenced), ("reads[1]", r#"{"n": "1"}"#), ("reads[2]", r#"{"n": 1}"#)];
    told_with(handle, "n is 1", schema, &reads).degraded(r#"{"n": 1}"#);
    told_with(handle, "n is 1", schema, &[("reads", "one"), ("reply.else", r#"{"n": 2}"#)])
        .degraded(r#"{"n": 2}"#);
    assert!(told_with(handle, "n is 1", schema, &[("reads", "one"), ("reply.else", "two")]).reply.is_err());
    told(handle, "n is 1", &[("reads", r#"{"n": 1}"#)]).fine(r#"{"n": 1}"#, 2);
}

#[test]
fn clean_cleans_again_if_the_check_objects() {
    let handle = "opt-clean-fast-s";
    let (first, second) = ("reply.round1", "reply.round2");
    let finds = |round: &str| format!("{round}.findings");
    let (found, found_again) = (finds(first), finds(second));
    let again = format!("{first}.draft");
    let told = |script: &[(&str, &str)]| told(handle, "uh gud", script);
    told(&[("draft", "Good."), (&found, "Same.")]).fine("Good.", 2);
    let changed = [("draft", "Bad."), (&*found, "gud: lost"), (&*again, "Good."), (&*found_again, "same")];
    told(&changed).fine("Good.", 4);
    told(&[("draft", "Good."), (&found, "!")]).degraded("Good.");
    told(&[("draft", "Bad."), (&found, "gud: lost"), (&again, "!")]).degraded("Bad.");
    told(&[("draft", "!"), ("draft.else", "Gud."), (&found, "same")]).degraded("Gud.");
}

#[test]
fn summarize_needs_no_notes_and_has_a_second_writer() {
    let handle = "opt-summarize-fast-s";
    told(handle, "A long text.", &[]).fine(PHI, 3);
    told(handle, "A long text.", &[("notes[0]", "!")]).degraded(PHI);
    told(handle, "A long text.", &[("notes", "!")]).degraded(MISTRAL);
    told(handle, "A long text.", &[("reply", "!"), ("reply.else", "B")]).degraded("B");
}

#[test]
fn privacy_redacts_what_any_found_or_fails() {
    let handle = "opt-privacy-fast-s";
    let (ute, jo) = (r#"[{"kind": "NAME", "text": "Ute"}]"#, r#"[{"kind": "NAME", "text": "Jo"}]"#);
    let finders = ["reply.found[0]", "reply.found[1]", "reply.found[2]"];
    let told =
        |found: [&str; 3]| told(handle, "Ute met Jo.", &finders.into_iter().zip(found).collect::<Vec<_>>());
    told([ute, "[]", jo]).fine("[NAME 1] met [NAME 2].", 3);
    told([ute, "```json\n[]\n```", jo]).fine("[NAME 1] met [NAME 2].", 3);
    for lost in [
        "!",
        "Nothing.",
        "[]…",
        "Here is the list [1]: Jo",
        r#"["Jo"]"#,
        "{}",
        r#"{"kind": "NAME", "text": "Jo"}"#,
        r#"[{"type": "NAME", "value": "Jo"}]"#,
        r#"[{"kind": "NAME", "text": "Ute"}, {"text": "Jo"}]"#,
        r#"[{"kind": "NAME", "text": "Ute"}, {"kind": "NA…"#,
    ] {
        let told = told([ute, ute, lost]);
        let error = told.reply.expect_err(lost);
        assert!(!error.contains("Ute") && !error.contains("Jo"), "{error}");
    }
}
