//! Who may ask: a loopback port can be reached by any web page that is open on the same host.
//!
//! A page cannot choose its `Host`, `Origin` or `Sec-Fetch-Site`; a rebound name shows in the first, a foreign page in
//! the others. Pure: looks at the head of a request and says no, or nothing.

use axum::http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderMap, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method};

use crate::upstream::secret::Secret;

use super::errors::{Kind, Refusal};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The names under which we may be addressed.
pub struct Guard {
    authorities: [String; 2],
    origins: [String; 2],
}

// === impl Guard ===

impl Guard {
    /// `port` is the one that we listen on.
    #[must_use]
    pub fn new(port: u16) -> Self {
        let authorities = ["127.0.0.1", "localhost"].map(|host| format!("{host}:{port}"));
        let origins = authorities.clone().map(|authority| format!("http://{authority}"));
        Self { authorities, origins }
    }

    /// Everything about the head that does not depend on the route, but for the key.
    pub fn check(&self, head: &Parts) -> Result<(), Refusal> {
        self.check_host(head)?;
        self.check_page(&head.headers)?;
        if head.method == Method::OPTIONS {
            return Err(forbidden("no other origin may use this service"));
        }
        Ok(())
    }

    fn check_host(&self, head: &Parts) -> Result<(), Refusal> {
        let mut hosts = head.headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return Err(Refusal::new(Kind::Invalid, "exactly one `Host` header is needed"));
        };
        let target = head.uri.authority().map(|authority| authority.as_str().as_bytes());
        let all_ours = [Some(host.as_bytes()), target]
            .into_iter()
            .flatten()
            .all(|name| is_among(name, &self.authorities));
        if all_ours { Ok(()) } else { Err(forbidden("the request is meant for another host")) }
    }

    fn check_page(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let own_origin =
            headers.get_all(ORIGIN).iter().all(|origin| is_among(origin.as_bytes(), &self.origins));
        let cross = headers.get_all(FETCH_SITE).iter().any(|site| site.as_bytes() == b"cross-site");
        if own_origin && !cross { Ok(()) } else { Err(forbidden("no other origin may use this service")) }
    }
}

/// The key, where one is asked for: `Authorization: Bearer …`, once.
pub fn check_key(headers: &HeaderMap, key: Option<&Secret>) -> Result<(), Refusal> {
    let Some(key) = key else { return Ok(()) };
    let mut shown = headers.get_all(AUTHORIZATION).iter();
    let bearer = match (shown.next(), shown.next()) {
        (Some(value), None) => strip_bearer(value.as_bytes()),
        _ => None,
    };
    match bearer {
        // An empty key opens nothing.
        Some(shown) if !key.is_empty() && key.matches(shown) => Ok(()),
        Some(_) => Err(Refusal::new(Kind::NoKey, "the key is not the one that this service asks for")),
        None => Err(Refusal::new(Kind::NoKey, "a key is needed: `Authorization: Bearer …`")),
    }
}

/// A body must be plain JSON: a form or a text is what a web page can send without asking.
///
/// Every `Content-Type` counts, not the first: whoever stands between us and the client may go by another. Two that both
/// say JSON are fine: the OpenAI library for Python sends them when a caller adds its own in lower case.
pub fn check_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut kinds = headers.get_all(CONTENT_TYPE).iter().peekable();
    if kinds.peek().is_none() || !kinds.all(is_json) {
        return Err(Refusal::new(Kind::NotJson, "the body must be `application/json`"));
    }
    let is_plain = |encoding: &HeaderValue| encoding.as_bytes().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(CONTENT_ENCODING).iter().all(is_plain) {
        return Err(Refusal::new(Kind::NotJson, "a compressed body is not taken"));
    }
    Ok(())
}

fn is_json(kind: &HeaderValue) -> bool {
    let essence = kind.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"application/json")
}

fn is_among(name: &[u8], ours: &[String]) -> bool {
    ours.iter().any(|own| own.as_bytes().eq_ignore_ascii_case(name))
}

fn strip_bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, key) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| key.trim_ascii())
}

fn forbidden(why: &str) -> Refusal {
    Refusal::new(Kind::Forbidden, why)
}
