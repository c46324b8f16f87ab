//! Answers that are sent whole, and what they have in common with those in chunks.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::run::Choice;
use crate::run::receipt::{Receipt, Totals};
use crate::upstream::{Completion, ToolCall};

/// What every answer of one run begins with.
#[derive(Clone, Debug)]
pub struct Head {
    /// The run's id.
    pub id: Arc<str>,
    /// Seconds since 1970.
    pub created: u64,
    /// As it was asked for.
    pub model: Arc<str>,
}

/// The body of an answer that is not streamed.
#[must_use]
pub fn whole(head: &Head, choices: &[Choice], receipt: &Receipt) -> Bytes {
    write_json(&Whole {
        id: &head.id,
        object: "chat.completion",
        created: head.created,
        model: &head.model,
        choices: choices.iter().map(whole_choice).collect(),
        usage: Usage::new(&receipt.totals),
        ensc: receipt,
    })
}

fn whole_choice(choice: &Choice) -> WholeChoice<'_> {
    let completion = &choice.completion;
    let message = WholeMessage {
        role: "assistant",
        // The API has null beside tool calls, and text otherwise.
        content: (!completion.text.is_empty() || completion.tool_calls.is_empty())
            .then_some(&completion.text),
        reasoning_content: some_text(&completion.reasoning),
        tool_calls: completion.tool_calls.iter().map(WholeTool::new).collect(),
        extra: &completion.extra,
    };
    WholeChoice {
        index: choice.index,
        message,
        logprobs: completion.logprobs.as_deref(),
        finish_reason: finish_reason(completion),
    }
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

fn write_json(value: &impl Serialize) -> Bytes {
    Bytes::from(serde_json::to_vec(value).expect("no key of an answer is not a string"))
}

pub(super) fn some_text(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

pub(super) fn finish_reason(completion: &Completion) -> &str {
    some_text(&completion.finish_reason).unwrap_or("stop")
}

#[derive(Serialize)]
struct Whole<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: Vec<WholeChoice<'a>>,
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
pub(super) struct Function<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    pub arguments: &'a str,
}

#[derive(Clone, Copy, Serialize)]
pub(super) struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
}

impl<'a> WholeTool<'a> {
    fn new(call: &'a ToolCall) -> Self {
        let function = Function { name: Some(&call.name), arguments: &call.arguments };
        Self { id: &call.id, r#type: "function", function }
    }
}

impl Usage {
    pub(super) fn new(totals: &Totals) -> Self {
        let Totals { prompt_tokens, completion_tokens, .. } = *totals;
        Self {
            prompt_tokens,
            completion_tokens,
            total_tokens: prompt_tokens.saturating_add(completion_tokens),
        }
    }
}
