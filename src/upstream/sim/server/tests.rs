use std::net::SocketAddr;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// A request in, status and body out. The server is told to close, so that the end is the end.
async fn ask(address: SocketAddr, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: sim\r\nConnection: close\r\nAuthorization: Bearer sk-x\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

async fn json_of(address: SocketAddr, path: &str) -> Value {
    let (status, body) = ask(address, "GET", path, "").await;
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

async fn served(script: &str) -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = JoinSet::new();
    let sim = Sim::new(vec!["mlx-a".to_owned()], script.parse().unwrap());
    server.spawn(serve(listener, sim, std::future::pending()));
    (address, server)
}

const QUESTION: &str = r#"{"model":"mlx-a","messages":[{"role":"user","content":"hi"}]}"#;

#[tokio::test]
async fn the_book_of_calls_can_be_read_and_cleared() {
    let (address, _server) = served("").await;
    let (status, body) = ask(address, "POST", "/v1/chat/completions", QUESTION).await;
    assert_eq!(status, 200, "{body}");
    let page = json_of(address, "/sim/ledger").await;
    assert_eq!(page["totals"]["calls"], 1);
    let call = &page["calls"][0];
    assert_eq!(
        (&call["model"], &call["outcome"], &call["status"]),
        (&"mlx-a".into(), &"finished".into(), &200.into())
    );
    assert_eq!(call["headers"]["authorization"], "…");
    assert_eq!(call["headers"]["host"], "sim");
    assert_eq!(call["body"]["messages"][0]["content"], "hi");
    assert_eq!(ask(address, "POST", "/sim/reset", "").await.0, 200);
    assert_eq!(json_of(address, "/sim/ledger").await["calls"], json!([]));
}

#[tokio::test]
async fn the_script_can_be_replaced_while_it_plays() {
    let (address, _server) = served("").await;
    let script = "[[model.mlx-a.reply]]\nfault = \"503\"";
    assert_eq!(ask(address, "POST", "/sim/script", script).await.0, 200);
    assert_eq!(ask(address, "POST", "/v1/chat/completions", QUESTION).await.0, 503);
    let (status, error) = ask(address, "POST", "/sim/script", "sed = 1").await;
    assert_eq!(status, 400);
    assert!(error.contains("line 1") && error.contains("unknown field `sed`"), "{error}");
    assert_eq!(ask(address, "POST", "/v1/chat/completions", QUESTION).await.0, 503, "the good one stays");
}

#[tokio::test]
async fn it_answers_what_a_gateway_answers() {
    let (address, _server) = served("models = [\"mlx-b\"]").await;
    let models = json_of(address, "/v1/models").await;
    let names: Vec<_> = models["data"].as_array().unwrap().iter().map(|model| &model["id"]).collect();
    assert_eq!(names, ["mlx-a", "mlx-b"]);
    assert_eq!(json_of(address, "/health/liveliness").await, "I'm alive!");
    assert_eq!(json_of(address, "/health").await["simulated"], true);
    assert_eq!(ask(address, "GET", "/v1/elsewhere", "").await.0, 404);
    for body in [
        "",
        "{}",
        r#"{"model":"mlx-a"}"#,
        r#"{"model":"mlx-a","messages":[]}"#,
        r#"{"model":"x","messages":[{}]}"#,
    ] {
        let (status, error) = ask(address, "POST", "/v1/chat/completions", body).await;
        assert_eq!(status, 400, "{body}: {error}");
        assert!(error.contains("\"error\""), "{error}");
    }
}

#[tokio::test]
async fn shutting_down_drops_what_is_open() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let sim = Sim::new(vec![], "[[model.mlx-a.reply]]\nfault = \"silence\"".parse().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mut tasks = JoinSet::new();
    tasks.spawn(serve(listener, Arc::clone(&sim), async { drop(stopped.await) }));
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = QUESTION.len();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: sim\r\nContent-Length: {length}\r\n\r\n{QUESTION}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    while sim.alive() == 0 {
        tokio::task::yield_now().await;
    }
    stop.send(()).unwrap();
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap_or(0), 0);
    tasks.join_next().await.unwrap().unwrap();
    assert_eq!((sim.alive(), sim.cancelled()), (0, 1));
}
