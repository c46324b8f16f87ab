//! What the platform around us reads, written from plans: pure functions from plans to text.
//!
//! Every exporter has its own wire structs, so a file's format changes in one place. It takes the text that a file has,
//! and gives the text that it is to have: only what is ours changes. Knows nothing of disks: who calls decides where the
//! text goes.

pub mod docs;
pub mod ensembles_md;
pub mod env;
pub mod handles;
pub mod lines;
pub mod litellm;
pub mod markdown;
pub mod optillm;
pub mod region;
pub mod warm;
mod yaml;

#[cfg(test)]
mod tests;

use crate::plan::{Act, Plan, Tools};

/// Where the daemon answers unless it is told otherwise.
pub const DAEMON_URL: &str = "http://127.0.0.1:4020/v1";

/// What a handle is for: the first sentence of its ensemble's doc comment, without the handle's own name. Empty if
/// there is none.
#[must_use]
pub fn headline(plan: &Plan) -> String {
    let paragraph: Vec<&str> = plan.doc.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    let paragraph = paragraph.join(" ");
    let text = paragraph.strip_prefix(&format!("`{}`: ", plan.handle)).unwrap_or(&paragraph);
    let sentence = text.split_once(". ").map_or(text, |(first, _)| first);
    sentence.trim_end_matches('.').to_owned()
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

/// Text as a YAML scalar: bare where YAML can only read it as this text, in double quotes otherwise.
fn scalar(text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':');
    let reads_as_text = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(is_word)
        && !text.ends_with(':')
        && !matches!(text, "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n");
    if reads_as_text { text.to_owned() } else { quoted(text) }
}

/// JSON's string is also YAML's double-quoted one.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
