//! OptiLLM's `proxy_config.yaml`, as far as a site still has one: its only provider is LiteLLM.

use crate::export::lines::Placed;
use crate::export::scalar;
use crate::export::yaml::list::List;

/// The file with our provider in the region of its `providers`, and the rest as it was. An empty file becomes one with
/// `providers`. `base_url` is LiteLLM's; it ends in `/v1`.
///
/// # Errors
///
/// A file without `providers` that can be read line by line, and one with another provider.
pub fn place(base_url: &str, old: &str) -> Placed {
    let entry = [
        "- name: litellm".to_owned(),
        format!("  base_url: {}", scalar(base_url)),
        "  api_key: \"${OPENAI_API_KEY}\"".to_owned(),
    ];
    let list = List {
        key: "providers",
        name: "name",
        names: &["litellm"],
        entries: &entry,
        alone: Some("every call goes through LiteLLM"),
        other: None,
    };
    list.place(if old.trim_start_matches('\u{feff}').is_empty() { "providers:\n" } else { old })
}
