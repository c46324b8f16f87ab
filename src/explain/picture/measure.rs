//! How large a box is: the room that its words take, estimated, since no font is at hand.

use crate::explain::picture::Figure;

/// Between a box's edge and its words.
pub(super) const MARGIN: i32 = 12;

/// Heights of lines, from base line to base line.
pub(super) const TAG: i32 = 17;
pub(super) const TITLE: i32 = 19;
pub(super) const WHAT: i32 = 17;
pub(super) const MODEL: i32 = 17;

/// Longest line of words that is not cut.
const WORDS_MAX: usize = 58;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    pub w: i32,
    pub h: i32,
}

/// Room for a figure's words, and for an inside of this size below them.
pub(super) fn extent(figure: &Figure, inside_w: i32, inside_h: i32, pad: i32) -> Extent {
    let waves = words(&waves(figure), 11) + 16;
    let bold = |text: &str, size: i32| words(&clipped(text), size) * 108 / 100;
    let what =
        if figure.title.is_empty() { bold(&figure.what, 14) } else { words(&clipped(&figure.what), 12) };
    let tag = bold(&figure.tag, 11);
    let models = figure.lines.iter().map(|line| mono(&clipped(line), 12)).max().unwrap_or(0);
    let first = if figure.title.is_empty() { what } else { bold(&figure.title, 14) };
    let widest = (first + waves).max(what).max(tag).max(models).max(96);
    let below = if inside_h > 0 { inside_h + pad + 6 } else { 0 };
    let w = (widest + 2 * MARGIN + 4).max(inside_w + 2 * pad);
    Extent { w, h: top(figure) + below + MARGIN }
}

/// Height of a figure's words.
pub(super) fn top(figure: &Figure) -> i32 {
    let has = |text: &str, height: i32| if text.is_empty() { 0 } else { height };
    let lines = figure.lines.len() as i32 * MODEL;
    MARGIN - 3 + has(&figure.tag, TAG) + has(&figure.title, TITLE) + has(&figure.what, WHAT) + lines
}

/// `wave 2`, `waves 7–10`
pub(super) fn waves(figure: &Figure) -> String {
    match figure.waves {
        None => String::new(),
        Some((first, last)) if first == last => format!("wave {first}"),
        Some((first, last)) => format!("waves {first}–{last}"),
    }
}

/// A line, cut where it would make its box too wide.
pub(super) fn clipped(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= WORDS_MAX {
        return line;
    }
    line.chars().take(WORDS_MAX - 1).chain(['…']).collect()
}

/// Width of words in the sans-serif that a reader's system has.
pub(super) fn words(text: &str, size: i32) -> i32 {
    let units: i32 = text.chars().map(unit).sum();
    (units * size + 99) / 100
}

/// Width in the monospaced font.
pub(super) fn mono(text: &str, size: i32) -> i32 {
    (text.chars().count() as i32 * size * 61 + 99) / 100
}

/// In hundredths of the size, on the wide side of common fonts.
fn unit(c: char) -> i32 {
    match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' | '·' => 30,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '"' => 40,
        'm' | 'w' | 'M' | 'W' | '…' | '—' | '@' => 90,
        'A'..='Z' => 70,
        _ => 62,
    }
}
