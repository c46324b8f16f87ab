//! The tools that a client offers: only those that the client itself runs.
//!
//! LiteLLM and providers run tools of other types by themselves (`mcp`, `web_search`), for whoever names them, in every
//! call that shows them. No plan knows of that and no receipt would tell it: `docs/plugins.md`.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::serve::errors::{self, Refusal};

/// What a client runs by itself, once it is asked to.
const OF_CLIENTS: [&str; 2] = ["function", "custom"];

#[derive(Deserialize)]
struct Tool<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
}

/// Whether each of `tools`, a JSON list, is one that the client runs.
pub(super) fn check_all(tools: &RawValue) -> Result<(), Refusal> {
    let tools: Vec<&RawValue> =
        serde_json::from_str(tools.get()).map_err(|_| errors::invalid("tools", "cannot be read"))?;
    tools.into_iter().enumerate().try_for_each(|(index, tool)| check(index, tool))
}

fn check(index: usize, tool: &RawValue) -> Result<(), Refusal> {
    let path = format!("tools[{index}]");
    let tool: Tool<'_> =
        serde_json::from_str(tool.get()).map_err(|_| errors::invalid(&path, "is not a tool"))?;
    let path = format!("{path}.type");
    match tool.kind {
        None => Err(errors::missing(&path)),
        Some(kind) if OF_CLIENTS.contains(&kind.as_ref()) => Ok(()),
        Some(kind) => {
            let kind = errors::quoted(&kind);
            Err(errors::invalid(
                &path,
                &format!("must be `function` or `custom`, not `{kind}`: tools are run by the client alone"),
            ))
        }
    }
}
