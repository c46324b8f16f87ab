//! The registry's validator, from its rules.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{read, synced};
use crate::ensembles::HANDLES;

const MANAGERS: [&str; 5] = ["systemd", "launchd", "docker", "manual", "external"];

/// What is wrong with a registry, a sentence each.
fn validate(text: &str) -> Vec<String> {
    let (mut wrong, mut handles, mut selectors) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for (index, line) in text.lines().enumerate() {
        let mut say = |what: String| wrong.push(format!("{}: {what}", index + 1));
        let Ok(row) = serde_json::from_str::<Map<String, Value>>(line) else {
            say("no object".to_owned());
            continue;
        };
        let word = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        fields(&row).into_iter().for_each(&mut say);
        let selector = row.get("selector").map(Value::to_string).unwrap_or_default();
        if !handles.insert(word("handle").to_owned()) {
            say(format!("a second {}", word("handle")));
        }
        if !selectors.insert((word("kind").to_owned(), word("endpoint_ref").to_owned(), selector)) {
            say("a second row for this selector".to_owned());
        }
    }
    wrong
}

fn fields(row: &Map<String, Value>) -> Vec<String> {
    let mut wrong = Vec::new();
    let word = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
    let is_kebab = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    for name in row.keys() {
        if !["handle", "kind", "invoke", "managed_by", "endpoint_ref", "selector", "notes"].contains(&&**name)
        {
            wrong.push(format!("a field `{name}`"));
        }
    }
    let selector = row.get("selector").and_then(Value::as_object);
    let model = selector.and_then(|it| it.get("model")).and_then(Value::as_str).unwrap_or_default();
    let rules = [
        ("handle", is_kebab(word("handle"))),
        ("kind", word("kind") == "model"),
        ("invoke", word("invoke") == "openai-chat"),
        ("managed_by", MANAGERS.contains(&word("managed_by"))),
        ("endpoint_ref", !word("endpoint_ref").is_empty()),
        ("selector", is_kebab(model) && selector.is_some_and(|it| it.len() == 1)),
        ("notes", row.get("notes").is_none_or(Value::is_string)),
    ];
    wrong.extend(rules.iter().filter(|(_, holds)| !holds).map(|(name, _)| format!("its {name}")));
    wrong
}

#[test]
fn the_registry_is_valid_and_has_every_handle() {
    let text = read(&synced(), "layer-gateway/registry/handles.jsonl");
    assert_eq!(validate(&text), Vec::<String>::new(), "{text}");
    let row = |line: &str| serde_json::from_str::<Value>(line).expect("it is valid");
    let mut ours: Vec<String> = text
        .lines()
        .map(row)
        .filter(|row| row["endpoint_ref"] == "ep_optillm_proxy_4020" && row["managed_by"] == "systemd")
        .map(|row| row["handle"].as_str().expect("a text").to_owned())
        .collect();
    ours.sort_unstable();
    assert_eq!(ours, HANDLES);
    assert_eq!(text.lines().count(), HANDLES.len() + 1, "the row of others is there, too");
}

/// A validator that finds nothing proves nothing.
#[test]
fn the_validator_finds_what_breaks_a_rule() {
    let good = "{\"handle\":\"opt-a\",\"kind\":\"model\",\"invoke\":\"openai-chat\",\"managed_by\":\"systemd\",\"endpoint_ref\":\"ep_x\",\"selector\":{\"model\":\"moa-a\"},\"notes\":\"n\"}";
    assert_eq!(validate(good), Vec::<String>::new());
    for (old, new, said) in [
        ("opt-a", "opt_a", "1: its handle"),
        ("\"kind\":\"model\"", "\"kind\":\"tool\"", "1: its kind"),
        ("openai-chat", "openai", "1: its invoke"),
        ("systemd", "cron", "1: its managed_by"),
        ("\"endpoint_ref\":\"ep_x\",", "", "1: its endpoint_ref"),
        ("moa-a", "moa_a", "1: its selector"),
        ("{\"model\":\"moa-a\"}", "\"moa-a\"", "1: its selector"),
        ("\"notes\":\"n\"", "\"notes\":1", "1: its notes"),
        ("\"notes\":\"n\"", "\"status\":\"active\"", "1: a field `status`"),
        (good, "# a comment", "1: no object"),
    ] {
        assert_eq!(validate(&good.replace(old, new)), [said], "{new}");
    }
    let twice = format!("{good}\n{}", good.replace("moa-a", "moa-b"));
    assert_eq!(validate(&twice), ["2: a second opt-a"]);
    let same = format!("{good}\n{}", good.replace("opt-a", "opt-b"));
    assert_eq!(validate(&same), ["2: a second row for this selector"]);
}
