//! `ensc sim`: the simulated upstream as a server of its own.

use std::path::PathBuf;

use tokio::net::TcpListener;

use crate::cli::config;
use crate::cli::output::{Output, Stop};
use crate::cli::signal::Interrupts;
use crate::cli::{signal, target};
use crate::upstream::sim::{self as simulator, Sim};

/// Stand in for LiteLLM: answer with simulated models
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ensc sim --port 4000                      any model answers, at once
  ensc sim --port 4000 --script slow.toml   delays and faults by script
  ensc sim --port 0 --ensembles ensembles   only models that the ensembles call")]
pub struct Args {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 4000, value_name = "PORT")]
    port: u16,

    /// What it shall do, in TOML
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,

    /// Answer only for models of these ensembles
    #[arg(long, value_name = "DIR")]
    ensembles: Option<PathBuf>,
}

impl Args {
    /// Runs until it is interrupted.
    ///
    /// # Errors
    ///
    /// A script or a port that cannot be used.
    pub fn run(self, out: &mut Output) -> Result<(), Stop> {
        let script = self.script.as_deref().map(target::script).transpose()?.unwrap_or_default();
        let models = match &self.ensembles {
            Some(folder) => models(folder)?,
            None => Vec::new(),
        };
        signal::runtime()?.block_on(async {
            let listener = signal::bind(self.port).await?;
            let mut interrupts = Interrupts::caught();
            announce(&listener, out)?;
            simulator::serve(listener, Sim::new(models, script), async move { interrupts.next().await })
                .await;
            Ok(())
        })
    }
}

/// Says where we listen: whoever started us waits for this line.
///
/// # Errors
///
/// Standard output that cannot be written.
pub fn announce(listener: &TcpListener, out: &mut Output) -> Result<(), Stop> {
    let address = listener.local_addr()?;
    match out.print(&format!("listening on http://{address}\n")) {
        // Nobody reads along: that is no reason not to serve.
        Ok(()) | Err(Stop::Quiet) => Ok(()),
        Err(stop) => Err(stop),
    }
}

/// Every model that the ensembles can call.
fn models(folder: &std::path::Path) -> Result<Vec<String>, Stop> {
    let loaded = config::load(&[folder.to_owned()], None, &[])?;
    let mut models: Vec<String> = loaded
        .compiled
        .plans
        .iter()
        .flat_map(|plan| &plan.models)
        .map(|model| model.name.to_string())
        .collect();
    models.sort();
    models.dedup();
    match models.is_empty() {
        true => Err(Stop::Failed(format!("`{}` has no ensembles; see `ensc check`", folder.display()))),
        false => Ok(models),
    }
}
