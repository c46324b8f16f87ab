//! Which status tells what happened, and which words in the body.
//!
//! Clients and gateways repeat what they believe to be a passing trouble (408, 409, 429, 5xx), each time running a
//! whole ensemble again. So a failed ensemble is 424, which nobody repeats, and 5xx is left to what a second try cures.

use axum::http::StatusCode;

use crate::run::ErrorKind;

use super::errors::Kind;

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
