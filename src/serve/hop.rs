//! What the head of a question says about where it comes from: through which ensembles, for how long somebody waits,
//! in which trace. Nothing of it is passed on as it came.

use std::time::Duration;

use axum::http::HeaderMap;

use super::errors::{Kind, Refusal};

/// Names in `x-ensc-path`.
const PATH_NAMES_MAX: usize = 16;
/// Bytes of `x-ensc-path`.
const PATH_BYTES_MAX: usize = 1024;

/// Where the OpenAI libraries say how long they wait: the one for Python (inside LiteLLM, too), and the one for Node.
const PATIENCE: [&str; 2] = ["x-stainless-read-timeout", "x-stainless-timeout"];

/// Taken off what a caller waits, so that it still reads our answer instead of giving up and asking again.
const PATIENCE_MARGIN: Duration = Duration::from_secs(2);
/// No caller waits longer; also keeps sums of times far from overflow.
const PATIENCE_MAX: Duration = Duration::from_secs(24 * 3600);

pub struct Hop {
    /// Handles that the call has passed, outermost first.
    pub path: Vec<String>,
    /// A health probe of LiteLLM.
    pub probe: bool,
    /// How long the caller still waits for a whole answer.
    pub patience: Option<Duration>,
    pub traceparent: Option<String>,
}

// === impl Hop ===

impl Hop {
    pub fn read(headers: &HeaderMap) -> Result<Self, Refusal> {
        Ok(Self {
            path: path(headers)?,
            probe: headers.contains_key("x-ensc-probe"),
            patience: PATIENCE.iter().filter_map(|name| patience(headers.get(*name)?.to_str().ok()?)).min(),
            traceparent: only(headers, "traceparent").and_then(traceparent),
        })
    }
}

/// The value of a header that stands there once.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    Some(value.as_bytes())
}

fn path(headers: &HeaderMap) -> Result<Vec<String>, Refusal> {
    let values: Vec<&[u8]> = headers.get_all("x-ensc-path").iter().map(|value| value.as_bytes()).collect();
    let bytes: usize = values.iter().map(|value| value.len()).sum();
    let names: Vec<&[u8]> = values
        .iter()
        .flat_map(|value| value.split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|name| !name.is_empty())
        .collect();
    let plain = names.iter().all(|name| is_kebab(name));
    if bytes > PATH_BYTES_MAX || names.len() > PATH_NAMES_MAX || !plain {
        let why = format!(
            "`x-ensc-path` must be at most {PATH_NAMES_MAX} names of handles in {PATH_BYTES_MAX} bytes"
        );
        return Err(Refusal::new(Kind::Loop, why));
    }
    Ok(names.into_iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect())
}

fn is_kebab(name: &[u8]) -> bool {
    name.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-')
}

/// Seconds, as the OpenAI libraries write them: `6000.0`, `600`.
fn patience(value: &str) -> Option<Duration> {
    let waits = Duration::try_from_secs_f64(value.trim().parse().ok()?).ok()?;
    Some(waits.min(PATIENCE_MAX).saturating_sub(PATIENCE_MARGIN))
}

/// A W3C trace context of version 00; anything else, two of them among it, is as if it were not there.
fn traceparent(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?;
    let parts: Vec<&str> = text.split('-').collect();
    let [version, trace, parent, flags] = parts[..] else { return None };
    let is_hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_zero = |part: &str| part.bytes().all(|byte| byte == b'0');
    let valid = version == "00"
        && is_hex(trace, 32)
        && is_hex(parent, 16)
        && is_hex(flags, 2)
        && !is_zero(trace)
        && !is_zero(parent);
    valid.then(|| text.to_owned())
}
