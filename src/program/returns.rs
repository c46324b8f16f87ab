//! What an answer must be read as: `returns`. Read as tolerantly as is safe, by one rule for models and for the texts that
//! stand in for them.

mod schema;

use std::fmt;

use crate::template::{Data, json_values, number};

pub use schema::Schema;

/// A kind of value.
#[derive(Clone, Debug, PartialEq)]
pub enum Returns {
    OneOf(Vec<String>),
    /// Both bounds belong to it.
    Number {
        min: f64,
        max: f64,
    },
    Json(Schema),
    List,
}

/// An answer that could be read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The value as text, without what stood around it.
    pub text: String,
    pub value: Data,
}

// === impl Returns ===

impl Returns {
    /// The value that `text` gives, or what is wrong with it, in words that can be shown to whoever wrote it.
    pub fn read(&self, text: &str) -> Result<Reading, String> {
        match self {
            Self::OneOf(choices) => {
                let choice = choice(choices, text).ok_or("that is not one of the choices")?;
                Ok(Reading { value: Data::Text(choice.as_str().into()), text: choice })
            }
            Self::Number { min, max } => {
                let number = in_json(text)
                    .map_or_else(|| number::in_range(text, *min, *max), Some)
                    .filter(|number| (*min..=*max).contains(number))
                    .ok_or_else(|| format!("that does not give one number from {min} to {max}"))?;
                let whole = number.fract() == 0.0 && number.abs() < 1e15;
                let value = if whole { Data::Int(number as i64) } else { Data::Number(number) };
                Ok(Reading { text: number.to_string(), value })
            }
            Self::Json(schema) => Ok(Reading::of(&schema.read(text)?)),
            Self::List => Ok(Reading::of(&list(text)?)),
        }
    }
}

impl fmt::Display for Returns {
    /// As it is written; a schema by what it is of.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneOf(choices) => write!(f, "one_of [{}]", choices.join(", ")),
            Self::Number { min, max } => write!(f, "number({min}, {max})"),
            Self::Json(_) => f.write_str("json"),
            Self::List => f.write_str("list"),
        }
    }
}

// === impl Reading ===

impl Reading {
    fn of(json: &serde_json::Value) -> Self {
        Self { text: json.to_string(), value: Data::from_json(json) }
    }
}

/// The choice that `text` names: as JSON `{"value": …}`, as the whole text, or as the only one mentioned.
fn choice(choices: &[String], text: &str) -> Option<String> {
    let exactly = |said: &str| {
        let said = said.trim().trim_matches(['"', '\'', '`', '.', '*']).trim();
        choices.iter().find(|choice| choice.eq_ignore_ascii_case(said)).cloned()
    };
    let in_json = json_values(text).find_map(|json| {
        let value = json.get("value").unwrap_or(&json);
        value.as_str().and_then(exactly)
    });
    in_json.or_else(|| exactly(text)).or_else(|| only_mention(choices, text))
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

/// The first number among the JSON in a text, also as `{"value": …}`.
fn in_json(text: &str) -> Option<f64> {
    json_values(text).find_map(|json| json.get("value").unwrap_or(&json).as_f64())
}

/// A JSON list, also as `{"value": […]}` or in an object that holds nothing else; else the lines with a bullet or number,
/// without it; else all lines.
fn list(text: &str) -> Result<serde_json::Value, String> {
    let in_json = json_values(text).find_map(|json| match json {
        serde_json::Value::Array(_) => Some(json),
        serde_json::Value::Object(mut map) if map.len() == 1 || map.contains_key("value") => {
            let name =
                if map.contains_key("value") { "value".to_owned() } else { map.keys().next()?.clone() };
            map.remove(&name).filter(serde_json::Value::is_array)
        }
        _ => None,
    });
    if let Some(list) = in_json {
        return Ok(list);
    }
    let begun = text.trim_start().trim_start_matches("```json").trim_start_matches('`').trim_start();
    if begun.starts_with(['[', '{']) {
        return Err("that begins like JSON and is not a JSON list".to_owned());
    }
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let marked: Vec<&str> = lines.iter().filter_map(|line| after_bullet(line)).collect();
    let items = if marked.is_empty() { lines } else { marked };
    if items.is_empty() { Err("that is empty".to_owned()) } else { Ok(items.into()) }
}

/// What follows `- `, `* `, `• `, `1. ` or `1) `.
fn after_bullet(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = match rest.len() < line.len() {
        true => rest.strip_prefix(['.', ')']),
        false => rest.strip_prefix(['-', '*', '•', '–']),
    };
    let item = rest?.strip_prefix(' ')?.trim();
    (!item.is_empty()).then_some(item)
}

#[cfg(test)]
mod tests;
