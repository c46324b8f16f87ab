//! The HTTP client for the one upstream. The only file that names reqwest.
//!
//! Knows connections and headers; what an answer means is judged in `answer`. It has no deadline of its own but
//! for connecting.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream, TryStreamExt};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request, Response, Url};

use crate::upstream::answer::{self, Head};
use crate::upstream::base_url::BaseUrl;
use crate::upstream::secret::Secret;
use crate::upstream::{Call, CallError, Fault, Incoming, Retry, Upstream, attribution, fault, wire};

/// How long a connection may lie idle in the pool.
///
/// Source: LiteLLM closes idle connections after 5.0 s (measured); a request sent into a closing one is lost.
pub const POOL_IDLE_MAX: Duration = Duration::from_millis(3_500);

/// How long connecting may take. The upstream is on this host: it answers at once, or its backlog is full.
pub const CONNECT_WAIT_MAX: Duration = Duration::from_secs(5);

/// Largest list of models that is read.
const MODELS_SIZE_MAX: usize = 8 << 20;

/// What calls say of who they are.
const USER_AGENT: &str = concat!("ensc/", env!("CARGO_PKG_VERSION"));

/// Calls over HTTP. Cheap to clone; clones share the pool.
#[derive(Clone)]
pub struct HttpUpstream {
    client: reqwest::Client,
    urls: Arc<Urls>,
    /// Headers that every call carries.
    headers: HeaderMap,
}

struct Urls {
    completions: Url,
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
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        if let Some(key) = key {
            let mut value = HeaderValue::try_from(format!("Bearer {}", key.expose()))
                .map_err(|_| "the upstream key holds a character that cannot stand in a header".to_owned())?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let client = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .http1_only()
            .tcp_nodelay(true)
            .pool_idle_timeout(POOL_IDLE_MAX)
            .pool_max_idle_per_host(usize::MAX)
            .connect_timeout(CONNECT_WAIT_MAX)
            .build()
            .map_err(|error| format!("the HTTP client cannot be built: {error}"))?;
        let url = |text: String| Url::parse(&text).expect("a base URL gives URLs");
        let urls = Urls {
            completions: url(base.completions()),
            models: url(base.models()),
            liveliness: url(base.liveliness()),
        };
        Ok(Self { client, urls: Arc::new(urls), headers })
    }

    /// Whether the upstream says that it is alive. Asks no model and needs no key.
    ///
    /// Has no deadline but for connecting. Dropping it closes the connection.
    pub async fn liveliness(&self) -> bool {
        let request = Request::new(Method::GET, self.urls.liveliness.clone());
        match self.client.execute(request).await {
            Ok(response) if response.status().is_success() => {
                // Reading to the end gives the connection back to the pool.
                response.bytes_stream().try_fold(0, |_, _| async { Ok(0) }).await.is_ok()
            }
            _ => false,
        }
    }

    /// The names of the models that the upstream serves, in its order.
    ///
    /// # Errors
    ///
    /// Every fault of a call that is not streamed.
    pub async fn models(&self) -> Result<Vec<String>, CallError> {
        let mut request = Request::new(Method::GET, self.urls.models.clone());
        *request.headers_mut() = self.headers.clone();
        let response = self.client.execute(request).await.map_err(|error| broken(&error))?;
        let head = head(&response, "");
        let body = answer::success(head, body(response), MODELS_SIZE_MAX).await?;
        wire::models(&body)
            .ok_or_else(|| CallError::new(Fault::Garbage, Retry::Never, "not a list of models").status(200))
    }

    fn request(&self, call: &Call) -> Request {
        let mut request = Request::new(Method::POST, self.urls.completions.clone());
        let mut headers = self.headers.clone();
        for (name, value) in attribution::headers(&call.attribution) {
            // The values are ASCII already; one that is no header all the same costs its line in the books only.
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        *request.headers_mut() = headers;
        *request.body_mut() = Some(wire::encode(call).into());
        request
    }
}

impl Upstream for HttpUpstream {
    fn start(&self, call: Arc<Call>) -> BoxFuture<'static, Result<Incoming, CallError>> {
        let sent = self.client.execute(self.request(&call));
        let has_key = self.headers.contains_key(AUTHORIZATION);
        async move {
            let response = sent.await.map_err(|error| broken(&error))?;
            let incoming = answer::read(head(&response, &call.model), call.stream, body(response)).await;
            if has_key { incoming } else { incoming.map_err(fault::without_key) }
        }
        .boxed()
    }
}

fn head(response: &Response, model: &str) -> Head {
    let headers = response.headers();
    Head::read(response.status().as_u16(), model, |name| headers.get(name)?.to_str().ok())
}

fn body(response: Response) -> impl Stream<Item = Result<Bytes, CallError>> + Send + Unpin + 'static {
    response.bytes_stream().map_err(|error| broken(&error))
}

/// What broke: nobody listened, the peer does not speak HTTP, or the connection went away.
fn broken(error: &reqwest::Error) -> CallError {
    let (fault, retry) = if error.is_connect() {
        (Fault::Refused, Retry::Soon)
    } else if is_not_http(error) {
        (Fault::Garbage, Retry::Never)
    } else {
        (Fault::Reset, Retry::Soon)
    };
    CallError::new(fault, retry, fault::clip(&chain(error)))
}

fn is_not_http(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        if error.downcast_ref::<io::Error>().is_some() {
            return false;
        }
        if let Some(error) = error.downcast_ref::<hyper::Error>() {
            return error.is_parse();
        }
        source = error.source();
    }
    false
}

/// The error with its causes. reqwest's own text says only "error sending request for url (…)".
fn chain(error: &reqwest::Error) -> String {
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
