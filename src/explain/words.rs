//! Wrapping, counting and money, as pages for people write them.

use crate::units::MicroUsd;

/// Characters of a template that a line shows.
const TEXT_WIDTH: usize = 40;

/// `1 call`, `4 calls`.
pub fn plural(count: u32, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        n => format!("{n} {noun}s"),
    }
}

/// Rounded up to cents; below one cent, exact.
pub fn money(usd: f64) -> String {
    let micros = (usd * 1e6).round() as u64;
    let shown = if micros < 10_000 { micros } else { micros.next_multiple_of(10_000) };
    MicroUsd(shown).to_string()
}

/// The start of a template, on one line.
pub fn quoted(template: &str) -> String {
    format!("\"{}\"", clipped(template, TEXT_WIDTH))
}

/// The start of a text, on one line.
pub fn clipped(text: &str, width: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let start: String = line.chars().take(width).collect();
    if start.len() < line.len() { format!("{start}…") } else { start }
}

/// `+2 calls`, `-90s`: a difference, said by what says a size.
pub fn signed(difference: i64, say: impl Fn(i64) -> String) -> String {
    let sign = if difference < 0 { "-" } else { "+" };
    format!("{sign}{}", say(difference.abs()))
}

/// Parts joined by ` · `, cut only between parts; later lines start with `margin`.
pub fn joined(margin: &str, parts: &[String], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 3 + part.chars().count() <= width => {
                line.push_str(" · ");
                line.push_str(part);
            }
            _ => lines.push(format!("{margin}{part}")),
        }
    }
    lines
}

/// Words filled up to `width`. Lines that follow each other are one paragraph; a blank line or a list item ends it.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for source in text.lines().map(str::trim) {
        let starts_anew = source.is_empty() || source.starts_with("- ");
        if starts_anew && lines.last().is_some_and(|line| !line.is_empty()) {
            lines.push(String::new());
        }
        for word in source.split_whitespace() {
            fill(&mut lines, word, width);
        }
        if source.is_empty() {
            lines.push(String::new());
        }
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// Adds a word to the last line, or to a new one if it is full.
fn fill(lines: &mut Vec<String>, word: &str, width: usize) {
    match lines.last_mut() {
        Some(line) if line.is_empty() => line.push_str(word),
        Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
            line.push(' ');
            line.push_str(word);
        }
        _ => lines.push(word.to_owned()),
    }
}

/// `3 models` for a list of kebab-case names, `3 items` for another, nothing for what is no list.
pub fn list_length(value: &str) -> Option<String> {
    let inner = value.strip_prefix('[')?.strip_suffix(']')?;
    let items: Vec<&str> = inner.split(',').map(str::trim).filter(|item| !item.is_empty()).collect();
    let are_models = items.iter().all(|item| item.contains('-') && !item.contains(['"', ' ']));
    let count = u32::try_from(items.len()).ok()?;
    Some(plural(count, if are_models { "model" } else { "item" }))
}
