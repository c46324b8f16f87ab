//! From a call to the bytes of its request body, in one pass.

use bytes::Bytes;

use crate::upstream::wire::fields;
use crate::upstream::{Call, Message, MessageBody};

/// The JSON body of a call. The client's own messages and field values are copied as they are.
///
/// # Panics
///
/// If a field bears a name that is reserved ([`fields::is_reserved`]): a client would steer LiteLLM under our key.
#[must_use]
pub fn encode(call: &Call) -> Bytes {
    let mut body = Vec::with_capacity(size(call));
    body.extend_from_slice(b"{\"model\":");
    string(&mut body, &call.model);
    body.extend_from_slice(b",\"messages\":[");
    for (index, message) in call.messages.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        self::message(&mut body, message);
    }
    body.push(b']');
    for (name, value) in &call.fields {
        assert!(!fields::is_reserved(name), "the request field `{name}` is ours alone");
        body.push(b',');
        string(&mut body, name);
        body.push(b':');
        body.extend_from_slice(value.get().as_bytes());
    }
    if call.stream {
        body.extend_from_slice(b",\"stream\":true,\"stream_options\":{\"include_usage\":true}");
    }
    ours(&mut body, call);
    body.push(b'}');
    Bytes::from(body)
}

/// What LiteLLM reads and does not pass on: no retries or fallbacks of its own, its time, the loop marker.
fn ours(body: &mut Vec<u8>, call: &Call) {
    body.extend_from_slice(b",\"num_retries\":0,\"timeout\":");
    seconds(body, call.timeout.as_millis());
    body.extend_from_slice(b",\"disable_fallbacks\":true,\"headers\":{\"x-ensc-path\":");
    string(body, &call.attribution.handle);
    body.push(b'}');
}

fn message(body: &mut Vec<u8>, message: &Message) {
    match &message.body {
        MessageBody::Raw(raw) => body.extend_from_slice(raw.get().as_bytes()),
        MessageBody::Text => {
            body.extend_from_slice(b"{\"role\":\"");
            body.extend_from_slice(message.role.word().as_bytes());
            body.extend_from_slice(b"\",\"content\":");
            string(body, &message.text);
            body.push(b'}');
        }
    }
}

fn string(body: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(body, text).expect("a string is valid JSON");
}

/// Whole seconds where they are whole; never 0, which some readers take for "no limit".
fn seconds(body: &mut Vec<u8>, millis: u128) {
    let millis = millis.max(1);
    let text = match millis % 1000 {
        0 => (millis / 1000).to_string(),
        rest => format!("{}.{rest:03}", millis / 1000),
    };
    body.extend_from_slice(text.as_bytes());
}

/// Room for the body, so that it is written without growing: texts seldom gain more than an eighth by escapes.
fn size(call: &Call) -> usize {
    let messages: usize = call
        .messages
        .iter()
        .map(|message| match &message.body {
            MessageBody::Raw(raw) => raw.get().len() + 1,
            MessageBody::Text => message.text.len() + message.text.len() / 8 + 40,
        })
        .sum();
    let fields: usize = call.fields.iter().map(|(name, value)| name.len() + value.get().len() + 4).sum();
    messages + fields + call.model.len() + call.attribution.handle.len() + 256
}
