use super::*;

#[test]
fn examples_fit_their_schemas() {
    let schemas = [
        json!({"enum": ["pass", "repair"]}),
        json!({"type": "object", "properties": {"value": {"enum": ["pass", "repair"]}}, "required": ["value"],
            "additionalProperties": false}),
        json!({"type": "number", "minimum": 0, "maximum": 10}),
        json!({"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5}),
        json!({"type": "integer", "minimum": 7, "multipleOf": 5}),
        json!({"type": "number", "minimum": 0.1, "maximum": 0.1, "multipleOf": 0.1}),
        json!({"type": "string", "minLength": 30}),
        json!({"type": "string", "maxLength": 3}),
        json!({"type": "array", "items": {"type": "integer"}, "minItems": 3}),
        json!({"type": "array", "items": {"type": "string"}, "maxItems": 0}),
        json!({"type": ["null", "boolean"]}),
        json!({"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        json!({"allOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]},
            {"properties": {"b": {"const": 4}}, "required": ["b"]}]}),
        json!({"$defs": {"p": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}},
            "type": "object", "properties": {"people": {"type": "array", "items": {"$ref": "#/$defs/p"}, "minItems": 2}},
            "required": ["people"]}),
        json!({}),
        json!(true),
    ];
    for schema in schemas {
        let validator = jsonschema::validator_for(&schema).unwrap();
        for hash in [0, 1, 7, u64::MAX, 0x1234_5678_9abc_def0] {
            let example = example(&schema, hash);
            assert!(validator.is_valid(&example), "{example} for {schema}");
            assert_eq!(example, super::example(&schema, hash), "the same every time");
        }
    }
}

#[test]
fn the_first_choice_is_taken_and_properties_that_nobody_requires_are_shown() {
    assert_eq!(example(&json!({"enum": ["pass", "repair"]}), 5), "pass");
    let open = json!({"properties": {"a": {"type": "string"}, "b": {"type": "null"}}});
    assert_eq!(example(&open, 0), json!({"a": "simulated", "b": null}));
}

#[test]
fn a_schema_that_contains_itself_ends() {
    let endless = json!({"properties": {"next": {"$ref": "#"}}, "required": ["next"]});
    assert!(example(&endless, 0)["next"]["next"].is_object());
}
