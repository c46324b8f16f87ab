//! The daemon's unit: would it start what the settings say?

use std::path::Path;

use clap::Parser;

use super::kind::{Kind, Part};
use super::report::Report;
use crate::cli::serve::PORT;
use crate::cli::target::BASE_URL;
use crate::cli::world;
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
    /// `text` is what is at `path` and in its drop-ins, or why that could not be read. Gives the command that the unit
    /// starts, if that is ours.
    pub fn judge(
        &self,
        path: &str,
        text: Result<Option<String>, String>,
        report: &mut Report,
    ) -> Option<String> {
        let unit = match text {
            Ok(Some(text)) => text.replace("\\\n", " "),
            Ok(None) => {
                report.found(Kind::NoUnit, format!("there is no {path}"));
                return None;
            }
            Err(problem) => {
                report.found(Kind::FileUnread, problem);
                return None;
            }
        };
        let before = report.0.len();
        let command = self.judge_start(path, &unit, report);
        self.judge_env(path, &unit, report);
        if report.0.len() == before {
            report.ok(Part::Unit, format!("{path} starts the daemon as the settings say"));
        }
        command
    }

    fn judge_start(&self, path: &str, unit: &str, report: &mut Report) -> Option<String> {
        let (command, port, base) = match started(unit) {
            Ok(started) => started,
            Err(problem) => {
                report.found(Kind::UnitFlags, format!("{path} {problem}"));
                return None;
            }
        };
        if port != self.port {
            report.found(Kind::UnitElsewhere, format!("{path} says port {port}, not {}", self.port));
        }
        if BaseUrl::parse(&base, None).as_ref() != Ok(self.base) {
            report.found(Kind::UnitElsewhere, format!("{path} says `{base}`, not `{}`", self.base));
        }
        Some(command)
    }

    fn judge_env(&self, path: &str, unit: &str, report: &mut Report) {
        let Some(env_file) = self.env_file else { return };
        let env_path = world::resolved(env_file);
        let reads = |value: &str| world::resolved(Path::new(value.trim_start_matches('-'))) == env_path;
        // Keys may be credentials instead.
        let has_credentials = !values(unit, "LoadCredential").is_empty();
        if !has_credentials && !values(unit, "EnvironmentFile").into_iter().any(reads) {
            report.found(Kind::UnitEnv, format!("{path} does not read {}", env_file.display()));
        }
    }
}

/// The command, the port and the base URL with which a unit starts `ensc serve`.
///
/// # Errors
///
/// What it does instead.
fn started(unit: &str) -> Result<(String, u16, String), String> {
    let start = values(unit, "ExecStart").pop().ok_or("has no `ExecStart`")?;
    // What systemd reads before the command: `-`, `@`, `+`, ….
    let words: Vec<&str> =
        start.trim_start_matches(['-', '@', ':', '+', '!', '|']).split_whitespace().collect();
    match Cli::try_parse_from(&words).map(|cli| cli.verb) {
        Ok(Verb::Serve(args)) => {
            let (port, base) = args.addresses();
            let command = words.first().copied().unwrap_or_default().to_owned();
            Ok((command, port.unwrap_or(PORT), base.unwrap_or(BASE_URL).to_owned()))
        }
        Ok(_) => Err("does not start `ensc serve`".to_owned()),
        Err(error) => {
            let why = error.to_string();
            let why = why.lines().next().unwrap_or_default().trim_start_matches("error: ");
            Err(format!("has an `ExecStart` that is not understood: {why}"))
        }
    }
}

/// What stands behind a name, each time that it does; where nothing stands, what was said before is taken back.
fn values<'a>(unit: &'a str, name: &str) -> Vec<&'a str> {
    let mut values = Vec::new();
    for (key, value) in unit.lines().filter_map(|line| line.split_once('=')) {
        match value.trim() {
            _ if key.trim() != name => (),
            "" => values.clear(),
            value => values.push(value),
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::values;

    #[test]
    fn an_empty_value_takes_back_what_was_said() {
        let unit = "ExecStart=a\n# ExecStart=b\nExecStart=\nExecStart = c d\nOther=e\n";
        assert_eq!(values(unit, "ExecStart"), ["c d"]);
    }
}
