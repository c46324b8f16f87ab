//! What a call sends: which of the client's messages and parameters, and what the plan adds.

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::plan::{Ask, History, Inherits, Tools};
use crate::upstream::{Message, Role};

use super::request::Request;

/// Parameters that shape how a model samples: inner calls take these from the client, and no others.
const SAMPLING: &[&str] = &[
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "presence_penalty",
    "frequency_penalty",
    "repetition_penalty",
    "seed",
];

/// Fields about tools: they follow `tools:` and nothing else.
const TOOLS: &[&str] = &["tools", "tool_choice", "parallel_tool_calls"];

/// Two names for one thing; never both.
const MAX_TOKENS: &[&str] = &["max_completion_tokens", "max_tokens"];

/// The client's messages that `history` keeps, with `system` after the client's own system text, `prompt` at the end.
///
/// `Last(n)` keeps system messages and everything from the `n`th user message from the end.
pub fn messages(
    history: History,
    conversation: &[Message],
    system: Option<String>,
    prompt: Vec<(Role, String)>,
) -> Vec<Message> {
    let is_system = |message: &Message| matches!(message.role, Role::System | Role::Developer);
    let mut kept: Vec<Message> = match history {
        History::Full => conversation.to_vec(),
        History::None => Vec::new(),
        History::Last(turns) => {
            let users = conversation.iter().enumerate().filter(|(_, message)| message.role == Role::User);
            let from = users.map(|(at, _)| at).rev().nth(turns.saturating_sub(1) as usize).unwrap_or(0);
            conversation
                .iter()
                .enumerate()
                .filter(|(at, message)| *at >= from || is_system(message))
                .map(|(_, message)| message.clone())
                .collect()
        }
    };
    if let Some(text) = system.filter(|text| !text.trim().is_empty()) {
        let at = kept.iter().take_while(|message| is_system(message)).count();
        kept.insert(at, Message::ours(Role::System, text));
    }
    // Turns of ours that follow each other in one role are one message: many chat templates insist on alternation.
    let mut turns: Vec<(Role, String)> = Vec::new();
    for (role, text) in prompt {
        match turns.last_mut() {
            Some((last, before)) if *last == role => {
                before.push_str("\n\n");
                before.push_str(&text);
            }
            _ => turns.push((role, text)),
        }
    }
    kept.extend(turns.into_iter().map(|(role, text)| Message::ours(role, text)));
    kept
}

/// Request fields of a call, and which of the client's were lowered to what the plan allows.
///
/// `format` replaces `response_format`; `without` are fields left out (the second chance of `soft`).
pub fn fields(
    ask: &Ask,
    request: &Request,
    format: Option<&Arc<RawValue>>,
    without: &[String],
) -> (Vec<(String, Arc<RawValue>)>, bool) {
    let own = |name: &str| ask.fields.iter().any(|field| field.name == name && field.own);
    let mut fields: Vec<(String, Arc<RawValue>)> = request
        .fields
        .iter()
        .filter(|(name, _)| inherits(ask.inherits, name) && !own(name))
        .map(|(name, value)| match name.as_str() {
            "seed" => (name.clone(), shifted(value, ask.number)),
            _ => (name.clone(), Arc::clone(value)),
        })
        .collect();
    for field in &ask.fields {
        if !fields.iter().any(|(name, _)| *name == field.name) {
            let value = raw(&field.json);
            let cool = matches!(ask.inherits, Inherits::SamplingCool | Inherits::AllCool);
            let value = if field.name == "seed" && cool { shifted(&value, ask.number) } else { value };
            fields.push((field.name.clone(), value));
        }
    }
    fields.extend(tools(ask.tools, request));
    if let Some(format) = format {
        fields.push(("response_format".to_owned(), Arc::clone(format)));
    }
    let capped = max_tokens(ask, request, &mut fields);
    fields.retain(|(name, _)| !without.contains(name));
    (fields, capped)
}

fn inherits(inherits: Inherits, name: &str) -> bool {
    if TOOLS.contains(&name) || MAX_TOKENS.contains(&name) {
        return false;
    }
    match inherits {
        Inherits::All => true,
        Inherits::AllCool => name != "temperature",
        Inherits::Sampling => SAMPLING.contains(&name),
        Inherits::SamplingCool => SAMPLING.contains(&name) && name != "temperature",
        Inherits::Nothing => false,
    }
}

/// Histories with tool messages are refused without the definitions: calls that may not use tools still show them.
fn tools(tools: Tools, request: &Request) -> Vec<(String, Arc<RawValue>)> {
    let Some(definitions) = request.field("tools") else { return Vec::new() };
    let definitions = ("tools".to_owned(), Arc::clone(definitions));
    match tools {
        Tools::None => Vec::new(),
        Tools::Show => vec![definitions, ("tool_choice".to_owned(), raw("\"none\""))],
        Tools::Pass => {
            let rest = TOOLS[1..]
                .iter()
                .filter_map(|name| request.field(name).map(|value| ((*name).to_owned(), Arc::clone(value))));
            std::iter::once(definitions).chain(rest).collect()
        }
    }
}

/// The client's own limit on final calls, never above the plan's; the plan's on all others.
fn max_tokens(ask: &Ask, request: &Request, fields: &mut Vec<(String, Arc<RawValue>)>) -> bool {
    let takes = matches!(ask.inherits, Inherits::All | Inherits::AllCool) && !ask.max_tokens_own;
    let asked = MAX_TOKENS.iter().find_map(|name| {
        let value = request.field(name)?.get().parse::<f64>().ok()?;
        Some((*name, value as u64))
    });
    let (name, wanted) = match asked {
        Some((name, wanted)) if takes => (name, wanted),
        _ => ("max_tokens", ask.max_tokens.0),
    };
    fields.push((name.to_owned(), raw(&wanted.min(ask.max_tokens.0).to_string())));
    wanted > ask.max_tokens.0
}

/// The client's seed plus the call's number: back ends honour seeds, and equal ones would give equal answers.
fn shifted(seed: &Arc<RawValue>, number: u32) -> Arc<RawValue> {
    match seed.get().parse::<i64>() {
        Ok(seed) => raw(&seed.wrapping_add(i64::from(number)).to_string()),
        Err(_) => Arc::clone(seed),
    }
}

/// JSON text that is known to be valid.
pub fn raw(json: &str) -> Arc<RawValue> {
    RawValue::from_string(json.to_owned()).expect("the plan holds valid JSON").into()
}
