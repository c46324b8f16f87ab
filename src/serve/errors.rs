//! Why a request is refused, and in which words. Knows nothing of status codes: see `status.rs`.
//!
//! Messages are ours alone: what a client wrote is quoted only after [`quoted`] took out what is not a name.

use crate::plan::bounds::Breach;
use crate::run::{ErrorKind, RunError};

use super::limits::Limit;

/// A request that gets no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub kind: Kind,
    pub message: String,
    /// The field of the request, as a path: `messages[2].role`.
    pub param: Option<String>,
    pub retry_after_s: Option<u64>,
    /// The limit of the daemon that it is about.
    pub limit: Option<Limit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The request is wrong.
    Invalid,
    /// It is right, and this version cannot do it.
    NotYet,
    /// It came through an ensemble.
    Loop,
    ContextLength,
    /// The handle's own `limit`.
    Limit,
    NoKey,
    /// A web page asks, or the request is meant for another host.
    Forbidden,
    NotFound,
    UnknownModel,
    WrongMethod,
    TooLarge,
    /// The body is not `application/json`.
    NotJson,
    /// The ensemble failed.
    Failed,
    /// The ensemble was degraded, and the client asked for `strict`.
    Degraded,
    /// All members are busy.
    Busy,
    /// The upstream could not be reached.
    Unreachable,
    /// A limit of the daemon.
    Overloaded,
    /// A probe came before the upstream answered.
    NotReady,
    /// A bug of ours.
    Panicked,
}

// === impl Refusal ===

impl Refusal {
    #[must_use]
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), param: None, retry_after_s: None, limit: None }
    }

    #[must_use]
    pub fn at(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    #[must_use]
    pub fn reaches(mut self, limit: Limit) -> Self {
        self.limit = Some(limit);
        self
    }

    #[must_use]
    pub fn after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }
}

impl From<RunError> for Refusal {
    fn from(error: RunError) -> Self {
        let kind = match error.kind {
            ErrorKind::ContextLength => Kind::ContextLength,
            ErrorKind::Failed => Kind::Failed,
            ErrorKind::Busy => Kind::Busy,
            ErrorKind::Unreachable => Kind::Unreachable,
            ErrorKind::Overloaded => Kind::Overloaded,
            ErrorKind::Degraded => Kind::Degraded,
        };
        let limit = error.is_cut.then_some(Limit::Message);
        Self { kind, message: error.message, param: None, retry_after_s: error.retry_after_s, limit }
    }
}

// === the words ===

#[must_use]
pub fn wrong_type(param: &str, wanted: &str) -> Refusal {
    Refusal::new(Kind::Invalid, format!("`{param}` must be {wanted}")).at(param)
}

#[must_use]
pub fn missing(param: &str) -> Refusal {
    Refusal::new(Kind::Invalid, format!("`{param}` is missing")).at(param)
}

#[must_use]
pub fn invalid(param: &str, why: &str) -> Refusal {
    Refusal::new(Kind::Invalid, format!("`{param}` {why}")).at(param)
}

/// A request for several choices whose worst case is above the handle's own `limit`.
#[must_use]
pub fn beyond_limit(handle: &str, n: u32, breach: &Breach) -> Refusal {
    Refusal::new(Kind::Limit, breach.of_choices(handle, n)).at("n")
}

#[must_use]
pub fn bad_body(why: impl Into<String>) -> Refusal {
    Refusal::new(Kind::Invalid, why)
}

#[must_use]
pub fn unknown_model(name: &str, hint: Option<String>) -> Refusal {
    let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
    Refusal::new(Kind::UnknownModel, format!("no ensemble is called `{}`{hint}", quoted(name))).at("model")
}

/// `through` are the handles that the call has passed, `asked` the one that it asks for.
#[must_use]
pub fn nested(through: &[String], asked: &str) -> Refusal {
    let path = through.join(" → ");
    let message = format!(
        "an ensemble calls an ensemble: {path} → {}; a member must be a model, for bounds do not survive nesting",
        quoted(asked)
    );
    Refusal::new(Kind::Loop, message).at("model")
}

#[must_use]
pub fn overloaded(why: &str) -> Refusal {
    Refusal::new(Kind::Overloaded, format!("overload: {why}")).after(1)
}

#[must_use]
pub fn panicked() -> Refusal {
    Refusal::new(Kind::Panicked, "a bug in ensc ended this request; the daemon goes on")
}

/// At most 64 characters of a client's own word, with a `?` for each that stands in no name.
#[must_use]
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/[]".contains(c);
    let mut shown: String = word.chars().take(64).map(|c| if is_plain(c) { c } else { '?' }).collect();
    if word.chars().nth(64).is_some() {
        shown.push('…');
    }
    shown
}
