//! Other programs: where they are, what they say, and which of them a process runs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::reason;

/// Longest wait for what a program says.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// How the kernel marks a file that has another in its place, or none.
const DELETED: &str = " (deleted)";

/// What a process runs.
#[derive(Debug, PartialEq, Eq)]
pub struct Running {
    pub path: PathBuf,
    /// The file is not there any more; another may have its name.
    pub is_deleted: bool,
}

/// What a program writes to standard output. It is ended if it does not end by itself.
///
/// # Errors
///
/// In words, why it said nothing: it is missing, took too long, or failed, then with the first line of its complaint.
pub async fn said(program: &Path, args: &[&str]) -> Result<String, String> {
    let shown = program.display();
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).kill_on_drop(true);
    let done = match timeout(WAIT_MAX, command.output()).await {
        Err(_) => return Err(format!("`{shown}` did not answer")),
        Ok(Err(error)) => return Err(format!("`{shown}` cannot be run: {}", reason(&error))),
        Ok(Ok(done)) => done,
    };
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&done.stderr);
    let first = complaint.lines().next().unwrap_or("it failed").trim_end_matches('.');
    Err(format!("`{shown}` says: {first}"))
}

/// Whether somebody may run this file.
#[must_use]
pub fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// The file of this very command.
#[must_use]
pub fn own() -> Option<PathBuf> {
    std::env::current_exe().ok()
}

/// What a process runs, where the system tells.
///
/// # Errors
///
/// In words, why it does not tell.
pub fn running(process: u32) -> Result<Running, String> {
    if cfg!(not(target_os = "linux")) {
        return Err("only Linux tells which binary a process runs".to_owned());
    }
    match fs::read_link(format!("/proc/{process}/exe")) {
        Ok(path) => Ok(Running::read(&path)),
        Err(error) => Err(format!("which binary process {process} runs cannot be seen: {}", reason(&error))),
    }
}

// === impl Running ===

impl Running {
    fn read(link: &Path) -> Self {
        let said = link.to_string_lossy();
        match said.strip_suffix(DELETED) {
            Some(path) => Self { path: PathBuf::from(path), is_deleted: true },
            None => Self { path: link.to_owned(), is_deleted: false },
        }
    }
}
