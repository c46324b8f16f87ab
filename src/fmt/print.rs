//! From rows to text: a group stands on one line if it may and what must follow fits, too.

use super::align::{Printed, PrintedStop, align};
use super::layout::{Group, Note, Piece, Remark, Row, SEPARATOR, STEP, Stop, StopKind, Turn, WIDTH, width};

/// The text of a whole file.
pub fn print(file: &Group<'_>) -> String {
    let mut pen = Pen::default();
    pen.rows(file, 0, Spacing::Items);
    pen.text
}

/// Where blank lines stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spacing {
    /// As the author grouped the rows.
    Entries,
    /// The same, and always around what takes several lines.
    Items,
}

/// What is written so far.
#[derive(Default)]
struct Pen {
    text: String,
    column: usize,
    stops: Vec<PrintedStop>,
}

// === impl Pen ===

impl Pen {
    fn write(&mut self, text: &str) {
        self.text.push_str(text);
        self.column += width(text);
    }

    fn new_line(&mut self, indent: usize) {
        // A line of a template may end in a carriage return of its own: one more, and it is none of the line end.
        self.text.push_str(if self.text.ends_with('\r') { "\r\n" } else { "\n" });
        self.column = 0;
        self.blanks(indent);
    }

    fn blanks(&mut self, count: usize) {
        self.text.extend(std::iter::repeat_n(' ', count));
        self.column += count;
    }

    fn stop(&mut self, stop: Stop) {
        self.stops.push(PrintedStop { stop, at: self.text.len() });
    }

    fn remark(&mut self, remark: &Remark<'_>) {
        self.write(" ");
        self.stop(Stop { kind: StopKind::Remark, column: remark.column });
        self.write(remark.text);
    }

    /// Each row with the line end behind it.
    fn rows(&mut self, group: &Group<'_>, indent: usize, spacing: Spacing) {
        let mut lines: Vec<Printed> = Vec::new();
        let mut tall = false;
        for (index, row) in group.rows.iter().enumerate() {
            let comma = if index + 1 < group.rows.len() { group.brackets.comma } else { "" };
            let printed = row_alone(row, indent, comma);
            let first = lines.len();
            lines.extend(row.above.iter().map(|note| note_alone(note, indent)));
            let apart = spacing == Spacing::Items && (tall || printed.is_tall());
            tall = printed.is_tall();
            lines.push(printed);
            if apart && !lines[first..].iter().any(|line| line.blank) {
                lines[first].blank = true;
            }
        }
        lines.extend(group.below.iter().map(|note| note_alone(note, indent)));
        align(&mut lines);
        for (index, line) in lines.iter().enumerate() {
            if line.blank && index > 0 {
                self.new_line(0);
            }
            self.text.push_str(&line.text);
            self.new_line(0);
        }
    }

    fn row(&mut self, row: &Row<'_>, mut indent: usize, comma: &str) {
        let hanging = indent + STEP;
        let after = widths_after(&row.pieces, comma.len());
        let mut at_closer = false;
        for (piece, after) in row.pieces.iter().zip(after) {
            match piece {
                Piece::Text(text) => self.write(text),
                Piece::Stop(stop) => self.stop(*stop),
                Piece::Lines { lines, hang } => self.lines(lines, if *hang { indent + STEP } else { 0 }),
                Piece::Turn(turn) => {
                    if turn.has_notes() || turn.own_line && !at_closer {
                        indent = hanging;
                        self.turn(turn, indent);
                    } else {
                        self.write(" ");
                    }
                }
                Piece::Group(group) => {
                    at_closer = !self.fits(group, indent, after);
                    if at_closer {
                        self.broken(group, indent);
                    } else {
                        self.flat(group);
                    }
                    continue;
                }
            }
            at_closer = false;
        }
        self.write(comma);
        if let Some(remark) = &row.behind {
            self.remark(remark);
        }
    }

    /// Whether a group may stand on the line, with `after` columns behind it.
    fn fits(&self, group: &Group<'_>, indent: usize, after: usize) -> bool {
        group.width.is_some_and(|width| {
            let end = self.column + width;
            // What does not fit either way is no reason to break.
            let hopeless = indent + group.brackets.broken.1.len() + after > WIDTH;
            end + after <= WIDTH || end <= WIDTH && hopeless
        })
    }

    fn lines(&mut self, lines: &[&str], indent: usize) {
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                self.new_line(if line.is_empty() { 0 } else { indent });
            }
            self.write(line);
        }
    }

    fn turn(&mut self, turn: &Turn<'_>, indent: usize) {
        if let Some(remark) = &turn.behind {
            self.remark(remark);
        }
        for note in &turn.notes {
            self.new_line(indent);
            self.write(note.text);
        }
        self.new_line(indent);
    }

    fn flat(&mut self, group: &Group<'_>) {
        if group.rows.is_empty() {
            return self.write(group.brackets.empty);
        }
        let (open, close) = group.brackets.flat;
        for (index, row) in group.rows.iter().enumerate() {
            self.write(if index == 0 { open } else { SEPARATOR });
            for piece in &row.pieces {
                match piece {
                    Piece::Text(text) => self.write(text),
                    Piece::Group(group) => self.flat(group),
                    Piece::Turn(_) => self.write(" "),
                    Piece::Stop(_) | Piece::Lines { .. } => {}
                }
            }
        }
        self.write(close);
    }

    fn broken(&mut self, group: &Group<'_>, indent: usize) {
        let (open, close) = group.brackets.broken;
        self.write(open);
        if let Some(remark) = &group.remark {
            self.remark(remark);
        }
        self.new_line(0);
        self.rows(group, indent + STEP, Spacing::Entries);
        if close.is_empty() {
            // What follows stands behind the last row.
            self.text.truncate(self.text.trim_end_matches('\n').len());
        } else {
            self.blanks(indent);
            self.write(close);
        }
    }
}

/// For each piece, the columns that must follow it on its line: up to the next place where a line may end.
fn widths_after(pieces: &[Piece<'_>], mut after: usize) -> Vec<usize> {
    let mut widths = vec![0; pieces.len()];
    for (index, piece) in pieces.iter().enumerate().rev() {
        widths[index] = after;
        after = match piece {
            Piece::Text(text) => width(text) + after,
            Piece::Lines { lines, .. } => lines.first().map_or(0, |line| width(line)),
            Piece::Group(group) => group.width_min(after),
            Piece::Turn(turn) if turn.breaks() => 0,
            Piece::Turn(_) => 1 + after,
            Piece::Stop(_) => after,
        };
    }
    widths
}

fn row_alone(row: &Row<'_>, indent: usize, comma: &str) -> Printed {
    let mut pen = Pen::default();
    pen.blanks(indent);
    pen.row(row, indent, comma);
    Printed { text: pen.text, stops: pen.stops, blank: row.blank }
}

fn note_alone(note: &Note<'_>, indent: usize) -> Printed {
    Printed { text: format!("{:indent$}{}", "", note.text), stops: Vec::new(), blank: note.blank }
}
