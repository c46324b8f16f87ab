//! One question from a client, decoded and checked by whoever received it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;

use crate::template::{self, Data};
use crate::upstream::{Message, Role};

use super::span::Traceparent;

/// What an image part is counted as, in tokens: a 1024×1024 picture in the widest of the common schemes.
const IMAGE_TOKENS: u64 = 1600;

/// Tokens of a message beyond its text.
const MESSAGE_OVERHEAD: u64 = 8;

/// Immutable, shared by every call of the run.
#[derive(Clone, Debug)]
pub struct Request {
    /// Unique; stands in receipts, logs and LiteLLM's books. Letters, digits, dashes.
    pub run: Arc<str>,
    /// The name that was asked for: handle or selector.
    pub model: String,
    /// Never empty.
    pub messages: Vec<Message>,
    /// Every other request field on the allow-list that may go upstream, as it came: sampling parameters, `tools`,
    /// `tool_choice`, `response_format`, … Never `model`, `messages`, `stream`, `stream_options`, `n`.
    pub fields: Vec<(String, Arc<RawValue>)>,
    /// The client wants the reply as it is written.
    pub stream: bool,
    /// A degraded run is an error.
    pub strict: bool,
    /// Tell how far the calls are until the reply begins: as reasoning, and only with `stream`.
    pub progress: bool,
    /// Names of fields that were dropped, for the receipt.
    pub ignored: Vec<String>,
    /// Where the run stands in a distributed trace.
    pub traceparent: Option<Traceparent>,
    /// How long whoever asked still waits, if known; bounds the run's deadline.
    pub patience: Option<Duration>,
}

impl Request {
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Arc<RawValue>> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value)
    }

    /// An estimate of the conversation's tokens: text, images and what every message costs.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        tokens(&self.messages)
    }
}

fn tokens(messages: &[Message]) -> u64 {
    let of = |message: &Message| {
        template::estimate(&message.text) + u64::from(message.images) * IMAGE_TOKENS + MESSAGE_OVERHEAD
    };
    messages.iter().map(of).sum()
}

/// What templates call `request`, for calls that see this conversation.
pub fn data(request: &Request, messages: &[Message]) -> Data {
    let text = |text: &str| Data::Text(text.into());
    let message = |message: &Message| {
        Data::Map(vec![
            ("role".to_owned(), text(message.role.word())),
            ("text".to_owned(), Data::Text(Arc::clone(&message.text))),
        ])
    };
    let mut turns: Vec<Vec<Data>> = Vec::new();
    for each in messages.iter().filter(|m| !matches!(m.role, Role::System | Role::Developer)) {
        match turns.last_mut() {
            Some(turn) if each.role != Role::User => turn.push(message(each)),
            _ => turns.push(vec![message(each)]),
        }
    }
    let systems: Vec<&str> = messages
        .iter()
        .filter(|m| matches!(m.role, Role::System | Role::Developer))
        .map(|m| &*m.text)
        .collect();
    let last = messages.iter().rev().find(|m| m.role == Role::User);
    let tools = request.field("tools").and_then(|tools| serde_json::from_str(tools.get()).ok());
    let user = request.field("user").and_then(|user| serde_json::from_str::<String>(user.get()).ok());
    Data::Map(vec![
        ("messages".to_owned(), Data::List(messages.iter().map(message).collect())),
        ("turns".to_owned(), Data::List(turns.into_iter().map(Data::List).collect())),
        ("system".to_owned(), text(&systems.join("\n\n"))),
        ("last".to_owned(), last.map_or_else(|| text(""), |m| Data::Text(Arc::clone(&m.text)))),
        ("tokens".to_owned(), Data::Int(tokens(messages) as i64)),
        ("images".to_owned(), Data::Int(messages.iter().map(|m| i64::from(m.images)).sum())),
        ("tools".to_owned(), tools.as_ref().map_or(Data::List(Vec::new()), Data::from_json)),
        ("model".to_owned(), text(&request.model)),
        ("user".to_owned(), text(user.as_deref().unwrap_or_default())),
    ])
}
