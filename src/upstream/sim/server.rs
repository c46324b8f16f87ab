//! The simulated upstream as an HTTP server, for real clients and a real LiteLLM in front of it.
//!
//! Only loopback tests and demonstrations talk to it: it asks for no key. Faults are real ones: a reset is an RST,
//! a cut closes the connection after what was sent, silence is silence.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::upstream::sim::play::Played;
use crate::upstream::sim::{Received, Script, Sim, body};

/// Largest request body that is taken.
const BODY_SIZE_MAX: usize = 64 << 20;

/// How an act ends the connection under itself.
#[derive(Debug, Default)]
struct Line {
    /// At once; what was sent may be lost on the way.
    reset: Notify,
    /// After what was sent.
    hang_up: Notify,
}

type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// Answers connections until `shutdown` resolves, and then drops those that are open.
///
/// Routes: `POST /v1/chat/completions`, `GET /v1/models`, `GET /health/liveliness`, `GET /health`; and for tests
/// `GET /sim/ledger`, `POST /sim/reset`, `POST /sim/script` (TOML, 400 with the place of a mistake). Dropping the
/// future does the same as `shutdown`.
pub async fn serve(listener: TcpListener, sim: Arc<Sim>, shutdown: impl Future<Output = ()>) {
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(converse(stream, Arc::clone(&sim)))),
                // Out of descriptors, most likely: give others a chance to close.
                Err(_) => tokio::task::yield_now().await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection, until it ends or an act resets it.
async fn converse(stream: TcpStream, sim: Arc<Sim>) {
    // An answer that waits for an acknowledgement would come 40 ms late.
    drop(stream.set_nodelay(true));
    let _connected = sim.ledger.connected();
    let line = Arc::new(Line::default());
    let service = {
        let line = Arc::clone(&line);
        service_fn(move |request| {
            let (sim, line) = (Arc::clone(&sim), Arc::clone(&line));
            async move { Ok::<_, Infallible>(respond(request, &sim, line).await) }
        })
    };
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = &mut connection => {}
        () = line.hang_up.notified() => {}
        () = line.reset.notified() => {
            let stream = connection.into_parts().io.into_inner();
            drop(stream.set_zero_linger());
        }
    }
}

async fn respond(request: Request<Incoming>, sim: &Sim, line: Arc<Line>) -> Answer {
    let (head, body) = request.into_parts();
    let headers = head.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let headers = headers.collect();
    let Ok(body) = Limited::new(body, BODY_SIZE_MAX).collect().await else {
        return text(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large or broke off");
    };
    let body = body.to_bytes();
    match (&head.method, head.uri.path()) {
        (&Method::POST, "/v1/chat/completions" | "/chat/completions") => {
            complete(Received { headers, body }, sim, line).await
        }
        (&Method::GET, "/v1/models" | "/models") => json(body::models(&sim.models())),
        (&Method::GET, "/health/liveliness" | "/health/liveness") => json("\"I'm alive!\""),
        (&Method::GET, "/health" | "/health/readiness") => {
            json("{\"status\":\"healthy\",\"simulated\":true}")
        }
        (&Method::GET, "/sim/ledger") => json(sim.ledger.to_json()),
        (&Method::POST, "/sim/reset") => {
            sim.reset();
            json("{}")
        }
        (&Method::POST, "/sim/script") => set_script(&body, sim),
        _ => text(StatusCode::NOT_FOUND, "the simulated upstream has no such route"),
    }
}

async fn complete(received: Received, sim: &Sim, line: Arc<Line>) -> Answer {
    let Ok(Played { head, body }) = sim.answer(received).await else {
        return broken(&line.reset).await;
    };
    let mut answer = Response::builder().status(head.status);
    for (name, value) in head.headers {
        // What a script says may be no header at all.
        if let Ok(value) = HeaderValue::try_from(value) {
            answer = answer.header(name, value);
        }
    }
    if let Some(length) = head.length {
        answer = answer.header("content-length", length);
    }
    let frames = stream::unfold((body, line), |(mut body, line)| async move {
        match body.next().await? {
            Ok(bytes) => Some((Ok(Frame::data(bytes)), (body, line))),
            Err(_) => broken(&line.hang_up).await,
        }
    });
    answer.body(BodyExt::boxed_unsync(StreamBody::new(frames))).expect("status and headers are sound")
}

/// Has the connection ended. What was sent before is flushed when this is first pending.
async fn broken<T>(end: &Notify) -> T {
    end.notify_one();
    std::future::pending().await
}

fn set_script(body: &[u8], sim: &Sim) -> Answer {
    match std::str::from_utf8(body).map_err(|error| error.to_string()).and_then(str::parse::<Script>) {
        Ok(script) => {
            sim.set_script(script);
            json("{}")
        }
        Err(error) => text(StatusCode::BAD_REQUEST, error),
    }
}

fn json(body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()).boxed_unsync());
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

fn text(status: StatusCode, sentence: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(sentence.into()).boxed_unsync());
    *answer.status_mut() = status;
    answer
}

#[cfg(test)]
mod tests;
