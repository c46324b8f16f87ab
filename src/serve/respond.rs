//! From what happened to an HTTP answer: the only file that knows status codes.
//!
//! Clients and gateways repeat what they believe to be a passing trouble (408, 409, 429, 5xx), each time running a
//! whole ensemble again. So a failed ensemble is 424, which nobody repeats, and 5xx is left to what a second try cures.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use bytes::Bytes;
use prometheus_client::encoding::prometheus_text;
use serde_json::Value;

use crate::run::ErrorKind;
use crate::run::receipt::Receipt;

use super::errors::{Kind, Refusal};
use super::limits::Limit;
use super::wire;

const RUN: HeaderName = HeaderName::from_static("x-ensc-run");
/// The run again, where the OpenAI libraries look for it: their `request_id`. Never what a client sent.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const HANDLE: HeaderName = HeaderName::from_static("x-ensc-handle");
const CALLS: HeaderName = HeaderName::from_static("x-ensc-calls");
const DEGRADED: HeaderName = HeaderName::from_static("x-ensc-degraded");
const WARNING: HeaderName = HeaderName::from_static("x-ensc-warning");
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// For the log: a stream that ended well.
pub const STREAMED: u16 = StatusCode::OK.as_u16();

/// The status, and what stands in `error.type` and `error.code`.
#[must_use]
pub fn status(kind: Kind) -> (StatusCode, &'static str, &'static str) {
    const CALLER: &str = "invalid_request_error";
    const ENSEMBLE: &str = "ensemble_error";
    match kind {
        Kind::Invalid => (StatusCode::BAD_REQUEST, CALLER, "invalid_request"),
        Kind::NotYet => (StatusCode::BAD_REQUEST, CALLER, "not_yet"),
        Kind::Loop => (StatusCode::BAD_REQUEST, CALLER, "nested_ensemble"),
        Kind::ContextLength => (StatusCode::BAD_REQUEST, CALLER, ErrorKind::ContextLength.code()),
        Kind::Limit => (StatusCode::BAD_REQUEST, CALLER, "limit_exceeded"),
        Kind::NoKey => (StatusCode::UNAUTHORIZED, "authentication_error", "invalid_api_key"),
        Kind::Forbidden => (StatusCode::FORBIDDEN, "permission_error", "forbidden"),
        Kind::NotFound => (StatusCode::NOT_FOUND, CALLER, "not_found"),
        Kind::UnknownModel => (StatusCode::NOT_FOUND, CALLER, "model_not_found"),
        Kind::WrongMethod => (StatusCode::METHOD_NOT_ALLOWED, CALLER, "method_not_allowed"),
        Kind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, CALLER, "body_too_large"),
        Kind::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, CALLER, "unsupported_media_type"),
        Kind::Failed => (StatusCode::FAILED_DEPENDENCY, ENSEMBLE, ErrorKind::Failed.code()),
        Kind::Degraded => (StatusCode::FAILED_DEPENDENCY, ENSEMBLE, ErrorKind::Degraded.code()),
        Kind::Busy => (StatusCode::TOO_MANY_REQUESTS, ENSEMBLE, ErrorKind::Busy.code()),
        Kind::Unreachable => (StatusCode::SERVICE_UNAVAILABLE, ENSEMBLE, ErrorKind::Unreachable.code()),
        Kind::Overloaded => (StatusCode::SERVICE_UNAVAILABLE, "server_error", "overloaded"),
        Kind::NotReady => (StatusCode::SERVICE_UNAVAILABLE, "server_error", "not_ready"),
        Kind::Panicked => (StatusCode::INTERNAL_SERVER_ERROR, "server_error", "internal_error"),
    }
}

/// A request that never became a run.
#[must_use]
pub fn refuse(refusal: &Refusal) -> Response<Body> {
    let (status, _, code) = status(refusal.kind);
    tracing::info!(status = status.as_u16(), code, param = refusal.param.as_deref(), "refused");
    let mut response = refusal_with(refusal, None);
    response.extensions_mut().insert(Refused { code, limit: refusal.limit });
    response
}

/// Stands beside the answer to a request that never became a run, for whoever counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// As in `error.code`.
    pub code: &'static str,
    pub limit: Option<Limit>,
}

/// A run without an answer.
#[must_use]
pub fn failed(refusal: &Refusal, receipt: Option<&Receipt>, tag: &Tag) -> Response<Body> {
    let mut response = refusal_with(refusal, receipt);
    tag.put(response.headers_mut());
    if let Some(receipt) = receipt {
        put_outcome(response.headers_mut(), receipt);
    }
    response
}

/// A run with its answer, whole.
#[must_use]
pub fn answered(body: Bytes, receipt: &Receipt, tag: &Tag) -> Response<Body> {
    let mut response = json_bytes(StatusCode::OK, body);
    tag.put(response.headers_mut());
    put_outcome(response.headers_mut(), receipt);
    response
}

/// A run whose answer follows as events.
#[must_use]
pub fn streaming(body: Body, tag: &Tag) -> Response<Body> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    tag.put(headers);
    response
}

/// The short answer to a probe.
#[must_use]
pub fn probed(body: Bytes, tag: &Tag) -> Response<Body> {
    let mut response = json_bytes(StatusCode::OK, body);
    tag.put(response.headers_mut());
    response
}

/// Anything that is there to be read.
#[must_use]
pub fn found(value: &Value) -> Response<Body> {
    json_bytes(StatusCode::OK, Bytes::from(value.to_string()))
}

/// Prometheus' text.
#[must_use]
pub fn metrics(text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(prometheus_text::CONTENT_TYPE));
    response
}

/// The same for what is JSON already.
#[must_use]
pub fn document(json: String) -> Response<Body> {
    json_bytes(StatusCode::OK, Bytes::from(json))
}

/// `/health/ready` before it is.
#[must_use]
pub fn not_ready(value: &Value) -> Response<Body> {
    let (status, ..) = status(Kind::NotReady);
    json_bytes(status, Bytes::from(value.to_string()))
}

/// Which run an answer belongs to, and what its client should know before it reads it; stands in its head.
pub struct Tag {
    pub run: Arc<str>,
    pub handle: Arc<str>,
    pub warning: Option<&'static str>,
}

// === impl Tag ===

impl Tag {
    fn put(&self, headers: &mut HeaderMap) {
        for (name, value) in [(RUN, &self.run), (REQUEST_ID, &self.run), (HANDLE, &self.handle)] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        if let Some(warning) = self.warning {
            headers.insert(WARNING, HeaderValue::from_static(warning));
        }
    }
}

fn refusal_with(refusal: &Refusal, receipt: Option<&Receipt>) -> Response<Body> {
    let (status, ..) = status(refusal.kind);
    let mut response = json_bytes(status, Bytes::from(wire::error(refusal, receipt)));
    if let Some(seconds) = retry_after_s(refusal) {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    if refusal.kind == Kind::Panicked {
        // The same request would meet the same bug.
        response.headers_mut().insert(SHOULD_RETRY, HeaderValue::from_static("false"));
    }
    response
}

fn retry_after_s(refusal: &Refusal) -> Option<u64> {
    let usual_s = match refusal.kind {
        Kind::Busy | Kind::Overloaded => 1,
        Kind::Unreachable => 5,
        Kind::NotReady => 10,
        _ => return None,
    };
    Some(refusal.retry_after_s.unwrap_or(usual_s))
}

fn put_outcome(headers: &mut HeaderMap, receipt: &Receipt) {
    headers.insert(CALLS, receipt.totals.calls.into());
    headers.insert(DEGRADED, HeaderValue::from_static(if receipt.degraded { "true" } else { "false" }));
}

fn json_bytes(status: StatusCode, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
