//! The explained plan as a document: the shape that `ensc explain --format json` prints.
//!
//! Fields keep their order, absent things are left out, lengths of time are in milliseconds, money is in US
//! dollars, sizes are in bytes. No clock, no absolute path.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::explain::json::node::Step;
use crate::plan::{Bounds, Frame, Limit, Model, Plan, Setting, StreamMode};
use crate::template::Data;
use crate::units::{Bytes, MicroUsd, Tokens};

mod act;
pub mod call;
pub mod node;

/// Everything that is known of a handle before it runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    pub handle: String,
    pub selector: String,
    pub ensemble: String,
    pub profile: String,
    pub tier: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub doc: String,
    /// `file.ens:2`, as the file was named.
    pub place: String,
    /// First digits of the hash of what it means.
    pub plan: String,
    /// `answer` or `progress`.
    pub stream: String,
    pub timeout_ms: u64,
    pub bounds: BoundsOut,
    pub limit: LimitOut,
    /// Answers to one question, where they are more than one.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub choices: u32,
    /// What its models may hold together, where the tier says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Names of every model that it can call, fallbacks included, in order of first mention.
    pub members: Vec<String>,
    pub models: Vec<ModelOut>,
    /// Id of the node that the client gets.
    pub reply: String,
    /// The bodies of ensembles and techniques that are used inline, numbered from 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<FrameOut>,
    /// Inputs stand before what uses them. Rounds of loops and items of a `for` are written out.
    pub nodes: Vec<Step>,
    pub settings: Vec<SettingOut>,
}

/// The worst case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoundsOut {
    pub calls: u32,
    pub attempts: u32,
    pub waves: u32,
    pub time_ms: u64,
    pub tokens_out: u64,
    /// Input is this many conversations …
    pub tokens_in_conversations: u32,
    /// … plus this many tokens.
    pub tokens_in_constant: u64,
    pub cost_usd: f64,
    /// Longest conversation accepted, in tokens.
    pub request_max: u64,
}

/// What the nodes of one body share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameOut {
    pub number: u32,
    /// Id of the node that makes the conversation which its calls see; without one it is the client's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// Its roles and parameters that have a value before the run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub constants: BTreeMap<String, Value>,
}

/// What the author allows at most; absent where nothing was said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LimitOut {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calls: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelOut {
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub runtime: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    pub context: u64,
    pub max_output: u64,
    /// US dollars per million tokens.
    pub price_in_usd: f64,
    pub price_out_usd: f64,
    pub concurrency: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingOut {
    pub name: String,
    pub value: String,
    /// `profile high`, `defaults`, `built in`, …
    pub layer: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// A role such as `panel`, not an option such as `timeout`.
    pub role: bool,
}

// === impl Document ===

impl Document {
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        Self {
            handle: plan.handle.to_string(),
            selector: plan.selector.clone(),
            ensemble: plan.ensemble.clone(),
            profile: plan.profile.clone(),
            tier: plan.tier.clone(),
            doc: plan.doc.clone(),
            place: plan.place.clone(),
            plan: plan.short_hash().to_owned(),
            stream: stream_word(plan.stream).to_owned(),
            timeout_ms: plan.timeout.0,
            bounds: BoundsOut::of(&plan.bounds),
            limit: LimitOut::of(plan.limit),
            choices: plan.choices,
            memory_bytes: plan.memory.map(bytes),
            members: plan.models.iter().map(|model| model.name.to_string()).collect(),
            models: plan.models.iter().map(ModelOut::of).collect(),
            reply: plan.node(plan.reply).id.to_string(),
            frames: plan.frames.iter().enumerate().skip(1).map(|frame| FrameOut::of(plan, frame)).collect(),
            nodes: plan.nodes.iter().map(|node| Step::of(plan, node)).collect(),
            settings: plan.settings.iter().map(SettingOut::of).collect(),
        }
    }

    /// What `--format json` printed.
    ///
    /// # Errors
    ///
    /// Says what is not as it should be, and where.
    pub fn read(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|error| format!("this is no plan: {error}"))
    }

    /// Nodes by their id.
    #[must_use]
    pub fn by_id(&self) -> BTreeMap<&str, &Step> {
        self.nodes.iter().map(|node| (node.id.as_str(), node)).collect()
    }
}

impl FrameOut {
    fn of(plan: &Plan, (number, frame): (usize, &Frame)) -> Self {
        Self {
            number: number as u32,
            conversation: frame.conversation.map(|id| plan.node(id).id.to_string()),
            constants: frame.constants.iter().map(|(name, data)| (name.clone(), constant(data))).collect(),
        }
    }
}

impl BoundsOut {
    fn of(bounds: &Bounds) -> Self {
        Self {
            calls: bounds.calls,
            attempts: bounds.attempts,
            waves: bounds.waves,
            time_ms: bounds.time.0,
            tokens_out: bounds.tokens_out.0,
            tokens_in_conversations: bounds.tokens_in.conversations,
            tokens_in_constant: bounds.tokens_in.constant.0,
            cost_usd: bounds.cost.as_usd(),
            request_max: bounds.request_max.0,
        }
    }
}

impl LimitOut {
    fn of(limit: Limit) -> Self {
        Self {
            calls: limit.calls,
            tokens: limit.tokens.map(tokens),
            cost_usd: limit.cost.map(MicroUsd::as_usd),
            request: limit.request.map(tokens),
        }
    }
}

impl ModelOut {
    fn of(model: &Model) -> Self {
        Self {
            name: model.name.to_string(),
            runtime: model.runtime.clone(),
            memory_bytes: model.memory.map(bytes),
            context: model.context.0,
            max_output: model.max_output.0,
            price_in_usd: model.price.input.as_usd(),
            price_out_usd: model.price.output.as_usd(),
            concurrency: model.concurrency,
        }
    }
}

impl SettingOut {
    fn of(setting: &Setting) -> Self {
        Self {
            name: setting.name.to_string(),
            value: setting.value.to_string(),
            layer: setting.layer.to_string(),
            place: setting.place.to_string(),
            role: setting.role,
        }
    }

    /// Nobody wrote it.
    #[must_use]
    pub fn is_built_in(&self) -> bool {
        self.place.is_empty()
    }
}

// === words and numbers ===

fn stream_word(mode: StreamMode) -> &'static str {
    match mode {
        StreamMode::Answer => "answer",
        StreamMode::Progress => "progress",
    }
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_one(number: &u32) -> bool {
    *number == 1
}

fn tokens(tokens: Tokens) -> u64 {
    tokens.0
}

fn bytes(bytes: Bytes) -> u64 {
    bytes.0
}

/// A model by its name.
fn constant(data: &Data) -> Value {
    match data {
        Data::Bool(value) => Value::from(*value),
        Data::Int(value) => Value::from(*value),
        Data::Number(value) => Value::from(*value),
        Data::Text(text) => Value::from(text.as_ref()),
        Data::List(items) => items.iter().map(constant).collect(),
        Data::Map(pairs) => match pairs.iter().find(|(name, _)| name == "name") {
            Some((_, name)) => constant(name),
            None => pairs.iter().map(|(name, data)| (name.clone(), constant(data))).collect(),
        },
        // No answer is there before the run.
        _ => Value::Null,
    }
}

/// A JSON value as the plan holds it, in text.
fn value(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|_| Value::String(json.to_owned()))
}
