//! `returns` as it is written, and what it makes of an answer in templates.

mod inferred;

use serde_json::Value as Json;

use crate::diagnostic::Diagnostic;
use crate::syntax::ast::{Arg, Member, Text, Value, Verb as Written};
use crate::template::{Kind as Sort, Returned, Template};

use super::call::{Returns, Schema};
use super::values::Reader;
use super::{Verb, errors};

/// What a `returns:` declares.
pub fn read(value: &Value, diagnostics: &mut Vec<Diagnostic>) -> Option<Returns> {
    let (word, payload) = match value {
        Value::Tagged { word, payload, .. } => (word, Some(&**payload)),
        Value::Name(member) => (member, None),
        Value::Bad(_) => return None,
        other => {
            diagnostics.push(errors::wrong_returns(other.span(), None));
            return None;
        }
    };
    let args = word.args.as_deref();
    match (word.path.head.text.as_str(), payload, args) {
        ("one_of", Some(list), None) => one_of(list, diagnostics),
        ("number", None, Some(args)) => number(word, args, diagnostics),
        ("json", Some(Value::Text(text)), None) => json(text, diagnostics),
        ("list", None, None) => Some(Returns::List),
        (found, ..) => {
            diagnostics.push(errors::wrong_returns(value.span(), Some(found)));
            None
        }
    }
}

/// What a `returns:` makes of a value, without judging it: what is wrong with it is said where it is read.
fn kind(value: &Value) -> Option<Sort> {
    match value {
        Value::Tagged { word, payload, .. } if word.word().is_some_and(|word| word.text == "json") => {
            let Value::Text(text) = &**payload else { return None };
            let schema: Json = serde_json::from_str(&text.value).ok()?;
            Some(of_schema(&schema, &schema, SCHEMA_DEPTH_MAX))
        }
        other => read(other, &mut Vec::new()).map(|returns| returns.kind()),
    }
}

fn one_of(list: &Value, diagnostics: &mut Vec<Diagnostic>) -> Option<Returns> {
    let mut reader = Reader { option: "returns", diagnostics };
    let choices: Vec<String> = reader.words(list)?.into_iter().map(|(word, _)| word).collect();
    if choices.len() < 2 {
        diagnostics.push(errors::wrong_value("returns", list.span(), "at least two choices"));
        return None;
    }
    Some(Returns::OneOf(choices))
}

fn number(word: &Member, args: &[Arg], diagnostics: &mut Vec<Diagnostic>) -> Option<Returns> {
    let [low, high] = args else {
        diagnostics.push(errors::wrong_returns(word.span, Some("number")));
        return None;
    };
    let mut reader = Reader { option: "returns", diagnostics };
    let mut bound = |arg: &Arg| reader.number(&arg.value, f64::MIN, f64::MAX);
    let (min, max) = (bound(low), bound(high));
    let (min, max) = (min?, max?);
    if min >= max {
        diagnostics.push(errors::bounds_the_wrong_way(word.span, min, max));
        return None;
    }
    Some(Returns::Number { min, max })
}

fn json(text: &Text, diagnostics: &mut Vec<Diagnostic>) -> Option<Returns> {
    match Schema::compile(&text.value) {
        Ok(schema) => Some(Returns::Json(schema)),
        Err(misfit) => {
            diagnostics.push(errors::not_a_schema(text.place(misfit.range), &misfit.why));
            None
        }
    }
}

// === impl Verb ===

impl Verb {
    /// What its answer is read as, or each of its answers.
    #[must_use]
    pub fn returns(&self) -> Option<&Returns> {
        match self {
            Self::Ask(call) | Self::Merge { call, .. } => call.returns.as_ref(),
            Self::Sample { member, .. } => of_call([member]),
            Self::Parallel { members, .. } => of_call(members),
            Self::Cascade(cascade) => of_call(&cascade.rungs),
            Self::Race(starters) => of_call(starters.iter().map(|(member, _)| member)),
            Self::Over { calls, .. } => calls.first()?.returns.as_ref(),
            _ => None,
        }
    }
}

/// What the calls among these return: all of them the same.
fn of_call<'m>(members: impl IntoIterator<Item = &'m super::Member>) -> Option<&'m Returns> {
    members.into_iter().find_map(|member| match member {
        super::Member::Call(call) => call.returns.as_ref(),
        _ => None,
    })
}

// === impl Returns ===

impl Returns {
    /// What the value is in templates.
    #[must_use]
    pub fn kind(&self) -> Sort {
        match self {
            Self::OneOf(choices) => Sort::Choice(choices.clone()),
            Self::Number { .. } => Sort::Number,
            Self::List => Sort::List,
            Self::Json(schema) => of_schema(schema.json(), schema.json(), SCHEMA_DEPTH_MAX),
        }
    }
}

/// How deep a schema is followed; below that, anything may be.
const SCHEMA_DEPTH_MAX: usize = 16;

/// What fits a JSON Schema, as far as its types say. An object is known by its properties where nothing says that there may
/// be others: a field that is not declared is a slip of the pen.
fn of_schema(schema: &Json, root: &Json, depth: usize) -> Sort {
    let Some(below) = depth.checked_sub(1) else { return Sort::Any };
    if let Some(path) = schema["$ref"].as_str() {
        let target = path.strip_prefix('#').and_then(|path| root.pointer(path));
        return target.map_or(Sort::Any, |target| of_schema(target, root, below));
    }
    if ["allOf", "anyOf", "oneOf", "not", "if"].iter().any(|word| schema.get(word).is_some()) {
        return Sort::Any;
    }
    if let Some(words) = schema["enum"].as_array() {
        let words: Option<Vec<String>> = words.iter().map(|word| word.as_str().map(str::to_owned)).collect();
        return words.map_or(Sort::Any, Sort::Choice);
    }
    match schema["type"].as_str() {
        Some("string") => Sort::Text,
        Some("integer" | "number") => Sort::Number,
        Some("boolean") => Sort::Bool,
        Some("array") if schema["items"].is_object() => {
            Sort::ListOf(Box::new(of_schema(&schema["items"], root, below)))
        }
        Some("array") => Sort::List,
        Some("object") => object(schema, root, below),
        _ => Sort::Any,
    }
}

fn object(schema: &Json, root: &Json, depth: usize) -> Sort {
    let is_open = schema.get("additionalProperties").is_some_and(|others| *others != Json::Bool(false))
        || schema.get("patternProperties").is_some();
    match schema["properties"].as_object() {
        Some(properties) if !is_open => Sort::Object(
            properties
                .iter()
                .map(|(name, property)| (name.clone(), of_schema(property, root, depth)))
                .collect(),
        ),
        _ => Sort::Any,
    }
}

/// An answer that is read as this, as templates see it.
pub fn answer(returns: Option<&Returns>) -> Sort {
    let returned = returns.map_or(Returned::Nothing, |returns| Returned::Value(returns.kind()));
    Sort::Answer.returning(returned)
}

/// Whether a verb asks models for answers of its own: it can ask them for values.
pub fn asks(verb: &Written) -> bool {
    matches!(
        verb,
        Written::Ask { .. }
            | Written::Merge { .. }
            | Written::Parallel { .. }
            | Written::Sample { .. }
            | Written::Over { .. }
            | Written::Cascade { .. }
            | Written::Race { .. }
    )
}

/// Names that the prompts of a call may print because of what it returns.
pub fn own_names(returns: Option<&Returns>) -> Vec<(String, Sort)> {
    match returns {
        Some(Returns::OneOf(_)) => vec![("choices".to_owned(), Sort::List)],
        Some(Returns::Json(_)) => vec![("schema".to_owned(), Sort::Text)],
        Some(Returns::Number { .. } | Returns::List) | None => Vec::new(),
    }
}

/// A text that stands in for an answer with a value: one that is the same in every run must be such a value.
pub fn judge_stand_in(returns: &Returns, text: &Text, template: &Template) -> Option<Diagnostic> {
    let constant = template.source().trim();
    if constant.contains("{{") || constant.contains("{%") {
        return None;
    }
    let wrong = returns.read(constant).err()?;
    Some(match returns {
        Returns::OneOf(choices) => {
            let known: Vec<&str> = choices.iter().map(String::as_str).collect();
            errors::not_a_choice(text.span, constant, &known)
        }
        other => errors::not_a_value(text.span, &other.to_string(), &wrong),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_says_what_its_values_are() {
        let kind = |schema: &str| Returns::Json(Schema::compile(schema).expect("is a schema")).kind();
        assert_eq!(kind(r#"{"type": "number"}"#), Sort::Number);
        assert_eq!(
            kind(r#"{"type": "array", "items": {"type": "string"}}"#),
            Sort::ListOf(Box::new(Sort::Text))
        );
        let person = r##"{"type": "object", "properties": {"kind": {"enum": ["a", "b"]}, "next": {"$ref": "#/$defs/x"}},
            "$defs": {"x": {"type": "boolean"}}}"##;
        let choice = Sort::Choice(vec!["a".to_owned(), "b".to_owned()]);
        let fields = vec![("kind".to_owned(), choice), ("next".to_owned(), Sort::Bool)];
        assert_eq!(kind(person), Sort::Object(fields));
        // What may hold more is not known.
        assert_eq!(kind(r#"{"type": "object"}"#), Sort::Any);
        assert_eq!(
            kind(r#"{"type": "object", "properties": {"a": {}}, "additionalProperties": true}"#),
            Sort::Any
        );
        assert_eq!(kind(r#"{"anyOf": [{"type": "string"}]}"#), Sort::Any);
        // A schema that holds itself ends.
        assert!(matches!(kind(r##"{"type": "array", "items": {"$ref": "#"}}"##), Sort::ListOf(_)));
    }
}
