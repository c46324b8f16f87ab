//! Every field of a request, and where it arrives: one row each, sent to the daemon and looked up in what its calls sent.
//!
//! `docs/fields.md` is written from these rows. The rows were written by hand; the daemon is held to them.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use ensc::upstream::wire::{FIELDS_ALLOWED, FIELDS_RESERVED};

use super::socket::served;
use super::stage::{plan, script};

/// One of each: a member, a sample, a decider, and the final call.
const PROGRAM: &str = r#"
model member { runtime: mlx, memory: 1GB, context: 128k, max_output: 8k }
model sampled { runtime: mlx, memory: 1GB, context: 128k, max_output: 8k }
model decider { runtime: mlx, memory: 1GB, context: 128k, max_output: 8k }
model final { runtime: mlx, memory: 1GB, context: 128k, max_output: 8k }
tier s { memory: 9GB }
profile fast { timeout: 1m }
ensemble e at fast-s {
  drafts = parallel [member, member]
  samples = sample 2 of sampled
  chosen = pick concat(drafts, samples) by decider
  reply = ask final { prompt: """{{ chosen }}""" }
}
"#;

/// What becomes of a field in one kind of call.
#[derive(Clone, Copy)]
enum Fate {
    /// As it was sent.
    Same,
    /// Not there.
    Gone,
    /// There, as this JSON: what the plan says.
    Is(&'static str),
    /// There, as the plan says, whatever that is.
    Own,
    /// The number that was sent plus that of the call: in no two calls the same.
    Numbered,
}

use Fate::{Gone, Is, Numbered, Own, Same};

struct Row {
    /// `ensc.strict` is the field `strict` inside `ensc`.
    field: &'static str,
    value: &'static str,
    member: Fate,
    sample: Fate,
    decider: Fate,
    last: Fate,
    /// Named under `ignored` in the receipt.
    ignored: bool,
    what: &'static str,
}

const fn row(field: &'static str, value: &'static str, fates: [Fate; 4], what: &'static str) -> Row {
    let [member, sample, decider, last] = fates;
    Row { field, value, member, sample, decider, last, ignored: false, what }
}

const fn final_only(field: &'static str, value: &'static str, what: &'static str) -> Row {
    row(field, value, [Gone, Gone, Gone, Same], what)
}

const fn dropped(field: &'static str, value: &'static str, what: &'static str) -> Row {
    Row { ignored: true, ..row(field, value, [Gone; 4], what) }
}

/// Dropped, and in every call there is the daemon's own.
const fn replaced(field: &'static str, value: &'static str, own: Fate, what: &'static str) -> Row {
    Row { ignored: true, ..row(field, value, [own; 4], what) }
}

const fn consumed(field: &'static str, value: &'static str, what: &'static str) -> Row {
    row(field, value, [Gone; 4], what)
}

/// Written by the daemon for each call, whatever the client sent.
const fn ours(field: &'static str, value: &'static str, what: &'static str) -> Row {
    row(field, value, [Own; 4], what)
}

const SAMPLING: [Fate; 4] = [Same, Same, Gone, Same];
const SHOWN: &str = "\"none\"";
const FUNCTION: &str = r#"[{"type":"function","function":{"name":"look","parameters":{"type":"object"}}}]"#;

const ROWS: &[Row] = &[
    ours(
        "model",
        r#""opt-e-fast-s""#,
        "the handle or selector that is asked for; a call names its own model",
    ),
    row(
        "messages",
        r#"[{"role":"user","content":"hi"}]"#,
        [Same, Same, Own, Own],
        "the conversation; what a call sees of it says the plan",
    ),
    row(
        "stream",
        "true",
        [Gone, Gone, Gone, Same],
        "whether the answer is streamed; a call is if somebody waits for its tokens",
    ),
    row(
        "stream_options",
        r#"{"include_usage":true}"#,
        [Gone, Gone, Gone, Same],
        "`include_usage`: one more chunk with `choices: []`; other options are dropped",
    ),
    consumed("n", "2", "1 to 8 choices, each by calls of its own: back ends give one whatever it says"),
    consumed("ensc", r#"{"strict":false}"#, "our own switches: `strict`, `progress`; any other is refused"),
    consumed("optillm_approach", r#""none""#, "a technique on the handle, for callers of OptiLLM"),
    row(
        "temperature",
        "0.3",
        [Same, Is("0.8"), Is("0"), Same],
        "samples keep theirs, or they would be equal; a decider does not dice",
    ),
    row("top_p", "0.9", SAMPLING, ""),
    row("top_k", "20", SAMPLING, "of local servers"),
    row("min_p", "0.05", SAMPLING, "of local servers"),
    row("presence_penalty", "0.5", SAMPLING, ""),
    row("frequency_penalty", "0.5", SAMPLING, ""),
    row("repetition_penalty", "1.1", SAMPLING, "of local servers"),
    row(
        "seed",
        "7",
        [Numbered, Numbered, Gone, Numbered],
        "plus the number of the call: equal seeds would give equal answers",
    ),
    row(
        "max_tokens",
        "50",
        [Own, Own, Own, Same],
        "lowered to what the plan allows (`capped` in the receipt)",
    ),
    row(
        "max_completion_tokens",
        "50",
        [Gone, Gone, Gone, Same],
        "the same under its newer name; other calls get `max_tokens`",
    ),
    final_only("stop", r#"["END"]"#, ""),
    row(
        "response_format",
        r#"{"type":"json_object"}"#,
        [Gone, Gone, Own, Same],
        "a decider asks for its choice",
    ),
    final_only("reasoning_effort", r#""low""#, ""),
    final_only("verbosity", r#""low""#, ""),
    final_only("logit_bias", r#"{"50256":-100}"#, ""),
    final_only("logprobs", "true", ""),
    final_only("top_logprobs", "3", ""),
    final_only("modalities", r#"["text"]"#, ""),
    final_only("audio", r#"{"voice":"alloy","format":"wav"}"#, ""),
    final_only("prediction", r#"{"type":"content","content":"x"}"#, ""),
    final_only("service_tier", r#""auto""#, ""),
    final_only("user", r#""someone""#, ""),
    final_only("passed_on", "[1]", "any name under `pass_fields` in `ensc.toml`"),
    final_only("chat_template_kwargs", r#"{"enable_thinking":false}"#, "of local servers"),
    row(
        "tools",
        FUNCTION,
        [Same, Same, Same, Same],
        "functions and custom tools, which the client runs; other types are refused. Calls that are not final are shown them: a history \
         with tool messages is refused without",
    ),
    row(
        "tool_choice",
        r#""auto""#,
        [Is(SHOWN), Is(SHOWN), Is(SHOWN), Same],
        "only the final call may answer with tool calls",
    ),
    final_only("parallel_tool_calls", "false", ""),
    dropped("functions", "[]", "deprecated: use `tools`"),
    dropped("function_call", r#""auto""#, "deprecated: use `tool_choice`"),
    dropped("store", "true", "would keep the conversation at a provider"),
    dropped("metadata", r#"{"a":"b"}"#, "LiteLLM's books are kept under the daemon's own"),
    dropped("web_search_options", "{}", "a provider would search, and no plan would know"),
    dropped("mcp_servers", "[]", "LiteLLM would ask servers of tools, and no plan would know"),
    dropped("plugins", "[]", "a provider would run them, and no plan would know"),
    dropped("prompt_cache_key", r#""k""#, "only some providers take it"),
    dropped("safety_identifier", r#""k""#, "only some providers take it"),
    dropped("anything", "1", "any name that is not listed"),
    dropped(
        "extra_body",
        r#"{"fallbacks":["x"]}"#,
        "LiteLLM would honour what is nested in it, under our key",
    ),
    replaced("headers", r#"{"x-a":"b"}"#, Own, "the path of handles stands there, against loops"),
    replaced("num_retries", "5", Is("0"), "retries are the daemon's"),
    replaced("timeout", "1", Own, "a call has the time that the plan gives it"),
    replaced("disable_fallbacks", "false", Is("true"), "another model must not answer"),
    dropped("fallbacks", r#"["x"]"#, "another model must not answer"),
    dropped("extra_headers", r#"{"x-a":"b"}"#, "steers LiteLLM"),
    dropped("tags", r#"["a"]"#, "steers LiteLLM"),
    dropped("allowed_openai_params", r#"["a"]"#, "steers LiteLLM"),
    dropped("api_base", r#""http://127.0.0.1:1""#, "there is one upstream"),
    dropped("base_url", r#""http://127.0.0.1:1""#, "there is one upstream"),
    dropped("api_key", r#""sk-x""#, "calls go out under the daemon's key"),
    dropped("cache", r#"{"no-cache":true}"#, "steers LiteLLM"),
    dropped("custom_llm_provider", r#""x""#, "steers LiteLLM"),
    dropped("drop_params", "true", "steers LiteLLM"),
    dropped("guardrails", r#"["a"]"#, "steers LiteLLM"),
    dropped("litellm_metadata", "{}", "steers LiteLLM"),
    dropped("litellm_session_id", r#""a""#, "steers LiteLLM"),
    dropped("litellm_trace_id", r#""a""#, "steers LiteLLM"),
    dropped("max_retries", "5", "retries are the daemon's"),
    dropped("mock_delay", "1", "steers LiteLLM"),
    dropped("mock_response", r#""a""#, "steers LiteLLM"),
    dropped("mock_timeout", "true", "steers LiteLLM"),
    dropped("stream_timeout", "1", "a call has the time that the plan gives it"),
];

/// What the calls of one question sent, by model, and the receipt's `ignored`.
struct Seen {
    bodies: Vec<Value>,
    ignored: Vec<String>,
}

fn ask(row: &Row) -> Seen {
    let mut body = json!({"model": "opt-e-fast-s", "messages": [{"role": "user", "content": "hi"}]});
    let value: Value = serde_json::from_str(row.value).expect(row.field);
    // `stream_options` means something with `stream` only.
    if row.field == "stream_options" {
        body["stream"] = true.into();
    }
    if row.field == "tool_choice" || row.field == "parallel_tool_calls" {
        body["tools"] = serde_json::from_str(FUNCTION).expect("JSON");
    }
    body[row.field] = value;
    let (seen, _) = served(&plan(PROGRAM), script(""), Duration::from_secs(1), async |daemon| {
        let mut client = daemon.post(&body.to_string()).await;
        client.read_to_end().await;
        assert!(client.seen.starts_with("HTTP/1.1 200 "), "{}: {}", row.field, client.seen);
        let bodies =
            daemon.sim.calls().iter().map(|call| serde_json::from_slice(&call.body).expect("JSON")).collect();
        Seen { bodies, ignored: ignored(&client.seen) }
    });
    seen
}

/// From a whole answer, or from the chunk of a stream that holds the receipt.
fn ignored(answer: &str) -> Vec<String> {
    let texts = answer.lines().map(|line| line.trim_start_matches("data: "));
    let receipt = texts
        .filter_map(|text| serde_json::from_str::<Value>(text).ok())
        .find_map(|value| value.get("ensc").cloned())
        .expect("an answer has a receipt");
    serde_json::from_value(receipt["ignored"].clone()).unwrap_or_default()
}

impl Fate {
    /// What is wrong with the calls of `model`, a line each.
    fn check(self, row: &Row, model: &str, seen: &Seen) -> Vec<String> {
        let calls: Vec<&Value> = seen.bodies.iter().filter(|body| body["model"] == model).collect();
        assert!(!calls.is_empty(), "no call of {model} for `{}`", row.field);
        let sent: Value = serde_json::from_str(row.value).expect("JSON");
        let arrived = calls.into_iter().map(|call| call.get(row.field));
        let wrong = arrived.filter(|arrived| match self {
            Same => *arrived != Some(&sent),
            Gone => arrived.is_some(),
            Is(json) => {
                let wanted: Value = serde_json::from_str(json).expect("JSON");
                !arrived.is_some_and(|found| same(found, &wanted))
            }
            Own => !arrived.is_some_and(|found| *found != sent),
            Numbered => {
                let others = seen.bodies.iter().filter(|body| body.get(row.field) == *arrived).count();
                !arrived.is_some_and(|found| found.as_u64() >= sent.as_u64()) || others != 1
            }
        });
        let place = format!("`{}` in a call of {model}", row.field);
        wrong.map(|arrived| format!("{place}: {} was wanted, it is {arrived:?}", self.shown())).collect()
    }

    fn shown(self) -> String {
        match self {
            Same => "as sent".to_owned(),
            Gone => "–".to_owned(),
            Is(json) => format!("`{json}`"),
            Own => "its own".to_owned(),
            Numbered => "as sent, plus its number".to_owned(),
        }
    }
}

/// Numbers by what they are: `0` is `0.0`.
fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() < 1e-9,
        _ => one == other,
    }
}

#[test]
fn every_field_arrives_where_its_row_says() {
    let mut wrong = Vec::new();
    for row in ROWS {
        let seen = ask(row);
        let fates =
            [(row.member, "member"), (row.sample, "sampled"), (row.decider, "decider"), (row.last, "final")];
        wrong.extend(fates.into_iter().flat_map(|(fate, model)| fate.check(row, model, &seen)));
        if seen.ignored.iter().any(|name| name == row.field) != row.ignored {
            wrong.push(format!("`{}`: ignored are {:?}", row.field, seen.ignored));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_field_that_the_code_knows_has_a_row() {
    for name in FIELDS_ALLOWED.iter().chain(FIELDS_RESERVED) {
        assert!(ROWS.iter().any(|row| row.field == *name), "`{name}` has no row");
    }
}

#[test]
fn the_page_of_fields_shows_the_rows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/fields.md");
    if std::env::var_os("ENSC_BLESS").is_some() {
        std::fs::write(&path, page()).expect("the page can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page(), "docs/fields.md is not what the rows say: ENSC_BLESS=1 writes it");
}

fn page() -> String {
    let mut page = String::from(
        "# The request, field by field\n\nWhere each field of a chat completion arrives. Every row is sent to a daemon by the \
         tests (`tests/suite/fields.rs`), which look it up in the bodies of\nthe calls that come of it; this page is written \
         from the rows.\n\n- **member**: a call whose answer others are made of. **sample**: one of `sample N of`. \
         **decider**: a call that chooses,\n  grades or routes, or is read by `returns`. **final**: a call whose answer can \
         become the reply\n- **as sent**: the client's value. **–**: not in the call. **its own**: in every call, as the \
         plan and the daemon say\n- a step's own value stands above the client's; a field that is `null` is as if it were \
         not there; a wrong type is a 400 that\n  names the field\n- **ignored**: dropped, and named in the receipt under \
         `ignored`\n\n| field | member | sample | decider | final | ignored | |\n| --- | --- | --- | --- | --- | --- | --- \
         |\n",
    );
    for row in ROWS {
        let ignored = if row.ignored { "yes" } else { "" };
        let fates = [row.member, row.sample, row.decider, row.last].map(Fate::shown).join(" | ");
        let _ = writeln!(page, "| `{}` | {fates} | {ignored} | {} |", row.field, row.what);
    }
    page
}
