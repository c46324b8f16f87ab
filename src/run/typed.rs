//! Answers that must be read as something: `returns`.

use serde_json::json;

use crate::plan::Returns;

/// The declared choice that `text` names: as JSON `{"value": …}`, as the whole text, or as the only one mentioned.
pub fn read(returns: &Returns, text: &str) -> Option<String> {
    let Returns::OneOf(choices) = returns;
    let exactly = |said: &str| {
        let said = said.trim().trim_matches(['"', '\'', '`', '.', '*']).trim();
        choices.iter().find(|choice| choice.eq_ignore_ascii_case(said)).cloned()
    };
    if let Some(json) = crate::template::find_json(text) {
        let value = json.get("value").unwrap_or(&json);
        if let Some(choice) = value.as_str().and_then(exactly) {
            return Some(choice);
        }
    }
    exactly(text).or_else(|| only_mention(choices, text))
}

/// The one choice that stands in the text as a word of its own; `None` if there are several, or none.
fn only_mention(choices: &[String], text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let word = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let mentioned = |choice: &&String| {
        let choice = choice.to_lowercase();
        lower
            .match_indices(&choice)
            .any(|(at, _)| !lower[..at].ends_with(word) && !lower[at + choice.len()..].starts_with(word))
    };
    let mut found = choices.iter().filter(mentioned);
    match (found.next(), found.next()) {
        (Some(choice), None) => Some(choice.clone()),
        _ => None,
    }
}

/// The `response_format` that asks for it.
pub fn response_format(returns: &Returns) -> serde_json::Value {
    let Returns::OneOf(choices) = returns;
    object("one_of", json!({ "value": { "type": "string", "enum": choices } }))
}

/// The `response_format` for an object of these properties, all of them required.
pub fn object(name: &str, properties: serde_json::Value) -> serde_json::Value {
    let required: Vec<&String> = properties.as_object().into_iter().flat_map(|map| map.keys()).collect();
    json!({
        "type": "json_schema",
        "json_schema": {
            "name": name,
            "strict": true,
            "schema": {
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": false,
            },
        },
    })
}

/// What a model is told after a bad answer.
pub fn complaint(returns: &Returns) -> String {
    let Returns::OneOf(choices) = returns;
    format!(
        "That is not one of the choices. Reply with exactly one of these, and nothing else:\n{}",
        choices.join("\n")
    )
}

/// Whether `text` satisfies a client's `response_format`; true for one without a schema that we know.
pub fn fits(response_format: &serde_json::Value, text: &str) -> bool {
    match response_format.get("type").and_then(|kind| kind.as_str()) {
        Some("json_object") => {
            serde_json::from_str::<serde_json::Value>(text).is_ok_and(|value| value.is_object())
        }
        Some("json_schema") => {
            let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else { return false };
            let schema = response_format.pointer("/json_schema/schema");
            // A schema that cannot be compiled is the client's affair: any JSON does.
            schema
                .and_then(|schema| jsonschema::validator_for(schema).ok())
                .is_none_or(|v| v.is_valid(&value))
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_read_as_tolerantly_as_is_safe() {
        let returns = Returns::OneOf(vec!["pass".to_owned(), "repair".to_owned()]);
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(read(&returns, text).as_deref(), expected, "{text}");
        };
        check("pass", Some("pass"));
        check(" **Pass**.\n", Some("pass"));
        check(r#"{"value": "repair"}"#, Some("repair"));
        check("```json\n{\"value\": \"repair\"}\n```", Some("repair"));
        check("I would say: pass.", Some("pass"));
        check("not pass but repair", None);
        check("bypass", None);
        check("", None);
    }

    #[test]
    fn an_answer_fits_the_schema_that_the_client_sent() {
        let format = json!({"type": "json_schema", "json_schema": {"name": "x", "schema":
            {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}}});
        assert!(fits(&format, r#"{"a": 1}"#));
        assert!(!fits(&format, r#"{"a": "1"}"#));
        assert!(!fits(&format, "a is 1"));
        assert!(fits(&json!({"type": "text"}), "anything"));
        assert!(!fits(&json!({"type": "json_object"}), "[1]"));
    }
}
