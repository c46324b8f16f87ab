//! `ensc check`: what is wrong with a set of files.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::cli::config::{self, Loaded};
use crate::cli::doctor::kind::Level as Badness;
use crate::cli::output::{Output, Stop};
use crate::cli::{doctor, fix, world};
use crate::diagnostic::{Severity, github, json, render, sarif};
use crate::lint::Level;
use crate::upstream::base_url::BaseUrl;

/// Say what is wrong with `.ens` files
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ensc check                    everything in ensembles/ (or here, if there is no such folder)
  ensc check tiers models.ens   these, as one program
  ensc check --fix --diff       what would be mended; without --diff it is
  ensc check --deny warnings    for CI: warnings are errors
  ensc check --deny vote-on-two --allow L004
                                levels of single lints, by code or name
  ensc check --format json      for editors and scripts; also sarif, github
  ensc check --live             then ask LiteLLM whether it knows every model, with these limits
  ensc explain L003             what a code means

Levels also stand in ensc.toml, under [lints]: L003 = \"allow\", \"warn\", \"deny\" or \"forbid\".")]
pub struct Args {
    /// Files and folders, read as one program
    paths: Vec<PathBuf>,

    /// How findings are printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    /// Make a lint an error; `warnings` makes every warning one
    #[arg(long, value_name = "LINT")]
    deny: Vec<String>,

    /// Make a lint a warning
    #[arg(long, value_name = "LINT")]
    warn: Vec<String>,

    /// Do not look for a lint
    #[arg(long, value_name = "LINT")]
    allow: Vec<String>,

    /// Mend what has a sure fix, then check what is left
    #[arg(long)]
    fix: bool,

    /// Show what would be mended and change nothing
    #[arg(long, requires = "fix")]
    diff: bool,

    /// Then ask LiteLLM about the models: does it know each, and with the same limits
    #[arg(long, conflicts_with = "diff")]
    live: bool,

    /// LiteLLM for --live [default: that of ensc.toml, or http://127.0.0.1:4000/v1]
    #[arg(long, value_name = "URL", env = "ENSC_BASE_URL", hide_env_values = true)]
    base_url: Option<String>,

    /// Settings file [default: ensc.toml in the first folder]
    #[arg(long, value_name = "FILE", env = "ENSC_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Pictures for people.
    #[default]
    Text,
    Json,
    /// For code scanning; SARIF 2.1.0.
    Sarif,
    /// Annotations of a GitHub workflow.
    Github,
}

/// The word that denies every warning.
const WARNINGS: &str = "warnings";

impl Args {
    /// Findings go to standard output.
    ///
    /// # Errors
    ///
    /// [`Stop::Found`] for errors, and for warnings where they are denied.
    pub fn run(self, out: &mut Output) -> Result<(), Stop> {
        if self.live && self.format != Format::Text {
            return Err(Stop::Usage(
                "`--live` prints for people; `ensc doctor --format json` is for programs".into(),
            ));
        }
        let mut loaded = self.load()?;
        if self.fix {
            let mended = fix::mend(&loaded);
            if self.diff {
                out.print(&mended.diff(&loaded))?;
                return if mended.is_empty() { Ok(()) } else { Err(Stop::Found) };
            }
            mended.write(&loaded)?;
            out.note(&mended.summary(&loaded));
            if !mended.is_empty() {
                loaded = self.load()?;
            }
        }
        let printed = out.print(&match self.format {
            Format::Text => text(&loaded, out.colour()),
            Format::Json => pretty(&json::to_json(&loaded.sources, &loaded.compiled.diagnostics)),
            Format::Sarif => {
                pretty(&sarif::to_sarif(&loaded.sources, &loaded.compiled.diagnostics, &loaded.shown_paths()))
            }
            Format::Github => {
                github::annotations(&loaded.sources, &loaded.compiled.diagnostics, &loaded.shown_paths())
            }
        });
        // A reader that has seen enough does not make the files right.
        match printed {
            Ok(()) | Err(Stop::Quiet) => {}
            Err(stop) => return Err(stop),
        }
        if loaded.compiled.errors() > 0 {
            return Err(Stop::Found);
        }
        if self.live { self.look(&loaded, out) } else { Ok(()) }
    }

    /// What LiteLLM says of the models.
    fn look(&self, loaded: &Loaded, out: &mut Output) -> Result<(), Stop> {
        let report = doctor::look_at_models(loaded, self.base_url.as_deref())?;
        out.print(&report.text(out.colour(), out.width()))?;
        let denied = self.deny.iter().any(|word| word == WARNINGS) && report.count(Badness::Warn) > 0;
        if denied || report.count(Badness::Wrong) > 0 { Err(Stop::Found) } else { Ok(()) }
    }

    fn load(&self) -> Result<Loaded, Stop> {
        let paths = if self.paths.is_empty() { vec![world::default_folder()] } else { self.paths.clone() };
        let mut loaded = config::load(&paths, self.config.as_deref(), &self.levels())?;
        // What `serve` would refuse is said before it is started.
        if let Some(url) = &loaded.config.serve.base_url {
            BaseUrl::parse(url, loaded.config.serve.port)
                .map_err(|problem| Stop::Failed(format!("ensc.toml: {problem}")))?;
        }
        if self.deny.iter().any(|word| word == WARNINGS) {
            for found in &mut loaded.compiled.diagnostics {
                found.severity = Severity::Error;
            }
        }
        Ok(loaded)
    }

    /// What is denied counts before what is only warned of, and that before what is allowed.
    fn levels(&self) -> Vec<(&str, Level)> {
        let allowed = self.allow.iter().map(|word| (word.as_str(), Level::Allow));
        let warned = self.warn.iter().map(|word| (word.as_str(), Level::Warn));
        let denied = self.deny.iter().filter(|word| *word != WARNINGS);
        allowed.chain(warned).chain(denied.map(|word| (word.as_str(), Level::Deny))).collect()
    }
}

fn text(loaded: &Loaded, colour: bool) -> String {
    let found = &loaded.compiled.diagnostics;
    if found.is_empty() { all_is_well(loaded) } else { render::render(&loaded.sources, found, colour) }
}

/// `12 files, 10 handles: nothing wrong`.
fn all_is_well(loaded: &Loaded) -> String {
    let files = counted(loaded.sources.iter().count(), "file");
    format!("{files}, {}: nothing wrong\n", counted(loaded.compiled.plans.len(), "handle"))
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn pretty(document: &serde_json::Value) -> String {
    format!("{document:#}\n")
}
