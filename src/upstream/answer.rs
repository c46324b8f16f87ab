//! What an HTTP answer to a call means: the one place where head and body become an [`Incoming`] or a fault.
//!
//! Knows nothing of how the bytes came; the client and the simulator both read through here.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};

use crate::upstream::stream::Deltas;
use crate::upstream::wire::{self, Read, Said};
use crate::upstream::{CallError, Completion, Fault, Incoming, Retry, fault};

/// Largest answer that is taken: the body if it is whole, else text, reasoning and arguments together.
pub const ANSWER_SIZE_MAX: usize = 8 << 20;

/// How much of an error's body is read.
const ERROR_SIZE_MAX: usize = 64 << 10;

/// The parts of a response head that matter.
#[derive(Clone, Debug, Default)]
pub struct Head {
    pub status: u16,
    /// `content-type` is `text/event-stream`, rather than JSON.
    pub is_event_stream: bool,
    pub content_length: Option<u64>,
    pub retry_after: Option<Duration>,
    /// Who answered, if another than the model asked.
    pub other_model: Option<String>,
}

// === impl Head ===

impl Head {
    /// `header` finds a header by its name in lower case; `model` is the one asked.
    pub fn read<'a>(status: u16, model: &str, header: impl Fn(&str) -> Option<&'a str>) -> Self {
        let retry_after = || ["retry-after", "llm_provider-retry-after"].into_iter().find_map(&header);
        Self {
            status,
            is_event_stream: header("content-type").is_some_and(is_event_stream),
            content_length: header("content-length").and_then(|length| length.parse().ok()),
            retry_after: if status < 300 { None } else { retry_after().and_then(fault::retry_after) },
            other_model: if status < 300 { other_model(model, header) } else { None },
        }
    }
}

/// Reads an answer to a call, streamed if `stream` was asked and given.
///
/// Dropping the future, or the stream in its result, drops the body. Errors of the body are the transport's own
/// words for what broke it.
///
/// # Errors
///
/// Every fault but those of connecting.
pub async fn read<B>(head: Head, stream: bool, body: B) -> Result<Incoming, CallError>
where
    B: Stream<Item = Result<Bytes, CallError>> + Send + Unpin + 'static,
{
    let status = head.status;
    if let Some(other) = &head.other_model {
        return Err(CallError::new(Fault::OtherModel, Retry::Never, fault::clip(other)).status(status));
    }
    if stream && head.is_event_stream && (200..300).contains(&status) {
        return Ok(Incoming::Stream(Deltas::new(body, ANSWER_SIZE_MAX).boxed()));
    }
    let bytes = success(head, body, ANSWER_SIZE_MAX).await?;
    whole(&bytes)
        .map(|completion| Incoming::Whole(Box::new(completion)))
        .map_err(|error| error.status(status))
}

/// The body of a success, at most `size_max` bytes of it.
///
/// # Errors
///
/// The fault of any other answer, and of a body that broke off or is too long.
pub async fn success<B>(head: Head, body: B, size_max: usize) -> Result<Bytes, CallError>
where
    B: Stream<Item = Result<Bytes, CallError>> + Unpin,
{
    if !(200..300).contains(&head.status) {
        return Err(refusal(&head, body).await);
    }
    collect(body, size_max, head.content_length).await.map_err(|error| error.status(head.status))
}

fn whole(body: &[u8]) -> Result<Completion, CallError> {
    match wire::completion(body) {
        Read::Answer(answer) if is_filtered(&answer) => {
            let why = "content_filter without any text";
            Err(CallError::new(Fault::Filtered, Retry::Never, why).used(answer.usage))
        }
        Read::Answer(answer) => Ok(answer),
        Read::Error(said) => Err(fault::of_message(&said, Fault::Unwell)),
        Read::Garbage(why) => {
            let error = CallError::new(Fault::Garbage, Retry::Never, fault::clip(&why));
            Err(error.used(wire::usage(body)))
        }
    }
}

fn is_filtered(answer: &Completion) -> bool {
    answer.finish_reason == "content_filter"
        && answer.text.is_empty()
        && answer.reasoning.is_empty()
        && answer.tool_calls.is_empty()
}

/// The fault of an answer that is none. Its body is a hint: if it cannot be read, the status stands alone.
async fn refusal<B>(head: &Head, body: B) -> CallError
where
    B: Stream<Item = Result<Bytes, CallError>> + Unpin,
{
    let bytes = collect(body, ERROR_SIZE_MAX, None).await.unwrap_or_default();
    let said = wire::error(&bytes)
        .unwrap_or_else(|| Said { message: String::from_utf8_lossy(&bytes).into_owned(), ..Said::default() });
    fault::of_status(head.status, &said, head.retry_after)
}

/// All of a body, or [`Fault::TooLong`].
pub(super) async fn collect<B>(mut body: B, size_max: usize, length: Option<u64>) -> Result<Bytes, CallError>
where
    B: Stream<Item = Result<Bytes, CallError>> + Unpin,
{
    let too_long = || CallError::new(Fault::TooLong, Retry::Never, "a body over the limit");
    if length.is_some_and(|length| length > size_max as u64) {
        return Err(too_long());
    }
    let Some(first) = body.next().await.transpose()? else { return Ok(Bytes::new()) };
    if first.len() > size_max {
        return Err(too_long());
    }
    // Most answers come in one piece, which is then not copied.
    let Some(mut next) = body.next().await.transpose()? else { return Ok(first) };
    let mut all = BytesMut::with_capacity(length.map_or(first.len() * 2, |length| length as usize));
    all.extend_from_slice(&first);
    loop {
        if all.len() + next.len() > size_max {
            return Err(too_long());
        }
        all.extend_from_slice(&next);
        match body.next().await.transpose()? {
            Some(more) => next = more,
            None => return Ok(all.freeze()),
        }
    }
}

fn is_event_stream(content_type: &str) -> bool {
    content_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/event-stream"))
}

fn other_model<'a>(model: &str, header: impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    if header("x-litellm-attempted-fallbacks").is_some_and(|count| !matches!(count.trim(), "" | "0")) {
        return Some("a fallback of the upstream".to_owned());
    }
    header("x-litellm-model-group").filter(|group| *group != model).map(str::to_owned)
}

#[cfg(test)]
mod tests;
