//! What the author aligned stays aligned: comments at line ends, the arrows of a route, the blocks of short items.

use std::collections::BTreeMap;

use super::layout::{Stop, StopKind, width};

/// A row as it is printed, without its line end.
pub struct Printed {
    pub text: String,
    /// In the order of the text.
    pub stops: Vec<PrintedStop>,
    /// Whether a blank line stands before it.
    pub blank: bool,
}

/// A stop, and its byte in the text.
pub struct PrintedStop {
    pub stop: Stop,
    pub at: usize,
}

/// Stops of one kind that stood in one column stand in one column again, between two blank lines or rows that take
/// several.
pub fn align(lines: &mut [Printed]) {
    let mut rest = lines;
    while !rest.is_empty() {
        let is_end = |line: &Printed| line.blank || line.is_tall();
        let end = rest[1..].iter().position(is_end).map_or(rest.len(), |index| index + 1);
        let (section, others) = rest.split_at_mut(end);
        if section.iter().any(|line| !line.stops.is_empty()) {
            for kind in [StopKind::Meaning, StopKind::Arrow, StopKind::Brace, StopKind::Remark] {
                align_kind(section, kind);
            }
        }
        rest = others;
    }
}

fn align_kind(section: &mut [Printed], kind: StopKind) {
    // By the column in the source: the line, the stop, and where it stands now.
    let mut columns: BTreeMap<usize, Vec<(usize, usize, usize)>> = BTreeMap::new();
    for (index, line) in section.iter().enumerate().filter(|(_, line)| !line.is_tall()) {
        let Some(place) = line.stops.iter().position(|stop| stop.stop.kind == kind) else { continue };
        if let Some(column) = line.stops[place].stop.column {
            let now = width(&line.text[..line.stops[place].at]);
            columns.entry(column).or_default().push((index, place, now));
        }
    }
    for together in columns.into_values() {
        let target = together.iter().map(|(_, _, now)| *now).max().unwrap_or(0);
        for (index, place, now) in together {
            section[index].pad(place, target - now);
        }
    }
}

// === impl Printed ===

impl Printed {
    /// Whether it takes several lines.
    pub fn is_tall(&self) -> bool {
        self.text.contains('\n')
    }

    /// Moves what stands behind a stop to the right.
    fn pad(&mut self, place: usize, blanks: usize) {
        self.text.insert_str(self.stops[place].at, &" ".repeat(blanks));
        for stop in &mut self.stops[place..] {
            stop.at += blanks;
        }
    }
}
