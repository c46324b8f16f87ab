//! The daemon's unit: would it start what the settings say?

use std::path::Path;

use clap::Parser;

use super::kind::{Kind, Part};
use super::report::Report;
use crate::cli::serve::PORT;
use crate::cli::target::BASE_URL;
use crate::cli::{Cli, Verb};
use crate::upstream::base_url::BaseUrl;

/// What the unit should say.
pub struct Expected<'a> {
    pub port: u16,
    pub base: &'a BaseUrl,
    /// Where the environment file lies, if the platform has one.
    pub env_file: Option<&'a Path>,
}

// === impl Expected ===

impl Expected<'_> {
    /// `text` is what is at `path`, or why that could not be read.
    pub fn judge(&self, path: &str, text: Result<Option<String>, String>, report: &mut Report) {
        let unit = match text {
            Ok(Some(text)) => text.replace("\\\n", " "),
            Ok(None) => return report.found(Kind::NoUnit, format!("there is no {path}")),
            Err(problem) => return report.found(Kind::FileUnread, problem),
        };
        let before = report.0.len();
        self.judge_start(path, &unit, report);
        self.judge_env(path, &unit, report);
        if report.0.len() == before {
            report.ok(Part::Unit, format!("{path} starts the daemon as the settings say"));
        }
    }

    fn judge_start(&self, path: &str, unit: &str, report: &mut Report) {
        let Some(start) = values(unit, "ExecStart").last() else {
            return report.found(Kind::UnitFlags, format!("{path} has no `ExecStart`"));
        };
        // What systemd reads before the command: `-`, `@`, `+`, ….
        let words = start.trim_start_matches(['-', '@', ':', '+', '!', '|']).split_whitespace();
        let (port, base) = match Cli::try_parse_from(words).map(|cli| cli.verb) {
            Ok(Verb::Serve(args)) => {
                let (port, base) = args.addresses();
                (port.unwrap_or(PORT), base.unwrap_or(BASE_URL).to_owned())
            }
            Ok(_) => return report.found(Kind::UnitFlags, format!("{path} does not start `ensc serve`")),
            Err(error) => {
                let why = error.to_string();
                let why = why.lines().next().unwrap_or_default().trim_start_matches("error: ");
                return report.found(Kind::UnitFlags, format!("{path}: {why}"));
            }
        };
        if port != self.port {
            report.found(Kind::UnitElsewhere, format!("{path} says port {port}, not {}", self.port));
        }
        if BaseUrl::parse(&base, None).as_ref() != Ok(self.base) {
            report.found(Kind::UnitElsewhere, format!("{path} says `{base}`, not `{}`", self.base));
        }
    }

    fn judge_env(&self, path: &str, unit: &str, report: &mut Report) {
        let Some(env_file) = self.env_file else { return };
        let reads = |value: &str| Path::new(value.trim_start_matches('-')) == env_file;
        if !values(unit, "EnvironmentFile").any(reads) {
            report.found(Kind::UnitEnv, format!("{path} does not read {}", env_file.display()));
        }
    }
}

/// What stands behind a name, each time that it does.
fn values<'a>(unit: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    unit.lines().filter_map(move |line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == name).then_some(value.trim())
    })
}
