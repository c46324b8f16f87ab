//! The headers by which LiteLLM books a call: who asked, in which run, at which step.
//!
//! Shared by the client and the simulator, so that both send the same. Knows nothing of a header type.

use crate::upstream::Attribution;

/// Name and value of each header, in a fixed order. Values are visible ASCII and spaces.
pub fn headers(attribution: &Attribution) -> impl Iterator<Item = (&'static str, String)> {
    let Attribution { handle, run, step, traceparent } = attribution;
    let mut metadata = String::with_capacity(48 + handle.len() + run.len() + step.len());
    for (name, value) in [("{\"ensemble\":", handle), (",\"run\":", run), (",\"role\":", step)] {
        metadata.push_str(name);
        push_ascii_json(&mut metadata, value);
    }
    metadata.push('}');
    [
        Some(("x-litellm-tags", format!("ensemble:{handle}"))),
        Some(("x-litellm-trace-id", run.to_string())),
        Some(("x-litellm-spend-logs-metadata", metadata)),
        traceparent.clone().map(|parent| ("traceparent", parent)),
    ]
    .into_iter()
    .flatten()
    .filter(|(_, value)| value.bytes().all(|byte| (b' '..=b'~').contains(&byte)))
}

/// Headers are ASCII by custom and by some parsers: everything else is escaped, as JSON allows.
fn push_ascii_json(json: &mut String, text: &str) {
    json.push('"');
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
        json.push_str(text);
        json.push('"');
        return;
    }
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(b'"') => json.push_str("\\\""),
            Ok(b'\\') => json.push_str("\\\\"),
            Ok(byte @ b' '..=b'~') => json.push(byte as char),
            _ => json.push_str(&format!("\\u{unit:04x}")),
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(handle: &str, run: &str, step: &str) -> Vec<(&'static str, String)> {
        let attribution =
            Attribution { handle: handle.into(), run: run.into(), step: step.into(), traceparent: None };
        headers(&attribution).collect()
    }

    #[test]
    fn a_call_is_booked_to_its_ensemble_run_and_step() {
        assert_eq!(
            pairs("opt-a", "r1", "drafts[0]"),
            [
                ("x-litellm-tags", "ensemble:opt-a".to_owned()),
                ("x-litellm-trace-id", "r1".to_owned()),
                (
                    "x-litellm-spend-logs-metadata",
                    r#"{"ensemble":"opt-a","run":"r1","role":"drafts[0]"}"#.to_owned()
                ),
            ]
        );
    }

    #[test]
    fn what_is_no_header_is_escaped_or_left_out() {
        let found = pairs("é\n", "r\"1\\", "🦀");
        assert_eq!(found[0].0, "x-litellm-trace-id", "the tag cannot be escaped");
        assert_eq!(
            found[1].1, r#"{"ensemble":"\u00e9\u000a","run":"r\"1\\","role":"\ud83e\udd80"}"#,
            "metadata is"
        );
    }
}
