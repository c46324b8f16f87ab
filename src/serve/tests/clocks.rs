//! How long a connection may keep us waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep};

use crate::serve::health::Health;
use crate::serve::limits::Allowed;
use crate::serve::load::Load;

use super::kit::{Answer, PIPE, app_of, ask, chat, get, hello_app, live, parse, send, talk, text};

/// Seconds until the connection is closed.
async fn closed_after(io: &mut DuplexStream) -> u64 {
    let began = Instant::now();
    let mut rest = Vec::new();
    io.read_to_end(&mut rest).await.expect("the connection ends in order");
    began.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_lives_150_seconds_and_a_head_10() {
    talk(hello_app(), async |mut io: DuplexStream| assert_eq!(closed_after(&mut io).await, 150)).await;
    talk(hello_app(), async |mut io: DuplexStream| {
        sleep(Duration::from_secs(140)).await;
        io.write_all(b"GET /health HTTP/1.1\r\nhost:").await.expect("it is open");
        assert_eq!(closed_after(&mut io).await, 10);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_kept_connection_starts_anew_after_each_answer() {
    talk(hello_app(), async |mut io: DuplexStream| {
        for _ in 0..3 {
            io.write_all(kept(&get("/health")).as_bytes()).await.expect("it is open");
            assert_eq!(answered(&mut io).await.status, 200);
            sleep(Duration::from_secs(149)).await;
        }
        assert_eq!(closed_after(&mut io).await, 1);
    })
    .await;
}

/// A request after which the connection is kept.
fn kept(request: &str) -> String {
    request.replace("connection: close\r\n", "")
}

/// Reads one answer of a kept connection.
async fn answered(io: &mut DuplexStream) -> Answer {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let count = io.read(&mut piece).await.expect("the connection is in order");
        assert_ne!(count, 0, "the connection ended within {:?}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&piece[..count]);
        let answer = parse(&String::from_utf8_lossy(&bytes));
        let length = answer.header("content-length").and_then(|length| length.parse().ok());
        if length == Some(answer.body.len()) {
            return answer;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_begun_before_the_silence_is_read_after_it() {
    let second = get("/v1/models");
    let (begun, rest) = second.split_at(30);
    talk(hello_app(), async |mut io: DuplexStream| {
        io.write_all(format!("{}{begun}", kept(&get("/health"))).as_bytes()).await.expect("it is open");
        assert_eq!(answered(&mut io).await.status, 200);
        sleep(Duration::from_secs(5)).await;
        io.write_all(rest.as_bytes()).await.expect("it is open");
        let mut answer = String::new();
        io.read_to_string(&mut answer).await.expect("the connection ends in order");
        assert_eq!(parse(&answer).json()["object"], "list");
    })
    .await;
    talk(hello_app(), async |mut io: DuplexStream| {
        io.write_all(format!("{}{begun}", kept(&get("/health"))).as_bytes()).await.expect("it is open");
        assert_eq!(answered(&mut io).await.status, 200);
        assert_eq!(closed_after(&mut io).await, 10, "what was begun is a head");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_waits_for_its_reader_is_whole_and_the_connection_kept() {
    let large = "x".repeat(4 * PIPE);
    let (sender, script) = live();
    talk(app_of(script), async |mut io: DuplexStream| {
        io.write_all(kept(&chat(&ask(""), &[])).as_bytes()).await.expect("it is open");
        sender.send(super::kit::done(&large)).expect("the run is alive");
        sleep(Duration::from_secs(50)).await;
        let answer = answered(&mut io).await;
        assert_eq!(answer.json()["choices"][0]["message"]["content"], large);
        sleep(Duration::from_secs(50)).await;
        io.write_all(kept(&get("/health")).as_bytes()).await.expect("it is open");
        assert_eq!(answered(&mut io).await.status, 200);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_is_cut_10_seconds_after_its_first_byte() {
    talk(hello_app(), async |mut io: DuplexStream| {
        let began = Instant::now();
        while io.write_all(b"G").await.is_ok() && began.elapsed() < Duration::from_secs(60) {
            sleep(Duration::from_secs(1)).await;
        }
        assert!(began.elapsed() <= Duration::from_secs(11), "{:?}", began.elapsed());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stands_still_is_refused_after_30_seconds() {
    let began = Instant::now();
    let cut = chat(&ask(""), &[]).replace("content-length: ", "content-length: 1");
    let answer = send(hello_app(), cut).await;
    assert_eq!((answer.status, began.elapsed().as_secs()), (400, 30));
    assert!(answer.body.contains("stood still for 30 s"));
}

#[tokio::test(start_paused = true)]
async fn a_run_may_be_silent_for_longer_than_a_connection_may_be_idle() {
    let (sender, script) = live();
    let answer = talk(app_of(script), async |mut io: DuplexStream| {
        io.write_all(chat(&ask(""), &[]).as_bytes()).await.expect("it is open");
        sleep(Duration::from_secs(1000)).await;
        sender.send(super::kit::done("late")).expect("the run is alive");
        let mut bytes = String::new();
        io.read_to_string(&mut bytes).await.expect("the connection ends in order");
        parse(&bytes)
    });
    assert_eq!(answer.await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_takes_nothing_is_dropped_after_a_minute_and_holds_little() {
    let (sender, script) = live();
    talk(app_of(script), async |mut io: DuplexStream| {
        io.write_all(chat(&ask(r#""stream":true"#), &[]).as_bytes()).await.expect("it is open");
        let large = "x".repeat(8 << 10);
        for _ in 0..100 {
            let _ = sender.send(text(&large));
        }
        sleep(Duration::from_secs(59)).await;
        assert!(!sender.is_closed());
        sleep(Duration::from_secs(2)).await;
        assert!(sender.is_closed(), "the run is dropped with the connection");
    })
    .await;
}

#[tokio::test]
async fn heads_have_limits_of_size_and_number() {
    let many: Vec<String> = (0..101).map(|n| format!("x-h{n}: 1")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(send(hello_app(), chat(&ask(""), &many)).await.status, 431);
    let large = format!("x-large: {}", "a".repeat(65 << 10));
    assert_eq!(send(hello_app(), chat(&ask(""), &[&large])).await.status, 431);
}

#[tokio::test(start_paused = true)]
async fn the_upstream_is_asked_every_10_seconds_while_nothing_runs() {
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    let health = Health::new(Arc::new(move || {
        count.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { true })
    }));
    let load = Load::new(Allowed { runs: 1, ..Allowed::default() });
    let watch_for = async |seconds| {
        let _ = tokio::time::timeout(Duration::from_secs(seconds), health.watch(&load)).await;
        asked.swap(0, Ordering::Relaxed)
    };
    assert_eq!(watch_for(25).await, 3);
    let slot = load.take_run();
    assert_eq!(watch_for(25).await, 0);
    drop(slot);
    assert_eq!(watch_for(5).await, 1);
}
