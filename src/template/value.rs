//! Between [`Data`] and minijinja's values.

use std::fmt;
use std::sync::Arc;

use minijinja::Output;
use minijinja::value::{Enumerator, Object, ObjectRepr, Value, ValueKind};

use super::blocks::find_json;
use super::data::{Answer, Data, Group, Part, Seen};

/// A template's context.
#[derive(Debug)]
pub struct Names(pub Vec<(String, Value)>);

#[derive(Debug)]
struct AnswerObject(Arc<Answer>);

/// Successes in order; members by name, failed ones as the empty answer.
#[derive(Debug)]
struct AnswersObject {
    successes: Vec<Arc<Answer>>,
    group: Group,
}

#[derive(Debug)]
struct SeenObject(Arc<Seen>);

/// A map that keeps its order.
#[derive(Debug)]
struct MapObject(Vec<(String, Value)>);

pub fn to_value(data: &Data) -> Value {
    match data {
        Data::None => Value::from(()),
        Data::Bool(value) => Value::from(*value),
        Data::Int(value) => Value::from(*value),
        Data::Number(value) => Value::from(*value),
        Data::Text(text) => Value::from(Arc::clone(text)),
        Data::List(items) => Value::from(items.iter().map(to_value).collect::<Vec<_>>()),
        Data::Map(pairs) => {
            Value::from_object(MapObject(pairs.iter().map(|(k, v)| (k.clone(), to_value(v))).collect()))
        }
        Data::Answer(answer) => Value::from_object(AnswerObject(Arc::clone(answer))),
        Data::Seen(seen) => Value::from_object(SeenObject(Arc::clone(seen))),
        Data::Answers(answers) => {
            let names: [(String, Part); 0] = [];
            Value::from_object(AnswersObject::of(Group { answers: Arc::clone(answers), names: names.into() }))
        }
        Data::Group(group) => Value::from_object(AnswersObject::of(group.clone())),
    }
}

/// The first balanced JSON value in a text, fences and prose around it passed over; none if there is none.
pub fn json_in(text: &str) -> Value {
    find_json(text).map_or_else(|| Value::from(()), |json| to_value(&Data::from_json(&json)))
}

pub fn from_value(value: &Value) -> Data {
    if let Some(answer) = value.downcast_object_ref::<AnswerObject>() {
        return Data::Answer(Arc::clone(&answer.0));
    }
    if let Some(answers) = value.downcast_object_ref::<AnswersObject>() {
        return match answers.group.names.is_empty() {
            true => Data::Answers(Arc::new(answers.successes.clone())),
            false => Data::Group(answers.group.clone()),
        };
    }
    if let Some(seen) = value.downcast_object_ref::<SeenObject>() {
        return Data::Seen(Arc::clone(&seen.0));
    }
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Data::None,
        ValueKind::Bool => Data::Bool(value.is_true()),
        ValueKind::Number => match i64::try_from(value.clone()) {
            Ok(whole) if value.is_integer() => Data::Int(whole),
            _ => Data::Number(f64::try_from(value.clone()).unwrap_or(f64::NAN)),
        },
        ValueKind::Seq | ValueKind::Iterable => Data::List(
            value.try_iter().map(|items| items.map(|v| from_value(&v)).collect()).unwrap_or_default(),
        ),
        ValueKind::Map => Data::Map(
            value
                .try_iter()
                .map(|keys| {
                    keys.map(|key| {
                        let item = value.get_item(&key).map_or(Data::None, |v| from_value(&v));
                        (key.to_string(), item)
                    })
                    .collect()
                })
                .unwrap_or_default(),
        ),
        _ => Data::Text(value.to_string().into()),
    }
}

/// Prints a value as it stands: lists of answers with a blank line between, nothing for nothing.
pub fn print(out: &mut Output, value: &Value) -> Result<(), minijinja::Error> {
    match value.kind() {
        ValueKind::None => Ok(()),
        ValueKind::Undefined => {
            Err(minijinja::Error::new(minijinja::ErrorKind::UndefinedError, "a value that is not there"))
        }
        _ => write!(out, "{value}").map_err(minijinja::Error::from),
    }
}

// === impl Object for Names ===

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        self.0.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.clone())
    }
}

// === impl Object for MapObject ===

impl Object for MapObject {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.iter().map(|(name, _)| Value::from(name.as_str())).collect())
    }

    /// A map with a `text` or a `name` prints that: a message its text, a model its name.
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.iter().find(|(name, _)| name == "text" || name == "name") {
            Some((_, value)) => write!(f, "{value}"),
            None => {
                f.write_str(&serde_json::to_string(&Value::from_dyn_object(self.clone())).unwrap_or_default())
            }
        }
    }
}

// === impl Object for AnswerObject ===

impl Object for AnswerObject {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let answer = &self.0;
        Some(match key.as_str()? {
            "text" => Value::from(Arc::clone(&answer.text)),
            "model" => Value::from(Arc::clone(&answer.model)),
            "tokens" => Value::from(answer.tokens),
            "cost" => Value::from(answer.cost_usd),
            "seconds" => Value::from(answer.seconds),
            "score" => answer.score.map_or_else(|| Value::from(()), Value::from),
            "value" => answer.value.as_ref().map_or_else(|| Value::from(()), to_value),
            "json" => json_in(&answer.text),
            "error" => answer.error.as_deref().map_or_else(|| Value::from(()), Value::from),
            "finish_reason" => Value::from(Arc::clone(&answer.finish_reason)),
            "fits" => Value::from(answer.fits),
            _ => return None,
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(super::kind::ANSWER_FIELDS)
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.0.present
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

// === impl AnswersObject ===

impl AnswersObject {
    fn of(group: Group) -> Self {
        let successes = group.answers.iter().filter(|answer| answer.present).map(Arc::clone).collect();
        Self { successes, group }
    }
}

// === impl Object for AnswersObject ===

impl Object for AnswersObject {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(name) = key.as_str() {
            return self.group.part(name).map(|part| to_value(&part));
        }
        let answer = self.successes.get(key.as_usize()?)?;
        Some(Value::from_object(AnswerObject(Arc::clone(answer))))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.successes.len())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, answer) in self.successes.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            f.write_str(&answer.text)?;
        }
        Ok(())
    }
}

// === impl Object for SeenObject ===

impl Object for SeenObject {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        if self.0.items.is_some() { ObjectRepr::Seq } else { ObjectRepr::Map }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(name) = key.as_str() {
            let field = self.0.fields.iter().find(|(field, _)| field == name);
            return field.map(|(_, data)| to_value(data));
        }
        self.0.items.as_ref()?.get(key.as_usize()?).map(to_value)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match &self.0.items {
            Some(items) => Enumerator::Seq(items.len()),
            None => {
                Enumerator::Values(self.0.fields.iter().map(|(name, _)| Value::from(name.as_str())).collect())
            }
        }
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.0.present
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}
