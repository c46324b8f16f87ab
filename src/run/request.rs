//! One question from a client, decoded and checked by whoever received it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;

use crate::template;
use crate::upstream::Message;

/// What an image part is counted as, in tokens: a 1024×1024 picture in the widest of the common schemes.
const IMAGE_TOKENS: u64 = 1600;

/// Tokens of a message beyond its text.
const MESSAGE_OVERHEAD: u64 = 8;

/// Immutable, shared by every call of the run.
#[derive(Clone, Debug)]
pub struct Request {
    /// Unique; stands in receipts, logs and LiteLLM's books. Letters, digits, dashes.
    pub run: String,
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
    /// Names of fields that were dropped, for the receipt.
    pub ignored: Vec<String>,
    /// Validated W3C `traceparent`.
    pub traceparent: Option<String>,
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
        let of = |message: &Message| {
            template::estimate(&message.text) + u64::from(message.images) * IMAGE_TOKENS + MESSAGE_OVERHEAD
        };
        self.messages.iter().map(of).sum()
    }
}
