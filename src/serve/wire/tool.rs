//! Tools that a client offers: its own to run, and so of a type that nobody behind us would run for it.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::serve::errors::{self, Refusal};

/// The types whose calls come back to the client. Others (`mcp`, `web_search`, …) are run by whoever reads them: LiteLLM
/// runs those of its MCP servers, under our key.
const TYPES: [&str; 2] = ["custom", "function"];

/// What we read of a tool. A `type` that is written twice is no tool: two readers may take two of them.
#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
}

pub(super) fn check_all(tools: &RawValue) -> Result<(), Refusal> {
    let tools: Vec<&RawValue> =
        serde_json::from_str(tools.get()).map_err(|_| errors::wrong_type("tools", "a list"))?;
    tools.into_iter().enumerate().try_for_each(|(index, tool)| check(index, tool))
}

fn check(index: usize, tool: &RawValue) -> Result<(), Refusal> {
    let path = format!("tools[{index}]");
    let wire: Wire<'_> =
        serde_json::from_str(tool.get()).map_err(|_| errors::invalid(&path, "is not a tool"))?;
    let path = format!("{path}.type");
    let kind = wire.kind.ok_or_else(|| errors::missing(&path))?;
    let kind: String = serde_json::from_str(kind.get()).map_err(|_| errors::wrong_type(&path, "a string"))?;
    if TYPES.contains(&kind.as_str()) {
        return Ok(());
    }
    let wanted =
        "\"function\" or \"custom\": tools are run by the client, none is run here or behind this daemon";
    Err(errors::wrong_type(&path, wanted))
}
