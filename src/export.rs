//! What the platform around us reads, written from plans: pure functions from plans to text.
//!
//! Every exporter has its own wire structs, so a file's format changes in one place. Knows nothing of disks: who
//! calls decides where the text goes.

pub mod env;
pub mod handles;
pub mod litellm;

#[cfg(test)]
mod tests;

use crate::plan::{Act, Plan, Tools};
use crate::units::Tokens;

/// Where the daemon answers unless it is told otherwise.
pub const DAEMON_URL: &str = "http://127.0.0.1:4020/v1";

/// The ensemble's doc comment, first line.
fn headline(plan: &Plan) -> Option<&str> {
    plan.doc.lines().map(str::trim).find(|line| !line.is_empty())
}

/// The longest answer that every model which may speak last can give, in tokens.
fn output_max(plan: &Plan) -> Tokens {
    let finals = plan.nodes.iter().filter(|node| node.is_final).filter_map(|node| node.act.ask());
    let all = plan.models.iter().map(|model| model.max_output);
    finals.map(|ask| plan.model(ask.model).max_output).min().or_else(|| all.min()).unwrap_or_default()
}

/// A client's tools may come back as tool calls.
fn answers_with_tools(plan: &Plan) -> bool {
    let speaks = |act: &Act| matches!(act, Act::Ask(_) | Act::Merge { .. });
    plan.nodes
        .iter()
        .filter(|node| node.is_final && speaks(&node.act))
        .filter_map(|node| node.act.ask())
        .any(|ask| ask.tools == Tools::Pass)
}
