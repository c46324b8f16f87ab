//! A request's body, read once: messages and fields stay the client's own bytes.
//!
//! Every field has one of two fates: it works, or it is refused by name. What may not go upstream is dropped, and named
//! in the receipt.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::diagnostic::suggest;
use crate::serve::errors::{self, Refusal};
use crate::serve::limits::{DEPTH_MAX, FIELDS_MAX};
use crate::upstream::Message;

use super::message;

/// What a client asks, checked.
#[derive(Debug)]
pub struct Question {
    pub model: String,
    /// Never empty.
    pub messages: Vec<Message>,
    /// What may go upstream, in the client's order; without nulls.
    pub fields: Vec<(String, Arc<RawValue>)>,
    pub stream: bool,
    /// `stream_options.include_usage`: one more chunk at the end.
    pub include_usage: bool,
    pub strict: bool,
    /// Names of fields that were dropped.
    pub ignored: Vec<String>,
}

/// Reads a whole body.
pub fn decode(body: &[u8]) -> Result<Question, Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| errors::bad_body("the body is not UTF-8"))?;
    if depth_exceeds(body, DEPTH_MAX) {
        return Err(errors::bad_body(format!("the body is nested more than {DEPTH_MAX} levels deep")));
    }
    let envelope: Envelope<'_> = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    if let Some(refusal) = envelope.refusal {
        return Err(refusal);
    }
    let messages = message::decode_all(envelope.messages)?;
    Sorter::default().sort(envelope.fields, messages)
}

fn not_json(error: &serde_json::Error) -> Refusal {
    let (line, column) = (error.line(), error.column());
    errors::bad_body(format!("the body is not a JSON object (line {line}, column {column})"))
}

/// Whether brackets are nested deeper than `most`. Raw values are skipped without recursion by our reader, not by
/// those behind us. Text that is not JSON gets any answer: it is refused by the reader.
fn depth_exceeds(body: &[u8], most: usize) -> bool {
    let (mut depth, mut bytes) = (0_usize, body.iter());
    while let Some(byte) = bytes.next() {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => skip_string(&mut bytes),
            _ => {}
        }
        if depth > most {
            return true;
        }
    }
    false
}

fn skip_string(bytes: &mut std::slice::Iter<'_, u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
}

/// The body's top level. What is wrong with it in our terms is kept, for JSON's own errors cannot name a field.
struct Envelope<'a> {
    messages: Shape<'a>,
    fields: Vec<(Cow<'a, str>, &'a RawValue)>,
    refusal: Option<Refusal>,
}

/// `messages`, as far as its own type goes.
pub(super) enum Shape<'a> {
    Absent,
    List(Vec<&'a RawValue>),
    Other,
}

// === impl Envelope ===

impl<'de> Deserialize<'de> for Envelope<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut envelope = Envelope { messages: Shape::Absent, fields: Vec::new(), refusal: None };
        while let Some(Name(name)) = map.next_key()? {
            if name == "messages" && matches!(envelope.messages, Shape::Absent) {
                envelope.messages = map.next_value()?;
                continue;
            }
            let is_known = name == "messages" || envelope.fields.iter().any(|(other, _)| *other == name);
            envelope.fields.push((name.clone(), map.next_value()?));
            if is_known {
                envelope.refusal.get_or_insert(errors::invalid(&errors::quoted(&name), "stands twice"));
            }
            if envelope.fields.len() > FIELDS_MAX {
                return Err(A::Error::custom("too many fields"));
            }
        }
        Ok(envelope)
    }
}

/// A key, borrowed where it has no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);
        Borrowed::deserialize(deserializer).map(|Borrowed(name)| Self(name))
    }
}

// === impl Shape ===

impl<'de> Deserialize<'de> for Shape<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Shape::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Shape::Other)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Shape::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Shape::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Shape::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Shape::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Shape::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Shape::Other)
    }
}

/// Where each field goes.
#[derive(Default)]
struct Sorter {
    model: Option<String>,
    stream: bool,
    include_usage: bool,
    strict: bool,
    fields: Vec<(String, Arc<RawValue>)>,
    ignored: Vec<String>,
}

// === impl Sorter ===

impl Sorter {
    fn sort(
        mut self,
        fields: Vec<(Cow<'_, str>, &RawValue)>,
        messages: Vec<Message>,
    ) -> Result<Question, Refusal> {
        for (name, value) in fields {
            // A null is as good as nothing: SDKs write it for what was not set.
            if value.get() != "null" {
                self.take(&name, value)?;
            }
        }
        Ok(Question {
            model: self.model.ok_or_else(|| errors::missing("model"))?,
            messages,
            fields: self.fields,
            stream: self.stream,
            include_usage: self.include_usage,
            strict: self.strict,
            ignored: self.ignored,
        })
    }

    fn take(&mut self, name: &str, value: &RawValue) -> Result<(), Refusal> {
        if let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == name) {
            kind.check(name, value.get())?;
        }
        match name {
            "model" => self.model = Some(read(name, value)?),
            "stream" => self.stream = value.get() == "true",
            "stream_options" => self.take_stream_options(value)?,
            "n" => check_n(value)?,
            "ensc" => self.take_switches(value)?,
            _ if is_allowed(name) => self.fields.push((name.to_owned(), Arc::from(value.to_owned()))),
            _ => self.ignored.push(errors::quoted(name)),
        }
        Ok(())
    }

    fn take_stream_options(&mut self, value: &RawValue) -> Result<(), Refusal> {
        for (name, value) in entries("stream_options", value)? {
            let path = format!("stream_options.{}", errors::quoted(&name));
            match name.as_ref() {
                "include_usage" => self.include_usage = switch(&path, value)?,
                _ => self.ignored.push(path),
            }
        }
        Ok(())
    }

    fn take_switches(&mut self, value: &RawValue) -> Result<(), Refusal> {
        for (name, value) in entries("ensc", value)? {
            let path = format!("ensc.{}", errors::quoted(&name));
            match name.as_ref() {
                "strict" => self.strict = switch(&path, value)?,
                "progress" if switch(&path, value)? => return Err(errors::not_yet(&path, "`ensc.progress`")),
                "progress" => {}
                other => {
                    let near = suggest::nearest(&errors::quoted(other), ["strict", "progress"])
                        .map(|name| format!("; did you mean `ensc.{name}`?"));
                    return Err(errors::invalid(&path, &format!("is no switch{}", near.unwrap_or_default())));
                }
            }
        }
        Ok(())
    }
}

/// What may go upstream under its own name.
fn is_allowed(name: &str) -> bool {
    KINDS.iter().any(|(known, _)| *known == name) && !["metadata", "store", "timeout"].contains(&name)
}

fn check_n(value: &RawValue) -> Result<(), Refusal> {
    match value.get() {
        "1" => Ok(()),
        n if n == "0" || n.starts_with('-') => Err(errors::wrong_type("n", "a whole number above 0")),
        _ => Err(errors::not_yet("n", "`n` above 1")),
    }
}

fn switch(path: &str, value: &RawValue) -> Result<bool, Refusal> {
    match value.get() {
        "true" => Ok(true),
        "false" | "null" => Ok(false),
        _ => Err(errors::wrong_type(path, "true or false")),
    }
}

fn entries<'a>(path: &str, value: &'a RawValue) -> Result<Vec<(Cow<'a, str>, &'a RawValue)>, Refusal> {
    let envelope: Envelope<'a> =
        serde_json::from_str(value.get()).map_err(|_| errors::wrong_type(path, "an object"))?;
    envelope.refusal.map_or(Ok(envelope.fields), Err)
}

fn read<'a, T: Deserialize<'a>>(path: &str, value: &'a RawValue) -> Result<T, Refusal> {
    serde_json::from_str(value.get()).map_err(|_| errors::invalid(path, "cannot be read"))
}

/// The type of a field, told by how its JSON begins.
#[derive(Clone, Copy)]
enum Kind {
    Bool,
    Number,
    Whole,
    /// At least 1.
    Count,
    Text,
    List,
    Object,
    TextOrList,
    TextOrObject,
}

/// Every field of the API whose type we know.
const KINDS: &[(&str, Kind)] = &[
    ("audio", Kind::Object),
    ("chat_template_kwargs", Kind::Object),
    ("ensc", Kind::Object),
    ("frequency_penalty", Kind::Number),
    ("function_call", Kind::TextOrObject),
    ("functions", Kind::List),
    ("logit_bias", Kind::Object),
    ("logprobs", Kind::Bool),
    ("max_completion_tokens", Kind::Count),
    ("max_tokens", Kind::Count),
    ("metadata", Kind::Object),
    ("min_p", Kind::Number),
    ("modalities", Kind::List),
    ("model", Kind::Text),
    ("n", Kind::Whole),
    ("parallel_tool_calls", Kind::Bool),
    ("prediction", Kind::Object),
    ("presence_penalty", Kind::Number),
    ("reasoning_effort", Kind::Text),
    ("repetition_penalty", Kind::Number),
    ("response_format", Kind::Object),
    ("seed", Kind::Whole),
    ("service_tier", Kind::Text),
    ("stop", Kind::TextOrList),
    ("store", Kind::Bool),
    ("stream", Kind::Bool),
    ("stream_options", Kind::Object),
    ("temperature", Kind::Number),
    ("tool_choice", Kind::TextOrObject),
    ("tools", Kind::List),
    ("top_k", Kind::Whole),
    ("top_logprobs", Kind::Whole),
    ("top_p", Kind::Number),
    ("user", Kind::Text),
    ("verbosity", Kind::Text),
];

// === impl Kind ===

impl Kind {
    fn check(self, name: &str, json: &str) -> Result<(), Refusal> {
        if self.fits(json) { Ok(()) } else { Err(errors::wrong_type(name, self.wanted())) }
    }

    fn fits(self, json: &str) -> bool {
        let first = json.as_bytes().first().copied().unwrap_or_default();
        let is_number = first == b'-' || first.is_ascii_digit();
        let is_whole = is_number && json[1..].bytes().all(|byte| byte.is_ascii_digit());
        match self {
            Self::Bool => matches!(first, b't' | b'f'),
            Self::Number => is_number,
            Self::Whole => is_whole,
            Self::Count => is_whole && first != b'-' && json != "0",
            Self::Text => first == b'"',
            Self::List => first == b'[',
            Self::Object => first == b'{',
            Self::TextOrList => matches!(first, b'"' | b'['),
            Self::TextOrObject => matches!(first, b'"' | b'{'),
        }
    }

    fn wanted(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Number => "a number",
            Self::Whole => "a whole number",
            Self::Count => "a whole number above 0",
            Self::Text => "a string",
            Self::List => "a list",
            Self::Object => "an object",
            Self::TextOrList => "a string or a list",
            Self::TextOrObject => "a string or an object",
        }
    }
}
