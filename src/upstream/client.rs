//! The HTTP client for the one upstream. The only file that names reqwest.
//!
//! Knows headers; what an answer means is judged in `answer`. It has no deadline of its own but for connecting. Calls go
//! over connections of our own (`connection`), everything else through reqwest.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryStreamExt};
use http_body_util::Full;
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use hyper::{Method, Request, Uri};
use reqwest::Url;

use crate::upstream::answer::{self, Head};
use crate::upstream::base_url::BaseUrl;
use crate::upstream::connection::{Broken, CONNECT_WAIT_MAX, Pool};
use crate::upstream::secret::Secret;
use crate::upstream::{Call, CallError, Fault, Incoming, Retry, Upstream, attribution, fault, wire};

/// Largest list of models, or other page, that is read.
const MODELS_SIZE_MAX: usize = 8 << 20;

/// What calls say of who they are.
const WHO_WE_ARE: &str = concat!("ensc/", env!("CARGO_PKG_VERSION"));

/// Calls over HTTP. Cheap to clone; clones share the pool.
#[derive(Clone)]
pub struct HttpUpstream {
    /// For everything but calls.
    client: reqwest::Client,
    pool: Arc<Pool>,
    urls: Arc<Urls>,
    /// Headers that every call carries.
    headers: HeaderMap,
}

/// An answer to something else than a call, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    pub status: u16,
    pub body: Bytes,
}

struct Urls {
    base: BaseUrl,
    /// Path only.
    completions: Uri,
    models: Url,
    liveliness: Url,
}

// === impl HttpUpstream ===

impl HttpUpstream {
    /// A client with an empty pool; it connects when first used. Without a key no `Authorization` is sent.
    ///
    /// # Errors
    ///
    /// A key that cannot be a header value; the sentence does not quote it.
    pub fn new(base: &BaseUrl, key: Option<&Secret>) -> Result<Self, String> {
        let mut headers = HeaderMap::with_capacity(8);
        let host = HeaderValue::try_from(base.address.to_string()).expect("an address can stand in a header");
        headers.insert(HOST, host);
        headers.insert(USER_AGENT, HeaderValue::from_static(WHO_WE_ARE));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        if let Some(key) = key {
            let mut value = HeaderValue::try_from(format!("Bearer {}", key.expose()))
                .map_err(|_| "the upstream key holds a character that cannot stand in a header".to_owned())?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let client = reqwest::Client::builder()
            .user_agent(WHO_WE_ARE)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .http1_only()
            .tcp_nodelay(true)
            .pool_max_idle_per_host(0)
            .connect_timeout(CONNECT_WAIT_MAX)
            .build()
            .map_err(|error| format!("the HTTP client cannot be built: {error}"))?;
        let url = |text: String| Url::parse(&text).expect("a base URL gives URLs");
        let urls = Urls {
            base: base.clone(),
            completions: url(base.completions()).path().parse().expect("a path is a target"),
            models: url(base.models()),
            liveliness: url(base.liveliness()),
        };
        Ok(Self { client, pool: Pool::new(base.address), urls: Arc::new(urls), headers })
    }

    /// Whether the upstream says that it is alive. Asks no model and needs no key.
    ///
    /// Has no deadline but for connecting. Dropping it closes the connection.
    pub async fn liveliness(&self) -> bool {
        self.pool.prune();
        let asked = self.client.get(self.urls.liveliness.clone()).send().await;
        asked.is_ok_and(|response| response.status().is_success())
    }

    /// The names of the models that the upstream serves, in its order.
    ///
    /// # Errors
    ///
    /// Every fault of a call that is not streamed.
    pub async fn models(&self) -> Result<Vec<String>, CallError> {
        let mut headers = self.headers.clone();
        headers.remove(HOST);
        let asked = self.client.get(self.urls.models.clone()).headers(headers).send().await;
        let response = asked.map_err(|error| unanswered(&error))?;
        let head = head(response.status().as_u16(), response.headers(), "");
        let body = response.bytes_stream().map_err(|error| unanswered(&error));
        let body = answer::success(head, body, MODELS_SIZE_MAX).await?;
        wire::models(&body)
            .ok_or_else(|| CallError::new(Fault::Garbage, Retry::Never, "not a list of models").status(200))
    }

    /// What is at `path`, which stands beside `/v1`; with a body (JSON) it is posted. Any status is an answer.
    ///
    /// Has no deadline but for connecting. Dropping it closes the connection.
    ///
    /// # Errors
    ///
    /// Nobody listens, the connection broke, the answer is too long.
    pub async fn hear(&self, path: &str, body: Option<Vec<u8>>) -> Result<Heard, CallError> {
        let mut headers = self.headers.clone();
        headers.remove(HOST);
        let url = Url::parse(&self.urls.base.page(path)).expect("a base URL gives URLs");
        let asked = match body {
            None => self.client.get(url),
            Some(body) => self.client.post(url).body(body),
        };
        let response = asked.headers(headers).send().await.map_err(|error| unanswered(&error))?;
        let status = response.status().as_u16();
        let length = response.content_length();
        let body = response.bytes_stream().map_err(|error| unanswered(&error));
        let body = answer::collect(body, MODELS_SIZE_MAX, length).await?;
        Ok(Heard { status, body })
    }

    fn request(&self, call: &Call) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(wire::encode(call)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.urls.completions.clone();
        let mut headers = self.headers.clone();
        for (name, value) in attribution::headers(&call.attribution) {
            // The values are ASCII already; one that is no header all the same costs its line in the books only.
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        *request.headers_mut() = headers;
        request
    }
}

impl Upstream for HttpUpstream {
    fn start(&self, call: Arc<Call>) -> BoxFuture<'static, Result<Incoming, CallError>> {
        let sent = Arc::clone(&self.pool).exchange(self.request(&call));
        let has_key = self.headers.contains_key(AUTHORIZATION);
        async move {
            let (parts, body) = sent.await.map_err(|error| broken(&error))?.into_parts();
            let head = head(parts.status.as_u16(), &parts.headers, &call.model);
            let body = body.map_err(|error| broken(&error));
            let incoming = answer::read(head, call.stream, body).await;
            if has_key { incoming } else { incoming.map_err(fault::without_key) }
        }
        .boxed()
    }
}

fn head(status: u16, headers: &HeaderMap, model: &str) -> Head {
    // A value that is no text is not as if it were absent: a name in it is not the name that was asked for.
    Head::read(status, model, |name| Some(headers.get(name)?.to_str().unwrap_or("\u{fffd}")))
}

/// What broke: nobody listened, the peer does not speak HTTP, or the connection went away.
fn broken(error: &Broken) -> CallError {
    let (fault, retry) = match error {
        Broken::Connecting(_) => (Fault::Refused, Retry::Soon),
        Broken::Talking(error) if error.is_parse() => (Fault::Garbage, Retry::Never),
        Broken::Talking(_) => (Fault::Reset, Retry::Soon),
    };
    CallError::new(fault, retry, fault::clip(&chain(error)))
}

/// The same for what goes through reqwest.
fn unanswered(error: &reqwest::Error) -> CallError {
    let fault = if error.is_connect() { Fault::Refused } else { Fault::Reset };
    CallError::new(fault, Retry::Soon, fault::clip(&chain(error)))
}

/// The error with its causes: its own text rarely says enough.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
