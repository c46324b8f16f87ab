//! From what happened to an HTTP answer.

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use bytes::Bytes;
use prometheus_client::encoding::prometheus_text;
use serde_json::Value;

use crate::run::receipt::Receipt;

use super::errors::{Kind, Refusal};
use super::limits::Limit;
use super::status::status;
use super::wire;

const RUN: HeaderName = HeaderName::from_static("x-ensc-run");
/// The run again, where the OpenAI libraries look for it: their `request_id`. Never what a client sent.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const HANDLE: HeaderName = HeaderName::from_static("x-ensc-handle");
const CALLS: HeaderName = HeaderName::from_static("x-ensc-calls");
const DEGRADED: HeaderName = HeaderName::from_static("x-ensc-degraded");
const WARNING: HeaderName = HeaderName::from_static("x-ensc-warning");
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

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
