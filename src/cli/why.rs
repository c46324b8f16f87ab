//! `ensc why`: which handles can call a model.

use std::collections::BTreeSet;

use crate::cli::config::Place;
use crate::cli::output::{Format, Output, Stop};
use crate::diagnostic::suggest::did_you_mean;
use crate::explain::why::Why;

/// Say which handles can call a model, and at which steps
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ensc why mlx-gpt-oss-20b-mxfp4-q4                     before it is taken off the host
  ensc why mlx-gpt-oss-20b-mxfp4-q4 --format json       for programs")]
pub struct Args {
    /// The name of a model
    #[arg(value_name = "MODEL")]
    model: String,

    /// How they are printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    #[command(flatten)]
    place: Place,
}

impl Args {
    /// # Errors
    ///
    /// A model that no handle can call, or a program that gives no plans.
    pub fn run(self, out: &mut Output) -> Result<(), Stop> {
        let loaded = self.place.load_plans(out)?;
        let plans = &loaded.compiled.plans;
        let why = Why::of(&self.model, plans);
        if why.handles.is_empty() {
            let called: BTreeSet<&str> =
                plans.iter().flat_map(|plan| &plan.models).map(|model| model.name.as_ref()).collect();
            let advice = did_you_mean(&self.model, called).map(|it| format!("; {it}")).unwrap_or_default();
            return Err(Stop::Failed(format!("no handle can call `{}`{advice}", self.model)));
        }
        match self.format {
            Format::Text => out.print(&why.to_text()),
            Format::Json => out.print(&why.to_json()),
        }
    }
}
