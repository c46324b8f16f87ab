//! The load: callers that cost as little as they can, each on keep-alive connections of its own.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::{join_all, try_join_all};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::roles::MEMBERS;
use crate::{HANDLE, Result};

pub const KEY: &str = "bench-key";

/// Who is asked.
pub enum Target<'a> {
    /// The back end, by the caller itself: three calls at once, then one.
    Bare(&'a str),
    /// Somebody who makes the calls.
    Through(&'a str),
    /// The back end, by one call.
    Alone(&'a str),
}

/// One client.
pub struct Caller {
    /// Bare: one for each member; the first also asks the chief. Otherwise one.
    lines: Vec<Line>,
    body: Bytes,
}

/// What many callers at once got.
pub struct Loud {
    pub answered: usize,
    pub took: Duration,
}

struct Line {
    send: SendRequest<Full<Bytes>>,
    host: String,
}

/// `count` requests; how long each took.
pub async fn one_after_another(caller: &mut Caller, count: usize) -> Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let begun = Instant::now();
        caller.ask().await?;
        times.push(begun.elapsed());
    }
    Ok(times)
}

/// `connections` callers ask again and again until the time is over; the connecting is not counted.
pub async fn all_at_once(target: &Target<'_>, connections: usize, time: Duration) -> Result<Loud> {
    let mut callers = Vec::new();
    for _ in 0..connections {
        callers.push(Caller::connect(target).await?);
    }
    let begun = Instant::now();
    let counts = join_all(callers.iter_mut().map(|caller| async move {
        let mut answered = 0_usize;
        while begun.elapsed() < time {
            caller.ask().await?;
            answered += 1;
        }
        Ok(answered)
    }));
    let answered = counts.await.into_iter().sum::<Result<usize>>()?;
    Ok(Loud { answered, took: begun.elapsed() })
}

// === impl Caller ===

impl Caller {
    pub async fn connect(target: &Target<'_>) -> Result<Self> {
        let (address, lines, model) = match target {
            Target::Bare(address) => (address, MEMBERS, "bench-one"),
            Target::Through(address) => (address, 1, HANDLE),
            Target::Alone(address) => (address, 1, "bench-one"),
        };
        let lines = try_join_all((0..lines).map(|_| Line::connect(address))).await?;
        let question = "Design a rate limiter for an API that is used by ten thousand clients.";
        let body =
            serde_json::json!({ "model": model, "messages": [{ "role": "user", "content": question }] });
        Ok(Self { lines, body: Bytes::from(body.to_string()) })
    }

    /// One answer as a stream: every piece as it comes.
    pub async fn read(&mut self, mut piece: impl FnMut(&[u8])) -> Result<()> {
        let mut body: serde_json::Value = serde_json::from_slice(&self.body)?;
        body["stream"] = true.into();
        let mut response = self.lines[0].send(Bytes::from(body.to_string())).await?;
        while let Some(frame) = response.body_mut().frame().await {
            if let Some(data) = frame?.data_ref() {
                piece(data);
            }
        }
        Ok(())
    }

    /// One answer, for a look at what is being measured.
    pub async fn look(&mut self) -> Result<Bytes> {
        let body = self.body.clone();
        self.lines[0].post(body).await
    }

    pub async fn ask(&mut self) -> Result<()> {
        if self.lines.len() > 1 {
            let body = &self.body;
            try_join_all(self.lines.iter_mut().map(|line| line.post(body.clone()))).await?;
        }
        self.lines[0].post(self.body.clone()).await?;
        Ok(())
    }
}

// === impl Line ===

impl Line {
    async fn connect(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (send, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { send, host: address.to_owned() })
    }

    async fn send(&mut self, body: Bytes) -> Result<Response<Incoming>> {
        let request = Request::post("/v1/chat/completions")
            .header("host", &self.host)
            .header("authorization", format!("Bearer {KEY}"))
            .header("content-type", "application/json")
            .body(Full::new(body))?;
        self.send.ready().await?;
        Ok(self.send.send_request(request).await?)
    }

    async fn post(&mut self, body: Bytes) -> Result<Bytes> {
        let response = self.send(body).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into());
        }
        Ok(body)
    }
}

// === impl Loud ===

impl Loud {
    #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
    pub fn per_second(&self) -> f64 {
        self.answered as f64 / self.took.as_secs_f64()
    }
}
