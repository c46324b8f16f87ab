use std::future::pending;
use std::net::SocketAddr;

use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::*;
use crate::upstream::sim::tests::{TROUBLES, outcome, question};
use crate::upstream::sim::{Sim, serve};

/// Whatever is served is dropped at the end of its test.
struct Served {
    sim: Arc<Sim>,
    upstream: HttpUpstream,
    _server: JoinSet<()>,
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn client(address: SocketAddr) -> HttpUpstream {
    let base = BaseUrl::parse(&format!("http://{address}/v1"), None).unwrap();
    HttpUpstream::new(&base, Some(&Secret::new("sk-test"))).unwrap()
}

async fn served(script: &str) -> Served {
    let (listener, address) = listener().await;
    let sim = Sim::new(vec![], script.parse().unwrap());
    let mut server = JoinSet::new();
    server.spawn(serve(listener, Arc::clone(&sim), pending()));
    Served { sim, upstream: client(address), _server: server }
}

/// A server that reads a request and writes these bytes, once for each connection.
async fn stub(answer: impl AsRef<[u8]> + Send + 'static) -> (HttpUpstream, JoinSet<()>) {
    let (listener, address) = listener().await;
    let mut server = JoinSet::new();
    server.spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 65_536];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_ref()).await.unwrap();
        }
    });
    (client(address), server)
}

/// Waits, without a clock, until the other side has noticed.
async fn until(mut condition: impl FnMut() -> bool) {
    for _ in 0..10_000_000 {
        if condition() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the other side never noticed");
}

#[tokio::test]
async fn an_answer_is_the_same_over_a_socket_as_in_process() {
    let script = r#"
        [model.think]
        reply = [{ text = "grüße 🦀 und mehr", reasoning = "let me see" }]
        [model.call]
        reply = [{ tool_calls = [{ name = "f", arguments = '{"city":"Graz"}' }] }]
    "#;
    let served = served(script).await;
    let in_process = crate::upstream::sim::SimUpstream::new(Sim::new(vec![], script.parse().unwrap()));
    for model in ["plain", "think", "call"] {
        for stream in [false, true] {
            let (far, error) = outcome(&served.upstream, question(model, stream, &[])).await;
            let (near, _) = outcome(&in_process, question(model, stream, &[])).await;
            assert_eq!(error, None);
            assert_eq!(format!("{far:?}"), format!("{near:?}"));
        }
    }
}

#[tokio::test]
async fn every_trouble_is_the_same_fault_over_a_socket() {
    for &(word, when_whole, when_streamed) in TROUBLES {
        let served = served(&format!("[[model.m.reply]]\nfault = \"{word}\"")).await;
        for (stream, expected) in [(false, when_whole), (true, when_streamed)] {
            let (_, error) = outcome(&served.upstream, question("m", stream, &[])).await;
            assert_eq!(
                error.as_ref().map(|error| error.fault),
                expected,
                "{word}, streamed: {stream}: {error:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_call_carries_what_the_books_need_and_the_key() {
    let served = served("").await;
    outcome(&served.upstream, question("m", false, &[("temperature", "0.5")])).await;
    let entry = served.sim.calls().pop().unwrap();
    let header = |name: &str| entry.headers.get(name).map(String::as_str).unwrap_or_default();
    assert_eq!(header("authorization"), "…");
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("user-agent"), WHO_WE_ARE);
    assert_eq!(header("x-litellm-tags"), "ensemble:opt-a");
    assert_eq!(header("x-litellm-trace-id"), "run-1");
    assert_eq!(
        header("x-litellm-spend-logs-metadata"),
        r#"{"ensemble":"opt-a","run":"run-1","role":"drafts[0]"}"#
    );
    assert_eq!(entry.body, wire::encode(&question("m", false, &[("temperature", "0.5")])));
}

#[tokio::test]
async fn a_dropped_call_closes_its_connection_at_once() {
    for (script, stream) in [("silence", false), ("silence", true), ("stall", false), ("stall", true)] {
        let served = served(&format!("[[model.m.reply]]\nfault = \"{script}\"\nafter_tokens = 1")).await;
        let sim = Arc::clone(&served.sim);
        tokio::select! {
            _ = outcome(&served.upstream, question("m", stream, &[])) => panic!("{script} is not an answer"),
            () = until(|| sim.calls().iter().any(|call| script == "silence" || call.status.is_some())) => {}
        }
        until(|| sim.cancelled() == 1).await;
        assert_eq!(sim.alive(), 0, "{script}, streamed: {stream}");
    }
    let served = served("[model.m]\nfirst_token_ms = 3600000").await;
    let answer = served.upstream.start(question("m", true, &[])).await.unwrap();
    assert_eq!(served.sim.alive(), 1);
    drop(answer);
    until(|| served.sim.cancelled() == 1).await;
}

#[tokio::test]
async fn tokens_are_passed_on_one_by_one() {
    let served = served("[[model.m.reply]]\ntext = \"aaaabbbbcccc\"").await;
    let gate = served.sim.token_gate("m");
    let Ok(Incoming::Stream(mut deltas)) = served.upstream.start(question("m", true, &[])).await else {
        panic!("no stream")
    };
    for (text, passed) in [("aaaa", 1), ("bbbb", 2), ("cccc", 3)] {
        assert_eq!(deltas.next().await.unwrap().unwrap().text, text);
        assert_eq!(gate.passed(), passed);
        gate.received();
    }
    assert!(deltas.next().await.unwrap().unwrap().usage.is_some());
    assert!(deltas.next().await.is_none());
}

#[tokio::test]
async fn answers_that_were_read_give_their_connection_back() {
    for stream in [false, true] {
        let served = served("").await;
        for _ in 0..10 {
            let (_, error) = outcome(&served.upstream, question("m", stream, &[])).await;
            assert_eq!(error, None);
        }
        assert_eq!(served.sim.totals().connections, 1, "streamed: {stream}");
    }
}

#[tokio::test]
async fn nobody_listening_is_refused() {
    let (listener, address) = listener().await;
    drop(listener);
    let (_, error) = outcome(&client(address), question("m", false, &[])).await;
    let error = error.unwrap();
    assert_eq!((error.fault, error.retry, error.status), (Fault::Refused, Retry::Soon, None));
    assert!(!client(address).liveliness().await);
    assert_eq!(client(address).models().await.unwrap_err().fault, Fault::Refused);
}

#[tokio::test]
async fn what_no_sound_server_sends() {
    let table: Vec<(&str, &'static [u8], Fault)> = vec![
        ("nothing", b"", Fault::Reset),
        ("not HTTP", b"SSH-2.0-OpenSSH\r\n", Fault::Garbage),
        ("half a head", b"HTTP/1.1 200 OK\r\ncontent-ty", Fault::Reset),
        ("a short body", b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"choices\"", Fault::Reset),
        (
            "a chunk that is none",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n{}\r\n",
            Fault::Reset,
        ),
        (
            "a redirect",
            b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            Fault::Redirected,
        ),
        (
            "prisma",
            b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 24\r\n\r\nNo module named 'prisma'",
            Fault::KeyRefused,
        ),
        ("a wrong length", b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n", Fault::TooLong),
    ];
    for (name, answer, fault) in table {
        let (upstream, _server) = stub(answer).await;
        let (_, error) = outcome(&upstream, question("m", false, &[])).await;
        assert_eq!(error.as_ref().map(|error| error.fault), Some(fault), "{name}: {error:?}");
    }
}

#[tokio::test]
async fn nobody_is_asked_where_a_redirect_points() {
    let elsewhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let address = elsewhere.local_addr().unwrap();
    for status in [301, 302, 303, 307, 308] {
        let head = format!("HTTP/1.1 {status} Elsewhere\r\nlocation: http://{address}/v1/chat/completions");
        let (upstream, _server) = stub(format!("{head}\r\ncontent-length: 0\r\n\r\n")).await;
        for stream in [false, true] {
            let (_, error) = outcome(&upstream, question("m", stream, &[])).await;
            assert_eq!(error.map(|error| error.fault), Some(Fault::Redirected), "{status}");
        }
        assert_eq!(upstream.models().await.unwrap_err().fault, Fault::Redirected, "{status}");
        assert!(!upstream.liveliness().await, "{status}");
        let asked = elsewhere.accept().map_err(|error| error.kind());
        assert_eq!(asked.err(), Some(std::io::ErrorKind::WouldBlock), "{status}");
    }
}

#[tokio::test]
async fn a_name_that_is_no_text_is_not_the_model_that_was_asked() {
    for line in [&b"x-litellm-model-group: m\xe9"[..], b"x-litellm-attempted-fallbacks: \xb9"] {
        let body: &[u8] = b"{\"choices\":[{\"message\":{\"content\":\"fine\"}}]}";
        let length = format!("\r\ncontent-length: {}\r\n\r\n", body.len());
        let answer = [b"HTTP/1.1 200 OK\r\n", line, length.as_bytes(), body].concat();
        let (upstream, _server) = stub(answer).await;
        let (_, error) = outcome(&upstream, question("m", false, &[])).await;
        assert_eq!(error.map(|error| error.fault), Some(Fault::OtherModel));
    }
}

#[tokio::test]
async fn the_upstream_says_that_it_lives_and_which_models_it_has() {
    let served = served("models = [\"mlx-b\", \"mlx-a\"]").await;
    assert!(served.upstream.liveliness().await);
    assert_eq!(served.upstream.models().await.unwrap(), ["mlx-b", "mlx-a"]);
    assert_eq!(served.sim.totals().calls, 0, "no model was asked");
    let (upstream, _server) = stub(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n").await;
    assert!(!upstream.liveliness().await);
    assert_eq!(upstream.models().await.unwrap_err().fault, Fault::KeyRefused);
}

#[test]
fn a_key_that_is_no_header_is_an_error_that_does_not_quote_it() {
    let base = BaseUrl::parse("http://127.0.0.1:4000/v1", None).unwrap();
    let error = HttpUpstream::new(&base, Some(&Secret::new("sk-\nsecret"))).err().unwrap();
    assert!(!error.contains("secret"), "{error}");
    let upstream = HttpUpstream::new(&base, Some(&Secret::new("sk-secret"))).unwrap();
    assert!(!format!("{:?}", upstream.headers).contains("sk-secret"));
}
