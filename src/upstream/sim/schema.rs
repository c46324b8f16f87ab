//! The smallest value that fits a JSON Schema, as far as models are asked with one.
//!
//! Not a validator: what it does not know (patterns, conditions) it leaves out.

use serde_json::{Map, Number, Value, json};

/// How deep a schema is followed. A recursive one ends in null there.
const DEPTH_MAX: usize = 24;

/// The same value for the same schema and `hash`.
#[must_use]
pub(super) fn example(schema: &Value, hash: u64) -> Value {
    Example { root: schema, hash }.of(schema, DEPTH_MAX)
}

struct Example<'a> {
    root: &'a Value,
    hash: u64,
}

// === impl Example ===

impl Example<'_> {
    fn of(&self, schema: &Value, depth: usize) -> Value {
        let Some(below) = depth.checked_sub(1) else { return Value::Null };
        if let Some(path) = schema["$ref"].as_str() {
            let target = path.strip_prefix('#').and_then(|path| self.root.pointer(path));
            return target.map_or(Value::Null, |target| self.of(target, below));
        }
        if let Some(value) = schema.get("const").or_else(|| schema["enum"].get(0)) {
            return value.clone();
        }
        for choice in ["anyOf", "oneOf"] {
            if let Some(first) = schema[choice].get(0) {
                return self.of(first, below);
            }
        }
        if let Some(all) = schema["allOf"].as_array() {
            return self.of(&merged(all, schema), below);
        }
        match kind(schema) {
            "object" => self.object(schema, below),
            "array" => self.array(schema, below),
            "string" => string(schema).into(),
            "integer" => self.number(schema, true),
            "number" => self.number(schema, false),
            "boolean" => (self.hash & 1 == 0).into(),
            _ => Value::Null,
        }
    }

    /// All properties that are required; if none is, all there are, so that a demonstration shows something.
    fn object(&self, schema: &Value, depth: usize) -> Value {
        let empty = Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&empty);
        let required: Vec<_> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut object = Map::new();
        for (name, property) in properties {
            if required.is_empty() || required.contains(&name.as_str()) {
                object.insert(name.clone(), self.of(property, depth));
            }
        }
        for name in required {
            object.entry(name).or_insert_with(|| "simulated".into());
        }
        object.into()
    }

    fn array(&self, schema: &Value, depth: usize) -> Value {
        let most = schema["maxItems"].as_u64().unwrap_or(u64::MAX);
        let count = schema["minItems"].as_u64().unwrap_or(1).min(most).min(64);
        (0..count)
            .map(|at| {
                let place = usize::try_from(at).unwrap_or(0);
                let item = schema["prefixItems"].get(place).unwrap_or(&schema["items"]);
                let hash = self.hash.rotate_left(7 * (place as u32 + 1));
                Example { hash, ..*self }.of(item, depth)
            })
            .collect::<Vec<_>>()
            .into()
    }

    fn number(&self, schema: &Value, whole: bool) -> Value {
        let step = schema["multipleOf"].as_f64().filter(|&step| step > 0.0).unwrap_or(1.0);
        let over = schema["exclusiveMinimum"].as_f64().map(|least| least + step);
        let least = schema["minimum"].as_f64().or(over).unwrap_or(0.0);
        let under = schema["exclusiveMaximum"].as_f64().map(|most| most - step);
        let most = schema["maximum"].as_f64().or(under).unwrap_or(least + 10.0);
        let first = (least / step).ceil();
        let places = ((most / step).floor() - first).clamp(0.0, 1e6) as u64 + 1;
        let value = (first + (self.hash % places) as f64) * step;
        if whole || value.fract() == 0.0 {
            return Value::from(value as i64);
        }
        Number::from_f64(value).map_or(Value::Null, Value::Number)
    }
}

/// `type`, the first that is not null if there are several, or what the keywords suggest.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if schema.get("properties").is_some() || schema.get("required").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ if schema.get("minimum").is_some() || schema.get("maximum").is_some() => "number",
        _ => "string",
    }
}

fn string(schema: &Value) -> String {
    match schema["format"].as_str() {
        Some("date-time") => return "2000-01-01T00:00:00Z".into(),
        Some("date") => return "2000-01-01".into(),
        Some("time") => return "00:00:00Z".into(),
        Some("email") => return "simulated@example.com".into(),
        Some("uri" | "url") => return "https://example.com/simulated".into(),
        Some("uuid") => return "00000000-0000-4000-8000-000000000000".into(),
        _ => {}
    }
    let least = schema["minLength"].as_u64().unwrap_or(0).min(65_536) as usize;
    let most = schema["maxLength"].as_u64().unwrap_or(u64::MAX);
    let count = least.max("simulated".len()).min(usize::try_from(most).unwrap_or(usize::MAX));
    "simulated ".chars().cycle().take(count).collect()
}

/// One schema with the keywords of all; properties and required names are joined.
fn merged(all: &[Value], schema: &Value) -> Value {
    let mut sum = json!({});
    for part in all.iter().chain([schema]) {
        for (name, value) in part.as_object().into_iter().flatten().filter(|(name, _)| *name != "allOf") {
            match (&mut sum[name], value) {
                (Value::Object(into), Value::Object(from)) => into.extend(from.clone()),
                (Value::Array(into), Value::Array(from)) => into.extend(from.iter().cloned()),
                (into, value) => *into = value.clone(),
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests;
