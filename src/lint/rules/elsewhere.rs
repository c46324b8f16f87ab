//! L109: a call that would not go to the one upstream on this host, or not only there.

use crate::diagnostic::Diagnostic;
use crate::lint::subject::View;
use crate::lint::{Check, Level, Rule};
use crate::plan::{Field, Node};

pub const RULE: Rule = Rule {
    code: "L109",
    name: "elsewhere",
    page: include_str!("elsewhere.md"),
    level: Level::Forbid,
    check: Check::Plan(check),
};

/// Fields with which a request tells LiteLLM to send it to another address.
const ADDRESSES: [&str; 4] = ["api_base", "base_url", "api_endpoint", "endpoint"];

/// Fields with which a request tells LiteLLM to let another model or provider answer.
const DETOURS: [&str; 5] = [
    "fallbacks",
    "context_window_fallbacks",
    "content_policy_fallbacks",
    "custom_llm_provider",
    "model_list",
];

/// Fields with which a request lets LiteLLM or a provider run tools: neither plan nor receipt would know (`docs/plugins.md`).
const TOOLS: [&str; 5] = ["functions", "mcp_servers", "plugins", "tools", "web_search_options"];

/// What an address on this host begins with.
const LOOPBACK: [&str; 3] = ["http://127.0.0.1", "http://localhost", "http://[::1]"];

const ROUTING: &str = "leave it out; where a model lives is the business of LiteLLM's routing";

fn check(view: &View<'_>) -> Vec<Diagnostic> {
    view.nodes().flat_map(|(_, node)| breaches(view, node)).collect()
}

fn breaches(view: &View<'_>, node: &Node) -> Vec<Diagnostic> {
    let fields = node.act.ask().into_iter().flat_map(|ask| &ask.fields);
    fields.filter_map(|field| breach(view, node, field)).collect()
}

fn breach(view: &View<'_>, node: &Node, field: &Field) -> Option<Diagnostic> {
    let name = field.name.as_str();
    let (why, help) = if DETOURS.contains(&name) {
        ("another model could answer than the plan says", ROUTING)
    } else if ADDRESSES.contains(&name) && !is_loopback(&field.json) {
        ("calls go to LiteLLM on this host and nowhere else", ROUTING)
    } else if TOOLS.contains(&name) {
        (
            "tools would run that no plan knows of",
            "leave it out; tools are the client's, and `tools: pass` lets a step call them",
        )
    } else {
        return None;
    };
    let place = view.option(node, "params").map_or(view.place(node), |setting| setting.span);
    Some(
        Diagnostic::error("L109", place, format!("`{name}` would lead this call elsewhere"))
            .label(why)
            .help(help),
    )
}

/// Whether a JSON text is an address on this host, with nothing but a port or a path behind it.
fn is_loopback(json: &str) -> bool {
    let text = json.trim_matches('"');
    LOOPBACK.iter().any(|host| {
        text.strip_prefix(host).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
            && !text.contains('@')
    })
}
