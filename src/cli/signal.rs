//! What both servers share: their runtime, their port, and when they shall end.

use std::net::Ipv4Addr;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::output::Stop;

/// Threads that serve. Calls wait far more than they compute.
const WORKERS: usize = 2;

/// # Errors
///
/// A system that gives no threads.
pub fn runtime() -> Result<Runtime, Stop> {
    Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_stack_size(crate::run::STACK_SIZE)
        .enable_all()
        .build()
        .map_err(|error| Stop::Failed(format!("cannot start: {error}")))
}

/// A listener on 127.0.0.1: the one that the service manager has opened for us, if it has, else one on `port`.
///
/// # Errors
///
/// A port that is taken or not allowed; sockets from the service manager that are not one TCP socket on 127.0.0.1.
pub async fn listener(port: u16) -> Result<TcpListener, Stop> {
    match inherited()? {
        Some(listener) => Ok(listener),
        None => bind(port).await,
    }
}

fn inherited() -> Result<Option<TcpListener>, Stop> {
    let unusable =
        |error: std::io::Error| Stop::Failed(format!("the inherited socket cannot be used: {error}"));
    let mut sockets = listenfd::ListenFd::from_env();
    match sockets.len() {
        0 => return Ok(None),
        1 => (),
        n => return Err(Stop::Failed(format!("{n} sockets are inherited: one is served, on 127.0.0.1"))),
    }
    let Some(listener) = sockets.take_tcp_listener(0).map_err(unusable)? else { return Ok(None) };
    let address = listener.local_addr().map_err(unusable)?;
    if address.ip() != Ipv4Addr::LOCALHOST {
        return Err(Stop::Failed(format!(
            "the inherited socket is open on {address}: whoever reaches it can use every model behind it; it must be on \
             127.0.0.1"
        )));
    }
    listener.set_nonblocking(true).map_err(unusable)?;
    TcpListener::from_std(listener).map(Some).map_err(unusable)
}

/// A listener on 127.0.0.1.
///
/// # Errors
///
/// A port that is taken or not allowed.
pub async fn bind(port: u16) -> Result<TcpListener, Stop> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| {
        Stop::Failed(match error.kind() {
            std::io::ErrorKind::AddrInUse => format!("port {port} is in use: is another server running?"),
            _ => format!("cannot listen on 127.0.0.1:{port}: {error}"),
        })
    })
}

/// SIGHUP, each time that it comes; one that comes while nobody waits is kept.
pub struct Hangups(Option<Signal>);

// === impl Hangups ===

impl Hangups {
    /// From now on the signal does not end the process.
    #[must_use]
    pub fn caught() -> Self {
        Self(signal(SignalKind::hangup()).ok())
    }

    pub async fn next(&mut self) {
        match &mut self.0 {
            Some(hangups) => drop(hangups.recv().await),
            // It cannot be caught, so it ends the process.
            None => std::future::pending().await,
        }
    }
}

/// SIGTERM and SIGINT, each time that one comes; one that comes while nobody waits is kept. Each of several has them all.
pub struct Interrupts(Option<(Signal, Signal)>);

// === impl Interrupts ===

impl Interrupts {
    /// From now on the signals do not end the process.
    #[must_use]
    pub fn caught() -> Self {
        let terminate = signal(SignalKind::terminate()).ok();
        Self(terminate.zip(signal(SignalKind::interrupt()).ok()))
    }

    pub async fn next(&mut self) {
        match &mut self.0 {
            Some((terminate, interrupt)) => tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            },
            // They cannot be caught, so they end the process.
            None => std::future::pending().await,
        }
    }

    /// Resolves at the second: whoever sends one more does not want to wait.
    pub async fn twice(&mut self) {
        self.next().await;
        self.next().await;
    }
}
