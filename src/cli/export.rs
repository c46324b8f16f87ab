//! `ensc export`: the files that the platform reads, on standard output or in their place.

pub mod files;
pub mod kind;

use std::path::PathBuf;

use clap::Subcommand;

use crate::cli::config::Place;
use crate::cli::output::{Output, Stop};
use kind::{Addresses, Kind};

/// Write the files that the platform reads
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  ensc export handles                                    a new file, on standard output
  ensc export handles --write registry/handles.jsonl     our rows in that file; the rest stays
  ensc export litellm --check config/router.yaml         show what --write would change; 1 if anything
  sudo ensc export env --write /etc/optillm-proxy/env    secrets in it stay, and are never shown
  ensc export docs --write .                             documents below the platform's root

`ensc sync` does all of them at once.")]
pub enum What {
    /// Rows of the handles registry, one JSON object a line
    Handles(Args),
    /// LiteLLM's `model_list`, one deployment a handle, and what its `general_settings` must say
    Litellm {
        /// Where LiteLLM finds the daemon [default: the port in ensc.toml, or http://127.0.0.1:4020/v1]
        #[arg(long, value_name = "URL")]
        daemon_url: Option<String>,
        #[command(flatten)]
        args: Args,
    },
    /// A variable a handle that names its selector
    Env(Args),
    /// The models that each handle needs loaded, for `mlxctl`
    EnsemblesMd(Args),
    /// A folder of files with the models that each handle needs warm, for `ovctl`
    WarmProfiles(Args),
    /// LiteLLM as the only provider, for an OptiLLM that is still there
    Optillm {
        /// LiteLLM's address [default: base_url in ensc.toml, or http://127.0.0.1:4000/v1]
        #[arg(long, value_name = "URL")]
        base_url: Option<String>,
        #[command(flatten)]
        args: Args,
    },
    /// The platform's documents about this service, in a folder
    Docs(Args),
}

/// Which ensembles, and where the text goes.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Args {
    /// Bring this file (or the files in this folder) up to date; only what is ours changes
    #[arg(long, value_name = "PATH")]
    write: Option<PathBuf>,

    /// Change nothing; show what --write would change, and exit with 1 if anything
    #[arg(long, value_name = "PATH", conflicts_with = "write")]
    check: Option<PathBuf>,

    #[command(flatten)]
    place: Place,
}

impl What {
    /// # Errors
    ///
    /// A program with errors: nothing is exported then. A file that cannot be understood, and with `--check` one that
    /// differs.
    pub fn run(self, out: &mut Output) -> Result<(), Stop> {
        let (mut daemon, mut upstream) = (None, None);
        let (kind, args) = match self {
            Self::Handles(args) => (Kind::Handles, args),
            Self::Litellm { daemon_url, args } => {
                daemon = daemon_url;
                (Kind::Litellm, args)
            }
            Self::Env(args) => (Kind::Env, args),
            Self::EnsemblesMd(args) => (Kind::EnsemblesMd, args),
            Self::WarmProfiles(args) => (Kind::WarmProfiles, args),
            Self::Optillm { base_url, args } => {
                upstream = base_url;
                (Kind::Optillm, args)
            }
            Self::Docs(args) => (Kind::Docs, args),
        };
        let loaded = args.place.load_sound(out)?;
        let plans = &loaded.compiled.plans;
        let said = loaded.config.serve.addresses();
        let addresses =
            Addresses { daemon: daemon.unwrap_or(said.daemon), upstream: upstream.unwrap_or(said.upstream) };
        kind.warnings(plans).iter().for_each(|warning| out.warn(warning));
        let path = args.write.as_ref().or(args.check.as_ref());
        if let Some(path) = path {
            let left = kind.left_over_warnings(path, plans).map_err(Stop::Failed)?;
            left.iter().for_each(|warning| out.warn(warning));
        }
        let targets = kind.targets(path.map_or(".".as_ref(), PathBuf::as_path), plans, &addresses);
        match (path, args.write.is_some()) {
            (None, _) => files::print(&targets, kind.is_several(), out),
            (Some(_), true) => files::write(&files::planned(&targets)?, out),
            (Some(_), false) => files::check(&files::planned(&targets)?, out),
        }
    }
}
