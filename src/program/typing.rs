//! `returns` as it is written, and what it makes of an answer in templates.

use crate::diagnostic::Diagnostic;
use crate::syntax::ast::{Arg, Member, Text, Value};
use crate::template::{Kind as Sort, Template};

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
            Self::Sample { member: super::Member::Call(call), .. } => call.returns.as_ref(),
            Self::Parallel { members, .. } => match members.first()? {
                super::Member::Call(call) => call.returns.as_ref(),
                _ => None,
            },
            Self::Over { calls, .. } => calls.first()?.returns.as_ref(),
            _ => None,
        }
    }
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
