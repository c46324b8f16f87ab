//! Entries of LiteLLM's `model_list`: one explicit deployment per handle, between two markers.
//!
//! Written line by line, because the file belongs to people: its comments say why each setting is there.

use crate::export::lines::Placed;
use crate::export::yaml::list::List;
use crate::export::yaml::settings::{Settings, Wanted};
use crate::export::{answers_with_tools, scalar};
use crate::plan::Plan;

/// What LiteLLM waits beyond the handle's own deadline, in seconds. A shorter wait becomes a 408, which clients
/// answer by asking again.
const GRACE_S: u64 = 30;

/// What the file needs once, outside of the entries.
const SETTINGS: Settings<'_> = Settings {
    key: "general_settings",
    before: "model_list",
    wanted: &[
        Wanted {
            key: "cancel_on_disconnect",
            value: "true",
            why: "a client who leaves stops the calls that it started",
        },
        Wanted {
            key: "health_check_skip_disabled_background_models",
            value: "true",
            why: "GET /health does not run every ensemble",
        },
    ],
};

/// The file with an entry for each plan in the region of its `model_list`, in their order, with what `general_settings`
/// must say, and the rest as it was. An empty file becomes one with both.
///
/// `daemon_url` is where LiteLLM finds the daemon; it ends in `/v1`.
///
/// # Errors
///
/// A file without a `model_list` that can be read line by line, one that has our handles outside of the region, and one
/// whose `general_settings` say the opposite.
pub fn place(plans: &[Plan], daemon_url: &str, old: &str) -> Placed {
    let old = if is_empty(old) { "model_list:\n" } else { old };
    // Each looks at the file as it is, so that lines are named by their own numbers.
    match (listed(plans, daemon_url, old), SETTINGS.place(old)) {
        (Ok(listed), Ok(_)) => SETTINGS.place(&listed),
        (Err(mut refusals), Err(more)) => {
            refusals.extend(more.into_iter().filter(|it| !refusals.contains(it)).collect::<Vec<_>>());
            refusals.sort_by_key(|refusal| refusal.line);
            Err(refusals)
        }
        (Err(refusals), Ok(_)) | (Ok(_), Err(refusals)) => Err(refusals),
    }
}

fn is_empty(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').is_empty()
}

/// Whether the file's `general_settings` say what they must.
#[must_use]
pub fn has_settings(text: &str) -> bool {
    !is_empty(text) && SETTINGS.place(text).is_ok_and(|placed| placed == text)
}

/// Whether the file's `model_list` has each handle as it must be.
#[must_use]
pub fn has_entries(plans: &[Plan], daemon_url: &str, text: &str) -> bool {
    listed(plans, daemon_url, text).is_ok_and(|placed| placed == text)
}

/// The file with an entry for each plan, and its settings as they were.
fn listed(plans: &[Plan], daemon_url: &str, old: &str) -> Placed {
    let entries: String = plans.iter().map(|plan| entry(plan, daemon_url)).collect();
    let entries: Vec<String> = entries.lines().map(str::to_owned).collect();
    let names: Vec<&str> = plans.iter().map(|plan| plan.handle.as_ref()).collect();
    let list = List {
        key: "model_list",
        name: "model_name",
        names: &names,
        entries: &entries,
        alone: None,
        other: Some(SETTINGS.key),
    };
    list.place(old)
}

/// How long LiteLLM waits for this handle, in seconds: its own deadline, and a little more.
#[must_use]
pub fn timeout_s(plan: &Plan) -> u64 {
    plan.timeout.0.div_ceil(1000) + GRACE_S
}

fn entry(plan: &Plan, daemon_url: &str) -> String {
    let handle = scalar(&plan.handle);
    let url = scalar(daemon_url);
    let timeout = timeout_s(plan);
    let input = plan.bounds.request_max.0;
    let output = plan.output_max().0;
    let tools = answers_with_tools(plan);
    format!(
        "- model_name: {handle}
  litellm_params:
    model: {handle}
    custom_llm_provider: openai
    api_base: {url}
    api_key: os.environ/OPTILLM_API_KEY
    num_retries: 0                    # a retry would run the whole ensemble again
    cooldown_time: 0
    timeout: {timeout}                      # its deadline and {GRACE_S} s
    stream_timeout: {timeout}
    keepalive_seconds: 15
    use_chat_completions_api: true
    input_cost_per_token: 0           # its members' calls are already booked
    output_cost_per_token: 0
  model_info:
    mode: chat
    max_input_tokens: {input}
    max_output_tokens: {output}
    supports_function_calling: {tools}
    cooldown_time: 0
    disable_background_health_check: true
    health_check_params: {{extra_headers: {{x-ensc-probe: \"1\"}}}}
"
    )
}
