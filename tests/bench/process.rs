//! Child processes of the bench: started, found by the address they print, measured from outside, killed on drop.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::{ENSC, Result};

pub struct Child {
    /// `127.0.0.1:4711`
    pub address: String,
    /// From its start to its address in the log.
    pub ready_after: Duration,
    process: std::process::Child,
}

/// The unit of `/proc/<pid>/stat`; 100 a second on every Linux of today.
const TICK: Duration = Duration::from_millis(10);
const READY_WAIT: Duration = Duration::from_secs(20);

impl Child {
    /// This program again, as a back end or a relay.
    pub async fn of_role(role: &str, backend: Option<&str>, logs: &Path) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--role", role]);
        if let Some(address) = backend {
            command.args(["--backend", address]);
        }
        Self::start(command, log_path(logs, role)).await
    }

    pub async fn daemon(backend: &str, ensembles: &Path, logs: &Path) -> Result<Self> {
        let mut command = Command::new(ENSC);
        command.args(["serve", "--port", "0", "--base-url", &format!("http://{backend}/v1"), "--ensembles"]);
        command
            .arg(ensembles)
            .env_clear()
            .env("OPENAI_API_KEY", "bench")
            .env("OPTILLM_API_KEY", crate::load::KEY);
        Self::start(command, log_path(logs, "daemon")).await
    }

    async fn start(mut command: Command, log: PathBuf) -> Result<Self> {
        let out = File::create(&log)?;
        let begun = Instant::now();
        let process = command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out).spawn()?;
        let mut child = Self { address: String::new(), ready_after: Duration::ZERO, process };
        while child.address.is_empty() {
            let text = std::fs::read_to_string(&log)?;
            if child.process.try_wait()?.is_some() || begun.elapsed() > READY_WAIT {
                return Err(format!("{command:?} did not come up:\n{text}").into());
            }
            match address_in(&text) {
                Some(address) => child.address = address,
                None => tokio::time::sleep(Duration::from_micros(300)).await,
            }
        }
        child.ready_after = begun.elapsed();
        Ok(child)
    }

    /// User and system time that it has used so far.
    pub fn cpu(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |at: usize| -> Result<u32> { Ok(fields.get(at).ok_or("short stat line")?.parse()?) };
        Ok(TICK * (ticks(11)? + ticks(12)?)) // utime and stime, counted from behind the name
    }

    /// Memory that it holds, `VmRSS`.
    pub fn rss_kib(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn log_path(logs: &Path, name: &str) -> PathBuf {
    logs.join(format!("{name}-{:08x}.log", fastrand::u32(..)))
}

/// What follows `listening on http://`, in a line that has ended. Logs name other addresses before that.
fn address_in(text: &str) -> Option<String> {
    let ended = &text[..text.rfind('\n')?];
    let (_, rest) = ended.split_once("listening on http://")?;
    rest.lines().next().map(str::to_owned)
}
