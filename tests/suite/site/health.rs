//! The scripts of operations, run against daemons that are well, not ready, and not there.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Server, ensc, folder, root};
use crate::cli::sound;

const KEY: &str = "a \"key\" of 100% $HOME";

/// The script's exit code, and what it said on both streams.
fn told(mut script: Command) -> (Option<i32>, String) {
    let done = script.output().expect("there is bash");
    let said = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
    (done.status.code(), said.into_owned())
}

fn script(name: &str, address: &str) -> Command {
    let mut command = Command::new("bash");
    command.arg(root().join("docs/ops").join(name)).stdin(Stdio::null());
    command.env("ENSC_URL", format!("http://{address}")).env("ENSC_ENV_FILE", "/nowhere");
    for name in ["OPTILLM_API_KEY", "ENSC_WAIT"] {
        command.env_remove(name);
    }
    command
}

fn healthcheck(address: &str) -> Command {
    script("healthcheck.sh", address)
}

/// A daemon that is ready and asks for `KEY`.
fn ready(folder: &Path) -> Server {
    let server = daemon(folder, &["--upstream", "sim"]);
    while !server.get("/health/ready").starts_with("HTTP/1.1 200 ") {}
    server
}

/// A daemon that asks for `KEY`; `upstream` is what its flags say of its upstream.
fn daemon(folder: &Path, upstream: &[&str]) -> Server {
    let mut command = ensc();
    command.current_dir(folder).args(["serve", "--port", "0"]).args(upstream).env("OPTILLM_API_KEY", KEY);
    Server::start(command)
}

#[test]
fn a_daemon_that_is_well_is_said_to_be() {
    let (folder, env) = (sound(), folder(&[("env", &format!("A=1\nOPTILLM_API_KEY='{KEY}'\n"))]));
    let server = ready(folder.path());
    let mut check = healthcheck(&server.address);
    check.env("OPTILLM_API_KEY", KEY);
    assert_eq!(told(check), (Some(0), "optillm-proxy: well, handles: 1\n".into()));
    let mut check = healthcheck(&server.address);
    check.env("ENSC_ENV_FILE", env.path().join("env"));
    assert_eq!(told(check), (Some(0), "optillm-proxy: well, handles: 1\n".into()));
}

#[test]
fn a_wrong_key_is_found() {
    let folder = sound();
    let server = ready(folder.path());
    for key in ["", "another"] {
        let mut check = healthcheck(&server.address);
        check.env("OPTILLM_API_KEY", key);
        let (code, said) = told(check);
        assert!(code == Some(1) && said.contains("does not take this key"), "{said}");
    }
}

/// An upstream that takes connections and says nothing until it is told to.
fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback is there");
    let url = format!("http://{}/v1", listener.local_addr().expect("it is bound"));
    (listener, url)
}

#[test]
fn a_daemon_without_its_gateway_is_not_ready() {
    let (folder, (_silent, url)) = (sound(), silent());
    let server = daemon(folder.path(), &["--base-url", &url]);
    let mut check = healthcheck(&server.address);
    check.env("OPTILLM_API_KEY", KEY);
    let (code, said) = told(check);
    assert!(code == Some(1) && said.contains("LiteLLM does not answer it"), "{said}");
}

#[test]
fn where_nothing_answers_it_says_where_to_look() {
    let folder = sound();
    let mut server = ready(folder.path());
    server.end();
    let (code, said) = told(healthcheck(&server.address));
    assert!(
        code == Some(1) && said.contains("nothing answers on") && said.contains("systemctl status"),
        "{said}"
    );
}

#[test]
fn another_server_on_the_port_is_not_the_daemon() {
    let (listener, _) = silent();
    let address = listener.local_addr().expect("it is bound").to_string();
    std::thread::spawn(move || answer(&listener, "404 Not Found"));
    let (code, said) = told(healthcheck(&address));
    assert!(code == Some(1) && said.contains("/health answers 404; is it the daemon?"), "{said}");
}

/// Answers whoever asks, until the test ends.
fn answer(listener: &TcpListener, status: &str) {
    for stream in listener.incoming() {
        let (mut stream, mut bytes) = (stream.expect("a connection"), [0; 1024]);
        // Who has waited too long is gone by now, and asks again.
        if stream.read(&mut bytes).is_ok_and(|count| count > 0) {
            let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    }
}

/// A program of that name, before all others.
fn fake(folder: &Path, name: &str, does: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{does}\n")).expect("it can be written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it can be made a program");
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default())
}

/// Each second that the script waits is one word in a pipe here: the gateway wakes up once it has waited.
#[test]
fn it_waits_for_a_daemon_that_is_not_ready_yet() {
    let (folder, programs, (listener, url)) = (sound(), folder(&[]), silent());
    let server = daemon(folder.path(), &["--base-url", &url]);
    let pipe = programs.path().join("waited");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("there is mkfifo").success());
    let once = programs.path().join("once");
    let does = format!(
        "[ -e {once} ] || {{ : > {once}; echo > {pipe}; }}; exec /bin/sleep 0.1",
        once = once.display(),
        pipe = pipe.display()
    );
    let path = fake(programs.path(), "sleep", &does);
    let mut check = healthcheck(&server.address);
    check.env("OPTILLM_API_KEY", KEY).env("ENSC_WAIT", "60").env("PATH", path);
    let check = check.stdout(Stdio::piped()).spawn().expect("there is bash");
    fs::read(&pipe).expect("it waits");
    std::thread::spawn(move || answer(&listener, "200 OK"));
    let done = check.wait_with_output().expect("it ends");
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stdout));
}

#[test]
fn a_restart_is_followed_by_the_question_whether_it_is_well() {
    let (folder, programs) = (sound(), folder(&[]));
    let server = ready(folder.path());
    let log = programs.path().join("log");
    let path = fake(programs.path(), "systemctl", &format!("echo \"$@\" >> {}", log.display()));
    let restart = |key: &str| {
        let mut restart = script("restart-all.sh", &server.address);
        restart.env("PATH", &path).env("OPTILLM_API_KEY", key).env("ENSC_WAIT", "0");
        told(restart)
    };
    assert_eq!(restart(KEY), (Some(0), "optillm-proxy: well, handles: 1\n".into()));
    assert_eq!(restart("another").0, Some(1));
    assert_eq!(fs::read_to_string(&log).expect("it ran"), "restart optillm-proxy.service\n".repeat(2));
}

#[test]
fn a_restart_that_fails_is_not_called_well() {
    let (folder, programs) = (sound(), folder(&[]));
    let server = ready(folder.path());
    let path = fake(programs.path(), "systemctl", "exit 1");
    let mut restart = script("restart-all.sh", &server.address);
    restart.env("PATH", path).env("OPTILLM_API_KEY", KEY);
    let (code, said) = told(restart);
    assert!(code == Some(1) && said.contains("it did not start") && !said.contains("well"), "{said}");
}
