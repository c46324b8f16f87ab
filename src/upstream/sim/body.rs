//! The JSON that LiteLLM would answer with. Knows nothing of time or of connections.

use serde_json::{Value, json};

use crate::upstream::ToolCall;
use crate::upstream::sim::asked::Asked;
use crate::upstream::sim::schema;
use crate::upstream::sim::script::{Reply, ScriptedCall, Trouble};
use crate::upstream::sim::speech;

/// Characters of arguments in one delta.
const ARGUMENTS_PIECE: usize = 8;

/// What an answer consists of.
#[derive(Debug)]
pub(super) struct Said {
    pub text: String,
    pub reasoning: String,
    pub tool_calls: Vec<ToolCall>,
    pub finish: String,
    /// As it stands in the answer.
    pub usage: Option<Value>,
}

/// The whole answer.
pub(super) fn completion(asked: &Asked, said: &Said) -> String {
    let mut message = json!({"role": "assistant", "content": content(said)});
    if !said.reasoning.is_empty() {
        message["reasoning_content"] = said.reasoning.as_str().into();
    }
    if !said.tool_calls.is_empty() {
        message["tool_calls"] = said.tool_calls.iter().map(tool_json).collect();
    }
    let mut answer = envelope(asked, "chat.completion");
    answer["choices"] = json!([{"index": 0, "message": message, "finish_reason": said.finish}]);
    if let Some(usage) = &said.usage {
        answer["usage"] = usage.clone();
    }
    answer.to_string()
}

pub(super) fn no_choices(asked: &Asked, said: &Said) -> String {
    let mut answer = envelope(asked, "chat.completion");
    answer["choices"] = json!([]);
    if let Some(usage) = &said.usage {
        answer["usage"] = usage.clone();
    }
    answer.to_string()
}

/// One event with a delta.
pub(super) fn chunk(asked: &Asked, delta: &Value, finish: Option<&str>) -> String {
    let mut chunk = envelope(asked, "chat.completion.chunk");
    chunk["choices"] = json!([{"index": 0, "delta": delta, "finish_reason": finish}]);
    event(&chunk)
}

/// Finish, usage if asked for, and the end marker, in one text.
pub(super) fn end(asked: &Asked, said: Option<&Said>, marked: bool) -> String {
    let mut end = said.map(|said| chunk(asked, &json!({}), Some(&said.finish))).unwrap_or_default();
    if let Some(usage) = said.and_then(|said| said.usage.as_ref()).filter(|_| asked.include_usage) {
        let mut last = envelope(asked, "chat.completion.chunk");
        last["choices"] = json!([]);
        last["usage"] = usage.clone();
        end.push_str(&event(&last));
    }
    if marked {
        end.push_str("data: [DONE]\n\n");
    }
    end
}

pub(super) fn error_event() -> String {
    event(
        &json!({"error": {"message": "the model broke off", "type": "server_error", "param": null, "code": null}}),
    )
}

pub(super) fn role_delta() -> Value {
    json!({"role": "assistant", "content": ""})
}

/// The deltas of an answer, one a token; tool calls come in pieces. Texts are cut into pieces of `piece_size`
/// bytes instead if that is not 0.
pub(super) fn deltas(said: &Said, piece_size: usize) -> Vec<Value> {
    let cut = |text: &str| -> Vec<String> {
        match piece_size {
            0 => speech::tokens(text).map(str::to_owned).collect(),
            size => text.as_bytes().chunks(size).map(|piece| String::from_utf8_lossy(piece).into()).collect(),
        }
    };
    let mut deltas: Vec<_> =
        cut(&said.reasoning).into_iter().map(|piece| json!({"reasoning_content": piece})).collect();
    deltas.extend(cut(&said.text).into_iter().map(|piece| json!({"content": piece})));
    for (index, call) in said.tool_calls.iter().enumerate() {
        let function = json!({"name": call.name, "arguments": ""});
        deltas.push(
            json!({"tool_calls": [{"index": index, "id": call.id, "type": "function", "function": function}]}),
        );
        let chars: Vec<_> = call.arguments.chars().collect();
        deltas.extend(chars.chunks(ARGUMENTS_PIECE).map(|piece| {
            let arguments: String = piece.iter().collect();
            json!({"tool_calls": [{"index": index, "function": {"arguments": arguments}}]})
        }));
    }
    deltas
}

pub(super) fn usage(asked: &Asked, reply: &Reply, text: &str, reasoning: &str, tools: &[ToolCall]) -> Value {
    if let Some(usage) = &reply.usage {
        return usage_json(
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.reasoning_tokens,
            usage.cached_tokens,
        );
    }
    let called: u64 = tools.iter().map(|call| speech::count(&call.arguments)).sum();
    let thought = speech::count(reasoning);
    usage_json(speech::count(&asked.prompt), speech::count(text) + thought + called, thought, 0)
}

/// The call of a tool that had to be called.
pub(super) fn called((name, schema): &(String, Value), hash: u64) -> ToolCall {
    let arguments = if schema.is_null() { json!({}) } else { schema::example(schema, hash) };
    ToolCall { id: format!("call_{hash:016x}"), name: name.clone(), arguments: arguments.to_string() }
}

pub(super) fn scripted((index, call): (usize, &ScriptedCall)) -> ToolCall {
    ToolCall {
        id: call.id.clone().unwrap_or_else(|| format!("call_{index}")),
        name: call.name.clone(),
        arguments: call.arguments.clone(),
    }
}

/// Status and body of an error, in LiteLLM's words. `None` for trouble that is not answered with a status.
pub(super) fn error(trouble: Trouble, model: &str) -> Option<(u16, String)> {
    let (status, kind, message) = match trouble {
        Trouble::Busy => (429, "throttling_error", "litellm.RateLimitError: simulated rate limit"),
        Trouble::Unwell => (500, "server_error", "litellm.InternalServerError: simulated"),
        Trouble::Unavailable => (503, "server_error", "litellm.ServiceUnavailableError: simulated"),
        Trouble::Rejected => (400, "invalid_request_error", "litellm.BadRequestError: simulated"),
        Trouble::KeyRefused => (401, "auth_error", "litellm.AuthenticationError: simulated"),
        Trouble::GatewayTimeout => (408, "timeout_error", "litellm.Timeout: simulated"),
        Trouble::ContextFull => (
            400,
            "invalid_request_error",
            "litellm.BadRequestError: litellm.ContextWindowExceededError: simulated",
        ),
        Trouble::Filtered => (400, "invalid_request_error", "litellm.ContentPolicyViolationError: simulated"),
        Trouble::UnknownModel => {
            (400, "invalid_request_error", "There are no healthy deployments for this model")
        }
        _ => return None,
    };
    let message = format!("{message}. Received Model Group={model}");
    Some((status, error_json(&message, kind, &status.to_string())))
}

pub(super) fn rejected(message: &str) -> String {
    error_json(message, "invalid_request_error", "400")
}

pub(super) fn models(names: &[String]) -> String {
    let data: Vec<_> = names
        .iter()
        .map(|name| json!({"id": name, "object": "model", "created": 0, "owned_by": "ensc-sim"}))
        .collect();
    json!({"object": "list", "data": data}).to_string()
}

fn error_json(message: &str, kind: &str, code: &str) -> String {
    json!({"error": {"message": message, "type": kind, "param": null, "code": code}}).to_string()
}

fn usage_json(prompt: u64, completion: u64, reasoning: u64, cached: u64) -> Value {
    json!({
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "completion_tokens_details": {"reasoning_tokens": reasoning},
        "prompt_tokens_details": {"cached_tokens": cached},
    })
}

/// Beside tool calls, no text is null.
fn content(said: &Said) -> Value {
    if said.text.is_empty() && !said.tool_calls.is_empty() { Value::Null } else { said.text.as_str().into() }
}

fn tool_json(call: &ToolCall) -> Value {
    json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}})
}

fn envelope(asked: &Asked, object: &str) -> Value {
    let id = format!("chatcmpl-sim-{:016x}", asked.hash);
    json!({"id": id, "object": object, "created": 0, "model": asked.model, "system_fingerprint": "simulated"})
}

fn event(data: &Value) -> String {
    format!("data: {data}\n\n")
}
