//! Markdown that people write, with lines of ours between two markers. The markers stand in comments, for a `#` at the
//! beginning of a line would be a heading.

use crate::export::lines::{Lines, Placed, Refusal};
use crate::export::region::{self, BEGIN, END, Region};

/// `old` with `body` between our markers, everything else byte for byte as it was. A file without them gets them at its
/// end; an empty one begins with `head`.
///
/// # Errors
///
/// Half a region, and a block of code or a comment that does not end.
pub fn place(head: &str, body: &str, old: &str) -> Placed {
    let old = if old.trim_start_matches('\u{feff}').is_empty() { head } else { old };
    let lines = Lines::of(old);
    let counts = prose(&lines)?;
    let region = region::find(&lines, |index| counts[index])?;
    let mut new: Vec<String> =
        std::iter::once("").chain(body.trim().lines()).chain([""]).map(str::to_owned).collect();
    Ok(match region {
        Some(Region { begin, end }) => lines.with(begin + 1..end, &new),
        None => {
            region::is_free(&lines, |index| counts[index], lines.all.len())?;
            new.insert(0, region::in_comment(BEGIN));
            new.push(region::in_comment(END));
            if lines.all.last().is_some_and(|line| !line.text.trim().is_empty()) {
                new.insert(0, String::new());
            }
            lines.with(lines.all.len()..lines.all.len(), &new)
        }
    })
}

/// Our region, if there is one.
///
/// # Errors
///
/// As [`place`].
pub fn find(lines: &Lines<'_>) -> Result<Option<Region>, Refusal> {
    let counts = prose(lines)?;
    region::find(lines, |index| counts[index])
}

/// What the lines are in that follow.
enum Within {
    Prose,
    /// A block of code, opened by so many of this character.
    Code(char, usize),
    Comment,
}

/// Which lines are neither code nor within a comment of several lines.
///
/// # Errors
///
/// A block of code or a comment that does not end: what is put behind it would be part of it.
fn prose(lines: &Lines<'_>) -> Result<Vec<bool>, Refusal> {
    let mut within = Within::Prose;
    let mut opened = 0;
    let mut counts = Vec::new();
    for (index, line) in lines.all.iter().enumerate() {
        let text = line.text.trim();
        counts.push(matches!(within, Within::Prose));
        within = match within {
            Within::Prose => {
                opened = index;
                match fence(text) {
                    Some((sign, length)) => Within::Code(sign, length),
                    None if text.starts_with("<!--") && !text[4..].contains("-->") => Within::Comment,
                    None => Within::Prose,
                }
            }
            Within::Code(sign, length) if closes(text, sign, length) => Within::Prose,
            Within::Comment if text.contains("-->") => Within::Prose,
            open => open,
        };
    }
    match within {
        Within::Prose => Ok(counts),
        Within::Code(sign, length) => {
            let fence: String = std::iter::repeat_n(sign, length).collect();
            Err(Refusal::at(opened, format!("the code that begins here does not end; close it with {fence}")))
        }
        Within::Comment => {
            Err(Refusal::at(opened, "the comment that begins here does not end; close it with `-->`"))
        }
    }
}

/// The sign and length of a fence that opens a block of code.
fn fence(text: &str) -> Option<(char, usize)> {
    let sign = text.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = text.chars().take_while(|c| *c == sign).count();
    // Behind back-ticks no other may stand: that is code within a line.
    (length >= 3 && !(sign == '`' && text[length..].contains('`'))).then_some((sign, length))
}

fn closes(text: &str, sign: char, length: usize) -> bool {
    text.chars().all(|c| c == sign) && text.len() >= length
}
