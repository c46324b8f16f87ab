//! JSON Schemas: compiled where they are written, so that a run only asks them.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::template::json_values;

/// Complaints about one value that are worth telling.
const COMPLAINTS_MAX: usize = 4;

/// A JSON Schema that has been checked.
#[derive(Clone)]
pub struct Schema {
    json: Arc<Value>,
    validator: Arc<jsonschema::Validator>,
}

/// Why a text is no JSON Schema, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    pub why: String,
    /// Bytes of the text.
    pub range: std::ops::Range<usize>,
}

// === impl Schema ===

impl Schema {
    /// Reads a JSON Schema. Nothing is fetched: references lead into the schema itself, or are refused.
    pub fn compile(text: &str) -> Result<Self, Misfit> {
        let json: Value = serde_json::from_str(text).map_err(|error| {
            let at = offset(text, error.line(), error.column());
            let end = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
            Misfit { why: format!("this is not JSON: {}", without_place(&error.to_string())), range: at..end }
        })?;
        let validator = jsonschema::options().offline().build(&json).map_err(|error| {
            let place = find(text, error.instance_path().as_str());
            Misfit { why: format!("this is not a JSON Schema: {error}"), range: place }
        })?;
        Ok(Self { json: Arc::new(json), validator: Arc::new(validator) })
    }

    #[must_use]
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// Whether it says nothing: then any JSON fits.
    #[must_use]
    pub fn allows_anything(&self) -> bool {
        *self.json == Value::Bool(true) || self.json.as_object().is_some_and(serde_json::Map::is_empty)
    }

    /// Whether what fits is an object, as most servers want it of a `response_format`.
    #[must_use]
    pub fn is_of_objects(&self) -> bool {
        self.json.get("type").is_none_or(|kind| kind == "object")
    }

    /// The first JSON in `text` that fits, also as `{"value": …}`; else what is wrong with the first there is. Of a schema of
    /// texts, the whole text where it holds no JSON.
    pub(super) fn read(&self, text: &str) -> Result<Value, String> {
        let mut first_wrong = None;
        for json in json_values(text) {
            match self.unwrapped(json) {
                Ok(json) => return Ok(json),
                Err(wrong) => first_wrong = first_wrong.or(Some(wrong)),
            }
        }
        if self.json.get("type").is_some_and(|kind| kind == "string") {
            let bare = Value::from(text.trim());
            return self.complaints(&bare).map_or(Ok(bare), Err);
        }
        Err(first_wrong.unwrap_or_else(|| no_json(text)))
    }

    fn unwrapped(&self, mut json: Value) -> Result<Value, String> {
        let Some(wrong) = self.complaints(&json) else { return Ok(json) };
        match json.get_mut("value").map(Value::take) {
            Some(inner) => self.complaints(&inner).map_or(Ok(inner), Err),
            None => Err(wrong),
        }
    }

    /// One line each; `None` if it fits. Values are not repeated: they may be long.
    fn complaints(&self, json: &Value) -> Option<String> {
        let mut lines: Vec<String> = self
            .validator
            .iter_errors(json)
            .map(|error| match error.instance_path().as_str() {
                "" => error.masked().to_string(),
                path => format!("at {path}: {}", error.masked()),
            })
            .collect();
        lines.sort();
        lines.truncate(COMPLAINTS_MAX);
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

impl fmt::Display for Schema {
    /// As JSON over several lines: how a prompt prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string_pretty(&self.json).unwrap_or_default())
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Schema").field(&self.json).finish()
    }
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}

/// What is wrong with a text that holds no JSON: where the first list or object in it breaks off, if one begins.
fn no_json(text: &str) -> String {
    let begun = text.find(['{', '[']).map(|at| serde_json::from_str::<Value>(&text[at..]));
    match begun {
        Some(Err(error)) => format!("that is not JSON: {}", without_place(&error.to_string())),
        _ => "that holds no JSON".to_owned(),
    }
}

/// serde_json's words without ` at line 1 column 2`: its lines are not those of the file.
fn without_place(words: &str) -> &str {
    words.rsplit_once(" at line ").map_or(words, |(words, _)| words)
}

/// The byte that serde_json means by a line and a column, both from 1; never inside a character.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut at = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Where the value that a JSON pointer leads to stands in a JSON text; all of it if it leads nowhere.
fn find(text: &str, pointer: &str) -> std::ops::Range<usize> {
    use serde_json::value::RawValue;
    use std::collections::BTreeMap;
    let mut range = text.len() - text.trim_start().len()..text.trim_end().len();
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        let here = &text[range.clone()];
        let inner: Option<&str> = match serde_json::from_str::<BTreeMap<String, &RawValue>>(here) {
            Ok(map) => map.get(&part).map(|raw| raw.get()),
            Err(_) => serde_json::from_str::<Vec<&RawValue>>(here)
                .ok()
                .and_then(|items| Some(items.get(part.parse::<usize>().ok()?)?.get())),
        };
        let Some(inner) = inner else { return range };
        // The raw value is a slice of `here`: its address says where.
        let at = inner.as_ptr() as usize - text.as_ptr() as usize;
        range = at..at + inner.len();
    }
    range
}
