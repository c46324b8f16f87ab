//! YAML files that people write: which line is what, and where a key's lines are. A file is read line by line, only as
//! far as is needed to put lines of ours between theirs; what cannot be told for sure is refused.

pub mod list;
pub mod settings;

use std::ops::Range;

use crate::export::lines::{Lines, Refusal};
use crate::export::region::{self, Region};

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Blank,
    Comment,
    Content,
    /// Within a text of several lines that begins with `|` or `>`.
    Scalar,
}

/// A line with what is known of it.
struct Seen<'a> {
    kind: Kind,
    indent: usize,
    /// Without indentation.
    text: &'a str,
}

// === impl Seen ===

impl Seen<'_> {
    fn is_top(&self) -> bool {
        self.kind == Kind::Content && self.indent == 0
    }

    fn is_entry(&self) -> bool {
        self.text == "-" || self.text.starts_with("- ")
    }

    fn speaks(&self) -> bool {
        matches!(self.kind, Kind::Content | Kind::Scalar)
    }
}

/// The only line at the top of a file with this key, and what stands behind the colon.
///
/// # Errors
///
/// A second such line.
fn key_line<'a>(seen: &[Seen<'a>], key: &str) -> Result<Option<(usize, &'a str)>, Refusal> {
    let tops = seen.iter().enumerate().filter(|(_, line)| line.is_top());
    let mut found = tops.filter_map(|(index, line)| Some((index, top_value(line.text, key)?)));
    let first = found.next();
    match found.next() {
        Some((second, _)) => {
            Err(Refusal::at(second, format!("`{key}` stands here a second time; make one of both")))
        }
        None => Ok(first),
    }
}

/// Whether what stands behind a key's colon leaves its value to the lines below.
fn is_open(value: &str) -> bool {
    value.is_empty() || value.starts_with('#')
}

/// The lines below a key's line that belong to it.
fn block(seen: &[Seen<'_>], key_line: usize) -> Range<usize> {
    let start = key_line + 1;
    let end = seen[start..].iter().position(|line| line.is_top() && !line.is_entry());
    start..end.map_or(seen.len(), |length| start + length)
}

/// Where in a block lines of ours are put: behind the last line that says something, or ends the region of another
/// program. What begins one at the end of a block belongs to what follows. Where that line is part of a text of several
/// lines, they are put at the beginning, for what stands behind such a text can change it.
fn free_spot(seen: &[Seen<'_>], block: Range<usize>) -> usize {
    let counts = |index: &usize| {
        let line = &seen[*index];
        line.speaks() || line.kind == Kind::Comment && region::ends_foreign(line.text)
    };
    match block.clone().rev().find(counts) {
        Some(last) if seen[last].kind != Kind::Scalar && !opens_scalar(seen[last].text) => last + 1,
        _ => block.start,
    }
}

/// Whether our region stands in the block of `key`, between what stands there, and indented as that is.
fn fits(
    key: &str,
    seen: &[Seen<'_>],
    region: Region,
    block: Range<usize>,
    indent: Option<usize>,
) -> Result<(), Refusal> {
    let Region { begin, end } = region;
    if !block.contains(&begin) || !block.contains(&end) {
        return Err(Refusal::at(
            begin,
            format!("our region stands outside of `{key}`; move both markers below that line"),
        ));
    }
    let own = seen[begin].indent;
    if let Some(indent) = indent.filter(|indent| *indent != own) {
        return Err(Refusal::at(
            begin,
            format!(
                "our region is indented by {own}, the entries of `{key}` by {indent}; indent both markers by {indent}"
            ),
        ));
    }
    if seen[end].indent != own {
        return Err(Refusal::at(
            end,
            format!(
                "this marker is indented by {}, its other one by {own}; indent both by {own}",
                seen[end].indent
            ),
        ));
    }
    let next = (end + 1..block.end).find(|index| seen[*index].speaks());
    match next {
        Some(next) if seen[next].indent != own => {
            Err(Refusal::at(begin, "our region stands in the middle of an entry; move it behind that entry"))
        }
        _ => Ok(()),
    }
}

/// The rest of a line `key: …`.
fn top_value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let quoted =
        ["\"", "'"].iter().find_map(|quote| text.strip_prefix(quote)?.strip_prefix(key)?.strip_prefix(quote));
    let rest = text.strip_prefix(key).or(quoted)?.trim_start().strip_prefix(':')?;
    (rest.is_empty() || rest.starts_with(' ')).then_some(rest.trim())
}

/// The value of a key on this line, wherever it stands: `- model_name: x`, `- {model_name: "x", …}`.
fn value_in<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let trimmed = text.trim_start_matches(['-', ' ', '{']);
    let at = if trimmed.trim_start_matches(['"', '\'']).starts_with(key) {
        text.find(key)?
    } else {
        [", ", "{"].iter().find_map(|before| {
            ["", "\"", "'"].iter().find_map(|quote| {
                let pattern = format!("{before}{quote}{key}");
                text.find(&pattern).map(|at| at + pattern.len() - key.len())
            })
        })?
    };
    let rest =
        text[at + key.len()..].trim_start_matches(['"', '\'']).trim_start().strip_prefix(':')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
    match quote {
        Some(quote) => rest[1..].split(quote).next(),
        None => rest.split([' ', ',', '}', '#']).next(),
    }
}

fn look<'a>(lines: &Lines<'a>) -> Result<Vec<Seen<'a>>, Refusal> {
    let mut seen = Vec::new();
    // The indentation of the line that opened a text of several lines.
    let mut scalar: Option<usize> = None;
    let mut has_content = false;
    for (index, line) in lines.all.iter().enumerate() {
        let text = line.text.trim_start_matches(' ');
        let indent = line.text.len() - text.len();
        let is_blank = text.trim().is_empty();
        let kind = match scalar {
            Some(opener) if is_blank || indent > opener => Kind::Scalar,
            _ if is_blank => Kind::Blank,
            _ if text.starts_with('#') => Kind::Comment,
            _ => Kind::Content,
        };
        if kind == Kind::Scalar {
            seen.push(Seen { kind: if is_blank { Kind::Blank } else { kind }, indent, text });
            continue;
        }
        if !is_blank {
            scalar = None;
        }
        if kind == Kind::Content {
            understood(index, indent, text, has_content)?;
            has_content |= text != "---";
            scalar = opens_scalar(text).then_some(indent + dashes(text));
        }
        let kind = if text == "---" { Kind::Comment } else { kind };
        seen.push(Seen { kind, indent, text });
    }
    Ok(seen)
}

/// # Errors
///
/// A line that does not say where it belongs.
fn understood(index: usize, indent: usize, text: &str, has_content: bool) -> Result<(), Refusal> {
    if text.starts_with('\t') {
        return Err(Refusal::at(index, "a tab cannot indent YAML; use spaces"));
    }
    if indent == 0 && (text == "---" || text == "...") && has_content {
        return Err(Refusal::at(index, "a second document begins here; keep one to a file"));
    }
    if indent == 0 && text.starts_with([']', '}', ',']) {
        return Err(Refusal::at(index, "this belongs to what begins above; indent it"));
    }
    Ok(())
}

/// How far the key of `- key: |` stands from the dash.
fn dashes(text: &str) -> usize {
    text.len() - text.trim_start_matches("- ").len()
}

/// A line that ends in `|`, `>` or one of their variants.
fn opens_scalar(text: &str) -> bool {
    let value = text.split(" #").next().unwrap_or_default().trim_end();
    let sign = value.rsplit(' ').next().unwrap_or_default();
    value.len() > sign.len()
        && sign.starts_with(['|', '>'])
        && sign[1..].chars().all(|c| matches!(c, '+' | '-' | '1'..='9'))
}
