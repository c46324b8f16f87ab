//! The type of each field that we know, told by how its JSON begins.

use crate::serve::errors::{self, Refusal};

/// Whether a field of this name may have this value; names that we do not know may have any.
pub(super) fn check(name: &str, json: &str) -> Result<(), Refusal> {
    match KINDS.binary_search_by_key(&name, |(known, _)| known) {
        Ok(index) => KINDS[index].1.check(name, json),
        Err(_) => Ok(()),
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Bool,
    Number,
    Whole,
    /// At least 1.
    Count,
    Text,
    List,
    Object,
    TextOrList,
    TextOrObject,
}

/// Sorted, for the binary search above.
const KINDS: &[(&str, Kind)] = &[
    ("audio", Kind::Object),
    ("chat_template_kwargs", Kind::Object),
    ("ensc", Kind::Object),
    ("frequency_penalty", Kind::Number),
    ("function_call", Kind::TextOrObject),
    ("functions", Kind::List),
    ("logit_bias", Kind::Object),
    ("logprobs", Kind::Bool),
    ("max_completion_tokens", Kind::Count),
    ("max_tokens", Kind::Count),
    ("metadata", Kind::Object),
    ("min_p", Kind::Number),
    ("modalities", Kind::List),
    ("model", Kind::Text),
    ("n", Kind::Whole),
    ("optillm_approach", Kind::Text),
    ("parallel_tool_calls", Kind::Bool),
    ("prediction", Kind::Object),
    ("presence_penalty", Kind::Number),
    ("reasoning_effort", Kind::Text),
    ("repetition_penalty", Kind::Number),
    ("response_format", Kind::Object),
    ("seed", Kind::Whole),
    ("service_tier", Kind::Text),
    ("stop", Kind::TextOrList),
    ("store", Kind::Bool),
    ("stream", Kind::Bool),
    ("stream_options", Kind::Object),
    ("temperature", Kind::Number),
    ("tool_choice", Kind::TextOrObject),
    ("tools", Kind::List),
    ("top_k", Kind::Whole),
    ("top_logprobs", Kind::Whole),
    ("top_p", Kind::Number),
    ("user", Kind::Text),
    ("verbosity", Kind::Text),
];

// === impl Kind ===

impl Kind {
    fn check(self, name: &str, json: &str) -> Result<(), Refusal> {
        if self.fits(json) { Ok(()) } else { Err(errors::wrong_type(name, self.wanted())) }
    }

    fn fits(self, json: &str) -> bool {
        let first = json.as_bytes().first().copied().unwrap_or_default();
        let is_number = first == b'-' || first.is_ascii_digit();
        let is_whole = is_number && json[1..].bytes().all(|byte| byte.is_ascii_digit());
        match self {
            Self::Bool => matches!(first, b't' | b'f'),
            Self::Number => is_number,
            Self::Whole => is_whole,
            Self::Count => is_whole && first != b'-' && json != "0",
            Self::Text => first == b'"',
            Self::List => first == b'[',
            Self::Object => first == b'{',
            Self::TextOrList => matches!(first, b'"' | b'['),
            Self::TextOrObject => matches!(first, b'"' | b'{'),
        }
    }

    fn wanted(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Number => "a number",
            Self::Whole => "a whole number",
            Self::Count => "a whole number above 0",
            Self::Text => "a string",
            Self::List => "a list",
            Self::Object => "an object",
            Self::TextOrList => "a string or a list",
            Self::TextOrObject => "a string or an object",
        }
    }
}
