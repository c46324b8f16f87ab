//! The two servers as processes: what they refuse at start, what they say when they are ready, how they end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::{ensc, folder, sound};

/// A server that is killed when the test ends.
pub struct Server {
    child: Child,
    pub address: String,
}

impl Server {
    /// Starts it and waits for the line that says where it listens.
    pub fn start(command: Command) -> Self {
        Self::start_logged(command, Stdio::null())
    }

    /// The same with its log in a place of one's own.
    pub fn start_logged(mut command: Command, log: Stdio) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().expect("the command starts");
        let stdout = child.stdout.take().expect("its output is piped");
        let line = BufReader::new(stdout).lines().next().expect("it says where it listens").expect("UTF-8");
        let address = line.strip_prefix("listening on http://").expect(&line).to_owned();
        Self { child, address }
    }

    pub fn get(&self, path: &str) -> String {
        self.get_with("", path)
    }

    /// The same with more lines in the head, each with its end.
    pub fn get_with(&self, headers: &str, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{headers}\r\n", self.address);
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }

    /// Stops it in good order.
    pub fn end(&mut self) {
        self.signal("-TERM");
        assert_eq!(self.child.wait().expect("it ends").code(), Some(0));
    }

    /// Asks a question; `body` is JSON.
    pub fn ask(&self, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let request = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: \
             application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }

    /// Memory that it holds, `VmRSS`.
    pub fn memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux says it");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    pub fn process(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().expect("there is `kill`").success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is refused at start: an exit code and a sentence, and no line that says that it listens.
#[track_caller]
fn refused(set_up: impl FnOnce(&mut Command), code: i32, sentence: &str) {
    let folder = sound();
    let mut command = ensc();
    command.current_dir(folder.path()).arg("serve").env("ENSC_PORT", "0");
    set_up(&mut command);
    let done = command.output().expect("the command starts");
    let stderr = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(code), "{stderr}");
    assert!(stderr.contains(sentence), "{stderr}");
    assert!(done.stdout.is_empty(), "it half started");
}

/// The daemon on the ensembles of a folder, with simulated models, on a port that is free.
pub fn simulated(folder: &Path) -> Command {
    let mut command = ensc();
    command.current_dir(folder).args(["serve", "--port", "0", "--upstream", "sim"]);
    command
}

#[test]
fn the_daemon_says_where_it_listens_serves_and_ends_on_a_signal() {
    let folder = sound();
    let mut server = Server::start(simulated(folder.path()));
    assert!(server.address.starts_with("127.0.0.1:"), "{}", server.address);
    assert!(server.get("/v1/models").contains("opt-plan-high-xl"));
    server.signal("-TERM");
    assert_eq!(server.child.wait().expect("it ends").code(), Some(0));
}

/// Whoever tries a stream without models sees one.
#[test]
fn simulated_models_stream_as_models_do() {
    let folder = sound();
    let server = Server::start(simulated(folder.path()));
    let body = r#"{"model":"opt-plan-high-xl","stream":true,"messages":[{"role":"user","content":"hello"}]}"#;
    let answer = server.ask(body);
    let events = answer.split("data: ").filter(|event| event.starts_with('{'));
    let pieces: Vec<String> = events
        .filter_map(|event| serde_json::from_str::<Value>(event.lines().next()?).ok())
        .filter_map(|chunk| Some(chunk["choices"][0]["delta"]["content"].as_str()?.to_owned()))
        .filter(|piece| !piece.is_empty())
        .collect();
    assert!(pieces.len() > 1 && pieces.concat().starts_with("[simulated "), "{answer}");
}

#[test]
fn callers_must_show_the_key_where_there_is_one() {
    let folder = sound();
    let mut command = simulated(folder.path());
    command.env("OPTILLM_API_KEY", "a-key-for-callers");
    let server = Server::start(command);
    assert!(server.get("/v1/models").starts_with("HTTP/1.1 401 "));
    assert!(server.get("/health").starts_with("HTTP/1.1 200 "));
}

/// The upstream is the test: it reads the head of the first call.
#[test]
fn the_key_that_goes_upstream_can_stand_in_a_file() {
    let folder = sound();
    std::fs::write(folder.path().join("key"), "a-key-for-litellm\n").expect("a file");
    let gateway = std::net::TcpListener::bind("127.0.0.1:0").expect("the loopback is there");
    let url = format!("http://{}/v1", gateway.local_addr().expect("it is bound"));
    let mut command = ensc();
    command.current_dir(folder.path()).args(["serve", "--port", "0", "--upstream-key-file", "key"]);
    command.args(["--base-url", &url]).env("OPENAI_API_KEY", "another");
    let server = Server::start(command);
    let mut client = TcpStream::connect(&server.address).expect("it listens");
    let body = r#"{"model":"opt-plan-high-xl","messages":[{"role":"user","content":"hi"}]}"#;
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json",
        server.address
    );
    let asked = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    client.write_all(asked.as_bytes()).expect("it reads");
    let call = gateway.incoming().map(|stream| head_of(stream.expect("a connection")));
    let call = call.into_iter().find(|head| head.starts_with("post /v1/chat/completions")).expect("a call");
    assert!(call.contains("\r\nauthorization: bearer a-key-for-litellm\r\n"), "{call}");
}

/// The head of a request, in small letters.
fn head_of(mut stream: TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).to_lowercase()
}

#[test]
fn the_simulator_names_the_models_of_the_ensembles() {
    let folder = sound();
    let mut command = ensc();
    command.current_dir(folder.path()).args(["sim", "--port", "0", "--ensembles", "."]);
    let server = Server::start(command);
    let models = server.get("/v1/models");
    assert!(models.contains("alpha-large") && models.contains("beta-large"), "{models}");
}

#[test]
fn only_loopback_is_served() {
    refused(|it| _ = it.args(["--host", "0.0.0.0"]), 2, "127.0.0.1 only");
    refused(|it| _ = it.env("ENSC_HOST", "192.168.1.5"), 2, "127.0.0.1 only");
}

#[test]
fn the_upstream_must_be_another_port_of_this_host() {
    refused(|it| _ = it.args(["--base-url", "http://10.0.0.1:4000/v1"]), 2, "base URL");
    refused(|it| _ = it.args(["--base-url", "http://127.0.0.1:4000"]), 2, "must end in `/v1`");
    refused(
        |it| _ = it.args(["--port", "4021", "--base-url", "http://127.0.0.1:4021/v1"]),
        2,
        "our own port",
    );
    refused(|it| _ = it.args(["--upstream", "other"]), 2, "there is no upstream `other`");
}

#[test]
fn an_empty_key_does_not_open_the_door() {
    refused(|it| _ = it.env("OPTILLM_API_KEY", ""), 1, "OPTILLM_API_KEY is empty");
    refused(|it| _ = it.args(["--api-key-file", "nowhere"]), 1, "`nowhere` cannot be read");
    refused(|it| _ = it.args(["--upstream-key-file", "nowhere"]), 1, "`nowhere` cannot be read");
    for flag in ["--api-key-file", "--upstream-key-file"] {
        let empty = folder(&[("key", " \n")]);
        refused(|it| _ = it.arg(flag).arg(empty.path().join("key")), 1, "is empty: there is no key in it");
    }
}

#[test]
fn spans_are_sent_as_json_over_plain_http_or_not_at_all() {
    let endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    refused(|it| _ = it.env(endpoint, "https://127.0.0.1:4318"), 1, "must begin with `http://`");
    let grpc = |it: &mut Command| {
        it.env(endpoint, "http://127.0.0.1:4317").env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    };
    refused(grpc, 1, "set it to http/json");
}

#[test]
fn approaches_of_optillm_are_pointed_elsewhere() {
    refused(|it| _ = it.args(["--approach", "mcts"]), 2, "optillm_approach");
}

#[test]
fn variables_of_optillm_that_are_not_read_are_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let set_up = |it: &mut Command| {
        it.args(["--port", &port, "--upstream", "sim"]).env("OPTILLM_APPROACH", "moa").env("NO_COLOR", "1");
    };
    refused(set_up, 1, "OPTILLM_APPROACH is not read: an ensemble says how it works");
}

#[test]
fn fields_that_steer_cannot_be_passed_on() {
    for name in ["fallbacks", "messages", "ensc", "optillm_approach"] {
        let settings = format!("[serve]\npass_fields = [\"x\", \"{name}\"]\n");
        let folder = folder(&[("plan.ens", super::SOUND), ("ensc.toml", &settings)]);
        let done = ensc().current_dir(folder.path()).args(["serve", "--upstream", "sim"]).output();
        let done = done.expect("the command starts");
        let stderr = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(&format!("`{name}` cannot be in `pass_fields`")), "{stderr}");
    }
}

/// Recording what is said is off, and never on in silence.
#[test]
fn recording_text_is_said_aloud() {
    let log_of = |settings: &str, set_up: &dyn Fn(&mut Command)| {
        let folder = folder(&[("plan.ens", super::SOUND), ("ensc.toml", settings)]);
        let log = folder.path().join("log");
        let mut command = simulated(folder.path());
        command.env("NO_COLOR", "1");
        set_up(&mut command);
        let mut server = Server::start_logged(command, std::fs::File::create(&log).expect("a file").into());
        let runs = server.get("/v1/runs");
        server.end();
        (std::fs::read_to_string(log).expect("there is a log"), runs)
    };
    let warns =
        "prompts and answers of the last runs are recorded, and every program on this host can read them";
    for (settings, set_up) in [
        ("", &(|it: &mut Command| _ = it.arg("--record-text")) as &dyn Fn(&mut Command)),
        ("", &|it: &mut Command| _ = it.env("ENSC_RECORD_TEXT", "true")),
        ("[serve]\nrecord_text = true\n", &|_: &mut Command| {}),
    ] {
        let (log, runs) = log_of(settings, set_up);
        assert!(log.contains("WARN") && log.contains(warns), "{log}");
        assert!(runs.contains(r#""text_recorded":true"#), "{runs}");
    }
    let with_key = |it: &mut Command| {
        it.arg("--record-text").env("OPTILLM_API_KEY", "a-key");
    };
    let (log, runs) = log_of("", &with_key);
    assert!(log.contains("who has the key can read them at /v1/runs"), "{log}");
    assert!(runs.starts_with("HTTP/1.1 401 "), "{runs}");
    let (log, runs) = log_of("", &|_| {});
    assert!(!log.contains("recorded") && runs.contains(r#""text_recorded":false"#), "{log}{runs}");
}

#[test]
fn a_mistake_in_any_file_keeps_the_daemon_from_starting() {
    let folder = folder(&[("good.ens", super::SOUND), ("bad.ens", "ensemble {")]);
    let done = simulated(folder.path()).output().expect("the command starts");
    assert_eq!(done.status.code(), Some(1));
    assert!(done.stdout.is_empty());
}

#[test]
fn a_port_that_is_taken_is_said_so() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("an address").port().to_string();
    refused(|it| _ = it.args(["--port", &port, "--upstream", "sim"]), 1, "is in use");
}
