//! Connections to the upstream, each driven by the call that uses it.
//!
//! A pooled client hands every request to a task that owns the connection; on a call of a hundred microseconds the two
//! wake-ups between tasks are a good part of it, and so measured (`docs/performance.md`). Here the call polls its own
//! connection: nothing is spawned, and dropping the call closes the connection at once. Knows nothing of what is sent.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use futures_util::Stream;
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Duration, Instant, timeout};

/// How long a connection may lie idle.
///
/// Source: LiteLLM closes idle connections after 5.0 s (measured); a request sent into a closing one is lost.
pub const IDLE_MAX: Duration = Duration::from_millis(3_500);

/// How long connecting may take. The upstream is on this host: it answers at once, or its backlog is full.
pub const CONNECT_WAIT_MAX: Duration = Duration::from_secs(5);

/// Idle connections that are kept.
const IDLE_COUNT_MAX: usize = 1024;

/// Idle connections to one address, the last used first.
pub struct Pool {
    address: SocketAddr,
    idle: Mutex<Vec<(Connection, Instant)>>,
}

/// One HTTP/1.1 connection. It moves only while somebody polls it.
struct Connection {
    send: http1::SendRequest<Full<Bytes>>,
    driver: Pin<Box<http1::Connection<TokioIo<TcpStream>, Full<Bytes>>>>,
    is_over: bool,
}

/// What broke.
#[derive(Debug)]
pub enum Broken {
    Connecting(io::Error),
    Talking(hyper::Error),
}

/// The body of an answer; gives its connection back when it has been read to its end.
pub struct Body {
    incoming: Incoming,
    connection: Option<Connection>,
    pool: Arc<Pool>,
}

// === impl Pool ===

impl Pool {
    /// An empty pool; it connects when first used.
    #[must_use]
    pub fn new(address: SocketAddr) -> Arc<Self> {
        Arc::new(Self { address, idle: Mutex::new(Vec::new()) })
    }

    /// Sends `request` and resolves with the head of its answer.
    ///
    /// A request that an idle connection could not take any more goes out on another one; one that was written is never
    /// sent twice. Dropping the future, or the body that it gives, closes the connection.
    pub async fn exchange(
        self: Arc<Self>,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Body>, Broken> {
        loop {
            let (mut connection, is_reused) = match self.take() {
                Some(connection) => (connection, true),
                None => (Connection::open(self.address).await.map_err(Broken::Connecting)?, false),
            };
            match connection.send(request).await {
                Ok(response) => {
                    let pool = Arc::clone(&self);
                    return Ok(response.map(|incoming| Body {
                        incoming,
                        connection: Some(connection),
                        pool,
                    }));
                }
                Err((_, Some(unsent))) if is_reused => request = unsent,
                Err((error, _)) => return Err(Broken::Talking(error)),
            }
        }
    }

    /// The connection used last that is still open, if it has not lain idle for too long.
    fn take(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().expect("nobody panics while holding the pool");
        while let Some((mut connection, since)) = idle.pop() {
            if since.elapsed() >= IDLE_MAX {
                // Those below it have lain idle for longer.
                idle.clear();
                return None;
            }
            if connection.is_usable() {
                return Some(connection);
            }
        }
        None
    }

    /// Closes what has lain idle for too long. Called now and then: nothing here has a clock that rings.
    pub fn prune(&self) {
        let mut idle = self.idle.lock().expect("nobody panics while holding the pool");
        idle.retain(|(_, since)| since.elapsed() < IDLE_MAX);
    }

    fn give_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().expect("nobody panics while holding the pool");
        if !connection.is_over && idle.len() < IDLE_COUNT_MAX {
            idle.push((connection, Instant::now()));
        }
    }
}

// === impl Connection ===

impl Connection {
    async fn open(address: SocketAddr) -> io::Result<Self> {
        let connecting = TcpStream::connect(address);
        let stream = timeout(CONNECT_WAIT_MAX, connecting).await.map_err(|_| io::ErrorKind::TimedOut)??;
        stream.set_nodelay(true)?;
        let handshake = http1::handshake(TokioIo::new(stream)).await;
        let (send, driver) = handshake.map_err(io::Error::other)?;
        Ok(Self { send, driver: Box::pin(driver), is_over: false })
    }

    /// Lets the connection notice what happened while it lay idle.
    fn is_usable(&mut self) -> bool {
        self.drive(&mut Context::from_waker(Waker::noop()));
        !self.is_over && self.send.is_ready()
    }

    /// Reads and writes as far as is possible now.
    fn drive(&mut self, cx: &mut Context<'_>) {
        if !self.is_over && self.driver.as_mut().poll(cx).is_ready() {
            self.is_over = true;
        }
    }

    /// The head of the answer, or what broke and the request if it was never written.
    async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, (hyper::Error, Option<Request<Full<Bytes>>>)> {
        let Self { send, driver, is_over } = self;
        let mut answer = pin!(send.try_send_request(request));
        let answer = std::future::poll_fn(|cx| {
            if !*is_over && driver.as_mut().poll(cx).is_ready() {
                *is_over = true;
            }
            answer.as_mut().poll(cx)
        });
        answer.await.map_err(|mut error| {
            let unsent = error.take_message();
            (error.into_error(), unsent)
        })
    }
}

// === impl Body ===

impl Body {
    /// The next piece of data, passing over trailers.
    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, hyper::Error>>> {
        loop {
            match Pin::new(&mut self.incoming).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => return Poll::Ready(Some(Ok(data))),
                    Err(_) => continue,
                },
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn give_back(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool.give_back(connection);
        }
    }
}

impl Stream for Body {
    type Item = Result<Bytes, Broken>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut polled = self.poll_data(cx);
        if polled.is_pending()
            && let Some(connection) = &mut self.connection
        {
            connection.drive(cx);
            polled = self.poll_data(cx);
        }
        if let Poll::Ready(None) = polled {
            self.give_back();
        }
        polled.map_err(Broken::Talking)
    }
}

/// A reader that knows the length stops before it is told the end.
impl Drop for Body {
    fn drop(&mut self) {
        if self.incoming.is_end_stream() {
            self.give_back();
        }
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Connecting(error) => write!(f, "connecting: {error}"),
            Self::Talking(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Broken {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Connecting(error) => Some(error),
            Self::Talking(error) => error.source(),
        }
    }
}
