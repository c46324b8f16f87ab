//! `ensc memory`: what must fit on the hosts.

use std::collections::BTreeMap;

use crate::cli::config::Place;
use crate::cli::list;
use crate::cli::output::{Format, Output, Stop};
use crate::explain::memory::Memory;
use crate::plan::Plan;
use crate::units::Bytes;

/// Say what each tier and handle needs loaded, and what can be loaded together
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ensc memory                                     every handle
  ensc memory opt-chat-balanced-m code            can these be loaded side by side
  ensc memory --budget mlx=400GB                  on a host that holds more than the largest tier")]
pub struct Args {
    /// Only these handles, or all of an ensemble
    #[arg(value_name = "HANDLE")]
    handles: Vec<String>,

    /// What may be loaded at once for a runtime [default: what its largest tier allows a handle]
    #[arg(long, value_name = "RUNTIME=SIZE", value_parser = budget)]
    budget: Vec<(String, Bytes)>,

    /// How they are printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    #[command(flatten)]
    place: Place,
}

impl Args {
    /// # Errors
    ///
    /// A handle that does not exist, or a program that gives no plans.
    pub fn run(self, out: &mut Output) -> Result<(), Stop> {
        let loaded = self.place.load_plans(out)?;
        let plans = &loaded.compiled.plans;
        let mut chosen: Vec<&Plan> = Vec::new();
        for name in &self.handles {
            for plan in list::find(plans, name).map_err(Stop::Failed)? {
                if !chosen.iter().any(|it| it.handle == plan.handle) {
                    chosen.push(plan);
                }
            }
        }
        if self.handles.is_empty() {
            chosen.extend(plans);
        }
        let memory = Memory::of(&chosen, &self.budget.into_iter().collect::<BTreeMap<_, _>>());
        match self.format {
            Format::Text => out.print(&memory.to_text()),
            Format::Json => out.print(&memory.to_json()),
        }
    }
}

/// `mlx=400GB`
fn budget(text: &str) -> Result<(String, Bytes), String> {
    let parsed = text.split_once('=').and_then(|(runtime, size)| {
        let gigabytes: u64 = size.strip_suffix("GB")?.trim_end().parse().ok()?;
        Some((runtime.to_owned(), Bytes(gigabytes.checked_mul(1_000_000_000)?)))
    });
    parsed.ok_or_else(|| "write a runtime and gigabytes, as `mlx=400GB`".to_owned())
}
