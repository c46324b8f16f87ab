//! `ensc sync`: every file of the platform that names our handles, at once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::cli::config::Place;
use crate::cli::config::sync::SyncConfig;
use crate::cli::export::files::{self, Target};
use crate::cli::export::kind::{Addresses, Kind, document};
use crate::cli::output::{Output, Stop};
use crate::cli::world;
use crate::export::docs::Page;
use crate::plan::Plan;

/// Bring the platform's files up to date with the ensembles
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ensc sync --check --root ~/platform           show what would change; 1 if anything
  ensc sync --root ~/platform                   write all of them, or none if one cannot be understood
  ensc sync handles litellm --root ~/platform   only these
  sudo ensc sync env --root ~/platform          /etc/optillm-proxy/env

Where each file lies stands under [sync] in ensc.toml, for a platform of another shape:
  [sync]
  ensembles-md = \"docs/ENSEMBLES.md\"            below the root
  optillm = false                               left out")]
pub struct Args {
    /// Only these; all of them if none is named
    #[arg(value_name = "WHAT", value_enum)]
    what: Vec<Kind>,

    /// The platform's root
    #[arg(long, value_name = "DIR")]
    root: PathBuf,

    /// Change nothing; show what would change, and exit with 1 if anything
    #[arg(long)]
    check: bool,

    #[command(flatten)]
    place: Place,
}

impl Args {
    /// # Errors
    ///
    /// A program with errors, a table that cannot be used, a file that cannot be understood or must not be changed:
    /// then nothing is written. With `--check`, files that differ.
    pub fn run(self, out: &mut Output) -> Result<(), Stop> {
        if !world::is_folder(&self.root) {
            return Err(Stop::Failed(format!("`{}` is no folder", world::shown(&self.root))));
        }
        let loaded = self.place.load_sound(out)?;
        let plans = &loaded.compiled.plans;
        let addresses = loaded.config.serve.addresses();
        let home = world::variable("HOME").map_err(Stop::Failed)?.map(PathBuf::from);
        let wanted: Vec<Kind> =
            Kind::ALL.into_iter().filter(|kind| self.what.is_empty() || self.what.contains(kind)).collect();
        let mut targets = Vec::new();
        for kind in wanted {
            kind.warnings(plans).iter().for_each(|warning| out.warn(warning));
            let spot = loaded.config.sync.spot(kind, &self.root, home.as_deref()).map_err(Stop::Failed)?;
            if let Some(path) = spot {
                let left = kind.left_over_warnings(&path, plans).map_err(Stop::Failed)?;
                left.iter().for_each(|warning| out.warn(warning));
            }
            let found =
                self::targets(kind, &self.root, plans, &addresses, &loaded.config.sync, home.as_deref());
            targets.extend(found.map_err(Stop::Failed)?);
        }
        apart(&targets).map_err(Stop::Failed)?;
        let changes = files::planned(&targets)?;
        if self.check { files::check(&changes, out) } else { files::write(&changes, out) }
    }
}

/// The files of one kind, where the table of the settings has them below `root`; none if they are left out.
///
/// # Errors
///
/// A place that cannot be used.
pub fn targets<'a>(
    kind: Kind,
    root: &Path,
    plans: &'a [Plan],
    addresses: &'a Addresses,
    config: &SyncConfig,
    home: Option<&Path>,
) -> Result<Vec<Target<'a>>, String> {
    if kind == Kind::Docs {
        let mut targets = Vec::new();
        for page in Page::ALL {
            let path = config.page(page, root, home)?;
            targets.extend(path.map(|path| document(page, path, plans)));
        }
        return Ok(targets);
    }
    let Some(path) = config.spot(kind, root, home)? else { return Ok(Vec::new()) };
    let mut targets = kind.targets(&path, plans, addresses);
    // What others must have made before us is not made: without it the platform is elsewhere.
    let is_ours = matches!(kind, Kind::EnsemblesMd | Kind::Optillm);
    targets.iter_mut().for_each(|target| target.makes_folder |= is_ours);
    Ok(targets)
}

/// # Errors
///
/// A file that would be written twice, each time from what it is now.
fn apart(targets: &[Target<'_>]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for target in targets {
        if !seen.insert(&target.path) {
            let shown = world::shown(&target.path);
            return Err(format!(
                "ensc.toml: `{shown}` stands twice in `[sync]`; each needs a file of its own"
            ));
        }
    }
    Ok(())
}
