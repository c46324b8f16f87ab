//! `ensc models`: what must be loaded before a handle can answer.

use clap::ValueEnum;

use crate::cli::config::Place;
use crate::cli::list;
use crate::cli::output::{Format, Output, Stop};
use crate::explain::models::Models;

/// Print the models that a handle needs, one a line
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ensc models opt-architect-high-xl                            all of them
  ensc models opt-architect-high-xl --runtime mlx              those that mlxctl loads
  ensc models opt-route-fast-s --runtime ov --format json      for programs, with their sizes")]
pub struct Args {
    /// The name of a handle
    #[arg(value_name = "HANDLE")]
    handle: String,

    /// Only those of one runtime
    #[arg(long, value_enum, value_name = "RUNTIME")]
    runtime: Option<Runtime>,

    /// How they are printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    json: bool,

    #[command(flatten)]
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Runtime {
    /// Models that mlxctl loads
    Mlx,
    /// Models that ovctl loads
    Ov,
}

impl Args {
    /// # Errors
    ///
    /// A handle that does not exist, or a program that gives no plans.
    pub fn run(self, out: &mut Output) -> Result<(), Stop> {
        let loaded = self.place.load_plans(out)?;
        let plan = list::find_one(&loaded.compiled.plans, &self.handle).map_err(Stop::Failed)?;
        let models = Models::of(plan, self.runtime.map(Runtime::name));
        if self.json || self.format == Format::Json {
            return out.print(&models.to_json());
        }
        if let (true, Some(runtime)) = (models.models.is_empty(), self.runtime) {
            let name = runtime.name();
            let other = match &models.elsewhere[..] {
                [one] if one == "mlx" => "; use `mlxctl`".to_owned(),
                [one] if one == "ov" => "; use `ovctl`".to_owned(),
                others => format!("; its models are on {}", others.join(", ")),
            };
            out.warn(&format!("`{}` needs no model of `{name}`{other}", plan.handle));
        }
        out.print(&models.to_text())
    }
}

// === impl Runtime ===

impl Runtime {
    fn name(self) -> &'static str {
        match self {
            Self::Mlx => "mlx",
            Self::Ov => "ov",
        }
    }
}
