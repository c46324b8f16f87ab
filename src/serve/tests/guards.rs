//! Who may ask.

use std::sync::Arc;

use crate::serve::routes::App;

use super::kit::{PORT, ask, chat, done, events, get, hello_app, send, state_of};

#[tokio::test]
async fn only_requests_meant_for_us_are_answered() {
    let host = format!("host: 127.0.0.1:{PORT}\r\n");
    let base = get("/v1/models").replace("host: localhost:4020\r\n", &host);
    let with_host = |lines: &str| base.replace(&host, lines);
    let with_target = |target: &str| base.replace("GET /v1/models", &format!("GET {target}"));
    for (request, status) in [
        (base.clone(), 200),
        (with_host("Host: LOCALHOST:4020\r\n"), 200),
        (with_host(""), 400),
        (with_host("host: 127.0.0.1:4020\r\nhost: 127.0.0.1:4020\r\n"), 400),
        (with_host("host: evil.example:4020\r\n"), 403),
        (with_host("host: 127.0.0.1\r\n"), 403),
        (with_host("host: 127.0.0.1:4021\r\n"), 403),
        (with_host("host: 127.0.0.1.evil.example:4020\r\n"), 403),
        (with_host("host: [::1]:4020\r\n"), 403),
        (with_host("host: 127.1:4020\r\n"), 403),
        (with_host("host: localhost.:4020\r\n"), 403),
        (with_host("host: localhost:04020\r\n"), 403),
        (with_host("host: user@localhost:4020\r\n"), 403),
        (with_host("host: localhost:4020, evil.example\r\n"), 403),
        (with_host("").replace("HTTP/1.1", "HTTP/1.0"), 400),
        (with_target("http://127.0.0.1:4020/v1/models"), 200),
        (with_target("http://evil.example:4020/v1/models"), 403),
        (with_target("http://user@127.0.0.1:4020/v1/models"), 403),
        (with_target("http://127.0.0.1/v1/models"), 403),
        (
            with_target("http://127.0.0.1:4020/v1/models").replace("host: 127.0.0.1:", "host: evil.example:"),
            403,
        ),
        (base.replace("GET /v1/models", "CONNECT evil.example:443"), 403),
        (base.replace("GET /v1/models", "CONNECT 127.0.0.1:4020"), 404),
        (base.replace("GET /v1/models", "OPTIONS *"), 403),
    ] {
        let answer = send(hello_app(), &request).await;
        assert_eq!(answer.status, status, "{request}");
        assert!(status == 200 || answer.json()["error"]["message"].is_string(), "{request}");
    }
}

#[tokio::test]
async fn web_pages_are_turned_away() {
    for (line, status) in [
        ("origin: http://127.0.0.1:4020", 200),
        ("origin: http://localhost:4020", 200),
        ("origin: https://localhost:4020", 403),
        ("origin: http://localhost:3000", 403),
        ("origin: https://evil.example", 403),
        ("origin: null", 403),
        ("origin: http://localhost:4020\r\norigin: https://evil.example", 403),
        ("sec-fetch-site: cross-site", 403),
        ("sec-fetch-site: same-origin", 200),
        ("sec-fetch-site: none", 200),
    ] {
        assert_eq!(send(hello_app(), chat(&ask(""), &[line])).await.status, status, "{line}");
    }
    let preflight = chat("", &[]).replace("POST", "OPTIONS");
    assert_eq!(send(hello_app(), preflight).await.status, 403);
}

#[tokio::test]
async fn a_body_must_be_json_by_name() {
    let json = chat(&ask(""), &[]);
    for (line, status) in [
        ("content-type: application/json; charset=utf-8\r\n", 200),
        ("Content-Type: Application/JSON\r\n", 200),
        ("", 415),
        ("content-type: text/plain\r\n", 415),
        ("content-type: application/jsonp\r\n", 415),
        ("content-type: application/json, text/plain\r\n", 415),
        ("Content-Type: application/json\r\ncontent-type: application/json; charset=utf-8\r\n", 200),
        ("content-type: application/json\r\ncontent-type: text/plain\r\n", 415),
        ("content-type: text/plain\r\ncontent-type: application/json\r\n", 415),
        ("content-type: application/json\r\ncontent-encoding: identity\r\n", 200),
        ("content-type: application/json\r\ncontent-encoding: gzip\r\n", 415),
        ("content-type: application/json\r\ncontent-encoding: identity\r\ncontent-encoding: gzip\r\n", 415),
    ] {
        let request = json.replace("content-type: application/json\r\n", line);
        assert_eq!(send(hello_app(), request).await.status, status, "{line}");
    }
}

#[tokio::test]
async fn all_but_health_stands_behind_the_key() {
    let (state, _) = state_of(|| events(vec![done("hello")]), Some("sk-right"));
    let app = App::new(Arc::new(state), PORT);
    let list = get("/v1/models");
    let with = |lines: &str| list.replace("connection: close\r\n", &format!("connection: close\r\n{lines}"));
    for (request, status) in [
        (list.clone(), 401),
        (with("authorization: Bearer sk-right\r\n"), 200),
        (with("authorization: bearer sk-right\r\n"), 200),
        (with("authorization: Bearer sk-wrong\r\n"), 401),
        (with("authorization: Bearer sk-rightly\r\n"), 401),
        (with("authorization: Bearer \r\n"), 401),
        (with("authorization: Basic sk-right\r\n"), 401),
        (with("authorization: Bearer sk-right\r\nauthorization: Bearer sk-right\r\n"), 401),
        (get("/metrics"), 401),
        (get("/v1/nothing"), 401),
        (get("/health/../v1/models"), 404),
        (get("//v1/models"), 401),
        (chat(&ask(""), &["x-ensc-probe: 1"]), 401),
        (get("/health"), 200),
        (get("/health/ready"), 503),
    ] {
        assert_eq!(send(app.clone(), &request).await.status, status, "{request}");
    }
    let (empty, _) = state_of(|| events(vec![done("hello")]), Some(""));
    let request = with("authorization: Bearer \r\n");
    assert_eq!(send(App::new(Arc::new(empty), PORT), request).await.status, 401);
    assert_eq!(send(app.clone(), chat(&ask(""), &[])).await.error().1, "invalid_api_key");
    assert!(!send(app.clone(), get("/health/ready")).await.body.contains("reasons"));
    let keyed = get("/health/ready").replace("\r\n\r\n", "\r\nauthorization: Bearer sk-right\r\n\r\n");
    assert!(send(app, keyed).await.body.contains("reasons"));
}

#[tokio::test]
async fn a_call_through_an_ensemble_is_refused_and_the_path_is_named() {
    let many = vec!["opt-a"; 17].join(",");
    let long = "a".repeat(1025);
    for (path, status) in
        [("", 200), ("opt-a", 400), ("opt-a, opt-b", 400), ("Opt_A", 400), (&many, 400), (&long, 400)]
    {
        let answer = send(hello_app(), chat(&ask(""), &[&format!("x-ensc-path: {path}")])).await;
        assert_eq!(answer.status, status, "{path}");
    }
    let answer = send(hello_app(), chat(&ask(""), &["x-ensc-path: opt-a,opt-b"])).await;
    assert!(answer.body.contains("opt-a → opt-b → opt-chat-balanced-m"), "{}", answer.body);
    assert_eq!(answer.error().1, "nested_ensemble");
}

#[test]
fn a_traceparent_is_valid_or_absent() {
    use axum::http::{HeaderMap, HeaderValue};
    let read_all = |values: &[&'static str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("traceparent", HeaderValue::from_static(value));
        }
        crate::serve::hop::Hop::read(&headers).ok().and_then(|hop| hop.traceparent)
    };
    let read = |value| read_all(&[value]);
    let sound = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    assert_eq!(read(sound).as_deref(), Some(sound));
    assert_eq!(read_all(&[sound, sound]), None);
    for wrong in [
        "",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
    ] {
        assert_eq!(read(wrong), None, "{wrong}");
    }
}

#[tokio::test]
async fn a_refusal_is_read_even_by_who_is_still_sending() {
    let large = format!("{{\"x\":\"{}\"}}", "x".repeat(1 << 20));
    for request in [
        chat(&large, &["origin: null"]),
        chat(&large, &[]).replace("/chat/completions", "/embeddings"),
        chat(&large, &[]).replace("POST", "PUT"),
    ] {
        let mut sent = false;
        let answer = super::kit::talk(hello_app(), async |mut io: tokio::io::DuplexStream| {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            sent = io.write_all(request.as_bytes()).await.is_ok();
            let mut bytes = String::new();
            io.read_to_string(&mut bytes).await.expect("the connection ends in order");
            super::kit::parse(&bytes)
        });
        assert!(answer.await.status >= 400);
        assert!(sent, "all was taken");
    }
}
