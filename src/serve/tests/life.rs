//! From the first connection to the last, over a real socket on the loopback.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::serve::limits::Allowed;
use crate::serve::load::Load;
use crate::serve::{Ending, State, serve};

use super::kit::{PORT, ask, chat, done, events, get, live, parse, state_of, text};

/// Serves while the client talks to it, then stops it; the client's last word and the ending.
async fn served<T>(
    state: impl Into<Arc<State>>,
    grace: Duration,
    client: impl AsyncFnOnce(u16, oneshot::Sender<()>) -> T,
) -> (T, Ending) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("the loopback is there");
    let port = listener.local_addr().expect("it is bound").port();
    let (stop, stopped) = oneshot::channel();
    let shutdown = async { drop(stopped.await) };
    let serving = pin!(serve(listener, state.into(), shutdown, grace));
    let (told, ending) = tokio::join!(client(port, stop), serving);
    (told, ending.expect("it is the loopback"))
}

async fn connect(port: u16, request: &str) -> TcpStream {
    let mut io = TcpStream::connect(("127.0.0.1", port)).await.expect("it listens");
    let request = request.replace(&format!(":{PORT}"), &format!(":{port}"));
    io.write_all(request.as_bytes()).await.expect("it is open");
    io
}

async fn read(mut io: TcpStream) -> super::kit::Answer {
    let mut bytes = String::new();
    io.read_to_string(&mut bytes).await.expect("the connection ends in order");
    parse(&bytes)
}

#[tokio::test]
async fn a_request_in_hand_is_finished_before_the_end() {
    let (sender, script) = live();
    let (state, requests) = state_of(script, None);
    let (answer, ending) = served(state, Duration::from_secs(30), async |port, stop: oneshot::Sender<()>| {
        let io = connect(port, &chat(&ask(""), &[])).await;
        while requests.lock().expect("no test panics here").is_empty() {
            tokio::task::yield_now().await;
        }
        stop.send(()).expect("it serves");
        while TcpStream::connect(("127.0.0.1", port)).await.is_ok() {}
        sender.send(done("hello")).expect("the run is alive");
        read(io).await
    })
    .await;
    assert_eq!((answer.status, ending), (200, Ending { cancelled: 0 }));
}

#[tokio::test]
async fn what_outlives_the_grace_is_cancelled() {
    let (sender, script) = live();
    let (state, requests) = state_of(script, None);
    let ((), ending) = served(state, Duration::ZERO, async |port, stop: oneshot::Sender<()>| {
        let _io = connect(port, &chat(&ask(""), &[])).await;
        while requests.lock().expect("no test panics here").is_empty() {
            tokio::task::yield_now().await;
        }
        stop.send(()).expect("it serves");
        sender.closed().await;
    })
    .await;
    assert_eq!(ending, Ending { cancelled: 1 });
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_run() {
    for more in ["", r#""stream":true"#] {
        let (sender, script) = live();
        let (state, requests) = state_of(script, None);
        served(state, Duration::from_secs(30), async |port, stop: oneshot::Sender<()>| {
            let io = connect(port, &chat(&ask(more), &[])).await;
            while requests.lock().expect("no test panics here").is_empty() {
                tokio::task::yield_now().await;
            }
            drop(io);
            sender.closed().await;
            stop.send(()).expect("it serves");
        })
        .await;
    }
}

#[tokio::test]
async fn one_run_too_many_is_503_and_its_slot_comes_back() {
    let (sender, script) = live();
    let (mut state, _) = state_of(script, None);
    state.load = Load::new(Allowed { runs: 1, ..Allowed::default() });
    served(state, Duration::from_secs(30), async |port, stop: oneshot::Sender<()>| {
        let mut first = connect(port, &chat(&ask(r#""stream":true"#), &[])).await;
        let mut head = [0; 16];
        first.read_exact(&mut head).await.expect("the head comes at once");
        let second = read(connect(port, &chat(&ask(""), &[])).await).await;
        assert_eq!((second.status, second.header("retry-after")), (503, Some("1")));
        assert_eq!(second.error().1, "overloaded");
        sender.send(text("hello")).expect("the run is alive");
        sender.send(done("hello")).expect("the run is alive");
        let mut rest = String::new();
        first.read_to_string(&mut rest).await.expect("the connection ends in order");
        assert!(rest.contains("[DONE]"));
        stop.send(()).expect("it serves");
    })
    .await;
}

#[tokio::test]
async fn a_run_keeps_its_plan_when_others_are_loaded() {
    let (sender, script) = live();
    let (state, requests) = state_of(script, None);
    let state = Arc::new(state);
    let shared = Arc::clone(&state);
    served(state, Duration::from_secs(30), async |port, stop: oneshot::Sender<()>| {
        let first = connect(port, &chat(&ask(""), &[])).await;
        while requests.lock().expect("no test panics here").is_empty() {
            tokio::task::yield_now().await;
        }
        shared.keep("chat.ens:1: nonsense");
        let health = read(connect(port, &get("/health")).await).await.json();
        assert_eq!((&health["stale"], &health["reasons"][0]), (&true.into(), &"chat.ens:1: nonsense".into()));
        shared.reload(Vec::new(), crate::approach::Approaches::default());
        let second = read(connect(port, &chat(&ask(""), &[])).await).await;
        assert_eq!((second.status, second.error().1.as_str()), (404, "model_not_found"));
        assert_eq!(read(connect(port, &get("/health")).await).await.json()["stale"], serde_json::Value::Null);
        sender.send(done("hello")).expect("the run is alive");
        assert_eq!(read(first).await.status, 200);
        stop.send(()).expect("it serves");
    })
    .await;
}

#[tokio::test]
async fn the_upstream_is_asked_at_the_start() {
    let (state, _) = state_of(|| events(vec![done("hello")]), None);
    served(state, Duration::from_secs(30), async |port, stop: oneshot::Sender<()>| {
        while read(connect(port, &get("/health/ready")).await).await.status != 200 {}
        stop.send(()).expect("it serves");
    })
    .await;
}

#[tokio::test]
async fn other_addresses_are_refused() {
    let listener = TcpListener::bind("127.0.0.2:0").await.expect("the loopback is there");
    let (state, _) = state_of(|| events(Vec::new()), None);
    let refused = serve(listener, Arc::new(state), std::future::pending(), Duration::ZERO).await;
    assert_eq!(refused.map_err(|error| error.kind()), Err(std::io::ErrorKind::InvalidInput));
}
