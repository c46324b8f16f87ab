//! `ensc check`: what is wrong with a set of files.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::cli::config::{self, Loaded};
use crate::cli::output::{Output, Stop};
use crate::cli::world;
use crate::diagnostic::{json, render};

/// Say what is wrong with `.ens` files
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ensc check                    everything in ensembles/ (or here, if there is no such folder)
  ensc check tiers models.ens   these, as one program
  ensc check --format json      for editors and scripts
  ensc explain L101             what a code means")]
pub struct Args {
    /// Files and folders, read as one program
    paths: Vec<PathBuf>,

    /// How findings are printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    /// What else counts as an error
    #[arg(long, value_enum, value_name = "WHAT")]
    deny: Option<Deny>,

    /// Settings file [default: ensc.toml in the first folder]
    #[arg(long, value_name = "FILE", env = "ENSC_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Human,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Deny {
    Warnings,
}

impl Args {
    /// Findings go to standard output.
    ///
    /// # Errors
    ///
    /// [`Stop::Found`] for errors, and for warnings where they are denied.
    pub fn run(self, out: &mut Output) -> Result<(), Stop> {
        let paths = if self.paths.is_empty() { vec![world::default_folder()] } else { self.paths.clone() };
        let loaded = config::load(&paths, self.config.as_deref())?;
        let printed = match self.format {
            Format::Human => out.print(&human(&loaded, out.colour())),
            Format::Json => out.print(&as_json(&loaded)),
        };
        // A reader that has seen enough does not make the files right.
        match printed {
            Ok(()) | Err(Stop::Quiet) => {}
            Err(stop) => return Err(stop),
        }
        let found = match self.deny {
            Some(Deny::Warnings) => loaded.compiled.diagnostics.len(),
            None => loaded.compiled.errors(),
        };
        if found > 0 { Err(Stop::Found) } else { Ok(()) }
    }
}

fn human(loaded: &Loaded, colour: bool) -> String {
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

fn as_json(loaded: &Loaded) -> String {
    let mut text = format!("{:#}", json::to_json(&loaded.sources, &loaded.compiled.diagnostics));
    text.push('\n');
    text
}
