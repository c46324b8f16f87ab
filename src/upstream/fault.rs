//! From what an upstream said to what a caller must know: one fault of the closed vocabulary, and when to retry.
//!
//! Pure. Knows LiteLLM's habits (its class names in messages are steadier over versions than its statuses), not
//! its JSON.

use std::time::Duration;

use crate::upstream::wire::Said;
use crate::upstream::{CallError, Fault, Retry};

/// Longest `detail` that is kept, in bytes.
const DETAIL_SIZE_MAX: usize = 2048;

/// LiteLLM's exception classes, as they stand after `litellm.` in its messages. The first that is found counts:
/// the special ones are also worded as what they derive from.
const CLASSES: &[(&str, Fault)] = &[
    ("ContextWindowExceededError", Fault::ContextFull),
    ("ContentPolicyViolationError", Fault::Filtered),
    ("RateLimitError", Fault::Busy),
    ("Timeout", Fault::TimedOut),
    ("AuthenticationError", Fault::KeyRefused),
    ("PermissionDeniedError", Fault::KeyRefused),
    ("NotFoundError", Fault::UnknownModel),
    ("BadRequestError", Fault::Rejected),
    ("UnsupportedParamsError", Fault::Rejected),
    ("UnprocessableEntityError", Fault::Rejected),
    ("ServiceUnavailableError", Fault::Unwell),
    ("InternalServerError", Fault::Unwell),
    ("BadGatewayError", Fault::Unwell),
    ("MidStreamFallbackError", Fault::Unwell),
    ("APIConnectionError", Fault::Unwell),
    ("APIError", Fault::Unwell),
];

/// An answer with a status that is not 2xx. `said` is its body, as far as it was understood.
#[must_use]
pub fn of_status(status: u16, said: &Said, retry_after: Option<Duration>) -> CallError {
    error(by_status(status, said), said, retry_after).status(status)
}

/// An error in an answer with status 200: as body, or as the first event of a stream. `unclear` is the fault if
/// it cannot be told.
#[must_use]
pub fn of_message(said: &Said, unclear: Fault) -> CallError {
    let status = said.code.parse().ok().filter(|code| (300..600).contains(code));
    let fault = match status {
        Some(status) => by_status(status, said),
        None => by_words(said).unwrap_or(unclear),
    };
    error(fault, said, None).status(200)
}

/// The error of a call that carried no key. LiteLLM without a data base then fails with a bare 500 of its web
/// server, which is no illness that passes: its own errors are always JSON.
#[must_use]
pub fn without_key(error: CallError) -> CallError {
    if error.status == Some(500) && error.detail == "Internal Server Error" {
        return CallError { fault: Fault::KeyRefused, retry: Retry::Never, ..error };
    }
    error
}

/// Seconds, whole or not. A date, or what is not a time, is `None`.
#[must_use]
pub fn retry_after(text: &str) -> Option<Duration> {
    let seconds: f64 = text.trim().parse().ok()?;
    // Beyond a day it is a mistake, and far beyond it overflows.
    (seconds.is_finite() && seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(86_400.0)))
}

fn by_status(status: u16, said: &Said) -> Fault {
    match status {
        300..=399 => Fault::Redirected,
        401 | 403 => Fault::KeyRefused,
        404 => Fault::UnknownModel,
        408 => Fault::TimedOut,
        429 => Fault::Busy,
        _ => match by_words(said) {
            Some(fault) => fault,
            None if status >= 500 => Fault::Unwell,
            None => Fault::Rejected,
        },
    }
}

fn by_words(said: &Said) -> Option<Fault> {
    let message = said.message.as_str();
    let kind = |word: &str| said.kind == word || said.code == word;
    // LiteLLM without a data base says this to a wrong key, and (in plain text) the other to none at all.
    if kind("no_db_connection") || message.contains("No connected db") || message.contains("prisma") {
        return Some(Fault::KeyRefused);
    }
    if message.contains("no healthy deployments")
        || message.contains("Invalid model name passed in model=")
        || kind("model_not_found")
    {
        return Some(Fault::UnknownModel);
    }
    if kind("context_length_exceeded") || message.contains("maximum context length") {
        return Some(Fault::ContextFull);
    }
    if kind("content_filter") || kind("content_policy_violation") {
        return Some(Fault::Filtered);
    }
    if kind("rate_limit_exceeded") || kind("rate_limit_error") {
        return Some(Fault::Busy);
    }
    CLASSES.iter().find(|(class, _)| mentions(message, class)).map(|&(_, fault)| fault)
}

/// Whether `litellm.<class>` stands in the message, as a whole word.
fn mentions(message: &str, class: &str) -> bool {
    message.match_indices("litellm.").any(|(at, prefix)| {
        let after = message[at + prefix.len()..].strip_prefix(class);
        after.is_some_and(|after| !after.starts_with(|next: char| next.is_ascii_alphanumeric()))
    })
}

fn error(fault: Fault, said: &Said, retry_after: Option<Duration>) -> CallError {
    let retry = match (fault, retry_after) {
        (Fault::Busy | Fault::Unwell | Fault::BrokeOff, Some(wait)) => Retry::After(wait),
        (Fault::Busy | Fault::Unwell | Fault::BrokeOff, None) => Retry::Soon,
        _ => Retry::Never,
    };
    CallError::new(fault, retry, clip(&said.message))
}

/// At most 2 KiB, cut between characters.
#[must_use]
pub fn clip(text: &str) -> String {
    let mut end = text.len().min(DETAIL_SIZE_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

#[cfg(test)]
mod tests;
