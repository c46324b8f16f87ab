//! Answers that are streamed: each event is written once, straight into the bytes that are sent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::run::Choice;
use crate::run::receipt::Receipt;
use crate::serve::errors::Refusal;
use crate::upstream::{Delta, ToolCallDelta};

use super::answer::{Function, Head, Usage, finish_reason, some_text};
use super::failure;

/// The events of one streamed answer, each whole, appended to a buffer that is used again and again.
pub struct Chunks {
    head: Head,
    buffer: BytesMut,
    /// Choices whose role was written.
    begun: BTreeSet<u32>,
}

// === impl Chunks ===

impl Chunks {
    #[must_use]
    pub fn new(head: Head) -> Self {
        Self { head, buffer: BytesMut::new(), begun: BTreeSet::new() }
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

    /// The first chunk of a choice.
    pub fn role(&mut self, choice: u32) {
        self.begun.insert(choice);
        self.delta_chunk(
            choice,
            ChunkDelta { role: Some("assistant"), content: Some(""), ..ChunkDelta::default() },
            None,
        );
    }

    pub fn delta(&mut self, choice: u32, delta: &Delta) {
        if !self.begun.contains(&choice) {
            self.role(choice);
        }
        let wire = ChunkDelta {
            content: some_text(&delta.text),
            reasoning_content: some_text(&delta.reasoning),
            tool_calls: delta.tool_calls.iter().map(ChunkTool::new).collect(),
            extra: Some(&delta.extra),
            ..ChunkDelta::default()
        };
        self.delta_chunk(choice, wire, delta.logprobs.as_deref());
    }

    /// Keeps the connection warm; a comment, which readers skip.
    pub fn heartbeat(&mut self) {
        self.buffer.put_slice(b": still at work\n\n");
    }

    /// The receipt, the finish of each choice, the usage with the last of them and once more if it was asked for, and the
    /// end. The receipt comes first: LiteLLM listens less carefully after a finish.
    pub fn end(&mut self, choices: &[Choice], receipt: &Receipt, include_usage: bool) {
        self.receipt(receipt);
        let usage = Usage::new(&receipt.totals);
        for (at, choice) in (1..).zip(choices) {
            if !self.begun.contains(&choice.index) {
                self.role(choice.index);
            }
            let finish = ChunkChoice {
                index: choice.index,
                delta: ChunkDelta::default(),
                logprobs: None,
                finish_reason: Some(finish_reason(&choice.completion)),
            };
            self.chunk(&[finish], (at == choices.len()).then_some(usage), None);
        }
        if include_usage {
            self.chunk(&[], Some(usage), None);
        }
        self.buffer.put_slice(b"data: [DONE]\n\n");
    }

    /// The end of a stream that failed: no `[DONE]` follows.
    pub fn error(&mut self, refusal: &Refusal, receipt: Option<&Receipt>) {
        self.buffer.put_slice(b"data: ");
        self.buffer.put_slice(failure::error(refusal, receipt).as_bytes());
        self.buffer.put_slice(b"\n\n");
    }

    /// Twice in one chunk: LiteLLM passes on the inner one only, the outer one is where whole answers have it.
    fn receipt(&mut self, receipt: &Receipt) {
        let raw = to_raw_value(receipt).expect("a receipt has no map with keys that are not strings");
        let delta =
            ChunkDelta { provider_specific_fields: Some(Inner { ensc: &raw }), ..ChunkDelta::default() };
        let choice = ChunkChoice { index: 0, delta, logprobs: None, finish_reason: None };
        self.chunk(&[choice], None, Some(&raw));
    }

    fn delta_chunk(&mut self, index: u32, delta: ChunkDelta<'_>, logprobs: Option<&RawValue>) {
        self.chunk(&[ChunkChoice { index, delta, logprobs, finish_reason: None }], None, None);
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
