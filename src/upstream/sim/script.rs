//! What the simulated upstream is told to do: the file behind `sim:script.toml`.
//!
//! Plain data. Unknown keys are errors, with their place in the file.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

/// The whole script. The default answers every model at once with simulated text.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// Changes every delay that is drawn, and nothing else.
    pub seed: u64,
    /// Calls that no entry matches are refused as calls to an unknown model.
    pub strict: bool,
    /// Sizes of waves: no call of a wave is answered before all of it has arrived.
    pub waves: Vec<usize>,
    /// Names for `/v1/models`, beside those that stand below `model`.
    pub models: Vec<String>,
    /// By the model that is called; `*` is every other.
    pub model: BTreeMap<String, Behaviour>,
    /// By the step that calls, `drafts[0]` or `drafts`; goes before `model`.
    pub step: BTreeMap<String, Behaviour>,
}

/// How one model answers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    /// Until the head of an answer.
    pub delay_ms: Delay,
    /// From the head of a streamed answer to its first token.
    pub first_token_ms: Delay,
    /// Before each later token.
    pub token_ms: Delay,
    /// In the order of calls; the last is repeated. None means simulated text.
    pub reply: Vec<Reply>,
}

/// One answer. What is not said is as [`Behaviour`] has it, or simulated.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reply {
    pub delay_ms: Option<Delay>,
    pub first_token_ms: Option<Delay>,
    pub token_ms: Option<Delay>,
    pub text: Option<String>,
    pub reasoning: Option<String>,
    pub tool_calls: Vec<ScriptedCall>,
    pub finish_reason: Option<String>,
    pub usage: Option<ScriptedUsage>,
    /// Leaves usage out.
    pub no_usage: bool,
    /// The model that answers in the place of the one asked.
    pub answered_by: Option<String>,
    pub fault: Option<Trouble>,
    /// Only each n-th call of the entry gets the fault; the others are answered well.
    pub every: Option<u64>,
    /// For faults in mid-answer: how many tokens come before it.
    pub after_tokens: Option<usize>,
    /// For 429 and 5xx: the `Retry-After` header, as it stands.
    pub retry_after: Option<String>,
}

/// A tool call of the script.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedCall {
    pub name: String,
    /// JSON in a string.
    #[serde(default)]
    pub arguments: String,
    pub id: Option<String>,
}

/// Usage in the place of the count.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScriptedUsage {
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub reasoning_tokens: u64,
    pub cached_tokens: u64,
}

/// A time in milliseconds, or how it is drawn: `120`, `{ min = 50, max = 200 }`, `{ median = 100, p95 = 400 }`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Delay {
    Fixed(u64),
    Even { min: u64, max: u64 },
    LogNormal { median: u64, p95: u64 },
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    #[serde(alias = "429")]
    Busy,
    #[serde(alias = "500")]
    Unwell,
    #[serde(alias = "503")]
    Unavailable,
    #[serde(alias = "400")]
    Rejected,
    #[serde(alias = "401")]
    KeyRefused,
    #[serde(alias = "408")]
    GatewayTimeout,
    UnknownModel,
    ContextFull,
    Filtered,
    /// Nobody listens. Over a socket, where somebody does, the same as a reset.
    Refused,
    /// The connection breaks before an answer.
    Reset,
    /// Accepted, and never answered.
    #[serde(alias = "timeout")]
    Silence,
    /// The connection closes in mid-answer, after what was sent.
    Cut,
    /// The answer ends properly, but too early: no finish, no end marker.
    EndedEarly,
    /// Silence in mid-answer.
    Stall,
    /// An error event in mid-stream.
    BrokeOff,
    /// 200, and not JSON.
    Garbage,
    /// A chunk in mid-stream is not JSON.
    MalformedChunk,
    /// `choices: []`.
    NoChoices,
    /// No `[DONE]`. Harmless.
    NoEndMarker,
    /// JSON where a stream was asked for. Harmless.
    JsonForStream,
    /// Empty text with 200.
    Empty,
    /// An answer of 9 MiB.
    TooLong,
    /// A fallback of the upstream answers.
    OtherModel,
    Redirect,
}

// === impl Trouble ===

impl Trouble {
    /// Whether a model works before it shows. The others are turned away at the door.
    #[must_use]
    pub fn reaches_a_model(self) -> bool {
        !matches!(
            self,
            Self::Busy
                | Self::Rejected
                | Self::KeyRefused
                | Self::UnknownModel
                | Self::ContextFull
                | Self::Refused
                | Self::Redirect
        )
    }
}

// === impl Script ===

impl FromStr for Script {
    type Err = String;

    /// The error shows the place in the file.
    fn from_str(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }
}

impl Script {
    /// The entry for a call, and its name.
    #[must_use]
    pub fn entry(&self, step: &str, model: &str) -> Option<(String, &Behaviour)> {
        let stem = step.split('[').next().unwrap_or(step);
        let by_step = |name: &str| self.step.get(name).map(|found| (format!("step {name}"), found));
        let by_model = |name: &str| self.model.get(name).map(|found| (format!("model {name}"), found));
        by_step(step).or_else(|| by_step(stem)).or_else(|| by_model(model)).or_else(|| by_model("*"))
    }
}

// === impl Behaviour ===

impl Behaviour {
    /// The reply to a call; `index` counts the calls of this entry from 0.
    #[must_use]
    pub fn reply(&self, index: u64) -> Reply {
        let last = self.reply.len().saturating_sub(1);
        let mut reply =
            self.reply.get(last.min(usize::try_from(index).unwrap_or(last))).cloned().unwrap_or_default();
        if reply.every.is_some_and(|every| !(index + 1).is_multiple_of(every.max(1))) {
            reply.fault = None;
        }
        reply.delay_ms.get_or_insert(self.delay_ms);
        reply.first_token_ms.get_or_insert(self.first_token_ms);
        reply.token_ms.get_or_insert(self.token_ms);
        reply
    }
}

// === impl Delay ===

impl Default for Delay {
    fn default() -> Self {
        Self::Fixed(0)
    }
}

/// By hand, for an error that names the three forms.
impl<'de> Deserialize<'de> for Delay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DelayVisitor)
    }
}

struct DelayVisitor;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Drawn {
    min: Option<u64>,
    max: Option<u64>,
    median: Option<u64>,
    p95: Option<u64>,
}

impl<'de> Visitor<'de> for DelayVisitor {
    type Value = Delay;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("milliseconds, `{ min = …, max = … }` or `{ median = …, p95 = … }`")
    }

    fn visit_u64<E: Error>(self, millis: u64) -> Result<Delay, E> {
        Ok(Delay::Fixed(millis))
    }

    fn visit_i64<E: Error>(self, millis: i64) -> Result<Delay, E> {
        u64::try_from(millis).map(Delay::Fixed).map_err(|_| E::custom("a delay is not negative"))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Delay, A::Error> {
        match Drawn::deserialize(MapAccessDeserializer::new(map))? {
            Drawn { min: Some(min), max: Some(max), median: None, p95: None } if min <= max => {
                Ok(Delay::Even { min, max })
            }
            Drawn { min: None, max: None, median: Some(median), p95: Some(p95) }
                if 0 < median && median <= p95 =>
            {
                Ok(Delay::LogNormal { median, p95 })
            }
            _ => Err(A::Error::custom(
                "a delay is drawn from `{ min = …, max = … }` or `{ median = …, p95 = … }`, the larger one last",
            )),
        }
    }
}

#[cfg(test)]
mod tests;
