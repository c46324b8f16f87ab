//! Where spans go: one request a batch, on a connection of its own, polled by whoever sends.

use std::pin::pin;

use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Uri};
use bytes::Bytes;
use futures_util::future::{Either, select};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Where OTLP's protocol puts spans, below the endpoint.
const PATH: &str = "v1/traces";

/// An OpenTelemetry collector that takes OTLP over plain HTTP.
#[derive(Clone, Debug)]
pub struct Collector {
    /// `host:port`.
    authority: String,
    path: String,
    /// Never shown: a key may stand in them.
    headers: HeaderMap,
    service: String,
}

// === impl Collector ===

impl Collector {
    /// From what the OpenTelemetry variables hold: `endpoint` as `http://127.0.0.1:4318`, `headers` as `name=value,…`, the
    /// name of the service.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong, without the values of headers.
    pub fn new(endpoint: &str, headers: Option<&str>, service: Option<&str>) -> Result<Self, String> {
        let uri: Uri = endpoint.parse().map_err(|_| format!("`{endpoint}` is no URL"))?;
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err("the endpoint must not hold a user name: put a key into the headers".to_owned());
        }
        let (Some("http"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(format!(
                "`{endpoint}` must begin with `http://`: spans are sent without TLS; a collector on this host can send them on"
            ));
        };
        let port = authority.port_u16().unwrap_or(80);
        let path = format!("{}/{PATH}", uri.path().trim_end_matches('/'));
        let authority = format!("{}:{port}", authority.host());
        let headers = headers.map(read_headers).transpose()?.unwrap_or_default();
        Ok(Self { authority, path, headers, service: service.unwrap_or("ensc").to_owned() })
    }

    /// `host:port`, for people.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Sends one body of JSON. The error is in our own words.
    pub async fn post(&self, json: String) -> Result<(), String> {
        let stream =
            TcpStream::connect(&self.authority).await.map_err(|_| "it cannot be reached".to_owned())?;
        let broken = |_| "the connection broke".to_owned();
        let (mut send, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let answer = pin!(send.send_request(self.request(json)));
        let answered = match select(answer, pin!(connection)).await {
            Either::Left((answered, _)) => answered,
            // It has read the answer before it ended, or there is none.
            Either::Right((_, answer)) => answer.await,
        };
        let status = answered.map_err(broken)?.status();
        if status.is_success() { Ok(()) } else { Err(format!("it answers {}", status.as_u16())) }
    }

    fn request(&self, json: String) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(Bytes::from(json)));
        *request.method_mut() = axum::http::Method::POST;
        *request.uri_mut() = self.path.parse().expect("it was part of a URL");
        *request.headers_mut() = self.headers.clone();
        let host = HeaderValue::from_str(&self.authority).expect("it was part of a URL");
        request.headers_mut().insert(HOST, host);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request
    }
}

fn read_headers(list: &str) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for pair in list.split(',').filter(|pair| !pair.trim().is_empty()) {
        let read = || {
            let (name, value) = pair.split_once('=')?;
            let name: HeaderName = name.trim().parse().ok()?;
            let mut value = HeaderValue::from_str(value.trim()).ok()?;
            value.set_sensitive(true);
            Some((name, value))
        };
        let (name, value) = read().ok_or("headers are written as `name=value,name=value`")?;
        headers.insert(name, value);
    }
    Ok(headers)
}
