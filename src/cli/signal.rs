//! What both servers share: their runtime, their port, and when they shall end.

use std::net::Ipv4Addr;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

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

/// Resolves at the first SIGTERM or SIGINT. Dropped, signals are still caught.
pub async fn interrupted() {
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        // Without handlers the signals end the process themselves.
        _ => std::future::pending().await,
    }
}
