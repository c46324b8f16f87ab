//! A text as lines that keep their ends: what is put between them looks like what stands around it.

use std::ops::Range;

/// One line without its end, and the end: `\n`, `\r\n`, or nothing for a last line that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    pub text: &'a str,
    pub end: &'a str,
}

/// Every line of a text, and the byte order mark before them if there is one.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    bom: &'a str,
    pub all: Vec<Line<'a>>,
}

/// A line that cannot be understood, so that nothing is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong there, and what to do.
    pub message: String,
}

/// The new text, or every reason to leave the old one as it is.
pub type Placed = Result<String, Vec<Refusal>>;

// === impl Refusal ===

impl Refusal {
    /// Of the line with this index.
    #[must_use]
    pub fn at(index: usize, message: impl Into<String>) -> Self {
        Self { line: index + 1, message: message.into() }
    }
}

impl From<Refusal> for Vec<Refusal> {
    fn from(refusal: Refusal) -> Self {
        vec![refusal]
    }
}

// === impl Lines ===

impl<'a> Lines<'a> {
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        let (bom, rest) = text.split_at(if text.starts_with('\u{feff}') { 3 } else { 0 });
        let all = rest.split_inclusive('\n').map(|line| {
            let text = line.strip_suffix('\n').unwrap_or(line);
            let text = if text.len() < line.len() { text.strip_suffix('\r').unwrap_or(text) } else { text };
            Line { text, end: &line[text.len()..] }
        });
        Self { bom, all: all.collect() }
    }

    /// The text as it is.
    #[must_use]
    pub fn text(&self) -> String {
        self.with(0..0, &[])
    }

    /// The text with these lines in the place of a range. They end as their neighbours do, and a text without a last
    /// line end stays one.
    #[must_use]
    pub fn with(&self, range: Range<usize>, new: &[String]) -> String {
        let kept =
            |lines: &[Line<'a>]| lines.iter().map(|line| (line.text.to_owned(), Some(line.end))).collect();
        let mut all: Vec<(String, Option<&str>)> = kept(&self.all[..range.start]);
        all.extend(new.iter().map(|text| (text.clone(), None)));
        let rest: Vec<_> = kept(&self.all[range.end..]);
        all.extend(rest);
        self.joined(all, range.start)
    }

    /// Lines with the ends that they have; who has none is ended as the line at `near` is.
    #[must_use]
    pub fn joined(&self, lines: Vec<(String, Option<&str>)>, near: usize) -> String {
        let before = near.saturating_sub(1);
        let around = [near, before, 0].into_iter().filter_map(|index| self.all.get(index));
        let newline = around.map(|line| line.end).find(|end| !end.is_empty()).unwrap_or("\n");
        let is_open = self.all.last().is_some_and(|line| line.end.is_empty());
        let last = lines.len().saturating_sub(1);
        let mut text = self.bom.to_owned();
        for (index, (line, end)) in lines.into_iter().enumerate() {
            text.push_str(&line);
            text.push_str(match end {
                None if index == last && is_open => "",
                Some("") if index < last => newline,
                Some(end) => end,
                None => newline,
            });
        }
        text
    }
}
