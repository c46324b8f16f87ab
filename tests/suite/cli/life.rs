//! From the first word to the service manager to the last: reloads, the watchdog, a socket that was opened for us.
//!
//! The test is the service manager: what the daemon tells it says when to go on, so nothing here waits for a time.

use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::daemon::{Server, simulated};
use super::{SOUND, broken, ensc, sound};

/// When a test is given up. Nothing is measured by it.
const GIVEN_UP: Duration = Duration::from_secs(60);

/// Another ensemble, for a folder that has `SOUND`.
const SECOND: &str = "ensemble second at high-xl {\n  a = parallel [alpha-large, beta-large]\n  \
                      reply = merge a by beta-large\n}\n";

/// A daemon in a folder, and what it tells its manager.
struct Managed {
    folder: TempDir,
    told: UnixDatagram,
    server: Server,
}

// === impl Managed ===

impl Managed {
    fn start(set_up: impl FnOnce(&mut Command)) -> Self {
        let folder = sound();
        let socket = folder.path().join("notify");
        let told = UnixDatagram::bind(&socket).expect("a socket");
        told.set_read_timeout(Some(GIVEN_UP)).expect("a socket has a timeout");
        let mut command = simulated(folder.path());
        command.env("NOTIFY_SOCKET", &socket);
        set_up(&mut command);
        let managed = Self { folder, told, server: Server::start(command) };
        assert_eq!(managed.next(), "READY=1");
        managed
    }

    /// What the manager is told next, but for signs of life.
    fn next(&self) -> String {
        loop {
            let mut bytes = [0; 256];
            let count = self.told.recv(&mut bytes).expect("the daemon says something");
            let text = String::from_utf8_lossy(&bytes[..count]).trim_end().to_owned();
            if text != "WATCHDOG=1" {
                return text;
            }
        }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("a file");
    }

    /// Waits for a reload to begin and to end.
    #[track_caller]
    fn reloaded(&self) {
        let begun = self.next();
        let time = begun.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").expect(&begun);
        assert!(time.parse::<u64>().is_ok_and(|usec| usec > 0), "{begun}");
        assert_eq!(self.next(), "READY=1");
    }

    fn hang_up(&self) {
        self.server.signal("-HUP");
        self.reloaded();
    }

    fn serves(&self, handle: &str) -> bool {
        self.server.get("/v1/models").contains(&format!("\"{handle}\""))
    }
}

#[test]
fn a_hangup_puts_the_new_set_in_the_place_of_the_old_one() {
    let daemon = Managed::start(|_| ());
    assert!(!daemon.serves("opt-second-high-xl"));
    daemon.write("second.ens", SECOND);
    daemon.hang_up();
    assert!(daemon.serves("opt-second-high-xl") && daemon.serves("opt-plan-high-xl"));
    fs::remove_file(daemon.folder.path().join("second.ens")).expect("it is there");
    daemon.hang_up();
    assert!(!daemon.serves("opt-second-high-xl") && daemon.serves("opt-plan-high-xl"));
}

#[test]
fn a_set_with_a_mistake_changes_nothing_and_is_told_until_it_is_mended() {
    let daemon = Managed::start(|_| ());
    daemon.write("second.ens", SECOND);
    daemon.write("plan.ens", &broken());
    daemon.hang_up();
    assert!(daemon.serves("opt-plan-high-xl") && !daemon.serves("opt-second-high-xl"));
    let health = daemon.server.get("/health");
    assert!(health.starts_with("HTTP/1.1 200 ") && health.contains("\"stale\":true"), "{health}");
    assert!(health.contains("plan.ens:10"), "{health}");
    daemon.write("plan.ens", SOUND);
    daemon.hang_up();
    assert!(daemon.serves("opt-second-high-xl"));
    assert!(!daemon.server.get("/health").contains("stale"));
}

#[test]
fn an_empty_folder_changes_nothing() {
    let daemon = Managed::start(|_| ());
    fs::remove_file(daemon.folder.path().join("plan.ens")).expect("it is there");
    daemon.hang_up();
    assert!(daemon.serves("opt-plan-high-xl"));
    assert!(daemon.server.get("/health").contains("holds no `.ens` file"));
}

#[test]
fn settings_that_cannot_be_read_change_nothing() {
    let daemon = Managed::start(|_| ());
    daemon.write("second.ens", SECOND);
    daemon.write("ensc.toml", "[lint]\n");
    daemon.hang_up();
    assert!(!daemon.serves("opt-second-high-xl"));
    assert!(daemon.server.get("/health").contains("ensc.toml"));
}

#[test]
fn changes_of_files_are_seen_where_that_is_wanted() {
    let daemon = Managed::start(|command| _ = command.arg("--watch"));
    daemon.write("second.ens", SECOND);
    daemon.reloaded();
    assert!(daemon.serves("opt-second-high-xl"));
    daemon.write("second.ens", &SECOND.replace("second", "third"));
    daemon.reloaded();
    assert!(daemon.serves("opt-third-high-xl") && !daemon.serves("opt-second-high-xl"));
    daemon.write("ensc.toml", "[lints]\nL101 = \"warn\"\n");
    daemon.reloaded();
    assert!(!daemon.server.get("/health").contains("stale"));
}

#[test]
fn the_manager_hears_that_the_daemon_lives_and_when_it_stops() {
    let daemon = Managed::start(|command| _ = command.env("WATCHDOG_USEC", "20000"));
    let mut bytes = [0; 64];
    let count = daemon.told.recv(&mut bytes).expect("the daemon says something");
    assert_eq!(&bytes[..count].trim_ascii_end(), b"WATCHDOG=1");
    daemon.server.signal("-TERM");
    assert_eq!(daemon.next(), "STOPPING=1");
}

/// A daemon that is given `listener` as a service manager gives it: as descriptor 3, for this process.
fn with_socket(listener: TcpListener) -> Command {
    let mut command = Command::new("sh");
    let plain = ensc();
    command.args(["-c", "exec 3<&0 </dev/null; export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$0\" \"$@\""]);
    command.arg(plain.get_program()).args(["serve", "--port", "1", "--upstream", "sim"]);
    command.stdin(OwnedFd::from(listener));
    command.env_remove("OPTILLM_API_KEY").env_remove("OPENAI_API_KEY");
    command
}

#[test]
fn a_socket_that_was_opened_for_us_is_served() {
    let folder = sound();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let mut command = with_socket(listener);
    command.current_dir(folder.path());
    let server = Server::start(command);
    assert_eq!(server.address, address);
    assert!(server.get("/v1/models").contains("opt-plan-high-xl"));
}

#[test]
fn a_socket_on_another_address_is_refused() {
    let folder = sound();
    let listener = TcpListener::bind("127.0.0.2:0").expect("the loopback has many addresses");
    let done = with_socket(listener).current_dir(folder.path()).output().expect("the command starts");
    let stderr = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("it must be on 127.0.0.1"), "{stderr}");
    assert!(done.stdout.is_empty(), "it half started");
}
