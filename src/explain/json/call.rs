//! The one call that a node makes: what is sent, and how often at most.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::plan::bounds;
use crate::plan::{Ask, History, Inherits, Returns, Tools, Turn, TurnRole};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallOut {
    /// The client's seed is raised by this.
    pub number: u32,
    /// `full`, `none`, `last`, `last 4`.
    pub history: String,
    /// `pass`, `show`, `none`.
    pub tools: String,
    /// `all`, `all without temperature`, `sampling`, `sampling without temperature`, `nothing`.
    pub client_parameters: String,
    pub max_tokens: u64,
    /// With `retries`, the repair round of `returns` and the second chance of `soft`.
    pub attempts: u32,
    pub retries: u32,
    /// One attempt sends at most this many conversations …
    pub tokens_in_conversations: u32,
    /// … plus this many tokens.
    pub tokens_in_constant: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_token_ms: Option<u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub soft: Vec<String>,
    /// What its answer must be read as, as it is written: `number(0, 10)`, `json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returns: Option<String>,
    /// The JSON Schema of `returns: json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// The choices of `returns: one_of […]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_when: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prompt: Vec<TurnOut>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnOut {
    pub role: String,
    pub text: String,
}

// === impl CallOut ===

impl CallOut {
    pub(super) fn of(ask: &Ask) -> Self {
        Self {
            number: ask.number,
            history: history_word(ask.history),
            tools: tools_word(ask.tools).to_owned(),
            client_parameters: inherits_words(ask.inherits).to_owned(),
            max_tokens: ask.max_tokens.0,
            attempts: bounds::attempts(ask),
            retries: ask.retries,
            tokens_in_conversations: ask.input_max.conversations,
            tokens_in_constant: ask.input_max.constant.0,
            first_token_ms: ask.first_token.map(|wait| wait.0),
            fields: ask.fields.iter().map(|field| (field.name.clone(), super::value(&field.json))).collect(),
            soft: ask.soft.clone(),
            returns: ask.returns.as_ref().map(ToString::to_string),
            schema: match &ask.returns {
                Some(Returns::Json(schema)) => Some(schema.json().clone()),
                _ => None,
            },
            one_of: one_of(ask.returns.as_ref()),
            accept_when: ask.accept_when.as_ref().map(|when| when.source().to_owned()),
            system: ask.system.as_ref().map(|turn| turn.template.source().to_owned()),
            prompt: ask.prompt.iter().map(TurnOut::of).collect(),
        }
    }

    /// The same call, asked of the same or another model: what differs between members of a list is left out.
    #[must_use]
    pub fn alike(&self) -> Self {
        Self { number: 0, max_tokens: 0, tokens_in_conversations: 0, tokens_in_constant: 0, ..self.clone() }
    }
}

impl TurnOut {
    pub(super) fn of(turn: &Turn) -> Self {
        let role = match turn.role {
            TurnRole::System => "system",
            TurnRole::User => "user",
            TurnRole::Assistant => "assistant",
        };
        Self { role: role.to_owned(), text: turn.template.source().to_owned() }
    }
}

fn one_of(returns: Option<&Returns>) -> Vec<String> {
    match returns {
        Some(Returns::OneOf(choices)) => choices.clone(),
        _ => Vec::new(),
    }
}

pub(super) fn history_word(history: History) -> String {
    match history {
        History::Full => "full".to_owned(),
        History::None => "none".to_owned(),
        History::Last(1) => "last".to_owned(),
        History::Last(turns) => format!("last {turns}"),
    }
}

fn tools_word(tools: Tools) -> &'static str {
    match tools {
        Tools::Pass => "pass",
        Tools::Show => "show",
        Tools::None => "none",
    }
}

fn inherits_words(inherits: Inherits) -> &'static str {
    match inherits {
        Inherits::All => "all",
        Inherits::AllCool => "all without temperature",
        Inherits::Sampling => "sampling",
        Inherits::SamplingCool => "sampling without temperature",
        Inherits::Nothing => "nothing",
    }
}
