//! The README's first commands and the answer that it shows, compared: a newcomer has nothing else. All of its commands are run
//! by `commands.rs`.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::Value;

use crate::cli::daemon::Server;
use crate::cli::ensc;

fn readme() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    std::fs::read_to_string(path).expect("there is a README")
}

/// The contents of the fenced blocks of one language, in order.
fn blocks(language: &str) -> Vec<String> {
    let text = readme();
    let opener = format!("```{language}\n");
    let parts = text.split(&opener).skip(1);
    parts.map(|part| part.split("```").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_first_command_serves_and_the_pasted_question_gets_the_shown_answer() {
    let commands = blocks("sh");
    let (_, args) = commands[0].trim().split_once(" -- ").expect("cargo run … -- ARGS");
    let mut serve = ensc();
    serve.current_dir(env!("CARGO_MANIFEST_DIR")).args(args.split(' ')).args(["--port", "0"]);
    let server = Server::start(serve);

    let body =
        commands[1].split("-d '").nth(1).and_then(|rest| rest.split('\'').next()).expect("curl … -d 'BODY'");
    let answer = post(&server.address, body);
    let shown: Value = serde_json::from_str(&blocks("json")[0]).expect("the answer is shown as JSON");
    holds(&answer, &shown, "");
    assert!(
        answer["choices"][0]["message"]["content"]
            .as_str()
            .is_some_and(|text| text.starts_with("[simulated"))
    );
}

/// Everything that is shown is there; what is there may be more.
#[track_caller]
fn holds(answer: &Value, shown: &Value, place: &str) {
    match shown {
        Value::Object(map) => {
            map.iter().for_each(|(name, value)| holds(&answer[name], value, &format!("{place}/{name}")));
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(at, value)| holds(&answer[at], value, &format!("{place}/{at}")));
        }
        plain => assert_eq!(answer, plain, "at {place}"),
    }
}

fn post(address: &str, body: &str) -> Value {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let length = body.len();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(body).expect("the answer is JSON")
}

#[test]
fn the_second_command_is_what_ci_runs() {
    let command = blocks("sh")[2].trim().to_owned();
    let ci = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/run");
    let ci = std::fs::read_to_string(ci).expect("there is .ci/run");
    assert!(ci.trim_end().ends_with(&format!("exec {command}")), "{ci}");
}
