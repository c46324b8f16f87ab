//! What stands around the daemon on a host: the unit, the socket, the keys, the Mac's property list, the scripts of
//! operations and the package. Each is read as its reader would, and what it starts is started.

mod health;
mod package;
mod plist;
pub mod unit;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use clap::Parser;
use tempfile::TempDir;

use crate::cli::daemon::Server;
use crate::cli::{ensc, folder};
use plist::Plist;
use unit::Unit;

const SERVICE: &str = "systemd/optillm-proxy.service";
const SOCKET: &str = "systemd/optillm-proxy.socket";
const CREDENTIALS: &str = "systemd/credentials.conf";
const ENV: &str = "systemd/env.example";
const PLIST: &str = "launchd/local.optillm-proxy.plist";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// With environment file, and with credentials.
fn services() -> [Unit; 2] {
    let plain = Unit::read(&text(SERVICE));
    [plain.clone(), plain.and(&text(CREDENTIALS))]
}

fn start_of(unit: &Unit) -> Vec<String> {
    unit::words(unit.value("Service", "ExecStart").expect("it starts something"))
}

fn property_list() -> Plist {
    plist::read(&text(PLIST))
}

fn arguments(list: &Plist) -> Vec<String> {
    list.at("ProgramArguments").items().iter().map(|item| item.text().to_owned()).collect()
}

/// What follows a flag.
fn flag<'a>(words: &'a [String], name: &str) -> &'a str {
    let at =
        words.iter().position(|word| word == name).unwrap_or_else(|| panic!("{name} is not in {words:?}"));
    &words[at + 1]
}

fn seconds(time: &str) -> Duration {
    Duration::from_secs(time.trim_end_matches('s').parse().expect("seconds"))
}

#[test]
fn every_command_line_is_one_that_the_daemon_reads() {
    let units = services();
    for words in [start_of(&units[0]), start_of(&units[1]), arguments(&property_list())] {
        ensc::cli::Cli::try_parse_from(&words).unwrap_or_else(|error| panic!("{words:?}\n{error}"));
        assert_eq!(words[1], "serve");
        assert_eq!(flag(&words, "--host"), "127.0.0.1");
        assert_eq!(flag(&words, "--port"), "4020");
        assert_eq!(flag(&words, "--base-url"), "http://127.0.0.1:4000/v1");
    }
    let mut wrong = start_of(&units[0]);
    wrong.push("--no-such-flag".to_owned());
    assert!(ensc::cli::Cli::try_parse_from(wrong).is_err());
}

/// The command line with a port and a folder of ours, as the daemon of this build.
fn started(words: &[String], set_up: impl FnOnce(&mut Command)) -> Server {
    let mut command = ensc();
    let mut before = "";
    for word in &words[1..] {
        command.arg(match before {
            "--port" => "0",
            "--ensembles" => concat!(env!("CARGO_MANIFEST_DIR"), "/ensembles"),
            _ => word,
        });
        before = word;
    }
    set_up(&mut command);
    Server::start(command)
}

fn asks_for_a_key(server: &Server, key: &str) {
    assert!(server.get("/health").starts_with("HTTP/1.1 200 "));
    assert!(server.get("/v1/models").starts_with("HTTP/1.1 401 "));
    let with_key = server.get_with(&format!("authorization: Bearer {key}\r\n"), "/v1/models");
    assert!(with_key.starts_with("HTTP/1.1 200 "), "{with_key}");
}

#[test]
fn the_daemon_starts_as_the_unit_says_with_the_example_of_an_environment() {
    let unit = Unit::read(&text(SERVICE));
    let mut server = started(&start_of(&unit), |command| {
        command.envs(unit::variables(&text(ENV)));
    });
    asks_for_a_key(&server, "replace-me-too");
    server.end();
}

#[test]
fn the_daemon_starts_as_the_unit_says_with_credentials() {
    let unit = &services()[1];
    let given = folder(&[("openai-api-key", "upstream\n"), ("optillm-api-key", "callers\n")]);
    assert_eq!(unit.value("Service", "EnvironmentFile"), None, "the drop-in takes it away");
    for (name, from) in unit.values("Service", "LoadCredential").map(|it| it.split_once(':').expect("from")) {
        assert!(given.path().join(name).exists(), "{name}");
        assert_eq!(from, format!("/etc/optillm-proxy/{name}"));
        assert!(unit.values("Unit", "AssertPathExists").any(|path| path == from), "{from} is not asserted");
    }
    let mut server = started(&start_of(unit), |command| {
        for line in unit.values("Service", "Environment") {
            let (name, value) = line.split_once('=').expect("a variable");
            command.env(name, value.replace("%d", given.path().to_str().expect("UTF-8")));
        }
    });
    asks_for_a_key(&server, "callers");
    server.end();
}

#[test]
fn the_daemon_starts_as_the_property_list_says() {
    let given = folder(&[("openai-api-key", "upstream\n"), ("optillm-api-key", "callers\n")]);
    let moved: Vec<String> = arguments(&property_list())
        .into_iter()
        .map(|word| match word.strip_suffix("-api-key").and_then(|path| path.rsplit_once('/')) {
            Some((_, name)) => given.path().join(format!("{name}-api-key")).display().to_string(),
            None => word,
        })
        .collect();
    let mut server = started(&moved, |_| ());
    asks_for_a_key(&server, "callers");
    server.end();
}

#[test]
fn whoever_stops_the_daemon_waits_longer_than_its_grace() {
    for unit in services() {
        let grace = seconds(flag(&start_of(&unit), "--grace"));
        assert!(seconds(unit.value("Service", "TimeoutStopSec").expect("a time")) > grace);
    }
    let list = property_list();
    assert!(seconds(list.at("ExitTimeOut").text()) > seconds(flag(&arguments(&list), "--grace")));
}

#[test]
fn there_is_room_for_ten_thousand_connections_and_no_core_is_dumped() {
    let files = |text: &str| text.parse::<u64>().expect("a number");
    for unit in services() {
        assert!(files(unit.value("Service", "LimitNOFILE").expect("a limit")) >= 2 * 10_000);
        assert_eq!(unit.value("Service", "LimitCORE"), Some("0"));
    }
    let list = property_list();
    for limits in [list.at("SoftResourceLimits"), list.at("HardResourceLimits")] {
        assert!(files(limits.at("NumberOfFiles").text()) >= 2 * 10_000);
        assert_eq!(limits.at("Core").text(), "0");
    }
}

#[test]
fn no_secret_stands_where_everybody_can_read_it() {
    for path in [SERVICE, SOCKET, CREDENTIALS, PLIST] {
        let text = text(path);
        assert!(!text.contains("API_KEY=") && !text.contains("--api-key "), "{path}");
    }
}

#[test]
fn the_socket_is_the_one_that_the_flags_say() {
    let socket = Unit::read(&text(SOCKET));
    let words = start_of(&services()[0]);
    let address = format!("{}:{}", flag(&words, "--host"), flag(&words, "--port"));
    assert_eq!(socket.values("Socket", "ListenStream").collect::<Vec<_>>(), [address]);
}

/// What is dangerous at most, in tenths: 1.5.
const EXPOSURE_MAX: &str = "15";

/// The units as installed, with the program of this build in the place of the one that is installed.
fn installed(with_credentials: bool) -> TempDir {
    let program = env!("CARGO_BIN_EXE_ensc");
    let service = text(SERVICE).replacen("ExecStart=ensc ", &format!("ExecStart={program} "), 1);
    assert!(service.contains(program));
    let mut files = vec![("optillm-proxy.service", service), ("optillm-proxy.socket", text(SOCKET))];
    if with_credentials {
        files.push(("optillm-proxy.service.d/credentials.conf", text(CREDENTIALS)));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    folder(&files)
}

fn systemd_analyze(args: &[&str], files: &[PathBuf]) -> Output {
    Command::new("systemd-analyze").args(args).args(files).env("SYSTEMD_COLORS", "0").output().unwrap_or_else(
        |error| panic!("systemd-analyze: {error}; install systemd (apt-get install systemd), or run tests/site/setup.sh"),
    )
}

fn service_in(folder: &Path) -> PathBuf {
    folder.join("optillm-proxy.service")
}

#[test]
#[cfg(target_os = "linux")]
fn systemd_has_nothing_to_say_of_the_units() {
    for with_credentials in [false, true] {
        let folder = installed(with_credentials);
        let files = [service_in(folder.path()), folder.path().join("optillm-proxy.socket")];
        let said = systemd_analyze(&["verify"], &files);
        let words = String::from_utf8_lossy(&said.stdout) + String::from_utf8_lossy(&said.stderr);
        assert!(said.status.success() && words.is_empty(), "{words}");
    }
    let folder = installed(true);
    let drop_in = folder.path().join("optillm-proxy.service.d/credentials.conf");
    std::fs::write(&drop_in, text(CREDENTIALS) + "NoSuchSetting=yes\n").expect("it can be written");
    let said = systemd_analyze(&["verify"], &[service_in(folder.path())]);
    assert!(String::from_utf8_lossy(&said.stderr).contains("NoSuchSetting"), "the drop-in is not read");
}

#[test]
#[cfg(target_os = "linux")]
fn the_daemon_could_do_little_harm() {
    let args = ["security", "--offline=true", "--threshold", EXPOSURE_MAX];
    for with_credentials in [false, true] {
        let folder = installed(with_credentials);
        let said = systemd_analyze(&args, &[service_in(folder.path())]);
        let words = String::from_utf8_lossy(&said.stdout);
        assert!(said.status.success() && words.contains("Overall exposure level"), "{words}");
    }
    let folder = installed(false);
    let open = text(SERVICE).replace("PrivateUsers=yes", "").replace("CapabilityBoundingSet=", "");
    std::fs::write(service_in(folder.path()), open).expect("it can be written");
    assert!(!systemd_analyze(&args, &[service_in(folder.path())]).status.success(), "anything goes");
}
