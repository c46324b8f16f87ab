//! The binary that the unit starts: is it there, is it of our version, and is it what runs?

use std::path::{Path, PathBuf};

use super::kind::{Kind, Part};
use super::report::Report;
use super::systemd::Loaded;
use crate::cli::world::{self, program};

/// Where systemd looks for a name without a folder, whatever PATH says; some systems leave out a few.
const SEARCHED: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// `command` is the first word of `ExecStart`; `loaded` what systemd has of the unit, if it was asked.
pub async fn judge(command: &str, loaded: Option<&Loaded>, report: &mut Report) {
    let binary = match place(command, loaded.and_then(|it| it.binary.as_deref())) {
        Ok(binary) => binary,
        Err(problem) => return report.found(Kind::NoBinary, problem),
    };
    let before = report.0.len();
    if let Err(problem) = judge_version(&binary, report).await {
        return report.found(Kind::NoBinary, problem);
    }
    let process = loaded.and_then(|it| it.process);
    let is_seen = process.is_some_and(|process| judge_process(process, &binary, report));
    if report.0.len() == before {
        let runs = if is_seen { ", and it is what runs" } else { "" };
        report.ok(Part::Unit, format!("{} is `ensc` {}{runs}", binary.display(), env!("CARGO_PKG_VERSION")));
    }
}

/// Where systemd finds it; `known` if it has said so.
fn place(command: &str, known: Option<&Path>) -> Result<PathBuf, String> {
    let path = Path::new(command);
    if path.is_absolute() {
        return match program::is_program(path) {
            true => Ok(path.to_owned()),
            false if path.exists() => Err(format!("`{command}` is no file that can be run")),
            false => Err(format!("`{command}` does not exist")),
        };
    }
    if command.contains('/') {
        return Err(format!(
            "systemd refuses `{command}`: it takes a whole path, or a name without any folder"
        ));
    }
    let searched = SEARCHED.iter().map(|folder| Path::new(folder).join(command));
    let mut all = known.map(Path::to_owned).into_iter().chain(searched);
    all.find(|path| program::is_program(path)).ok_or_else(|| {
        format!(
            "`{command}` is in none of the folders that systemd searches, whatever PATH says ({})",
            SEARCHED.join(", ")
        )
    })
}

/// # Errors
///
/// In words, why it cannot be run.
async fn judge_version(binary: &Path, report: &mut Report) -> Result<(), String> {
    // A file that is this very command need not be asked.
    if program::own().is_some_and(|own| world::resolved(&own) == world::resolved(binary)) {
        return Ok(());
    }
    let (ours, shown) = (env!("CARGO_PKG_VERSION"), binary.display());
    let said = program::said(binary, &["--version"]).await?;
    match said.trim().strip_prefix("ensc ") {
        Some(version) if version == ours => (),
        Some(version) => {
            report.found(Kind::OtherBinary, format!("{shown} is {version}, this command {ours}"));
        }
        None => report.found(Kind::OtherBinary, format!("{shown} says no version of `ensc`")),
    }
    Ok(())
}

/// Whether it could be seen what runs.
fn judge_process(process: u32, binary: &Path, report: &mut Report) -> bool {
    let running = match program::running(process) {
        Ok(running) => running,
        Err(why) => {
            report.skipped(Part::Unit, why);
            return false;
        }
    };
    let shown = running.path.display();
    if running.is_deleted {
        report.found(Kind::OldBinary, format!("process {process} runs a {shown} that was replaced since"));
    } else if running.path != world::resolved(binary) {
        report.found(
            Kind::OldBinary,
            format!("process {process} runs {shown}, the unit would start {}", binary.display()),
        );
    }
    true
}
