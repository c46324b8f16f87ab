//! `ensc list`: every handle, one line each. Also how a handle is found by its name.

use serde_json::json;

use crate::cli::config::Place;
use crate::cli::output::{Format, Output, Stop, bold, dim};
use crate::diagnostic::suggest::did_you_mean;
use crate::export::headline;
use crate::plan::Plan;

/// List the handles and what they are for
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ensc list
  ensc list --format json | jq -r '.[].handle'")]
pub struct Args {
    #[command(flatten)]
    place: Place,

    /// How they are printed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

impl Args {
    /// # Errors
    ///
    /// [`Stop::Found`] for a program that gives no plans.
    pub fn run(self, out: &mut Output) -> Result<(), Stop> {
        let loaded = self.place.load_plans(out)?;
        let plans = &loaded.compiled.plans;
        match self.format {
            Format::Text => out.print(&table(plans.iter(), out.colour())),
            Format::Json => out.print(&as_json(plans)),
        }
    }
}

/// Handle, selector, place and what it is for, in columns.
pub fn table<'a>(plans: impl Iterator<Item = &'a Plan> + Clone, colour: bool) -> String {
    let width = |of: fn(&Plan) -> &str| plans.clone().map(|plan| of(plan).chars().count()).max().unwrap_or(0);
    let (handle, selector, place) = (width(|p| &p.handle), width(|p| &p.selector), width(|p| &p.place));
    plans
        .map(|plan| {
            let name = bold(&format!("{:handle$}", plan.handle), colour);
            let where_from = dim(&format!("{:place$}", plan.place), colour);
            let line = format!("{name}  {:selector$}  {where_from}  {}", plan.selector, headline(plan));
            format!("{}\n", line.trim_end())
        })
        .collect()
}

fn as_json(plans: &[Plan]) -> String {
    let rows: Vec<_> = plans
        .iter()
        .map(|plan| {
            json!({
                "handle": plan.handle,
                "selector": plan.selector,
                "ensemble": plan.ensemble,
                "profile": plan.profile,
                "tier": plan.tier,
                "place": plan.place,
                "for": headline(plan),
                "plan": plan.short_hash(),
            })
        })
        .collect();
    format!("{:#}\n", serde_json::Value::from(rows))
}

/// The plans of a handle, a selector, or an ensemble's name; several only for the last.
///
/// # Errors
///
/// A sentence with the nearest name, or with where to look.
pub fn find<'a>(plans: &'a [Plan], name: &str) -> Result<Vec<&'a Plan>, String> {
    if let Some(plan) = plans.iter().find(|plan| *plan.handle == *name || plan.selector == name) {
        return Ok(vec![plan]);
    }
    let cells: Vec<&Plan> = plans.iter().filter(|plan| plan.ensemble == name).collect();
    if !cells.is_empty() {
        return Ok(cells);
    }
    let handles = plans.iter().map(|plan| plan.handle.as_ref());
    let others = plans.iter().flat_map(|plan| [plan.selector.as_str(), plan.ensemble.as_str()]);
    let advice = did_you_mean(name, handles).or_else(|| did_you_mean(name, others));
    let advice = advice.unwrap_or_else(|| "`ensc list` shows all of them".to_owned());
    Err(format!("there is no handle `{name}`; {advice}"))
}

/// The one plan of a handle, a selector, or an ensemble with a single cell.
///
/// # Errors
///
/// As [`find`], and for an ensemble with several cells.
pub fn find_one<'a>(plans: &'a [Plan], name: &str) -> Result<&'a Plan, String> {
    one(&find(plans, name)?, name)
}

/// The one of these that are called `name` together.
///
/// # Errors
///
/// If there are several.
pub fn one<'a>(plans: &[&'a Plan], name: &str) -> Result<&'a Plan, String> {
    match plans {
        [plan] => Ok(plan),
        several => {
            let handles: Vec<&str> = several.iter().map(|plan| plan.handle.as_ref()).collect();
            Err(format!("`{name}` has {} handles; name one of {}", several.len(), handles.join(", ")))
        }
    }
}
