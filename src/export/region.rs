//! The lines between our two markers: the only ones that we change in a file that is not ours.

use crate::export::lines::{Lines, Refusal};

pub const BEGIN: &str = "# BEGIN ENSC AUTO";
pub const END: &str = "# END ENSC AUTO";

/// Where the markers stand, as indices of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    pub begin: usize,
    pub end: usize,
}

/// A marker where a `#` would be a heading: `<!-- # BEGIN ENSC AUTO -->`.
#[must_use]
pub fn in_comment(marker: &str) -> String {
    format!("<!-- {marker} -->")
}

/// `(true, "MLXCTL")` for `# BEGIN MLXCTL AUTO`, whatever follows on the line, and for the same in `<!-- … -->`.
fn marker(text: &str) -> Option<(bool, &str)> {
    let text = text.trim();
    let within = text.strip_prefix("<!--").and_then(|rest| rest.strip_suffix("-->")).map(str::trim);
    let rest = match within {
        Some(within) => within.strip_prefix('#').unwrap_or(within).trim_start(),
        None => text.strip_prefix('#')?.trim_start(),
    };
    let (is_begin, rest) = match rest.strip_prefix("BEGIN ") {
        Some(rest) => (true, rest),
        None => (false, rest.strip_prefix("END ")?),
    };
    let mut words = rest.split_whitespace();
    let owner = words.next()?;
    (words.next() == Some("AUTO")).then_some((is_begin, owner))
}

/// Whether a line is another program's marker.
#[must_use]
pub fn is_foreign(text: &str) -> bool {
    marker(text).is_some_and(|(_, owner)| owner != "ENSC")
}

/// Whether a line ends another program's region.
#[must_use]
pub fn ends_foreign(text: &str) -> bool {
    marker(text).is_some_and(|(is_begin, owner)| !is_begin && owner != "ENSC")
}

/// Whether a region of ours can be put before the line at `at`.
///
/// # Errors
///
/// A region of another program that has begun before it and not ended: ours would be written anew with it.
pub fn is_free(lines: &Lines<'_>, counts: impl Fn(usize) -> bool, at: usize) -> Result<(), Refusal> {
    let before = lines.all[..at].iter().enumerate().filter(|(index, _)| counts(*index));
    let marks = before.filter_map(|(index, line)| Some((index, marker(line.text)?)));
    let others = marks.filter(|(_, (_, owner))| *owner != "ENSC");
    match others.last() {
        Some((index, (true, owner))) => Err(Refusal::at(
            index,
            format!(
                "the region of `{owner}` that begins here does not end before the place of ours; end it, or write our markers where ours is to stand"
            ),
        )),
        _ => Ok(()),
    }
}

/// Our region, if there is one. Only lines for which `counts` holds can be markers.
///
/// # Errors
///
/// Half a region, two of them, and regions of several programs that lie in each other.
pub fn find(lines: &Lines<'_>, counts: impl Fn(usize) -> bool) -> Result<Option<Region>, Refusal> {
    find_among(lines, counts, |_| true)
}

/// The same for one part of a file that has a region in each: ours are only those for which `is_here` holds.
///
/// # Errors
///
/// As [`find`].
pub fn find_among(
    lines: &Lines<'_>,
    counts: impl Fn(usize) -> bool,
    is_here: impl Fn(usize) -> bool,
) -> Result<Option<Region>, Refusal> {
    let marks: Vec<(usize, bool, &str)> = lines
        .all
        .iter()
        .enumerate()
        .filter(|(index, _)| counts(*index))
        .filter_map(|(index, line)| marker(line.text).map(|(is_begin, owner)| (index, is_begin, owner)))
        .filter(|(index, _, owner)| *owner != "ENSC" || is_here(*index))
        .collect();
    let ours: Vec<_> = marks.iter().filter(|(_, _, owner)| *owner == "ENSC").collect();
    let region = match ours[..] {
        [] => return Ok(None),
        [&(begin, true, _), &(end, false, _)] => Region { begin, end },
        [&(begin, true, _)] => {
            return Err(Refusal::at(
                begin,
                format!("`{BEGIN}` has no `{END}`; write it where the region ends"),
            ));
        }
        [&(end, false, _), ..] => {
            return Err(Refusal::at(
                end,
                format!("`{END}` has no `{BEGIN}` before it; write it where the region begins"),
            ));
        }
        [_, (_, false, _), &(second, ..), ..] | [_, &(second, ..), ..] => {
            return Err(Refusal::at(
                second,
                "there is one region of ours in a file; take out the markers of the others",
            ));
        }
    };
    let mut open = None;
    for (index, is_begin, owner) in marks {
        if owner == "ENSC" {
            if let Some(other) = open {
                return Err(Refusal::at(
                    index,
                    format!(
                        "it stands in the region of `{other}`, which is written anew by others; move both markers out of it"
                    ),
                ));
            }
        } else if region.begin < index && index < region.end {
            return Err(Refusal::at(
                index,
                format!("a marker of `{owner}` stands in our region, which is written anew; move it out"),
            ));
        } else {
            open = is_begin.then_some(owner);
        }
    }
    Ok(Some(region))
}
