//! What templates see, as plain data.

use std::ops::Range;
use std::sync::Arc;

/// A value in a template's scope.
#[derive(Clone, Debug)]
pub enum Data {
    None,
    Bool(bool),
    Int(i64),
    Number(f64),
    Text(Arc<str>),
    List(Vec<Data>),
    /// In order.
    Map(Vec<(String, Data)>),
    Answer(Arc<Answer>),
    /// In plan order. What is not there is no element; it only keeps its place.
    Answers(Arc<Vec<Arc<Answer>>>),
    /// The same, and by name: `drafts.a`. A name whose answer failed gives the empty answer.
    Group(Group),
    /// What a test sees.
    Seen(Arc<Seen>),
}

/// A step, or the error that a client got, as a test sees it: prints its text, has fields, and is a list where the step
/// gives several answers.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Whether it is true as a condition.
    pub present: bool,
    pub text: Arc<str>,
    pub fields: Vec<(String, Data)>,
    /// For what gives answers: those that there are, in order.
    pub items: Option<Vec<Data>>,
}

/// Answers of which some have names.
#[derive(Clone, Debug)]
pub struct Group {
    /// In plan order, those that failed or were skipped in their places.
    pub answers: Arc<Vec<Arc<Answer>>>,
    pub names: Arc<[(String, Part)]>,
}

/// Which of a group's answers a name has. Places outside the list hold nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    One(usize),
    /// A list of its own.
    Many(Range<usize>),
}

/// One answer, or the empty one that stands for a failed or skipped step: prints nothing, is false, has every field.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// False for the empty answer.
    pub present: bool,
    pub text: Arc<str>,
    pub model: Arc<str>,
    pub tokens: u64,
    pub cost_usd: f64,
    pub seconds: f64,
    pub score: Option<f64>,
    /// The parsed value where `returns` asks for one.
    pub value: Option<Data>,
    pub error: Option<String>,
    pub finish_reason: Arc<str>,
    /// Whether it satisfies the schema that the client asked for; true if it asked for none.
    pub fits: bool,
}

// === impl Group ===

impl Group {
    /// What `name` has; `None` if no part is called that.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<Data> {
        let (_, part) = self.names.iter().find(|(known, _)| known == name)?;
        Some(match part {
            Part::One(at) => Data::Answer(self.answers.get(*at).cloned().unwrap_or_default()),
            Part::Many(range) => {
                let end = range.end.min(self.answers.len());
                Data::Answers(Arc::new(self.answers[range.start.min(end)..end].to_vec()))
            }
        })
    }
}

// === impl Data ===

impl Data {
    /// Whole numbers without a point, answers as their text, lists and groups as lists.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match self {
            Self::None => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => Value::from(*value),
            Self::Number(value) if value.fract() == 0.0 && value.abs() < 1e15 => Value::from(*value as i64),
            Self::Number(value) => Value::from(*value),
            Self::Text(text) => Value::from(&**text),
            Self::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Self::Map(pairs) => {
                Value::Object(pairs.iter().map(|(name, value)| (name.clone(), value.to_json())).collect())
            }
            Self::Answer(answer) => Value::from(&*answer.text),
            Self::Answers(answers) | Self::Group(Group { answers, .. }) => {
                let present = answers.iter().filter(|answer| answer.present);
                Value::Array(present.map(|answer| Value::from(&*answer.text)).collect())
            }
            Self::Seen(seen) => match &seen.items {
                Some(items) => Value::Array(items.iter().map(Self::to_json).collect()),
                None => Value::from(&*seen.text),
            },
        }
    }

    #[must_use]
    pub fn from_json(json: &serde_json::Value) -> Self {
        use serde_json::Value;
        match json {
            Value::Null => Self::None,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => Self::Int(whole),
                None => Self::Number(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => Self::Text(text.as_str().into()),
            Value::Array(items) => Self::List(items.iter().map(Self::from_json).collect()),
            Value::Object(map) => {
                Self::Map(map.iter().map(|(k, v)| (k.clone(), Self::from_json(v))).collect())
            }
        }
    }
}
