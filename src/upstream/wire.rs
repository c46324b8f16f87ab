//! OpenAI's JSON, both ways. The only upstream file, with the folder of its name, that knows it.
//!
//! Knows nothing of connections, events or statuses. Reads tolerantly: fields may be missing, null or of a kind
//! nobody expected, and what is not understood is kept as it came.

mod encode;
mod fields;
mod repair;
mod text;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

pub use self::encode::encode;
pub use self::fields::{FIELDS_ALLOWED, FIELDS_RESERVED, is_allowed, is_reserved};
use self::text::{Arguments, Count, Name, Object, Text};
use crate::upstream::{Completion, Delta, ToolCall, ToolCallDelta, Usage};

/// What a body or a chunk turned out to be.
#[derive(Debug)]
pub enum Read<T> {
    Answer(T),
    /// An object that reports an error, whatever the status.
    Error(Said),
    /// Not JSON, or nothing that could be an answer; the sentence is for debug logs.
    Garbage(String),
}

/// An error as the upstream words it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    pub message: String,
    pub kind: String,
    /// A name or, from LiteLLM, the status in digits.
    pub code: String,
}

/// Reads a whole answer.
#[must_use]
pub fn completion(body: &[u8]) -> Read<Completion> {
    let answer = match parse::<Answer>(body) {
        Ok(answer) => answer,
        Err(why) => return Read::Garbage(why),
    };
    if let Some(said) = answer.said() {
        return Read::Error(said);
    }
    let usage = answer.usage.0.and_then(|body| body.usage());
    match answer.choices.unwrap_or_default().into_iter().next() {
        Some(choice) if choice.message.is_some() => Read::Answer(choice.into_completion(usage)),
        Some(_) => Read::Garbage("the first choice has no message".into()),
        None => Read::Garbage("no choices".into()),
    }
}

/// What a whole answer says it used, where nothing else can be read from it.
#[must_use]
pub fn usage(body: &[u8]) -> Option<Usage> {
    parse::<Answer>(body).ok()?.usage.0?.usage()
}

/// Reads the data of one event of a stream: its first choice, and usage wherever it came. `choices` may be empty
/// or missing; other choices than the first are not looked at.
#[must_use]
pub fn chunk(data: &[u8]) -> Read<Delta> {
    let answer = match parse::<Answer>(data) {
        Ok(answer) => answer,
        Err(why) => return Read::Garbage(why),
    };
    if let Some(said) = answer.said() {
        return Read::Error(said);
    }
    let usage = answer.usage.0.and_then(|body| body.usage());
    let first =
        answer.choices.unwrap_or_default().into_iter().find(|choice| choice.index.0.unwrap_or(0) == 0);
    Read::Answer(first.unwrap_or_default().into_delta(usage))
}

/// Reads the body of an error answer, if it is of OpenAI's or a similar form.
#[must_use]
pub fn error(body: &[u8]) -> Option<Said> {
    parse::<Answer>(body).ok()?.said()
}

/// The names in a list of models, in its order.
#[must_use]
pub fn models(body: &[u8]) -> Option<Vec<String>> {
    let list = parse::<ModelList>(body).ok()?;
    Some(list.data.into_iter().map(|model| model.id).collect())
}

fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, String> {
    serde_json::from_slice(json).or_else(|error| match repair::repair(json) {
        Some(mended) => serde_json::from_slice(&mended).map_err(|error| error.to_string()),
        None => Err(error.to_string()),
    })
}

/// A completion, a chunk or an error: the fields tell.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    choices: Option<Vec<Choice>>,
    usage: Object<UsageBody>,
    error: Option<Box<RawValue>>,
    object: Text,
    message: Text,
    detail: Option<Text>,
    code: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Choice {
    index: Count,
    message: Option<Body>,
    delta: Option<Body>,
    finish_reason: Text,
    logprobs: Option<Arc<RawValue>>,
}

/// A `message` or a `delta`.
#[derive(Default)]
struct Body {
    text: String,
    reasoning: String,
    tool_calls: Vec<ToolPiece>,
    extra: BTreeMap<String, Arc<RawValue>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ToolPiece {
    index: Count,
    id: Text,
    function: Object<FunctionPiece>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FunctionPiece {
    name: Text,
    arguments: Arguments,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UsageBody {
    prompt_tokens: Count,
    completion_tokens: Count,
    completion_tokens_details: Object<UsageDetails>,
    prompt_tokens_details: Object<UsageDetails>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UsageDetails {
    reasoning_tokens: Count,
    cached_tokens: Count,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    message: Text,
    r#type: Text,
    code: Text,
}

#[derive(Deserialize)]
struct ModelList {
    data: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    id: String,
}

// === impl Answer ===

impl Answer {
    /// The error it reports. `{"object":"error",…}` and FastAPI's `{"detail":…}` are read too.
    fn said(&self) -> Option<Said> {
        if let Some(raw) = &self.error {
            return Some(match parse::<Object<ErrorBody>>(raw.get().as_bytes()) {
                Ok(Object(Some(body))) => {
                    Said { message: body.message.0, kind: body.r#type.0, code: body.code.0 }
                }
                _ => Said {
                    message: parse::<Text>(raw.get().as_bytes()).unwrap_or_default().0,
                    ..Said::default()
                },
            });
        }
        let message = match &self.detail {
            _ if self.choices.is_some() => return None,
            _ if self.object.0 == "error" => &self.message.0,
            Some(detail) => &detail.0,
            None => return None,
        };
        Some(Said { message: message.clone(), kind: String::new(), code: self.code.0.clone() })
    }
}

// === impl Choice ===

impl Choice {
    fn into_completion(self, usage: Option<Usage>) -> Completion {
        let body = self.message.unwrap_or_default();
        // Null means that the server has nothing to say; an answer that is there has ended somehow.
        let unsaid = if body.tool_calls.is_empty() { "stop" } else { "tool_calls" };
        let finish_reason =
            if self.finish_reason.0.is_empty() { unsaid.into() } else { self.finish_reason.0 };
        Completion {
            text: body.text,
            reasoning: body.reasoning,
            tool_calls: body.tool_calls.into_iter().map(ToolPiece::into_call).collect(),
            finish_reason,
            usage,
            logprobs: self.logprobs,
            extra: body.extra,
        }
    }

    fn into_delta(self, usage: Option<Usage>) -> Delta {
        let body = self.delta.or(self.message).unwrap_or_default();
        Delta {
            text: body.text,
            reasoning: body.reasoning,
            tool_calls: body.tool_calls.into_iter().enumerate().map(ToolPiece::into_delta).collect(),
            finish_reason: Some(self.finish_reason.0).filter(|reason| !reason.is_empty()),
            usage,
            logprobs: self.logprobs,
            extra: body.extra,
        }
    }
}

// === impl ToolPiece ===

impl ToolPiece {
    fn into_call(self) -> ToolCall {
        let function = self.function.0.unwrap_or_default();
        ToolCall { id: self.id.0, name: function.name.0, arguments: function.arguments.0 }
    }

    /// `at` is its place in the chunk, which stands in for a missing index.
    fn into_delta((at, piece): (usize, Self)) -> ToolCallDelta {
        let function = piece.function.0.unwrap_or_default();
        let index = piece.index.0.unwrap_or(at as u64);
        ToolCallDelta {
            index: u32::try_from(index).unwrap_or(u32::MAX),
            id: Some(piece.id.0).filter(|id| !id.is_empty()),
            name: Some(function.name.0).filter(|name| !name.is_empty()),
            arguments: function.arguments.0,
        }
    }
}

// === impl UsageBody ===

impl UsageBody {
    /// `None` if it counts nothing: some servers send an empty object.
    fn usage(&self) -> Option<Usage> {
        if self.prompt_tokens.0.is_none() && self.completion_tokens.0.is_none() {
            return None;
        }
        let detail = |details: &Object<UsageDetails>, which: fn(&UsageDetails) -> Count| {
            details.0.as_ref().and_then(|details| which(details).0).unwrap_or(0)
        };
        Some(Usage {
            prompt_tokens: self.prompt_tokens.0.unwrap_or(0),
            completion_tokens: self.completion_tokens.0.unwrap_or(0),
            reasoning_tokens: detail(&self.completion_tokens_details, |details| details.reasoning_tokens),
            cached_tokens: detail(&self.prompt_tokens_details, |details| details.cached_tokens),
        })
    }
}

// === impl Body ===

/// By hand, for three things that a derive cannot do: two names for the reasoning in one object, raw values of
/// unknown fields, and nulls that leave no trace.
impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BodyVisitor;

        impl<'de> Visitor<'de> for BodyVisitor {
            type Value = Body;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a message")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body, A::Error> {
                let mut body = Body::default();
                while let Some(name) = map.next_key()? {
                    match name {
                        Name::Role => drop(map.next_value::<IgnoredAny>()?),
                        Name::Content => body.text = map.next_value::<Text>()?.0,
                        Name::Reasoning => {
                            let text = map.next_value::<Text>()?.0;
                            if body.reasoning.is_empty() {
                                body.reasoning = text;
                            }
                        }
                        Name::ToolCalls => {
                            body.tool_calls = map.next_value::<Option<_>>()?.unwrap_or_default();
                        }
                        Name::Other(name) => {
                            if let Some(value) = map.next_value::<Option<Arc<RawValue>>>()? {
                                body.extra.insert(name, value);
                            }
                        }
                    }
                }
                Ok(body)
            }
        }

        deserializer.deserialize_map(BodyVisitor)
    }
}

#[cfg(test)]
mod tests;
