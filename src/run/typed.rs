//! Answers that must be read as something: how they are asked for, and asked for again.

use serde_json::{Value, json};

use crate::plan::{Returns, Schema};

/// The `response_format` that asks for it. What is not an object is wrapped in one, since servers want that.
pub fn response_format(returns: &Returns) -> Value {
    match returns {
        Returns::OneOf(choices) => {
            object("one_of", json!({ "value": { "type": "string", "enum": choices } }))
        }
        Returns::Number { min, max } => {
            object("number", json!({ "value": { "type": "number", "minimum": min, "maximum": max } }))
        }
        Returns::List => format("list", &wrapped(json!({ "type": "array", "items": {} })), false),
        Returns::Json(schema) if schema.allows_anything() => json!({ "type": "json_object" }),
        Returns::Json(schema) => format("json", &of_schema(schema), false),
    }
}

fn of_schema(schema: &Schema) -> Value {
    let mut json = schema.json().clone();
    if schema.is_of_objects() {
        return json;
    }
    lower_references(&mut json);
    wrapped(json)
}

/// References from the root of a schema, which goes down into a property.
fn lower_references(json: &mut Value) {
    match json {
        Value::Object(map) => {
            for (name, value) in map {
                match value {
                    Value::String(path) if name == "$ref" && (path == "#" || path.starts_with("#/")) => {
                        *path = format!("#/properties/value{}", &path[1..]);
                    }
                    other => lower_references(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(lower_references),
        _ => (),
    }
}

fn wrapped(value: Value) -> Value {
    json!({
        "type": "object",
        "properties": { "value": value },
        "required": ["value"],
        "additionalProperties": false,
    })
}

/// The `response_format` for an object of these properties, all of them required.
pub fn object(name: &str, properties: Value) -> Value {
    let required: Vec<&String> = properties.as_object().into_iter().flat_map(|map| map.keys()).collect();
    let schema = json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    format(name, &schema, true)
}

/// `strict` promises that the schema keeps to the part of JSON Schema that every server knows.
fn format(name: &str, schema: &Value, strict: bool) -> Value {
    json!({ "type": "json_schema", "json_schema": { "name": name, "strict": strict, "schema": schema } })
}

/// What a model is told after an answer that could not be read. `wrong` says why.
pub fn complaint(returns: &Returns, wrong: &str) -> String {
    match returns {
        Returns::OneOf(choices) => format!(
            "That is not one of the choices. Reply with exactly one of these, and nothing else:\n{}",
            choices.join("\n")
        ),
        Returns::Number { min, max } => format!(
            "That does not give one number from {min} to {max}. Reply with that number alone, in digits, and nothing else."
        ),
        Returns::Json(_) => format!(
            "That does not fit the JSON Schema:\n{wrong}\nReply with the corrected JSON, all of it, and nothing else."
        ),
        Returns::List => {
            format!("That cannot be read as a list: {wrong}. Reply with a JSON list and nothing else.")
        }
    }
}

/// Whether `text` satisfies a client's `response_format`; true for one without a schema that we know.
pub fn fits(response_format: &Value, text: &str) -> bool {
    match response_format.get("type").and_then(|kind| kind.as_str()) {
        Some("json_object") => serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object()),
        Some("json_schema") => {
            let Ok(value) = serde_json::from_str::<Value>(text) else { return false };
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

    fn schema_of(schema: &str) -> Value {
        let returns = Returns::Json(Schema::compile(schema).expect("is a schema"));
        let format = response_format(&returns);
        format.pointer("/json_schema/schema").cloned().unwrap_or(format)
    }

    #[test]
    fn a_schema_is_asked_for_as_an_object() {
        let person = r#"{"type": "object", "properties": {"name": {"type": "string"}}}"#;
        assert_eq!(schema_of(person), serde_json::from_str::<Value>(person).expect("is JSON"));
        assert_eq!(schema_of("{}"), json!({"type": "json_object"}));
        let list = schema_of(
            r##"{"type": "array", "items": {"$ref": "#/$defs/x"}, "$defs": {"x": {"type": "string"}}}"##,
        );
        assert_eq!(list.pointer("/required/0"), Some(&json!("value")));
        // It is still a schema, and still the same one.
        let validator = jsonschema::validator_for(&list).expect("is a schema");
        assert!(validator.is_valid(&json!({"value": ["a"]})));
        assert!(!validator.is_valid(&json!({"value": [1]})));
        assert!(!validator.is_valid(&json!(["a"])));
    }

    #[test]
    fn a_complaint_says_what_is_wrong() {
        let schema = Schema::compile(r#"{"type": "object", "required": ["name"]}"#).expect("is a schema");
        let returns = Returns::Json(schema);
        let wrong = returns.read("{}").expect_err("does not fit");
        assert!(complaint(&returns, &wrong).contains("\"name\" is a required property"));
        let number = Returns::Number { min: 0.0, max: 10.0 };
        assert!(complaint(&number, "").contains("from 0 to 10"));
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
