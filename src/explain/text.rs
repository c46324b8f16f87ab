//! The page for people, written from the document alone: header, bounds, tree, settings. Fixed width, no colour.

mod details;
mod line;
mod tree;

use crate::explain::json::{Document, SettingOut};
use crate::explain::words::{joined, list_length, money, plural, wrapped};
use crate::units::{Bytes, Millis, Tokens};

/// Columns of the page. A line is longer only where one name alone is.
pub const WIDTH: usize = 100;

/// Widest column of values; `full` allows wider ones and breaks lines.
const VALUE_WIDTH: usize = 30;
const VALUE_WIDTH_FULL: usize = 44;

/// The whole page. Without `full`, settings that nobody wrote are counted, not shown.
#[must_use]
pub fn render(doc: &Document, full: bool) -> String {
    let mut lines = header(doc);
    lines.push(String::new());
    lines.extend(tree::lines(doc));
    lines.push(String::new());
    lines.extend(settings(doc, full));
    let mut page = String::new();
    for line in lines {
        page.push_str(line.trim_end());
        page.push('\n');
    }
    page
}

/// Name, place, what it is for, and what it may cost at most.
fn header(doc: &Document) -> Vec<String> {
    let choices = if doc.choices > 1 { format!(" · n {}", doc.choices) } else { String::new() };
    let facts = format!("{} · selector {} · plan {}{choices}", doc.place, doc.selector, doc.plan);
    let mut lines = title(&doc.handle, &facts);
    let purpose = purpose(&doc.doc, &doc.handle);
    let is_long = purpose.len() > 1;
    lines.extend(purpose);
    lines.extend(is_long.then(String::new));
    lines.extend(joined("", &bounds(doc), WIDTH));
    lines.extend(joined("", &allowances(doc), WIDTH));
    lines
}

/// A doc comment in the lines of the page, without the handle's own name: the title has said it.
pub(super) fn purpose(doc: &str, handle: &str) -> Vec<String> {
    wrapped(doc.strip_prefix(&format!("`{handle}`: ")).unwrap_or(doc), WIDTH)
}

/// Both on one line with the facts at its end, or below each other.
fn title(handle: &str, facts: &str) -> Vec<String> {
    let used = handle.chars().count() + facts.chars().count();
    if used + 2 <= WIDTH {
        return vec![format!("{handle}{}{facts}", " ".repeat(WIDTH - used))];
    }
    vec![handle.to_owned(), facts.to_owned()]
}

/// `4 calls (at most 12 attempts) in 2 waves`, `at most 5m, 90k tokens out`, `in 4c + 25k`.
pub(super) fn bounds(doc: &Document) -> Vec<String> {
    let b = &doc.bounds;
    let calls = format!(
        "{} (at most {}) in {}",
        plural(b.calls, "call"),
        plural(b.attempts, "attempt"),
        plural(b.waves, "wave")
    );
    let mut most = format!("at most {}, {} tokens out", Millis(b.time_ms), Tokens(b.tokens_out));
    most.push_str(&format!(", in {}", input_bound(b.tokens_in_conversations, b.tokens_in_constant)));
    if has_price(doc) {
        most.push_str(&format!(", {}", money(b.cost_usd)));
    }
    vec![calls, most]
}

/// `4c + 25k`, with c the tokens of the conversation.
fn input_bound(conversations: u32, constant: u64) -> String {
    let c = match conversations {
        0 => String::new(),
        1 => "c".to_owned(),
        n => format!("{n}c"),
    };
    match (c.is_empty(), constant) {
        (true, n) => Tokens(n).to_string(),
        (false, 0) => c,
        (false, n) => format!("{c} + {}", Tokens(n)),
    }
}

pub(super) fn has_price(doc: &Document) -> bool {
    doc.models.iter().any(|model| model.price_in_usd > 0.0 || model.price_out_usd > 0.0)
}

/// How long a conversation may be, what was limited, what the host must hold.
fn allowances(doc: &Document) -> Vec<String> {
    let longest = doc.bounds.request_max;
    let longest = if longest >= 10_000 { format!("{}k", longest / 1000) } else { longest.to_string() };
    let mut parts = vec![format!("conversation (c) up to {longest} tokens")];
    let limit = &doc.limit;
    let allowed: Vec<String> = [
        limit.calls.map(|calls| plural(calls, "call")),
        limit.tokens.map(|tokens| format!("{} tokens", Tokens(tokens))),
        limit.cost_usd.map(money),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !allowed.is_empty() {
        parts.push(format!("limit {}", allowed.join(", ")));
    }
    parts.extend(memory(doc));
    parts
}

/// `3 models, 150GB of 200GB in tier xl`.
pub(super) fn memory(doc: &Document) -> Option<String> {
    let models = plural(u32::try_from(doc.models.len()).unwrap_or(u32::MAX), "model");
    let sizes: Option<Vec<u64>> = doc.models.iter().map(|model| model.memory_bytes).collect();
    let held = Bytes(sizes?.into_iter().sum());
    Some(match doc.memory_bytes {
        Some(most) => format!("{models}, {held} of {} in tier {}", Bytes(most), doc.tier),
        None => format!("{models}, {held}"),
    })
}

/// Each with its name, value, the layer that won, and its place.
fn settings(doc: &Document, full: bool) -> Vec<String> {
    let shown: Vec<&SettingOut> = doc.settings.iter().filter(|s| full || !s.is_built_in()).collect();
    let values: Vec<Vec<String>> = shown.iter().map(|s| value(s, full)).collect();
    let widest = |columns: &mut dyn Iterator<Item = usize>| columns.max().unwrap_or(0) + 3;
    let name = widest(&mut shown.iter().map(|s| s.name.chars().count()));
    let layer = widest(&mut shown.iter().map(|s| s.layer.chars().count()));
    let column = widest(&mut values.iter().flatten().map(|line| line.chars().count()));
    let mut lines = Vec::new();
    for (s, value) in shown.iter().zip(&values) {
        let first = value.first().map(String::as_str).unwrap_or_default();
        lines.push(format!("  {:name$}{first:column$}{:layer$}{}", s.name, s.layer, s.place));
        lines.extend(value.iter().skip(1).map(|line| format!("  {:name$}{line}", "")));
    }
    lines.extend(hidden(doc.settings.len() - shown.len(), lines.is_empty()));
    lines
}

/// How many settings nobody wrote.
fn hidden(count: usize, is_alone: bool) -> Vec<String> {
    if count == 0 {
        return Vec::new();
    }
    let what = plural(u32::try_from(count).unwrap_or(u32::MAX), "built-in setting");
    let line = format!("{what} not shown (--full)");
    if is_alone { vec![line] } else { vec![String::new(), line] }
}

/// A value in the lines of its column: all of it in `full`, else a long list by its length and a long text by its
/// start.
fn value(setting: &SettingOut, full: bool) -> Vec<String> {
    let value = &setting.value;
    if full {
        return wrapped(value, VALUE_WIDTH_FULL);
    }
    let line = value.lines().next().unwrap_or_default();
    if line.chars().count() <= VALUE_WIDTH && line.len() == value.len() {
        return vec![line.to_owned()];
    }
    match list_length(value) {
        Some(length) => vec![format!("[… {length}]")],
        None => vec![format!("{}…", line.chars().take(VALUE_WIDTH - 1).collect::<String>())],
    }
}
