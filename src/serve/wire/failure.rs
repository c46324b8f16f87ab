//! What says that there is no answer, whole or as the last event of a stream.

use serde::Serialize;

use crate::run::receipt::Receipt;
use crate::serve::errors::Refusal;
use crate::serve::limits::MESSAGE_MAX;
use crate::serve::status::status;

#[derive(Serialize)]
struct Failure<'a> {
    error: Body<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ensc: Option<&'a Receipt>,
}

#[derive(Serialize)]
struct Body<'a> {
    message: &'a str,
    r#type: &'static str,
    param: Option<&'a str>,
    code: &'static str,
}

/// A refusal as JSON; a run's has its receipt beside it.
#[must_use]
pub fn error(refusal: &Refusal, receipt: Option<&Receipt>) -> String {
    let (_, r#type, code) = status(refusal.kind);
    let message = &refusal.message[..refusal.message.floor_char_boundary(MESSAGE_MAX)];
    let error = Body { message, r#type, param: refusal.param.as_deref(), code };
    let json = serde_json::to_string(&Failure { error, ensc: receipt });
    unlike_a_rate_limit(&json.expect("no key of a failure is not a string"))
}

/// The same with a dot between every `rate` and `limit` that only a gap divides.
///
/// LiteLLM looks for these words in the whole body, names of models and steps included, and makes a 429 of whatever
/// status holds them; clients then run the ensemble again.
fn unlike_a_rate_limit(json: &str) -> String {
    let is_gap = |c: char| c.is_whitespace() || c == '-' || c == '_';
    let lower = json.to_ascii_lowercase();
    let (mut told, mut copied) = (String::with_capacity(json.len()), 0);
    for (at, rate) in lower.match_indices("rate") {
        let gap_at = at + rate.len();
        let behind = lower[gap_at..].trim_start_matches(is_gap);
        if behind.starts_with("limit") {
            told.push_str(&json[copied..gap_at]);
            told.push('.');
            copied = lower.len() - behind.len();
        }
    }
    told.push_str(&json[copied..]);
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::errors::Kind;

    #[test]
    fn no_name_makes_a_failure_look_like_a_rate_limit() {
        for (name, told) in [
            ("rate-limiter-7b", "rate.limiter-7b"),
            ("opt-RateLimit-fast-s", "opt-Rate.Limit-fast-s"),
            ("rate _-limit and rate_limits", "rate.limit and rate.limits"),
            ("raterate-limit", "raterate.limit"),
            ("rate.limit, rates-limit, delimit", "rate.limit, rates-limit, delimit"),
            ("rate", "rate"),
        ] {
            let body = error(&Refusal::new(Kind::Failed, format!("é `{name}`")), None);
            let body: serde_json::Value = serde_json::from_str(&body).expect("it is still JSON");
            assert_eq!(body["error"]["message"], format!("é `{told}`"));
        }
    }
}
