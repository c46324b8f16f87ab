//! Answers, whole and in chunks. Each is written once, straight into the bytes that are sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::run::receipt::{Receipt, Totals};
use crate::serve::errors::Refusal;
use crate::serve::limits::MESSAGE_MAX;
use crate::serve::respond;
use crate::upstream::{Completion, Delta, ToolCall, ToolCallDelta};

/// What every answer of one run begins with.
#[derive(Clone, Debug)]
pub struct Head {
    /// The run's id.
    pub id: String,
    /// Seconds since 1970.
    pub created: u64,
    /// As it was asked for.
    pub model: String,
}

/// The body of an answer that is not streamed.
#[must_use]
pub fn whole(head: &Head, completion: &Completion, receipt: &Receipt) -> Bytes {
    let message = WholeMessage {
        role: "assistant",
        // The API has null beside tool calls, and text otherwise.
        content: (!completion.text.is_empty() || completion.tool_calls.is_empty())
            .then_some(&completion.text),
        reasoning_content: some_text(&completion.reasoning),
        tool_calls: completion.tool_calls.iter().map(WholeTool::new).collect(),
        extra: &completion.extra,
    };
    let choice = WholeChoice {
        index: 0,
        message,
        logprobs: completion.logprobs.as_deref(),
        finish_reason: finish_reason(completion),
    };
    write_json(&Whole {
        id: &head.id,
        object: "chat.completion",
        created: head.created,
        model: &head.model,
        choices: [choice],
        usage: Usage::new(&receipt.totals),
        ensc: receipt,
    })
}

/// The short answer to a health probe: nothing ran.
#[must_use]
pub fn probe(head: &Head) -> Bytes {
    let object = serde_json::json!({
        "id": head.id, "object": "chat.completion", "created": head.created, "model": head.model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "ready"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        "ensc": {"probe": true},
    });
    Bytes::from(object.to_string())
}

/// The body of a refusal; a run's has its receipt beside it.
#[must_use]
pub fn error(refusal: &Refusal, receipt: Option<&Receipt>) -> Bytes {
    write_json(&Failure::new(refusal, receipt))
}

/// The events of one streamed answer, each whole, appended to a buffer that is used again and again.
pub struct Chunks {
    head: Head,
    buffer: BytesMut,
}

// === impl Chunks ===

impl Chunks {
    #[must_use]
    pub fn new(head: Head) -> Self {
        Self { head, buffer: BytesMut::new() }
    }

    /// Bytes not yet taken.
    #[must_use]
    pub fn len(&self) -> usize {
        self.buffer.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// What was written since the last time.
    pub fn take(&mut self) -> Bytes {
        self.buffer.split().freeze()
    }

    pub fn role(&mut self) {
        self.delta_chunk(
            ChunkDelta { role: Some("assistant"), content: Some(""), ..ChunkDelta::default() },
            None,
        );
    }

    pub fn delta(&mut self, delta: &Delta) {
        let wire = ChunkDelta {
            content: some_text(&delta.text),
            reasoning_content: some_text(&delta.reasoning),
            tool_calls: delta.tool_calls.iter().map(ChunkTool::new).collect(),
            extra: Some(&delta.extra),
            ..ChunkDelta::default()
        };
        self.delta_chunk(wire, delta.logprobs.as_deref());
    }

    /// Keeps the connection warm; a comment, which readers skip.
    pub fn heartbeat(&mut self) {
        self.buffer.put_slice(b": still at work\n\n");
    }

    /// The receipt, the finish, the usage if it was asked for, and the end.
    pub fn end(&mut self, completion: &Completion, receipt: &Receipt, include_usage: bool) {
        self.receipt(receipt);
        let usage = Usage::new(&receipt.totals);
        let finish = ChunkChoice {
            index: 0,
            delta: ChunkDelta::default(),
            logprobs: None,
            finish_reason: Some(finish_reason(completion)),
        };
        self.chunk(&[finish], Some(usage), None);
        if include_usage {
            self.chunk(&[], Some(usage), None);
        }
        self.buffer.put_slice(b"data: [DONE]\n\n");
    }

    /// The end of a stream that failed: no `[DONE]` follows.
    pub fn error(&mut self, refusal: &Refusal, receipt: Option<&Receipt>) {
        event(&mut self.buffer, &Failure::new(refusal, receipt));
    }

    /// Twice in one chunk: LiteLLM passes on the inner one only, the outer one is where whole answers have it.
    fn receipt(&mut self, receipt: &Receipt) {
        let raw = to_raw_value(receipt).expect("a receipt has no map with keys that are not strings");
        let delta =
            ChunkDelta { provider_specific_fields: Some(Inner { ensc: &raw }), ..ChunkDelta::default() };
        let choice = ChunkChoice { index: 0, delta, logprobs: None, finish_reason: None };
        self.chunk(&[choice], None, Some(&raw));
    }

    fn delta_chunk(&mut self, delta: ChunkDelta<'_>, logprobs: Option<&RawValue>) {
        self.chunk(&[ChunkChoice { index: 0, delta, logprobs, finish_reason: None }], None, None);
    }

    fn chunk(&mut self, choices: &[ChunkChoice<'_>], usage: Option<Usage>, ensc: Option<&RawValue>) {
        let chunk = Chunk {
            id: &self.head.id,
            object: "chat.completion.chunk",
            created: self.head.created,
            model: &self.head.model,
            choices,
            usage,
            ensc,
        };
        event(&mut self.buffer, &chunk);
    }
}

fn event(buffer: &mut BytesMut, value: &impl Serialize) {
    buffer.put_slice(b"data: ");
    serde_json::to_writer(buffer.writer(), value)
        .expect("a buffer in memory takes all, and no key is not a string");
    buffer.put_slice(b"\n\n");
}

fn write_json(value: &impl Serialize) -> Bytes {
    Bytes::from(serde_json::to_vec(value).expect("no key of an answer is not a string"))
}

fn some_text(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn finish_reason(completion: &Completion) -> &str {
    some_text(&completion.finish_reason).unwrap_or("stop")
}

/// At most [`MESSAGE_MAX`] bytes, cut between characters.
fn clip(message: &str) -> &str {
    &message[..message.floor_char_boundary(MESSAGE_MAX)]
}

#[derive(Serialize)]
struct Whole<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: [WholeChoice<'a>; 1],
    usage: Usage,
    ensc: &'a Receipt,
}

#[derive(Serialize)]
struct WholeChoice<'a> {
    index: u32,
    message: WholeMessage<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<&'a RawValue>,
    finish_reason: &'a str,
}

#[derive(Serialize)]
struct WholeMessage<'a> {
    role: &'static str,
    content: Option<&'a String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<WholeTool<'a>>,
    #[serde(flatten)]
    extra: &'a BTreeMap<String, Arc<RawValue>>,
}

#[derive(Serialize)]
struct WholeTool<'a> {
    id: &'a str,
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    arguments: &'a str,
}

#[derive(Clone, Copy, Serialize)]
struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
}

#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: &'a [ChunkChoice<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ensc: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct ChunkChoice<'a> {
    index: u32,
    delta: ChunkDelta<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<&'a RawValue>,
    finish_reason: Option<&'a str>,
}

#[derive(Default, Serialize)]
struct ChunkDelta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ChunkTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_specific_fields: Option<Inner<'a>>,
    #[serde(flatten)]
    extra: Option<&'a BTreeMap<String, Arc<RawValue>>>,
}

#[derive(Serialize)]
struct Inner<'a> {
    ensc: &'a RawValue,
}

#[derive(Serialize)]
struct ChunkTool<'a> {
    index: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'static str>,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Failure<'a> {
    error: FailureBody<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ensc: Option<&'a Receipt>,
}

#[derive(Serialize)]
struct FailureBody<'a> {
    message: &'a str,
    r#type: &'static str,
    param: Option<&'a str>,
    code: &'static str,
}

impl<'a> WholeTool<'a> {
    fn new(call: &'a ToolCall) -> Self {
        let function = Function { name: Some(&call.name), arguments: &call.arguments };
        Self { id: &call.id, r#type: "function", function }
    }
}

impl<'a> ChunkTool<'a> {
    fn new(call: &'a ToolCallDelta) -> Self {
        Self {
            index: call.index,
            id: call.id.as_deref(),
            r#type: call.id.is_some().then_some("function"),
            function: Function { name: call.name.as_deref(), arguments: &call.arguments },
        }
    }
}

impl Usage {
    fn new(totals: &Totals) -> Self {
        let Totals { prompt_tokens, completion_tokens, .. } = *totals;
        Self {
            prompt_tokens,
            completion_tokens,
            total_tokens: prompt_tokens.saturating_add(completion_tokens),
        }
    }
}

impl<'a> Failure<'a> {
    fn new(refusal: &'a Refusal, receipt: Option<&'a Receipt>) -> Self {
        let (_, r#type, code) = respond::status(refusal.kind);
        let error =
            FailureBody { message: clip(&refusal.message), r#type, param: refusal.param.as_deref(), code };
        Self { error, ensc: receipt }
    }
}
