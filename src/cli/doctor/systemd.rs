//! What systemd says of the daemon's unit: has it read the file as it is, and what does it run?

use std::path::{Path, PathBuf};

use super::kind::{Kind, Part};
use super::report::Report;
use crate::cli::world::{self, program};

/// What is asked for.
const PROPERTIES: &str =
    "--property=LoadState,ActiveState,NeedDaemonReload,FragmentPath,DropInPaths,ExecStart,MainPID";

/// A unit as systemd has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    load: String,
    active: String,
    is_stale: bool,
    /// The unit's file, if systemd has found one.
    pub file: Option<PathBuf>,
    /// Files that change what it says.
    pub drop_ins: Vec<PathBuf>,
    /// The binary that it starts, if systemd has looked for it.
    pub binary: Option<PathBuf>,
    /// The daemon's process, if it runs.
    pub process: Option<u32>,
}

// === impl Loaded ===

impl Loaded {
    /// # Errors
    ///
    /// In words, why systemd says nothing.
    pub async fn of(unit: &str) -> Result<Self, String> {
        let said = program::said(Path::new("systemctl"), &["show", PROPERTIES, "--", unit]).await?;
        Ok(Self::read(&said))
    }

    /// `said` is what `systemctl show` prints: a property a line, in an order of its own.
    fn read(said: &str) -> Self {
        let mut loaded = Self::default();
        for (name, value) in said.lines().filter_map(|line| line.split_once('=')) {
            match name {
                "LoadState" => value.clone_into(&mut loaded.load),
                "ActiveState" => value.clone_into(&mut loaded.active),
                "NeedDaemonReload" => loaded.is_stale = value == "yes",
                "FragmentPath" => loaded.file = Some(PathBuf::from(value)).filter(|_| !value.is_empty()),
                "DropInPaths" => loaded.drop_ins = value.split_whitespace().map(PathBuf::from).collect(),
                "ExecStart" => {
                    // { path=/usr/bin/ensc ; argv[]=ensc serve --port 4020 ; … }
                    let path = value.split_once("path=").and_then(|(_, rest)| rest.split(" ;").next());
                    loaded.binary = path.map(PathBuf::from).filter(|path| path.is_absolute());
                }
                "MainPID" => loaded.process = value.parse().ok().filter(|process| *process != 0),
                _ => (),
            }
        }
        loaded
    }
}

/// Whether systemd has the unit that is at `path`; it is then said what it makes of it.
pub fn judge(loaded: &Result<Loaded, String>, path: &Path, report: &mut Report) -> bool {
    let unseen = |why: String| {
        format!("{why}: whether systemd has read the unit as it is, and which binary runs, was not looked at")
    };
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(why) => {
            report.skipped(Part::Unit, unseen(why.clone()));
            return false;
        }
    };
    let (shown, load) = (world::shown(path), loaded.load.as_str());
    if matches!(load, "bad-setting" | "error" | "masked") {
        report.found(Kind::UnitRefused, format!("systemd says of {shown}: {load}"));
        return false;
    }
    match &loaded.file {
        None => {
            report.skipped(Part::Unit, unseen(format!("systemd has no unit of the name of {shown}")));
            return false;
        }
        Some(file) if world::resolved(file) != world::resolved(path) => {
            report.skipped(Part::Unit, unseen(format!("systemd has {}, not {shown}", file.display())));
            return false;
        }
        Some(_) => (),
    }
    let before = report.0.len();
    if loaded.is_stale {
        report.found(Kind::NotReloaded, format!("{shown} was changed, and systemd goes by what it had read"));
    }
    if loaded.active != "active" && loaded.active != "reloading" {
        report.found(Kind::NotRun, format!("systemd does not run {shown}: {}", loaded.active));
    }
    if report.0.len() == before {
        report.ok(Part::Unit, "systemd has read the unit as it is, and runs it");
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As systemd 252 prints it.
    const SAID: &str = "\
MainPID=812
ExecStart={ path=/usr/local/bin/ensc ; argv[]=ensc serve --port 4020 ; ignore_errors=no ; start_time=[Sun 2026-11-29 05:02:11 UTC] ; stop_time=[n/a] ; pid=812 ; code=(null) ; status=0/0 }
LoadState=loaded
ActiveState=active
FragmentPath=/usr/lib/systemd/system/optillm-proxy.service
DropInPaths=/etc/systemd/system/optillm-proxy.service.d/a.conf /etc/systemd/system/optillm-proxy.service.d/b.conf
NeedDaemonReload=yes
";

    #[test]
    fn properties_are_read_in_any_order() {
        let folder = Path::new("/etc/systemd/system/optillm-proxy.service.d");
        let loaded = Loaded {
            load: "loaded".into(),
            active: "active".into(),
            is_stale: true,
            file: Some("/usr/lib/systemd/system/optillm-proxy.service".into()),
            drop_ins: vec![folder.join("a.conf"), folder.join("b.conf")],
            binary: Some("/usr/local/bin/ensc".into()),
            process: Some(812),
        };
        assert_eq!(Loaded::read(SAID), loaded);
        let reversed: Vec<&str> = SAID.lines().rev().collect();
        assert_eq!(Loaded::read(&reversed.join("\n")), loaded);
    }

    #[test]
    fn what_systemd_does_not_have_is_nothing() {
        let said = "MainPID=0\nLoadState=not-found\nActiveState=inactive\nFragmentPath=\nDropInPaths=\nNeedDaemonReload=no\n";
        let loaded = Loaded::read(said);
        assert_eq!((loaded.file, loaded.drop_ins, loaded.binary, loaded.process), (None, vec![], None, None));
    }
}
