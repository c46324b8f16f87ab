//! What a simulated model says, and how its words are counted.

use crate::upstream::sim::asked::{Asked, Format};
use crate::upstream::sim::schema;

/// Characters to a token.
const TOKEN_CHARS: usize = 4;

/// How much of the question is quoted, in characters.
const QUOTE_CHARS_MAX: usize = 80;

const REMARKS: &[&str] = &[
    "Nothing here was thought about.",
    "The words were chosen by a hash of the question.",
    "The same question gets the same answer.",
    "A model would have weighed this; the simulator only counts.",
    "Point the daemon at LiteLLM for a real answer.",
    "It is as long as it is so that streams have something to carry.",
    "Another model would have been given another remark.",
];

/// The text for a request: JSON where it was asked for, else words that say that they are simulated.
#[must_use]
pub(super) fn text(asked: &Asked) -> String {
    match &asked.format {
        Format::Schema(schema) => schema::example(schema, asked.hash).to_string(),
        Format::Object => object(asked),
        Format::Text if asked.prompt.contains("JSON list") => findings(asked),
        Format::Text if asked.prompt.contains("JSON") => object(asked),
        Format::Text => words(asked),
    }
}

fn object(asked: &Asked) -> String {
    serde_json::json!({"simulated": true, "model": asked.model}).to_string()
}

/// What a prompt that wants a JSON list of findings is given: every word with an `@` in it. Enough to see a finder's work
/// go through an ensemble.
fn findings(asked: &Asked) -> String {
    let trim = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let mut found: Vec<String> =
        asked.prompt.split_whitespace().filter(|word| word.contains('@')).map(trim).collect();
    found.sort();
    found.dedup();
    let found: Vec<_> = found
        .into_iter()
        .filter(|word| word.contains('@'))
        .map(|text| serde_json::json!({"kind": "EMAIL", "text": text, "simulated": true}))
        .collect();
    serde_json::Value::Array(found).to_string()
}

fn words(asked: &Asked) -> String {
    let quote: String = asked.question.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut = quote.char_indices().nth(QUOTE_CHARS_MAX);
    let quote = cut.map_or(quote.clone(), |(end, _)| format!("{}…", &quote[..end]));
    let remark = |shift: u32| REMARKS[(asked.hash.rotate_right(shift) % REMARKS.len() as u64) as usize];
    let (first, second) = (remark(0), remark(17));
    let rest = if first == second { String::new() } else { format!(" {second}") };
    format!("[simulated {}] This stands in for an answer to “{quote}”. {first}{rest}", asked.model)
}

/// The pieces that a text is streamed in, one a token. Together they are the text.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.char_indices().nth(TOKEN_CHARS).map_or(rest.len(), |(end, _)| end);
        let (token, after) = rest.split_at(end);
        rest = after;
        (!token.is_empty()).then_some(token)
    })
}

/// A quarter of the characters, rounded up.
#[must_use]
pub(super) fn count(text: &str) -> u64 {
    text.chars().count().div_ceil(TOKEN_CHARS) as u64
}

/// The first `tokens` of a text.
#[must_use]
pub(super) fn first(text: &str, tokens: u64) -> &str {
    let chars = usize::try_from(tokens).unwrap_or(usize::MAX).saturating_mul(TOKEN_CHARS);
    text.char_indices().nth(chars).map_or(text, |(end, _)| &text[..end])
}
