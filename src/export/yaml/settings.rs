//! Keys of ours in a mapping at the top of a YAML file, between our markers. What somebody has set there already as we
//! would is left to them.

use std::ops::Range;

use super::{Kind, Seen, block, fits, free_spot, is_open, key_line, look, value_in};
use crate::export::lines::{Lines, Placed, Refusal};
use crate::export::region::{self, BEGIN, END};

/// Keys of ours for one mapping.
pub struct Settings<'a> {
    /// The mapping's key, at the top of the file: `general_settings`.
    pub key: &'a str,
    /// The key at the top before which the mapping is put if there is none.
    pub before: &'a str,
    pub wanted: &'a [Wanted<'a>],
}

/// A key that must have this value.
pub struct Wanted<'a> {
    pub key: &'a str,
    pub value: &'a str,
    /// What it does, for who reads the file.
    pub why: &'a str,
}

impl Settings<'_> {
    /// `old` with our keys in the mapping, everything else byte for byte as it was.
    ///
    /// # Errors
    ///
    /// Lines that cannot be understood, and keys of ours that others have given another value.
    pub fn place(&self, old: &str) -> Placed {
        let lines = Lines::of(old);
        let seen = look(&lines)?;
        let Some((at, value)) = key_line(&seen, self.key)? else {
            return self.anew(&lines, &seen);
        };
        if !is_open(value) {
            return match self.wanted.iter().find(|it| value_in(value, it.key) != Some(it.value)) {
                None => Ok(old.to_owned()),
                Some(it) => Err(self.in_one_line(at, it).into()),
            };
        }
        let block = block(&seen, at);
        let region = region::find_among(
            &lines,
            |index| seen[index].kind == Kind::Comment,
            |index| block.contains(&index),
        )?;
        let is_inside = |index: usize| region.is_some_and(|it| it.begin < index && index < it.end);
        let indent = self.indent(&seen, block.clone(), is_inside)?;
        let own = self.left(&seen, block.clone(), indent, is_inside)?;
        match region {
            Some(region) => {
                fits(self.key, &seen, region, block, indent)?;
                let indent = seen[region.begin].indent;
                if indent == 0 {
                    return Err(Refusal::at(
                        region.begin,
                        format!("our region belongs to `{}`; indent both markers by 2", self.key),
                    )
                    .into());
                }
                Ok(lines.with(region.begin + 1..region.end, &own_lines(&own, indent)))
            }
            None if own.is_empty() => Ok(old.to_owned()),
            None => {
                let at = free_spot(&seen, block);
                region::is_free(&lines, |index| seen[index].kind == Kind::Comment, at)?;
                Ok(lines.with(at..at, &marked(&own, indent.unwrap_or(2))))
            }
        }
    }

    fn in_one_line(&self, at: usize, missing: &Wanted<'_>) -> Refusal {
        Refusal::at(
            at,
            format!(
                "`{}` has its value on the same line, and no `{}: {}` in it; add that, or write `{}:` alone and the settings below it",
                self.key, missing.key, missing.value, self.key
            ),
        )
    }

    /// A mapping where there is none, above the comments that belong to what it stands before.
    fn anew(&self, lines: &Lines<'_>, seen: &[Seen<'_>]) -> Placed {
        let Some((at, _)) = key_line(seen, self.before)? else { return Ok(lines.text()) };
        let is_theirs = |line: &Seen<'_>| {
            line.kind == Kind::Comment && line.text != "---" && !region::is_foreign(line.text)
        };
        let above = seen[..at].iter().rev().take_while(|line| is_theirs(line)).count();
        // What stands at the head of a file is about the file.
        let at = if above == at { at } else { at - above };
        region::is_free(lines, |index| seen[index].kind == Kind::Comment, at)?;
        let all: Vec<&Wanted<'_>> = self.wanted.iter().collect();
        let mut new = vec![format!("{}:", self.key)];
        new.extend(marked(&all, 2));
        Ok(lines.with(at..at, &new))
    }

    /// By how much the keys of others are indented, if there are any.
    fn indent(
        &self,
        seen: &[Seen<'_>],
        block: Range<usize>,
        is_inside: impl Fn(usize) -> bool,
    ) -> Result<Option<usize>, Refusal> {
        let mut content = block.filter(|index| !is_inside(*index) && seen[*index].kind == Kind::Content);
        let Some(first) = content.next() else { return Ok(None) };
        let indent = seen[first].indent;
        if seen[first].is_entry() {
            return Err(Refusal::at(first, format!("`{}` is a list here; it must hold keys", self.key)));
        }
        match content.find(|index| seen[*index].indent < indent) {
            Some(index) => Err(Refusal::at(
                index,
                format!("this line belongs to no key of `{}`; indent it as the others", self.key),
            )),
            None => Ok(Some(indent)),
        }
    }

    /// What nobody else has set.
    ///
    /// # Errors
    ///
    /// Each key that somebody has set otherwise.
    fn left(
        &self,
        seen: &[Seen<'_>],
        block: Range<usize>,
        indent: Option<usize>,
        is_inside: impl Fn(usize) -> bool,
    ) -> Result<Vec<&Wanted<'_>>, Vec<Refusal>> {
        let (mut left, mut refusals) = (Vec::new(), Vec::new());
        for wanted in self.wanted {
            let set = block
                .clone()
                .filter(|index| !is_inside(*index) && seen[*index].kind == Kind::Content)
                .filter(|index| Some(seen[*index].indent) == indent)
                .find_map(|index| Some((index, super::top_value(seen[index].text, wanted.key)?)));
            match set {
                None => left.push(wanted),
                Some((_, value)) if value.split(" #").next().is_some_and(|it| it.trim() == wanted.value) => {}
                Some((index, _)) => refusals.push(Refusal::at(
                    index,
                    format!(
                        "`{}` must be `{}`: {}; write that, or take the line out, for ours replaces it",
                        wanted.key, wanted.value, wanted.why
                    ),
                )),
            }
        }
        if refusals.is_empty() { Ok(left) } else { Err(refusals) }
    }
}

fn own_lines(own: &[&Wanted<'_>], indent: usize) -> Vec<String> {
    let keys: Vec<String> = own.iter().map(|it| format!("{}: {}", it.key, it.value)).collect();
    let width = keys.iter().map(String::len).max().unwrap_or(0) + 3;
    let line = |(key, it): (&String, &&Wanted<'_>)| format!("{:indent$}{key:width$}# {}", "", it.why);
    keys.iter().zip(own).map(line).collect()
}

fn marked(own: &[&Wanted<'_>], indent: usize) -> Vec<String> {
    let mark = |mark: &str| format!("{:indent$}{mark}", "");
    let mut all = vec![mark(BEGIN)];
    all.extend(own_lines(own, indent));
    all.push(mark(END));
    all
}
