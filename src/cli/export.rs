//! `ensc export`: the files that the platform reads, on standard output.

use clap::Subcommand;

use crate::cli::config::Place;
use crate::cli::output::{Output, Stop};
use crate::export::{DAEMON_URL, env, handles, litellm};

/// Write the files that the platform reads
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  ensc export handles > handles.jsonl
  ensc export litellm --daemon-url http://127.0.0.1:4020/v1 > router.yaml
  ensc export env > optillm-proxy.env")]
pub enum What {
    /// Rows of the handles registry, one JSON object a line
    Handles {
        #[command(flatten)]
        place: Place,
    },
    /// LiteLLM's `model_list`, one deployment a handle
    Litellm {
        /// Where LiteLLM finds the daemon
        #[arg(long, value_name = "URL", default_value = DAEMON_URL)]
        daemon_url: String,
        #[command(flatten)]
        place: Place,
    },
    /// A variable a handle that names its selector
    Env {
        #[command(flatten)]
        place: Place,
    },
}

impl What {
    /// # Errors
    ///
    /// A program with errors: nothing is exported then.
    pub fn run(self, out: &mut Output) -> Result<(), Stop> {
        let place = match &self {
            Self::Handles { place } | Self::Litellm { place, .. } | Self::Env { place } => place,
        };
        let loaded = place.load_sound(out)?;
        let plans = &loaded.compiled.plans;
        out.print(&match &self {
            Self::Handles { .. } => handles::handles(plans),
            Self::Litellm { daemon_url, .. } => litellm::litellm(plans, daemon_url),
            Self::Env { .. } => env::env(plans),
        })
    }
}
