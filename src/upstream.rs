//! The world of model calls: one trait, two implementations (the HTTP client for LiteLLM and the simulator).
//!
//! Knows nothing of plans, of who asked, or of what an answer is for.

pub mod answer;
pub mod attribution;
pub mod base_url;
pub mod client;
mod connection;
pub mod fault;
mod gathered;
pub mod secret;
pub mod sim;
pub mod sse;
pub mod stream;
pub mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use serde_json::value::RawValue;

/// Something that answers calls.
pub trait Upstream: Send + Sync + 'static {
    /// Starts one attempt and resolves when its head (not streamed: its whole answer) is there.
    ///
    /// Dropping the future or the stream it gave closes the connection at once. Deadlines are the caller's:
    /// nothing in here waits by a clock of its own but for connecting, and for the end of a body whose answer is
    /// whole ([`stream::END_WAIT_MAX`]).
    fn start(&self, call: Arc<Call>) -> BoxFuture<'static, Result<Incoming, CallError>>;
}

/// One question to one model, complete but for its encoding (see [`wire::encode`]).
#[derive(Clone, Debug)]
pub struct Call {
    pub model: Arc<str>,
    /// Whether the answer is wanted token by token.
    pub stream: bool,
    /// What the model sees, in order. Shared raw parts are the client's own bytes.
    pub messages: Vec<Message>,
    /// Request fields as they will stand in the body, in this order; every name is on the allow-list and the
    /// value is valid JSON. Never `model`, `messages`, `stream`, `stream_options` or one of ours.
    pub fields: Vec<(String, Arc<RawValue>)>,
    /// How long LiteLLM itself may take (its `timeout`); we drop the connection a little before.
    pub timeout: Duration,
    pub attribution: Attribution,
}

/// For LiteLLM's books, and the loop guard.
#[derive(Clone, Debug, Default)]
pub struct Attribution {
    /// The handle; becomes the tag `ensemble:<handle>` and the body's `headers: {"x-ensc-path": …}`.
    pub handle: Arc<str>,
    /// Becomes the trace id.
    pub run: Arc<str>,
    /// The step's id in the plan, e.g. `drafts[0]`.
    pub step: Arc<str>,
    /// A validated W3C `traceparent`, passed on.
    pub traceparent: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    System,
    Developer,
    User,
    Assistant,
    Tool,
}

/// One message of a conversation.
#[derive(Clone, Debug)]
pub struct Message {
    pub role: Role,
    /// Its text parts, joined by line ends; what templates see. Empty if it has none.
    pub text: Arc<str>,
    pub body: MessageBody,
    /// Number of image parts.
    pub images: u32,
}

#[derive(Clone, Debug)]
pub enum MessageBody {
    /// The client's own bytes, a whole JSON object, sent on untouched.
    Raw(Arc<RawValue>),
    /// Ours: `{"role": …, "content": text}`.
    Text,
}

/// An answer, whole or as it arrives.
pub enum Incoming {
    Whole(Box<Completion>),
    /// Ends after the delta that carries `finish_reason` (and `usage`, if any); who reads on to the end has the
    /// connection used again. An end without a finish is an
    /// [`CallError`] of kind [`Fault::Cut`] given by the stream itself, not a silent end.
    Stream(BoxStream<'static, Result<Delta, CallError>>),
}

/// A whole answer: the first choice, and what came with it.
#[derive(Clone, Debug, Default)]
pub struct Completion {
    pub text: String,
    pub reasoning: String,
    pub tool_calls: Vec<ToolCall>,
    /// `stop`, `length`, `tool_calls`, `content_filter`, …
    pub finish_reason: String,
    pub usage: Option<Usage>,
    /// `choices[0].logprobs`, untouched.
    pub logprobs: Option<Arc<RawValue>>,
    /// Other fields of the message (`annotations`, `refusal`, …), untouched.
    pub extra: BTreeMap<String, Arc<RawValue>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    /// JSON in a string, as the model wrote it.
    pub arguments: String,
}

/// A piece of a streamed answer.
#[derive(Clone, Debug, Default)]
pub struct Delta {
    pub text: String,
    pub reasoning: String,
    pub tool_calls: Vec<ToolCallDelta>,
    pub finish_reason: Option<String>,
    pub usage: Option<Usage>,
    pub logprobs: Option<Arc<RawValue>>,
    pub extra: BTreeMap<String, Arc<RawValue>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolCallDelta {
    pub index: u32,
    pub id: Option<String>,
    pub name: Option<String>,
    pub arguments: String,
}

/// What a call reported to have used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub reasoning_tokens: u64,
    pub cached_tokens: u64,
}

/// Why an attempt failed, with what a caller must know to act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    pub fault: Fault,
    pub retry: Retry,
    /// What the upstream said, for debug logs only: it may hold anything, and never reaches a client.
    pub detail: String,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// What it said to have used, if it was a whole answer, only not one to go on with.
    pub usage: Option<Box<Usage>>,
}

/// The closed vocabulary of failures. Its words are the only ones a client ever reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// 429.
    Busy,
    /// Our deadline, LiteLLM's 408, or a timeout that it reports.
    TimedOut,
    /// The first token did not come in time.
    SlowStart,
    /// Silence in mid-stream.
    Stalled,
    /// Nobody listens.
    Refused,
    /// The connection broke before an answer.
    Reset,
    /// The stream ended before its finish.
    Cut,
    /// An error event in mid-stream.
    BrokeOff,
    /// 5xx.
    Unwell,
    /// Not JSON, no choices, not what was asked for.
    Garbage,
    /// Empty text where text is needed.
    Empty,
    /// The answer was larger than we take.
    TooLong,
    ContextFull,
    /// Content filter, before any text.
    Filtered,
    /// 401, 403, or LiteLLM's own ways of saying so.
    KeyRefused,
    /// The upstream does not know the model.
    UnknownModel,
    /// Any other 400 or 422.
    Rejected,
    /// A 3xx: never followed.
    Redirected,
    /// Another model answered in the place of the one asked.
    OtherModel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    Never,
    /// At once or after the usual back-off.
    Soon,
    /// Not before this long.
    After(Duration),
}

// === impl Message ===

impl Message {
    #[must_use]
    pub fn ours(role: Role, text: impl Into<Arc<str>>) -> Self {
        Self { role, text: text.into(), body: MessageBody::Text, images: 0 }
    }
}

// === impl Role ===

impl Role {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Developer => "developer",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }
}

// === impl Fault ===

impl Fault {
    /// Every fault, in the order of the documentation.
    pub const ALL: [Self; 19] = [
        Self::Busy,
        Self::TimedOut,
        Self::SlowStart,
        Self::Stalled,
        Self::Refused,
        Self::Reset,
        Self::Cut,
        Self::BrokeOff,
        Self::Unwell,
        Self::Garbage,
        Self::Empty,
        Self::TooLong,
        Self::ContextFull,
        Self::Filtered,
        Self::KeyRefused,
        Self::UnknownModel,
        Self::Rejected,
        Self::Redirected,
        Self::OtherModel,
    ];

    /// The words for people. Chosen so that no gateway reads one as a rate limit or a context overflow of its
    /// own and calls again (`docs/daemon.md`, "Errors").
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::TimedOut => "timed out",
            Self::SlowStart => "sent no first token in time",
            Self::Stalled => "fell silent in mid-answer",
            Self::Refused => "refused the connection",
            Self::Reset => "dropped the connection",
            Self::Cut => "cut its answer short",
            Self::BrokeOff => "broke off its answer",
            Self::Unwell => "answered with a server error",
            Self::Garbage => "answered what is not a completion",
            Self::Empty => "answered empty text",
            Self::TooLong => "answered more than is taken",
            Self::ContextFull => "context full",
            Self::Filtered => "withheld its answer",
            Self::KeyRefused => "refused our key",
            Self::UnknownModel => "is not known upstream",
            Self::Rejected => "rejected the request",
            Self::Redirected => "answered with a redirect",
            Self::OtherModel => "answered by another model",
        }
    }
}

// === impl CallError ===

impl CallError {
    #[must_use]
    pub fn new(fault: Fault, retry: Retry, detail: impl Into<String>) -> Self {
        Self { fault, retry, detail: detail.into(), status: None, usage: None }
    }

    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    #[must_use]
    pub fn used(mut self, usage: Option<Usage>) -> Self {
        self.usage = usage.map(Box::new);
        self
    }
}

impl std::fmt::Display for CallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.fault.words())
    }
}

impl std::error::Error for CallError {}

// === impl Usage ===

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.prompt_tokens += other.prompt_tokens;
        self.completion_tokens += other.completion_tokens;
        self.reasoning_tokens += other.reasoning_tokens;
        self.cached_tokens += other.cached_tokens;
    }
}
