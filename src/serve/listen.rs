//! The server loop: accepts, owns every connection's task, and stops in good order.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::Ipv4Addr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use bytes::Bytes;
use futures_util::FutureExt;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};

use super::State;
use super::books::Books;
use super::limits::{HEAD_MAX, Limit};
use super::pace::{Answering, Paced, Phase};
use super::routes::App;

/// Until the next try after the system gave no connection (no descriptors left, mostly).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long the last spans may take to be sent.
const LAST_SPANS_WAIT: Duration = Duration::from_secs(2);

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Connections whose requests did not finish within the grace.
    pub cancelled: usize,
}

/// Serves until `shutdown` resolves; then takes no new connection, lets what runs finish within `grace`, and cancels
/// the rest. Dropped, it cancels everything at once.
///
/// Fails at once if `listener` is not on 127.0.0.1.
pub async fn serve(
    listener: TcpListener,
    state: Arc<State>,
    shutdown: impl Future<Output = ()>,
    grace: Duration,
) -> io::Result<Ending> {
    let address = listener.local_addr()?;
    if address.ip() != Ipv4Addr::LOCALHOST {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("serves on 127.0.0.1 only, not on {address}"),
        ));
    }
    let app = App::new(Arc::clone(&state), address.port());
    let (stop, stopping) = watch::channel(false);
    let mut connections = JoinSet::new();
    let connections_max = state.load.allowed.connections;
    let mut telling = Telling::begin(Arc::clone(&state.books));
    {
        let mut shutdown = pin!(shutdown);
        let mut watching = pin!(state.health.watch(&state.load));
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                () = &mut watching => {}
                accepted = accept(&listener), if connections.len() < connections_max => {
                    connections.spawn(connection(accepted, app.clone(), stopping.clone()));
                    if connections.len() == connections_max {
                        state.books.metrics.reached(Limit::Connections);
                    }
                }
                Some(ended) = connections.join_next() => note(ended),
            }
        }
    }
    drop(listener);
    stop.send_replace(true);
    let cancelled = drain(connections, grace).await;
    telling.end().await;
    Ok(Ending { cancelled })
}

/// The task that sends spans, if spans are told to anybody. Dropped, it ends at once.
struct Telling {
    books: Arc<Books>,
    task: JoinSet<()>,
}

impl Telling {
    fn begin(books: Arc<Books>) -> Self {
        let mut task = JoinSet::new();
        if books.spans.is_some() {
            let books = Arc::clone(&books);
            task.spawn(async move {
                if let Some(spans) = &books.spans {
                    spans.send(&books.metrics).await;
                }
            });
        }
        Self { books, task }
    }

    /// Sends what is left, for as long as somebody who waits for us to stop can bear.
    async fn end(&mut self) {
        if let Some(spans) = &self.books.spans {
            spans.close();
        }
        let all = async { while self.task.join_next().await.is_some() {} };
        if timeout(LAST_SPANS_WAIT, all).await.is_err() {
            tracing::warn!("the last spans are lost: the collector does not take them in time");
        }
    }
}

/// Connections cancelled.
async fn drain(mut connections: JoinSet<()>, grace: Duration) -> usize {
    let all_ended = async {
        while let Some(ended) = connections.join_next().await {
            note(ended);
        }
    };
    if timeout(grace, all_ended).await.is_ok() {
        return 0;
    }
    let cancelled = connections.len();
    connections.shutdown().await;
    cancelled
}

fn note(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task ended by itself");
    }
}

/// The next connection. Loses none when dropped.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Without it the end of each event waits for the reader's acknowledgement of the one before.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY");
                }
                return stream;
            }
            Err(error) => {
                tracing::warn!(%error, "no connection can be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// One connection, from its first byte to its last. When `stopping` turns true, the request in hand is the last.
///
/// hyper keeps two buffers for a connection as long as it lives, which is silent most of the time: so it has the
/// connection only from the first byte of a request until it is silent again.
pub(super) async fn connection<T>(io: T, app: App, mut stopping: watch::Receiver<bool>)
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let phase = Phase::default();
    let books = app.books();
    let mut io = Paced::new(io, phase.clone(), app.allowed());
    let ended = loop {
        let spoke = tokio::select! {
            spoke = io.wait() => spoke,
            () = stopped(&mut stopping) => Ok(false),
        };
        let spoke = spoke.unwrap_or_else(|error| {
            tracing::debug!(%error, "connection");
            false
        });
        if !spoke {
            break Ok(());
        }
        match Box::pin(talk(io, &app, &phase, &mut stopping)).await {
            Ok(Some(silent)) => io = silent,
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    // hyper passes a late idle connection off as one that ended in order.
    let mut limit = phase.reached();
    if let Err(error) = ended {
        tracing::debug!(%error, "connection");
        limit = limit.or(error.is_parse_too_large().then_some(Limit::Head));
    }
    if let Some(limit) = limit {
        books.metrics.reached(limit);
    }
}

/// Returns when the server stops, at once if it does already.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    drop(stopping.wait_for(|stop| *stop).await);
}

/// Requests and their answers, until the connection is silent; then it is given back. `None` when it has ended.
async fn talk<T>(
    io: Paced<T>,
    app: &App,
    phase: &Phase,
    stopping: &mut watch::Receiver<bool>,
) -> hyper::Result<Option<Paced<T>>>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let service = service_fn(|request: Request<Incoming>| {
        let (app, answering) = (app.clone(), phase.answering());
        async move {
            let response = app.answer(request.map(Body::new)).await;
            Ok::<_, Infallible>(response.map(|body| Answer { body, _answering: answering }))
        }
        // hyper gives a connection back only if what it holds can be moved.
        .boxed()
    });
    // No timer for hyper: see `pace.rs`. Its limit of 100 headers is the default.
    let mut connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(io), service);
    let until_silent = poll_fn(|cx| {
        let mut polled = Pin::new(&mut connection).poll(cx);
        if polled.is_pending() && phase.is_answered() {
            // After an answer hyper waits for a wake-up that comes with the next byte, and only then reads.
            polled = Pin::new(&mut connection).poll(cx);
        }
        if polled.is_pending() && phase.is_silent() { Poll::Ready(None) } else { polled.map(Some) }
    });
    let ended = tokio::select! {
        ended = until_silent => ended,
        () = stopped(stopping) => None,
    };
    if let Some(ended) = ended {
        return ended.map(|()| None);
    }
    // Idle, it is done at once, and its parts can be had; else the request in hand is its last.
    Pin::new(&mut connection).graceful_shutdown();
    let done = poll_fn(|cx| Poll::Ready(connection.poll_without_shutdown(cx))).await;
    match done {
        Poll::Ready(done) => {
            done?;
            let parts = connection.into_parts();
            let mut io = parts.io.into_inner();
            io.put_back(parts.read_buf);
            Ok(Some(io))
        }
        Poll::Pending => connection.await.map(|()| None),
    }
}

/// A body that says when it is over.
struct Answer {
    body: Body,
    _answering: Answering,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
