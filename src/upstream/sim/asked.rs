//! What a request asks for, read from its body as a server would.

use serde_json::Value;

use crate::upstream::sim::chance;

/// The parts of a chat-completions request that change the answer.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub model: String,
    pub stream: bool,
    pub include_usage: bool,
    /// All text of all messages; what the prompt is counted by.
    pub prompt: String,
    /// The text of the first user turn: what the client asked, in most conversations.
    pub question: String,
    pub max_tokens: Option<u64>,
    pub format: Format,
    /// The tool that must be called, and the schema of its arguments.
    pub tool: Option<(String, Value)>,
    /// The same for the same model, prompt and seed.
    pub hash: u64,
}

#[derive(Debug, Default)]
pub(super) enum Format {
    #[default]
    Text,
    /// Any JSON object.
    Object,
    Schema(Value),
}

// === impl Asked ===

impl Asked {
    /// The error is the sentence that a server would answer 400 with.
    pub(super) fn read(body: &[u8]) -> Result<Self, String> {
        let json: Value =
            serde_json::from_slice(body).map_err(|error| format!("the body is not JSON: {error}"))?;
        let model = json["model"].as_str().ok_or("`model` is missing")?.to_owned();
        let messages =
            json["messages"].as_array().filter(|list| !list.is_empty()).ok_or("`messages` is empty")?;
        let texts: Vec<_> = messages.iter().map(|message| text(&message["content"])).collect();
        let first_user = messages.iter().position(|message| message["role"] == "user");
        let limits =
            ["max_tokens", "max_completion_tokens"].into_iter().filter_map(|name| json[name].as_u64());
        let seed = json["seed"].to_string();
        let messages = json["messages"].to_string();
        Ok(Self {
            stream: json["stream"] == true,
            include_usage: json["stream_options"]["include_usage"] == true,
            prompt: texts.concat(),
            question: first_user.map(|index| texts[index].clone()).unwrap_or_default(),
            max_tokens: limits.min(),
            format: format(&json["response_format"]),
            tool: tool(&json),
            hash: chance::hash([model.as_bytes(), messages.as_bytes(), seed.as_bytes()]),
            model,
        })
    }
}

fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

fn format(format: &Value) -> Format {
    match format["type"].as_str() {
        Some("json_schema") => Format::Schema(format["json_schema"]["schema"].clone()),
        Some("json_object") => Format::Object,
        _ => Format::Text,
    }
}

fn tool(json: &Value) -> Option<(String, Value)> {
    let functions = || json["tools"].as_array().into_iter().flatten().map(|tool| &tool["function"]);
    let choice = &json["tool_choice"];
    let chosen = match choice["function"]["name"].as_str() {
        Some(name) => functions().find(|function| function["name"] == name)?,
        None if choice == "required" => functions().next()?,
        None => return None,
    };
    Some((chosen["name"].as_str()?.to_owned(), chosen["parameters"].clone()))
}
