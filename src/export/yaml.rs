//! Entries in a list of a YAML file that people write, between our markers. The file is read line by line, only as far
//! as is needed to know where the list and its entries are; what cannot be told for sure is refused.

use crate::export::lines::{Lines, Placed, Refusal};
use crate::export::region::{self, BEGIN, END, Region};

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Blank,
    Comment,
    Content,
    /// Within a text of several lines that begins with `|` or `>`.
    Scalar,
}

/// Entries of ours for one list.
pub struct List<'a> {
    /// The list's key, at the top of the file: `model_list`.
    pub key: &'a str,
    /// The key by which an entry is known: `model_name`.
    pub name: &'a str,
    /// The names of our entries. No one else may have an entry with one of them.
    pub names: &'a [&'a str],
    /// Our entries without indentation, line by line.
    pub entries: &'a [String],
}

/// A line with what is known of it.
struct Seen<'a> {
    kind: Kind,
    indent: usize,
    /// Without indentation.
    text: &'a str,
}

impl List<'_> {
    /// `old` with our entries in the list, everything else byte for byte as it was.
    ///
    /// # Errors
    ///
    /// Lines that cannot be understood, and entries of others with a name of ours.
    pub fn place(&self, old: &str) -> Placed {
        let lines = Lines::of(old);
        let seen = look(&lines)?;
        let region = region::find(&lines, |index| seen[index].kind == Kind::Comment)?;
        let (first, end) = self.block(&seen)?;
        let is_inside = |index: usize| region.is_some_and(|it| it.begin < index && index < it.end);
        let indent = self.indent(&seen, first..end, is_inside)?;
        self.by_hand(&seen, first..end, is_inside)?;
        let Some(region) = region else {
            let at = last_line(&seen, first..end).map_or(first, |last| last + 1);
            let indent = indent.unwrap_or(2);
            let marked = |mark: &str| format!("{:indent$}{mark}", "");
            let all: Vec<String> =
                std::iter::once(marked(BEGIN)).chain(self.indented(indent)).chain([marked(END)]).collect();
            return Ok(lines.with(at..at, &all));
        };
        self.fits(&seen, region, first..end, indent)?;
        let all: Vec<String> = self.indented(seen[region.begin].indent).collect();
        Ok(lines.with(region.begin + 1..region.end, &all))
    }

    fn indented(&self, indent: usize) -> impl Iterator<Item = String> {
        self.entries.iter().map(move |line| format!("{:indent$}{line}", ""))
    }

    /// The lines below the key that belong to it.
    fn block(&self, seen: &[Seen<'_>]) -> Result<(usize, usize), Refusal> {
        let key = self.key;
        let is_top = |line: &Seen<'_>| line.kind == Kind::Content && line.indent == 0;
        let value_of = |line: &Seen<'_>| top_value(line.text, key).map(str::to_owned);
        let mut found = seen.iter().enumerate().filter(|(_, line)| is_top(line));
        let mut keys = found.by_ref().filter_map(|(index, line)| Some((index, value_of(line)?)));
        let Some((at, value)) = keys.next() else {
            return Err(Refusal {
                line: 1,
                message: format!("there is no `{key}`; add a line `{key}:` where our entries are to stand"),
            });
        };
        if let Some((second, _)) = keys.next() {
            return Err(Refusal::at(
                second,
                format!("`{key}` stands here a second time; make one list of both"),
            ));
        }
        if !(value.is_empty() || value.starts_with('#')) {
            return Err(Refusal::at(
                at,
                format!(
                    "`{key}` has its value on the same line; write `{key}:` alone, and its entries below it"
                ),
            ));
        }
        let ends = |line: &Seen<'_>| is_top(line) && !(line.text == "-" || line.text.starts_with("- "));
        let end = seen[at + 1..].iter().position(ends).map_or(seen.len(), |length| at + 1 + length);
        Ok((at + 1, end))
    }

    /// By how much the entries of others are indented, if there are any.
    fn indent(
        &self,
        seen: &[Seen<'_>],
        block: std::ops::Range<usize>,
        is_inside: impl Fn(usize) -> bool,
    ) -> Result<Option<usize>, Refusal> {
        let mut indent = None;
        for index in block.filter(|index| !is_inside(*index)) {
            let line = &seen[index];
            if line.kind != Kind::Content {
                continue;
            }
            let is_entry = line.text == "-" || line.text.starts_with("- ");
            match indent {
                None if is_entry => indent = Some(line.indent),
                None => {
                    return Err(Refusal::at(
                        index,
                        format!("`{}` is no list here; its entries begin with `- `", self.key),
                    ));
                }
                Some(most) if line.indent < most || line.indent == most && !is_entry => {
                    return Err(Refusal::at(
                        index,
                        format!("this line belongs to no entry of `{}`; indent it as the others", self.key),
                    ));
                }
                Some(_) => {}
            }
        }
        Ok(indent)
    }

    /// # Errors
    ///
    /// Each entry of others with a name of ours.
    fn by_hand(
        &self,
        seen: &[Seen<'_>],
        block: std::ops::Range<usize>,
        is_inside: impl Fn(usize) -> bool,
    ) -> Result<(), Vec<Refusal>> {
        let entries = block.filter(|index| !is_inside(*index) && seen[*index].kind == Kind::Content);
        let named = entries.filter_map(|index| Some((index, value_in(seen[index].text, self.name)?)));
        let refusals: Vec<Refusal> = named
            .filter(|(_, name)| self.names.contains(name))
            .map(|(index, name)| {
                Refusal::at(
                    index,
                    format!("`{name}` has an entry outside of our region; take it out, for ours replaces it"),
                )
            })
            .collect();
        if refusals.is_empty() { Ok(()) } else { Err(refusals) }
    }

    /// Whether the region stands between entries, and as they do.
    fn fits(
        &self,
        seen: &[Seen<'_>],
        region: Region,
        block: std::ops::Range<usize>,
        indent: Option<usize>,
    ) -> Result<(), Refusal> {
        let Region { begin, end } = region;
        if !block.contains(&begin) || !block.contains(&end) {
            return Err(Refusal::at(
                begin,
                format!("our region stands outside of `{}`; move both markers below that line", self.key),
            ));
        }
        let own = seen[begin].indent;
        if let Some(indent) = indent.filter(|indent| *indent != own) {
            return Err(Refusal::at(
                begin,
                format!(
                    "our region is indented by {own}, the entries of `{}` by {indent}; indent both markers by {indent}",
                    self.key
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
        let next =
            (end + 1..block.end).find(|index| matches!(seen[*index].kind, Kind::Content | Kind::Scalar));
        match next {
            Some(next) if seen[next].indent != own => Err(Refusal::at(
                begin,
                "our region stands in the middle of an entry; move it behind that entry",
            )),
            _ => Ok(()),
        }
    }
}

/// The last line of a block that says something, or is the marker of another program.
fn last_line(seen: &[Seen<'_>], block: std::ops::Range<usize>) -> Option<usize> {
    let speaks = |index: &usize| {
        let line = &seen[*index];
        matches!(line.kind, Kind::Content | Kind::Scalar)
            || line.kind == Kind::Comment && region::is_foreign(line.text)
    };
    block.rev().find(speaks)
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
            if text.starts_with('\t') {
                return Err(Refusal::at(index, "a tab cannot indent YAML; use spaces"));
            }
            if indent == 0 && (text == "---" || text == "...") && has_content {
                return Err(Refusal::at(index, "a second document begins here; keep one to a file"));
            }
            has_content |= text != "---";
            scalar = opens_scalar(text).then_some(indent + dashes(text));
        }
        let kind = if text == "---" { Kind::Comment } else { kind };
        seen.push(Seen { kind, indent, text });
    }
    Ok(seen)
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
