//! What stands in the log, and what never does: the daemon as a process, with an upstream that quotes secrets.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::daemon::{Server, simulated};
use super::{ensc, sound};

const PROMPT: &str = "medlar-in-the-prompt";
const ANSWER: &str = "quince-in-the-answer";
const UPSTREAM: &str = "sloe-in-the-error";
const CALLER_KEY: &str = "rowan-is-the-key-of-callers";
const WRONG_KEY: &str = "hazel-is-a-wrong-key";
const UPSTREAM_KEY: &str = "alder-is-the-key-upstream";

/// What must not be logged at `info` and above, and what not even below.
const TEXTS: [&str; 3] = [PROMPT, ANSWER, UPSTREAM];
const KEYS: [&str; 3] = [CALLER_KEY, WRONG_KEY, UPSTREAM_KEY];

/// A LiteLLM whose `beta-large` fails and says a secret, and whose other models answer one. All that it is asked.
fn upstream() -> (u16, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let asked = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let seen = Arc::clone(&seen);
            std::thread::spawn(move || answer(&stream.expect("a connection"), &seen));
        }
    });
    (port, asked)
}

/// The head and the body of a request or an answer; `None` at the end of the connection.
fn message(reader: &mut impl BufRead) -> Option<(String, String)> {
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let from = head.len();
        if reader.read_line(&mut head).expect("a line") == 0 {
            return None;
        }
        if let Some(text) = head[from..].to_ascii_lowercase().strip_prefix("content-length: ") {
            length = text.trim().parse().expect("a number");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("the body");
    Some((head, String::from_utf8(body).expect("UTF-8")))
}

/// One request, one answer, and the end of the connection.
fn answer(mut stream: &TcpStream, seen: &Mutex<String>) {
    let Some((head, body)) = message(&mut BufReader::new(stream)) else { return };
    seen.lock().expect("nobody panics").push_str(&(head + &body));
    let (status, said) = if body.contains("beta-large") {
        (400, json!({"error": {"message": UPSTREAM, "type": UPSTREAM, "code": "400"}}))
    } else {
        let message = json!({"role": "assistant", "content": ANSWER});
        (
            200,
            json!({"object": "chat.completion", "model": "alpha-large",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}),
        )
    };
    let said = said.to_string();
    let head = format!(
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        said.len()
    );
    stream.write_all((head + &said).as_bytes()).expect("it is read");
}

/// The log of a daemon that was asked well and badly, with secrets in every place.
fn log(set_up: impl FnOnce(&mut Command)) -> String {
    let (port, asked) = upstream();
    let folder: TempDir = sound();
    let path = folder.path().join("log");
    let mut command = ensc();
    command.current_dir(folder.path()).args(["serve", "--port", "0", "--base-url"]);
    command.arg(format!("http://127.0.0.1:{port}/v1"));
    command.env("OPTILLM_API_KEY", CALLER_KEY).env("OPENAI_API_KEY", UPSTREAM_KEY);
    set_up(&mut command);
    let mut server = Server::start_logged(command, fs::File::create(&path).expect("a file").into());
    let message = json!([{"role": "user", "content": PROMPT}]);
    for stream in [false, true] {
        let body = json!({"model": "opt-plan-high-xl", "messages": message, "stream": stream});
        let answer = post(&server, CALLER_KEY, &body.to_string());
        assert!(answer.contains(ANSWER), "{answer}");
    }
    let none = post(&server, CALLER_KEY, &json!({"model": PROMPT, "messages": message}).to_string());
    assert!(none.starts_with("HTTP/1.1 404 "), "{none}");
    let wrong = post(&server, WRONG_KEY, "{}");
    assert!(wrong.starts_with("HTTP/1.1 401 "), "{wrong}");
    for body in [
        format!("{{\"{PROMPT}"),
        json!({"model": "x", "messages": PROMPT}).to_string(),
        json!({"model": "x", "messages": message, "seed": PROMPT}).to_string(),
        json!({"model": "x", "messages": message, "ensc": {"strict": PROMPT}}).to_string(),
    ] {
        let bad = post(&server, CALLER_KEY, &body);
        assert!(bad.starts_with("HTTP/1.1 400 "), "{bad}");
    }
    server.end();
    let asked = asked.lock().expect("nobody panics");
    assert!(asked.contains(PROMPT) && asked.contains(UPSTREAM_KEY), "the secrets went where they belong");
    fs::read_to_string(path).expect("there is a log")
}

fn post(server: &Server, key: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(&server.address).expect("it listens");
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\
         x-request-id: {PROMPT}\r\nuser-agent: {PROMPT}\r\nx-{PROMPT}: {PROMPT}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        server.address,
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

#[track_caller]
fn holds_none_of(log: &str, secrets: &[&str]) {
    for secret in secrets {
        assert!(!log.contains(secret), "`{secret}` stands in the log:\n{log}");
    }
}

#[test]
fn a_log_line_is_json_and_a_run_has_one() {
    let log = log(|it| _ = it.args(["--log", "json"]));
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    for line in &lines {
        assert!(
            line["timestamp"].is_string() && line["level"].is_string() && line["message"].is_string(),
            "{line}"
        );
    }
    let of = |message: &str| lines.iter().filter(|line| line["message"] == message).collect::<Vec<_>>();
    let runs = of("run");
    assert_eq!(runs.len(), 2, "{log}");
    for run in runs {
        let told = ["handle", "calls", "tokens", "degraded", "status"].map(|name| run[name].clone());
        assert_eq!(told, [json!("opt-plan-high-xl"), json!(3), json!(0), json!(true), json!(200)], "{run}");
        assert!(
            run["run"].as_str().is_some_and(|id| id.starts_with("run-")) && run["wall_s"].is_f64(),
            "{run}"
        );
    }
    let codes: Vec<_> = of("refused").iter().map(|line| line["code"].clone()).collect();
    assert_eq!(
        codes,
        [
            "model_not_found",
            "invalid_api_key",
            "invalid_request",
            "invalid_request",
            "invalid_request",
            "invalid_request"
        ]
    );
    holds_none_of(&log, &TEXTS);
    holds_none_of(&log, &KEYS);
}

#[test]
fn nothing_that_was_said_stands_in_the_log_and_no_key_at_any_level() {
    let log_of = |level| log(|it| _ = it.env("RUST_LOG", level));
    let info = log_of("info");
    assert!(info.contains("opt-plan-high-xl"), "{info}");
    holds_none_of(&info, &TEXTS);
    holds_none_of(&info, &KEYS);
    let debug = log_of("debug");
    assert!(debug.contains("DEBUG"), "{debug}");
    holds_none_of(&debug, &KEYS);
    holds_none_of(&debug, &[PROMPT, ANSWER]);
}

#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    let folder: TempDir = sound();
    let mut command = simulated(folder.path());
    command.args(["--log", "json"]);
    let mut server = Server::start_logged(command, Stdio::piped());
    let mut stream = TcpStream::connect(&server.address).expect("it listens");
    // Who waits for the reader of the log for ever fails here, and does not hang.
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit can be set");
    let mut answers = BufReader::new(stream.try_clone().expect("one more handle"));
    let mut get = |path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", server.address);
        stream.write_all(request.as_bytes()).expect("it reads");
        message(&mut answers).expect("it answers").1
    };
    // A line each: more than the pipe and the lines that wait may hold together.
    (0..PIPE_LINES_MAX + LINES_MAX + 1).for_each(|_| _ = get("/nowhere"));
    let metrics = get("/metrics");
    let lost = metrics.lines().find_map(|line| line.strip_prefix("ensc_log_lines_lost_total "));
    assert!(lost.is_some_and(|count| count != "0"), "{metrics}");
    server.end();
}

/// Lines that wait (`docs/daemon.md`, "Limits").
const LINES_MAX: usize = 4096;

/// More lines than a pipe takes: it holds 64 KiB, and a line has more than 64 bytes.
const PIPE_LINES_MAX: usize = 1024;
