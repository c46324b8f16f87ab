//! What `[serve.limits]` says counts, open files are made enough or missed aloud, and ten thousand idle connections are held.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use super::daemon::{Server, simulated};
use super::{SOUND, ensc, folder, sound};

#[test]
fn limits_of_the_settings_count() {
    let settings = "[serve.limits]\nbody = \"1KiB\"\nbodies = \"8KiB\"\n";
    let folder = folder(&[("plan.ens", SOUND), ("ensc.toml", settings)]);
    let server = Server::start(simulated(folder.path()));
    let question = |length: usize| {
        let words = "x".repeat(length);
        format!(r#"{{"model":"opt-plan-high-xl","messages":[{{"role":"user","content":"{words}"}}]}}"#)
    };
    assert!(server.ask(&question(100)).starts_with("HTTP/1.1 200 "));
    let refused = server.ask(&question(1000));
    assert!(refused.starts_with("HTTP/1.1 413 "), "{refused}");
    assert!(refused.contains("the body is larger than 1 KiB"), "{refused}");
}

#[test]
fn a_limit_that_cannot_be_one_keeps_the_daemon_from_starting() {
    for (limit, why) in [
        ("runs = 0", "`runs` cannot be 0; write a number from 1 to 1000000"),
        ("idle = \"long\"", "`idle` cannot be `long`; write a time as 500ms, 30s or 2m"),
        ("runz = 1", "unknown field `runz`"),
    ] {
        let folder = folder(&[("plan.ens", SOUND), ("ensc.toml", &format!("[serve.limits]\n{limit}\n"))]);
        let done = ensc().current_dir(folder.path()).args(["serve", "--upstream", "sim"]).output();
        let done = done.expect("the command starts");
        let stderr = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(why) && stderr.contains("ensc.toml"), "{stderr}");
        assert!(done.stdout.is_empty(), "it half started");
    }
}

/// The daemon under a hard and a soft limit of open files; its log once it serves.
fn log_under(limits: &str, settings: &str) -> String {
    let folder = folder(&[("plan.ens", SOUND), ("ensc.toml", settings)]);
    let log = folder.path().join("log");
    let mut command = Command::new("sh");
    let start = format!("{limits} && exec \"$0\" serve --port 0 --upstream sim");
    command.args(["-c", &start, env!("CARGO_BIN_EXE_ensc")]).current_dir(folder.path());
    command.env_clear().env("NO_COLOR", "1");
    let mut server = Server::start_logged(command, File::create(&log).expect("a file").into());
    assert!(server.get("/health").starts_with("HTTP/1.1 200 "));
    server.end();
    std::fs::read_to_string(log).expect("there is a log")
}

#[test]
fn open_files_are_raised_to_what_the_system_allows_and_too_few_are_said() {
    let enough = "[serve.limits]\nconnections = 400\n";
    let raised = log_under("ulimit -Sn 100 && ulimit -Hn 500", enough);
    assert!(raised.contains("open files, at most before=100 after=500"), "{raised}");
    assert!(!raised.contains("too few"), "{raised}");

    let few = log_under("ulimit -Sn 100 && ulimit -Hn 500", "");
    let why = "500 open files at most are too few for the limits, which may need 12352: raise the hard limit";
    assert!(few.contains("WARN") && few.contains(why), "{few}");
}

/// Over a real socket: nothing wakes hyper after an answer, as a pipe within this process would.
#[test]
fn a_connection_that_was_answered_is_closed_when_it_is_idle_for_too_long() {
    let folder = sound();
    std::fs::write(folder.path().join("ensc.toml"), "[serve.limits]\nidle = \"300ms\"\n").expect("a file");
    let server = Server::start(simulated(folder.path()));
    let mut connection = TcpStream::connect(&server.address).expect("it listens");
    connection.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    write!(connection, "GET /health HTTP/1.1\r\nhost: {}\r\n\r\n", server.address).expect("it is open");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("it is closed in order");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Connections that are open at once, and the most that may be held then, in KiB.
const CONNECTIONS: usize = 10_000;
const HELD_MAX_KIB: u64 = 250 << 10;
/// hyper keeps two buffers of 8 KiB for a connection; a silent one has none.
const EACH_MAX_KIB: u64 = 8;

#[test]
#[cfg(target_os = "linux")]
fn ten_thousand_idle_connections_are_held_in_250_mib_and_each_without_buffers() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let hard = getrlimit(Resource::Nofile).maximum;
    assert!(hard.is_none_or(|hard| hard > 11_000), "this test opens 10,000 files: raise `ulimit -Hn`");
    setrlimit(Resource::Nofile, Rlimit { current: hard, maximum: hard }).expect("a soft limit can be raised");

    let folder = sound();
    let server = Server::start(simulated(folder.path()));
    let fresh = server.memory_kib();
    let request = format!("GET /health HTTP/1.1\r\nhost: {}\r\n\r\n", server.address);
    let mut connections: Vec<TcpStream> = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let mut connection = TcpStream::connect(&server.address).expect("it listens");
        connection.write_all(request.as_bytes()).expect("it is open");
        let mut head = [0; 12];
        connection.read_exact(&mut head).expect("it answers");
        assert_eq!(&head, b"HTTP/1.1 200");
        connections.push(connection);
    }
    let held = server.memory_kib();
    assert!(held <= HELD_MAX_KIB, "{held} KiB are held");
    let each = held.saturating_sub(fresh) / CONNECTIONS as u64;
    assert!(each < EACH_MAX_KIB, "{each} KiB are held for each, {fresh} KiB before");
    // All of them are alive: the first is answered once more.
    connections[0].write_all(request.as_bytes()).expect("it is open");
    let mut seen = String::new();
    while seen.matches("HTTP/1.1 200").count() == 0 {
        let mut piece = [0; 1024];
        let count = connections[0].read(&mut piece).expect("it answers");
        assert!(count > 0, "it was closed: {seen}");
        seen.push_str(&String::from_utf8_lossy(&piece[..count]));
    }
}
