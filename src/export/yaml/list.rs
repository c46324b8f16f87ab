//! Entries of ours in a list at the top of a YAML file, between our markers.

use std::ops::Range;

use super::{Kind, Seen, block, fits, free_spot, is_open, key_line, look, value_in};
use crate::export::lines::{Lines, Placed, Refusal};
use crate::export::region::{self, BEGIN, END};

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
    /// Why nobody else may have an entry in this list; nothing where they may.
    pub alone: Option<&'a str>,
    /// The key of a mapping at the top that has a region of ours for itself.
    pub other: Option<&'a str>,
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
        let elsewhere = match self.other {
            Some(key) => key_line(&seen, key)?.map(|(at, _)| block(&seen, at)),
            None => None,
        };
        let is_here = |index: usize| !elsewhere.as_ref().is_some_and(|block| block.contains(&index));
        let region = region::find_among(&lines, |index| seen[index].kind == Kind::Comment, is_here)?;
        let block = self.block(&seen)?;
        let is_inside = |index: usize| region.is_some_and(|it| it.begin < index && index < it.end);
        let indent = self.indent(&seen, block.clone(), is_inside)?;
        self.by_hand(&seen, block.clone(), is_inside)?;
        self.strangers(&seen, block.clone(), indent, is_inside)?;
        let Some(region) = region else {
            let at = free_spot(&seen, block);
            region::is_free(&lines, |index| seen[index].kind == Kind::Comment, at)?;
            let indent = indent.unwrap_or(2);
            let marked = |mark: &str| format!("{:indent$}{mark}", "");
            let all: Vec<String> =
                std::iter::once(marked(BEGIN)).chain(self.indented(indent)).chain([marked(END)]).collect();
            return Ok(lines.with(at..at, &all));
        };
        fits(self.key, &seen, region, block, indent)?;
        let all: Vec<String> = self.indented(seen[region.begin].indent).collect();
        Ok(lines.with(region.begin + 1..region.end, &all))
    }

    fn indented(&self, indent: usize) -> impl Iterator<Item = String> {
        self.entries.iter().map(move |line| format!("{:indent$}{line}", ""))
    }

    /// The lines below the key that belong to it.
    fn block(&self, seen: &[Seen<'_>]) -> Result<Range<usize>, Refusal> {
        let key = self.key;
        let Some((at, value)) = key_line(seen, key)? else {
            return Err(Refusal {
                line: 1,
                message: format!("there is no `{key}`; add a line `{key}:` where our entries are to stand"),
            });
        };
        if !is_open(value) {
            return Err(Refusal::at(
                at,
                format!(
                    "`{key}` has its value on the same line; write `{key}:` alone, and its entries below it"
                ),
            ));
        }
        Ok(block(seen, at))
    }

    /// By how much the entries of others are indented, if there are any.
    fn indent(
        &self,
        seen: &[Seen<'_>],
        block: Range<usize>,
        is_inside: impl Fn(usize) -> bool,
    ) -> Result<Option<usize>, Refusal> {
        let mut indent = None;
        for index in block.filter(|index| !is_inside(*index)) {
            let line = &seen[index];
            if line.kind != Kind::Content {
                continue;
            }
            match indent {
                None if line.is_entry() => indent = Some(line.indent),
                None => {
                    return Err(Refusal::at(
                        index,
                        format!("`{}` is no list here; its entries begin with `- `", self.key),
                    ));
                }
                Some(most) if line.indent < most || line.indent == most && !line.is_entry() => {
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
        block: Range<usize>,
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

    /// # Errors
    ///
    /// Each entry of others, where ours are to be the only ones.
    fn strangers(
        &self,
        seen: &[Seen<'_>],
        block: Range<usize>,
        indent: Option<usize>,
        is_inside: impl Fn(usize) -> bool,
    ) -> Result<(), Vec<Refusal>> {
        let Some(why) = self.alone else { return Ok(()) };
        let is_entry = |line: &Seen<'_>| line.kind == Kind::Content && Some(line.indent) == indent;
        let refusals: Vec<Refusal> = block
            .filter(|index| !is_inside(*index) && is_entry(&seen[*index]))
            .map(|index| {
                Refusal::at(index, format!("`{}` holds our entry alone: {why}; take this one out", self.key))
            })
            .collect();
        if refusals.is_empty() { Ok(()) } else { Err(refusals) }
    }
}
