use super::*;

#[track_caller]
fn reads(returns: &Returns, text: &str, expected: Option<&str>) {
    let read = returns.read(text);
    assert_eq!(read.as_ref().ok().map(|read| read.text.as_str()), expected, "{text}: {read:?}");
}

fn json(schema: &str) -> Returns {
    Returns::Json(Schema::compile(schema).expect("is a schema"))
}

const PERSON: &str = r#"{
    "type": "object",
    "properties": { "name": { "type": "string" }, "age": { "type": "integer" } },
    "required": ["name", "age"]
}"#;

#[test]
fn a_choice_is_read_as_tolerantly_as_is_safe() {
    let returns = Returns::OneOf(vec!["pass".to_owned(), "repair".to_owned()]);
    let check = |text: &str, expected: Option<&str>| reads(&returns, text, expected);
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
fn a_number_is_read_with_its_bounds() {
    let returns = Returns::Number { min: 0.0, max: 10.0 };
    let check = |text: &str, expected: Option<&str>| reads(&returns, text, expected);
    check("8", Some("8"));
    check("**7.5**", Some("7.5"));
    check("8/10", Some("8"));
    check(r#"{"value": 8.0}"#, Some("8"));
    check("```json\n{\"value\": 3}\n```", Some("3"));
    check("11", None);
    check(r#"{"value": 11}"#, None);
    check("good", None);
    assert!(matches!(returns.read("8.0").map(|read| read.value), Ok(Data::Int(8))));
}

#[test]
fn json_is_found_unwrapped_and_held_to_its_schema() {
    let person = json(PERSON);
    let check = |text: &str, expected: Option<&str>| reads(&person, text, expected);
    let ann = Some(r#"{"age":3,"name":"Ann"}"#);
    check(r#"{"name": "Ann", "age": 3}"#, ann);
    check("Here [1] it is:\n```json\n{\"name\": \"Ann\", \"age\": 3}\n```\nDone.", ann);
    check(r#"{"value": {"name": "Ann", "age": 3}}"#, ann);
    check(r#"{"name": "Ann"} or rather {"name": "Ann", "age": 3}"#, ann);
    check(r#"{"name": "Ann", "age": "3"}"#, None);
    check(r#"{"name": "Ann", "age""#, None);
    reads(&json(r#"{"type": "string", "minLength": 2}"#), "plain words", Some(r#""plain words""#));
    reads(&json(r#"{"type": "array"}"#), r#"{"value": [1]}"#, Some("[1]"));
    reads(&json("{}"), "no JSON", None);
}

#[test]
fn what_is_wrong_with_json_can_be_shown_to_its_author() {
    let person = json(PERSON);
    let wrong = |text: &str| person.read(text).expect_err("does not fit");
    assert_eq!(wrong(r#"{"name": 1, "age": 3}"#), r#"at /name: value is not of type "string""#);
    assert_eq!(wrong(r#"{"age": 3}"#), r#""name" is a required property"#);
    assert_eq!(wrong("I cannot"), "that holds no JSON");
    assert_eq!(wrong(r#"{"name": "#), "that is not JSON: EOF while parsing a value");
}

#[test]
fn a_list_is_json_or_lines() {
    let check = |text: &str, expected: Option<&str>| reads(&Returns::List, text, expected);
    check(r#"["a", "b"]"#, Some(r#"["a","b"]"#));
    check("Sure:\n```json\n[]\n```", Some("[]"));
    check(r#"{"value": [1]}"#, Some("[1]"));
    check(r#"{"items": [{"kind": "name", "text": "Ann"}]}"#, Some(r#"[{"kind":"name","text":"Ann"}]"#));
    check("Here they are:\n- a\n* b\n1. c\n2) d\n", Some(r#"["a","b","c","d"]"#));
    check("a\n\n  b", Some(r#"["a","b"]"#));
    check("-5 degrees", Some(r#"["-5 degrees"]"#));
    check(r#"["a", "b"#, None);
    check(r#"{"a": [1], "b": [2]}"#, None);
    check("  ", None);
}

#[test]
fn a_schema_that_is_none_says_where() {
    let check = |text: &str, why: &str, at: &str| {
        let misfit = Schema::compile(text).expect_err("is no schema");
        assert!(misfit.why.contains(why), "{}", misfit.why);
        assert_eq!(&text[misfit.range], at, "{}", misfit.why);
    };
    check("{ \"ü\": 1,\n  \"b\" 2 }", "not JSON: expected `:`", "2");
    check("{", "not JSON: EOF while parsing an object", "{");
    check(r#"{ "properties": { "a": { "type": "strin" } } }"#, "not a JSON Schema", r#""strin""#);
    check(r#"{ "required": "a" }"#, "not a JSON Schema", r#""a""#);
    check(r#"{ "pattern": "(" }"#, "not a JSON Schema", r#""(""#);
    check(
        r#"{ "$ref": "https://example.com/x.json" }"#,
        "not a JSON Schema",
        "{ \"$ref\": \"https://example.com/x.json\" }",
    );
    assert!(Schema::compile(r##"{ "$ref": "#/$defs/x", "$defs": { "x": { "type": "string" } } }"##).is_ok());
}
