//! The page for people, written from the document alone: header, bounds, tree, settings. Fixed width, no colour.

pub mod tree;
mod words;

use crate::explain::json::{Document, SettingOut};
use crate::explain::text::words::{joined, list_length, money, plural, wrapped};
use crate::units::{Bytes, Millis, Tokens};

/// Columns of the page. A line is longer only where one name alone is.
pub const WIDTH: usize = 100;

/// Longest value of a setting that is printed whole without `full`.
const VALUE_WIDTH: usize = 30;

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
    let facts = format!("{} · selector {} · plan {}", doc.place, doc.selector, doc.plan);
    let mut lines = title(&doc.handle, &facts);
    lines.extend(wrapped(&doc.doc, WIDTH));
    lines.extend(joined("", &bounds(doc), WIDTH));
    lines.extend(joined("", &allowances(doc), WIDTH));
    lines
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
fn bounds(doc: &Document) -> Vec<String> {
    let b = &doc.bounds;
    let calls = format!(
        "{} (at most {}) in {}",
        plural(b.calls, "call"),
        plural(b.attempts, "attempt"),
        plural(b.waves, "wave")
    );
    let mut most = format!("at most {}, {} tokens out", Millis(b.time_ms), Tokens(b.tokens_out));
    most.push_str(&format!(", in {}", input_bound(b.tokens_in_conversations, b.tokens_in_constant)));
    let mut parts = vec![calls, most];
    if has_price(doc) {
        parts.push(format!("{} at most", money(b.cost_usd)));
    }
    parts
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

fn has_price(doc: &Document) -> bool {
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
fn memory(doc: &Document) -> Option<String> {
    let models = plural(u32::try_from(doc.models.len()).unwrap_or(u32::MAX), "model");
    let sizes: Option<Vec<u64>> = doc.models.iter().map(|model| model.memory_bytes).collect();
    let held = Bytes(sizes?.into_iter().sum());
    Some(match doc.memory_bytes {
        Some(most) => format!("{models}, {held} of {} in tier {}", Bytes(most), doc.tier),
        None => format!("{models}, {held}"),
    })
}

/// One line each: name, value, the layer that won, its place.
fn settings(doc: &Document, full: bool) -> Vec<String> {
    let shown: Vec<&SettingOut> = doc.settings.iter().filter(|s| full || !s.is_built_in()).collect();
    let width = |of: fn(&SettingOut) -> usize| shown.iter().map(|s| of(s)).max().unwrap_or(0);
    let name = width(|s| s.name.chars().count()) + 3;
    let value = width(|s| short(&s.value).chars().count()) + 3;
    let layer = width(|s| s.layer.chars().count()) + 3;
    let mut lines = Vec::new();
    for s in &shown {
        let place = &s.place;
        lines.push(format!("  {:name$}{:value$}{:layer$}{place}", s.name, short(&s.value), s.layer));
        if full && short(&s.value) != s.value {
            lines.extend(whole(&s.value, name + 2));
        }
    }
    let hidden = doc.settings.len() - shown.len();
    if hidden > 0 {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let what = plural(u32::try_from(hidden).unwrap_or(u32::MAX), "built-in setting");
        lines.push(format!("{what} not shown (--full)"));
    }
    lines
}

/// A value that fits its column: a long list by its length, a long text by its start.
fn short(value: &str) -> String {
    let value = value.lines().next().unwrap_or_default();
    if value.chars().count() <= VALUE_WIDTH {
        return value.to_owned();
    }
    match list_length(value) {
        Some(length) => format!("[… {length}]"),
        None => format!("{}…", value.chars().take(VALUE_WIDTH - 1).collect::<String>()),
    }
}

/// A value too long for its column, below its line.
fn whole(value: &str, indent: usize) -> Vec<String> {
    let margin = " ".repeat(indent);
    wrapped(value, WIDTH - indent).into_iter().map(|line| format!("{margin}{line}")).collect()
}
