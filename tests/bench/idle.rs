//! Ten thousand connections that are kept and silent: what the daemon holds for them, before and after each has asked once.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;

use crate::Result;
use crate::load::KEY;
use crate::process::Child;

/// Connections that are open at once.
const CONNECTIONS: usize = 10_000;

/// At most this much for all of them, with the daemon itself.
const TARGET_MIB: f64 = 250.0;

/// Until what was opened or closed here has been seen there.
const SETTLE: Duration = Duration::from_secs(1);

pub async fn measure(ensembles: &Path, logs: &Path) -> Result<()> {
    let backend = Child::of_role("backend", None, logs).await?;
    let daemon = Child::daemon(&backend.address, ensembles, logs).await?;
    let address: SocketAddr = daemon.address.parse()?;
    sleep(SETTLE).await;
    let fresh = said("fresh", &daemon, None)?;

    let mut connections = opened(address)?;
    sleep(SETTLE).await;
    said("silent since they were opened", &daemon, Some(fresh))?;

    for stream in &mut connections {
        ask(stream, &daemon.address, "GET /v1/models", "")?;
    }
    sleep(SETTLE).await;
    said("each has read `/v1/models`", &daemon, Some(fresh))?;

    let question = format!(
        r#"{{"model":"{}","messages":[{{"role":"user","content":"Design a rate limiter."}}]}}"#,
        crate::HANDLE
    );
    for stream in &mut connections {
        ask(stream, &daemon.address, "POST /v1/chat/completions", &question)?;
    }
    sleep(SETTLE).await;
    let held = said("each has asked the ensemble", &daemon, Some(fresh))?;
    println!("at most {TARGET_MIB} MiB is aimed at: {}", if held <= TARGET_MIB { "met" } else { "missed" });

    drop(connections);
    sleep(SETTLE).await;
    said("all are closed", &daemon, None)?;

    let mut connections = opened(address)?;
    for stream in &mut connections {
        ask(stream, &daemon.address, "POST /v1/chat/completions", &question)?;
    }
    sleep(SETTLE).await;
    said("as many others, each has asked", &daemon, Some(fresh))?;
    Ok(())
}

fn opened(address: SocketAddr) -> Result<Vec<TcpStream>> {
    let mut connections = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        connections.push(stream);
    }
    Ok(connections)
}

/// Prints what the daemon holds, in MiB, and gives it.
fn said(when: &str, daemon: &Child, fresh: Option<f64>) -> Result<f64> {
    let held = daemon.rss_kib()? as f64 / 1024.0;
    let each = fresh.map(|fresh| (held - fresh) * 1024.0 / CONNECTIONS as f64);
    let each = each.map(|each| format!("{each:>8.1} KiB a connection")).unwrap_or_default();
    println!("{when:<32} {held:>7.1} MiB{each}");
    Ok(held)
}

/// One question and its whole answer, on a connection that stays open. Fails if the answer is no success.
fn ask(stream: &mut TcpStream, host: &str, what: &str, body: &str) -> Result<()> {
    let request = format!(
        "{what} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {KEY}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    let mut seen = Vec::new();
    let mut piece = [0; 16 << 10];
    loop {
        let count = stream.read(&mut piece)?;
        seen.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&seen);
        if count == 0 || !text.starts_with("HTTP/1.1 200") {
            return Err(format!("`{what}` was not answered: {text}").into());
        }
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if length == Some(body.len()) {
            return Ok(());
        }
    }
}
