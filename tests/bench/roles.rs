//! The servers of the bench: a back end that costs next to nothing, and a relay that does nothing of its own.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::{ready, try_join_all};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use crate::{Result, tokens};

/// Calls at once, before the one that closes.
pub const MEMBERS: usize = 3;

type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

const WHOLE: &str = concat!(
    r#"{"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,"model":"bench","choices":[{"index":0,"#,
    r#""message":{"role":"assistant","content":"A token bucket for each client, kept in memory and refilled lazily: "#,
    r#"cheap, exact at the edges, and easy to explain. The risk is memory under many idle clients; expire them."},"#,
    r#""finish_reason":"stop"}],"usage":{"prompt_tokens":25,"completion_tokens":40,"total_tokens":65}}"#
);
const STREAMED: &str = concat!(
    r#"data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,"model":"bench","choices":"#,
    r#"[{"index":0,"delta":{"role":"assistant","content":"A token bucket for each client."},"finish_reason":null}]}"#,
    "\n\n",
    r#"data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,"model":"bench","choices":"#,
    r#"[{"index":0,"delta":{},"finish_reason":"stop"}],"#,
    r#""usage":{"prompt_tokens":25,"completion_tokens":40,"total_tokens":65}}"#,
    "\n\ndata: [DONE]\n\n"
);

/// Serves until killed.
pub fn serve(role: &str, backend: Option<&str>) -> Result<()> {
    match (role, backend) {
        ("backend", None) => Builder::new_current_thread().enable_all().build()?.block_on(listen(answer)),
        ("speaker", None) => Builder::new_current_thread().enable_all().build()?.block_on(listen(speak)),
        ("slow", None) => {
            let slowly = |request| async {
                tokio::time::sleep(crate::crowd::CALL).await;
                answer(request).await
            };
            Builder::new_current_thread().enable_all().build()?.block_on(listen(slowly))
        }
        ("passer", Some(backend)) => {
            let relay = Relay::new(backend)?;
            let relay = move |request| relay.clone().pass_through(request);
            Builder::new_multi_thread().enable_all().build()?.block_on(listen(relay))
        }
        ("relay", Some(backend)) => {
            let relay = Relay::new(backend)?;
            let relay = move |request| relay.clone().pass_on(request);
            Builder::new_multi_thread().enable_all().build()?.block_on(listen(relay))
        }
        _ => Err(format!("no role {role:?} with back end {backend:?}").into()),
    }
}

/// The same answer to whatever is asked.
async fn answer(request: Request<Incoming>) -> Result<Answer> {
    let asked = request.into_body().collect().await?.to_bytes();
    let streamed = asked.windows(13).any(|at| at == br#""stream":true"#);
    let (kind, text) = if streamed { ("text/event-stream", STREAMED) } else { ("application/json", WHOLE) };
    Ok(Response::builder().header("content-type", kind).body(whole(Bytes::from_static(text.as_bytes())))?)
}

fn whole(text: Bytes) -> UnsyncBoxBody<Bytes, Infallible> {
    Full::new(text).boxed_unsync()
}

/// Tokens one by one, each the time at which it was sent, to whoever wants a stream; the same answer to others.
async fn speak(request: Request<Incoming>) -> Result<Answer> {
    let asked = request.into_body().collect().await?.to_bytes();
    if !asked.windows(13).any(|at| at == br#""stream":true"#) {
        let head = Response::builder().header("content-type", "application/json");
        return Ok(head.body(whole(Bytes::from_static(WHOLE.as_bytes())))?);
    }
    let tokens = futures_util::stream::unfold(0, |count| async move {
        let text = match count {
            0..tokens::COUNT => {
                tokio::time::sleep(tokens::EVERY).await;
                chunk(&format!(r#"{{"content":"{} "}}"#, tokens::now_ns()), "null")
            }
            tokens::COUNT => chunk("{}", r#""stop""#) + "data: [DONE]\n\n",
            _ => return None,
        };
        Some((Ok::<_, Infallible>(Frame::data(Bytes::from(text))), count + 1))
    });
    let head = Response::builder().header("content-type", "text/event-stream");
    Ok(head.body(BodyExt::boxed_unsync(StreamBody::new(Box::pin(tokens))))?)
}

fn chunk(delta: &str, finish: &str) -> String {
    format!(
        r#"data: {{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{{"index":0,"delta":{delta},"finish_reason":{finish}}}]}}"#
    ) + "\n\n"
}

#[derive(Clone)]
struct Relay {
    client: reqwest::Client,
    url: String,
}

// === impl Relay ===

impl Relay {
    /// A client that is set up as the daemon's.
    fn new(backend: &str) -> Result<Self> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .pool_idle_timeout(Duration::from_millis(3_500))
            .build()?;
        Ok(Self { client, url: format!("http://{backend}/v1/chat/completions") })
    }

    async fn pass_on(self, request: Request<Incoming>) -> Result<Answer> {
        let asked = request.into_body().collect().await?.to_bytes();
        try_join_all((0..MEMBERS).map(|_| self.call(asked.clone()))).await?;
        let last = self.call(asked).await?;
        Ok(Response::builder().header("content-type", "application/json").body(whole(last))?)
    }

    /// One call, its answer passed on piece by piece.
    async fn pass_through(self, request: Request<Incoming>) -> Result<Answer> {
        let asked = request.into_body().collect().await?.to_bytes();
        let pieces = self.send(asked).await?.bytes_stream();
        let pieces = pieces.filter_map(|piece| ready(piece.ok().map(|piece| Ok(Frame::data(piece)))));
        let head = Response::builder().header("content-type", "text/event-stream");
        Ok(head.body(BodyExt::boxed_unsync(StreamBody::new(Box::pin(pieces))))?)
    }

    async fn call(&self, body: Bytes) -> Result<Bytes> {
        Ok(self.send(body).await?.bytes().await?)
    }

    async fn send(&self, body: Bytes) -> Result<reqwest::Response> {
        let request = self.client.post(&self.url).header("content-type", "application/json");
        let response = request.header("authorization", "Bearer bench").body(body).send().await?;
        Ok(response.error_for_status()?)
    }
}

/// HTTP/1.1 with keep-alive, on a port that it prints.
async fn listen<F, A>(answer: F) -> Result<()>
where
    F: Fn(Request<Incoming>) -> A + Clone + Send + 'static,
    A: Future<Output = Result<Answer>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let answer = answer.clone();
        let service = service_fn(move |request| {
            let answering = answer(request);
            async move {
                let failed = |error| {
                    let text = Bytes::from(format!("{error}"));
                    Response::builder().status(500).body(whole(text)).expect("a plain response")
                };
                Ok::<_, Infallible>(answering.await.unwrap_or_else(failed))
            }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
