//! `ensc doctor`: what is wrong with the installation around the ensembles, and what to do.

mod daemon;
mod handles;
pub mod kind;
mod listeners;
pub mod litellm;
mod models;
pub mod page;
pub mod report;

use std::path::PathBuf;

use crate::cli::config::{Loaded, Place};
use crate::cli::output::{Output, Stop};
use crate::cli::serve::{CALLER_KEY_VARIABLE, PORT};
use crate::cli::target::{self, BASE_URL};
use crate::cli::{signal, world};
use crate::plan::Plan;
use crate::upstream::base_url::BaseUrl;
use crate::upstream::secret::Secret;
use kind::Level;
use page::Server;
use report::Report;

/// Look at the live installation and say what to do
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ensc doctor                          daemon, LiteLLM, models and handles
  sudo ensc doctor --ensembles /etc/optillm-proxy/ensembles
  ensc doctor --json | jq -r '.checks[] | select(.state != \"ok\") | .message'
  ensc check --live                    the models only

Keys are those of the daemon: OPENAI_API_KEY for LiteLLM, OPTILLM_API_KEY for the daemon. Nothing is changed, and no
model is asked. What each code means: docs/doctor.md.

Exit codes: 0 sound (there may be warnings), 1 something is wrong, 2 it could not be looked at.")]
pub struct Args {
    /// The daemon's port on 127.0.0.1 [default: that of ensc.toml, or 4020]
    #[arg(long, value_name = "PORT", env = "ENSC_PORT", hide_env_values = true)]
    port: Option<u16>,

    /// LiteLLM [default: that of ensc.toml, or http://127.0.0.1:4000/v1]
    #[arg(long, alias = "base_url", value_name = "URL", env = "ENSC_BASE_URL", hide_env_values = true)]
    base_url: Option<String>,

    /// File with the key that the daemon asks of callers, instead of OPTILLM_API_KEY
    #[arg(long, value_name = "FILE", env = "ENSC_API_KEY_FILE", hide_env_values = true)]
    api_key_file: Option<PathBuf>,

    #[command(flatten)]
    place: Place,

    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Fail for warnings, too
    #[arg(long, value_name = "WHAT", value_parser = ["warnings"])]
    deny: Option<String>,
}

/// Where the two servers are.
struct Around {
    port: u16,
    base: BaseUrl,
    caller_key: Option<Secret>,
    upstream_key: Option<Secret>,
}

impl Args {
    /// # Errors
    ///
    /// [`Stop::Found`] if something is wrong, [`Stop::Usage`] if it could not be looked at.
    pub fn run(self, out: &mut Output) -> Result<(), Stop> {
        let loaded = self.place.load().map_err(unseen)?;
        if loaded.compiled.errors() > 0 {
            loaded.show_diagnostics(out);
            return Err(Stop::Usage("the files have mistakes, so there is nothing to compare with".into()));
        }
        let around = self.around(&loaded)?;
        let mut report = Report::default();
        signal::runtime()?.block_on(around.look(&loaded.compiled.plans, &mut report)).map_err(unseen)?;
        out.print(&if self.json { report.json() } else { report.text(out.colour()) })?;
        let is_warned = self.deny.is_some() && report.count(Level::Warn) > 0;
        if is_warned || report.count(Level::Wrong) > 0 { Err(Stop::Found) } else { Ok(()) }
    }

    fn around(&self, loaded: &Loaded) -> Result<Around, Stop> {
        let config = &loaded.config.serve;
        let port = self.port.or(config.port).unwrap_or(PORT);
        let base = self.base_url.as_deref().or(config.base_url.as_deref()).unwrap_or(BASE_URL);
        let base = BaseUrl::parse(base, Some(port)).map_err(Stop::Usage)?;
        let caller_key = match &self.api_key_file {
            Some(path) => Some(world::read(path).map_err(Stop::Usage)?),
            None => world::variable(CALLER_KEY_VARIABLE).map_err(Stop::Usage)?,
        };
        let caller_key = caller_key.filter(|key| !key.trim().is_empty()).map(|key| Secret::new(key.trim()));
        Ok(Around { port, base, caller_key, upstream_key: target::upstream_key(None)? })
    }
}

/// Looks at LiteLLM and what it knows of the members.
///
/// # Errors
///
/// As [`Args::run`], without a finding.
pub fn look_at_models(loaded: &Loaded, base_url: Option<&str>) -> Result<Report, Stop> {
    let config = &loaded.config.serve;
    let base = base_url.or(config.base_url.as_deref()).unwrap_or(BASE_URL);
    let port = config.port.unwrap_or(PORT);
    let base = BaseUrl::parse(base, Some(port)).map_err(Stop::Usage)?;
    let server = Server::new(&base, target::upstream_key(None)?.as_ref()).map_err(Stop::Usage)?;
    let mut report = Report::default();
    signal::runtime()?.block_on(async {
        litellm::look_at_models(&server, &base.to_string(), &loaded.compiled.plans, port, &mut report).await;
    });
    Ok(report)
}

// === impl Around ===

impl Around {
    async fn look(&self, plans: &[Plan], report: &mut Report) -> Result<(), Stop> {
        let at = format!("127.0.0.1:{}", self.port);
        let own = BaseUrl::parse(&format!("http://{at}/v1"), None).map_err(Stop::Usage)?;
        let daemon = Server::new(&own, self.caller_key.as_ref()).map_err(Stop::Usage)?;
        daemon::Seen::of(&daemon).await.judge(&at, plans, report);
        listeners::judge(&world::listeners(), self.port, report);
        let litellm = Server::new(&self.base, self.upstream_key.as_ref()).map_err(Stop::Usage)?;
        let at = self.base.to_string();
        if let Some(known) = litellm::look_at_models(&litellm, &at, plans, self.port, report).await {
            litellm::look_at_handles(&litellm, &known, plans, self.port, report).await;
        }
        Ok(())
    }
}

/// What stops us from looking is no finding.
fn unseen(stop: Stop) -> Stop {
    match stop {
        Stop::Failed(why) => Stop::Usage(why),
        other => other,
    }
}
