//! `ensc export`: the files that the platform reads, on standard output or in their place.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::cli::config::Place;
use crate::cli::output::{Output, Stop};
use crate::cli::world::put::{self, Staged};
use crate::cli::{diff, world};
use crate::export::lines::Placed;
use crate::export::{DAEMON_URL, env, handles, litellm};
use crate::plan::Plan;

/// Write the files that the platform reads
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  ensc export handles                                    a new file, on standard output
  ensc export handles --write registry/handles.jsonl     our rows in that file; the rest stays
  ensc export litellm --check config/router.yaml         show what --write would change; 1 if anything
  sudo ensc export env --write /etc/optillm-proxy/env    secrets in it stay, and are never shown")]
pub enum What {
    /// Rows of the handles registry, one JSON object a line
    Handles {
        #[command(flatten)]
        file: File,
        #[command(flatten)]
        place: Place,
    },
    /// LiteLLM's `model_list`, one deployment a handle
    Litellm {
        /// Where LiteLLM finds the daemon
        #[arg(long, value_name = "URL", default_value = DAEMON_URL)]
        daemon_url: String,
        #[command(flatten)]
        file: File,
        #[command(flatten)]
        place: Place,
    },
    /// A variable a handle that names its selector
    Env {
        #[command(flatten)]
        file: File,
        #[command(flatten)]
        place: Place,
    },
}

/// Where the text goes.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct File {
    /// Bring this file up to date; only what is ours changes in it
    #[arg(long, value_name = "PATH")]
    write: Option<PathBuf>,

    /// Change nothing; show what --write would change, and exit with 1 if anything
    #[arg(long, value_name = "PATH", conflicts_with = "write")]
    check: Option<PathBuf>,
}

impl What {
    /// # Errors
    ///
    /// A program with errors: nothing is exported then. A file that cannot be understood, and with `--check` one that
    /// differs.
    pub fn run(self, out: &mut Output) -> Result<(), Stop> {
        let (file, place) = match &self {
            Self::Handles { file, place } | Self::Litellm { file, place, .. } | Self::Env { file, place } => {
                (file, place)
            }
        };
        let loaded = place.load_sound(out)?;
        let plans = &loaded.compiled.plans;
        match (&file.write, &file.check) {
            (Some(path), _) => self.write(plans, path, out),
            (None, Some(path)) => self.check(plans, path, out),
            (None, None) => {
                let text =
                    self.place(plans, "").map_err(|_| Stop::Failed("nothing can be written".into()))?;
                out.print(&text)
            }
        }
    }

    fn place(&self, plans: &[Plan], old: &str) -> Placed {
        match self {
            Self::Handles { .. } => handles::place(plans, old),
            Self::Litellm { daemon_url, .. } => litellm::place(plans, daemon_url, old),
            Self::Env { .. } => env::place(plans, old),
        }
    }

    /// Secrets stand in it.
    fn is_private(&self) -> bool {
        matches!(self, Self::Env { .. })
    }

    fn write(&self, plans: &[Plan], path: &Path, out: &mut Output) -> Result<(), Stop> {
        let (old, new) = self.planned(plans, path)?;
        let shown = world::shown(path);
        if old.as_ref() == Some(&new) {
            return out.print(&format!("{shown} is up to date\n"));
        }
        let staged = Staged::new(path, old.as_deref(), &new, self.is_private());
        staged.and_then(Staged::commit).map_err(Stop::Failed)?;
        out.print(&format!("wrote {shown}\n"))
    }

    fn check(&self, plans: &[Plan], path: &Path, out: &mut Output) -> Result<(), Stop> {
        let (old, new) = self.planned(plans, path)?;
        let old = old.unwrap_or_default();
        if old == new {
            return Ok(());
        }
        let seen = |text: &str| if self.is_private() { env::shown(text) } else { text.to_owned() };
        out.print(&diff::unified(&world::shown(path), &seen(&old), &seen(&new)))?;
        Err(Stop::Found)
    }

    /// What the file holds, if it is there, and what it is to hold.
    fn planned(&self, plans: &[Plan], path: &Path) -> Result<(Option<String>, String), Stop> {
        let shown = world::shown(path);
        if put::is_archived(path) {
            return Err(Stop::Failed(format!("`{shown}` is in `docs/archive`, where nothing is changed")));
        }
        let old = world::optional_text(path).map_err(Stop::Failed)?;
        let placed = self.place(plans, old.as_deref().unwrap_or_default());
        let new = placed.map_err(|refusals| {
            let each = refusals.iter().map(|it| format!("{shown}:{}: {}", it.line, it.message));
            let each: Vec<String> = each.collect();
            Stop::Failed(format!("{}\n`{shown}` is left as it is", each.join("\nerror: ")))
        })?;
        Ok((old, new))
    }
}
