//! A request's body, read once: messages and fields stay the client's own bytes.
//!
//! Every field has one of two fates: it works, or it is refused by name. What may not go upstream is dropped, and named
//! in the receipt.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::diagnostic::suggest;
use crate::serve::composer::FIELD;
use crate::serve::errors::{self, Refusal};
use crate::serve::limits::{CHOICES_MAX, DEPTH_MAX, FIELDS_MAX, Limit};
use crate::upstream::Message;
use crate::upstream::wire::is_allowed;

use super::envelope::{Envelope, TOO_MANY_FIELDS, depth_exceeds};
use super::{kind, message, tool};

/// What a client asks, checked.
#[derive(Debug)]
pub struct Question {
    pub model: String,
    /// Never empty.
    pub messages: Vec<Message>,
    /// What may go upstream, in the client's order; without nulls.
    pub fields: Vec<(String, Arc<RawValue>)>,
    /// `n`
    pub choices: u32,
    /// `optillm_approach`
    pub approach: Option<String>,
    pub stream: bool,
    /// `stream_options.include_usage`: one more chunk at the end.
    pub include_usage: bool,
    pub strict: bool,
    /// `ensc.progress`
    pub progress: bool,
    /// Names of fields that were dropped.
    pub ignored: Vec<String>,
    /// What the client should be told of its messages.
    pub warning: Option<&'static str>,
}

/// OptiLLM lets a prompt choose the technique by this tag. Here it chooses nothing, and that is said.
const TAG: &str = "<optillm_approach>";

const TAG_IGNORED: &str =
    "the tag <optillm_approach> in a message chooses nothing; use the field optillm_approach";

/// Reads a whole body; `passed` are names of fields that are sent on beside those that always are.
pub fn decode(body: &[u8], passed: &[String]) -> Result<Question, Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| errors::bad_body("the body is not UTF-8"))?;
    if depth_exceeds(body, DEPTH_MAX) {
        let why = format!("the body is nested more than {DEPTH_MAX} levels deep");
        return Err(errors::bad_body(why).reaches(Limit::Depth));
    }
    let envelope: Envelope<'_> = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    if let Some(refusal) = envelope.refusal {
        return Err(refusal);
    }
    let messages = message::decode_all(envelope.messages)?;
    let mut question = Sorter { passed, ..Sorter::default() }.sort(envelope.fields, messages)?;
    question.warning = text.contains(TAG).then_some(TAG_IGNORED);
    Ok(question)
}

fn not_json(error: &serde_json::Error) -> Refusal {
    let (line, column) = (error.line(), error.column());
    if error.to_string().starts_with(TOO_MANY_FIELDS) {
        return errors::bad_body(format!("the body has more than {FIELDS_MAX} fields"))
            .reaches(Limit::Fields);
    }
    errors::bad_body(format!("the body is not a JSON object (line {line}, column {column})"))
}

/// Where each field goes.
#[derive(Default)]
struct Sorter<'p> {
    passed: &'p [String],
    model: Option<String>,
    choices: Option<u32>,
    approach: Option<String>,
    stream: bool,
    include_usage: bool,
    strict: bool,
    progress: bool,
    fields: Vec<(String, Arc<RawValue>)>,
    ignored: Vec<String>,
}

// === impl Sorter ===

impl Sorter<'_> {
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
            choices: self.choices.unwrap_or(1),
            approach: self.approach,
            stream: self.stream,
            include_usage: self.include_usage,
            strict: self.strict,
            progress: self.progress,
            ignored: self.ignored,
            warning: None,
        })
    }

    fn take(&mut self, name: &str, value: &RawValue) -> Result<(), Refusal> {
        kind::check(name, value.get())?;
        if name == "tools" {
            tool::check_all(value)?;
        }
        match name {
            "model" => self.model = Some(read_text(name, value)?),
            "stream" => self.stream = value.get() == "true",
            "stream_options" => self.take_stream_options(value)?,
            FIELD => self.approach = Some(read_text(name, value)?),
            "n" => self.choices = Some(read_n(value)?),
            "ensc" => self.take_switches(value)?,
            _ if is_allowed(name) || self.passed.iter().any(|passed| passed == name) => {
                self.fields.push((name.to_owned(), Arc::from(value.to_owned())));
            }
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
                "progress" => self.progress = switch(&path, value)?,
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

fn read_n(value: &RawValue) -> Result<u32, Refusal> {
    let n = value.get().parse().ok().filter(|n| (1..=CHOICES_MAX).contains(n));
    n.ok_or_else(|| errors::wrong_type("n", &format!("a whole number from 1 to {CHOICES_MAX}")))
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

fn read_text(path: &str, value: &RawValue) -> Result<String, Refusal> {
    serde_json::from_str(value.get()).map_err(|_| errors::invalid(path, "cannot be read"))
}
