//! What the walk gives to the print: rows of pieces. Knows widths, not the language.

/// Columns of a line of code; comments and quoted texts may be longer.
pub const WIDTH: usize = 100;

/// Blanks for each level of nesting.
pub const STEP: usize = 2;

/// A comment, or a line of documentation.
#[derive(Clone, Debug)]
pub struct Note<'t> {
    pub text: &'t str,
    /// Whether a blank line stands before it.
    pub blank: bool,
}

/// A comment at the end of a line.
#[derive(Clone, Debug)]
pub struct Remark<'t> {
    pub text: &'t str,
    /// Where it began in the source, for those who aligned it.
    pub column: Option<usize>,
}

/// What stands on one line, or on several if one of its pieces breaks.
#[derive(Clone, Debug)]
pub struct Row<'t> {
    pub above: Vec<Note<'t>>,
    /// Whether a blank line stands before it, below the notes above.
    pub blank: bool,
    pub pieces: Vec<Piece<'t>>,
    pub behind: Option<Remark<'t>>,
}

#[derive(Clone, Debug)]
pub enum Piece<'t> {
    /// Without a line end.
    Text(&'t str),
    /// Several lines. Those that hang are indented after the first.
    Lines {
        lines: Vec<&'t str>,
        hang: bool,
    },
    Group(Group<'t>),
    Turn(Turn<'t>),
    Stop(Stop),
}

/// Where a row may go on in a new line: one blank otherwise.
#[derive(Clone, Debug)]
pub struct Turn<'t> {
    /// Whether it was written so.
    pub own_line: bool,
    pub behind: Option<Remark<'t>>,
    /// What stands between the two lines.
    pub notes: Vec<Note<'t>>,
}

/// A place that the author may have aligned with the lines around it.
#[derive(Clone, Copy, Debug)]
pub struct Stop {
    pub kind: StopKind,
    /// Where it was in the source, counted from 0; `None` if that is too far right to be meant.
    pub column: Option<usize>,
}

/// In the order in which they stand on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopKind {
    /// The meaning of a label.
    Meaning,
    /// `->`
    Arrow,
    /// The block of an item.
    Brace,
    /// A comment at the end.
    Remark,
}

/// Rows in brackets.
#[derive(Clone, Debug)]
pub struct Group<'t> {
    pub brackets: &'static Brackets,
    /// Behind the opener.
    pub remark: Option<Remark<'t>>,
    pub rows: Vec<Row<'t>>,
    /// Comments before the closer.
    pub below: Vec<Note<'t>>,
    /// On one line; `None` if it cannot stand on one.
    pub width: Option<usize>,
}

/// How a group is written.
#[derive(Debug)]
pub struct Brackets {
    pub empty: &'static str,
    /// Around rows on one line.
    pub flat: (&'static str, &'static str),
    /// Around rows on lines of their own.
    pub broken: (&'static str, &'static str),
    /// After each row but the last if they stand on lines of their own.
    pub comma: &'static str,
}

pub static BLOCK: Brackets = Brackets { empty: "{ }", flat: ("{ ", " }"), broken: ("{", "}"), comma: "" };
pub static LIST: Brackets = Brackets { empty: "[]", flat: ("[", "]"), broken: ("[", "]"), comma: "" };
pub static ROUND: Brackets = Brackets { empty: "()", flat: ("(", ")"), broken: ("(", ")"), comma: "" };
/// The replies of a mock stand in no brackets.
pub static REPLIES: Brackets = Brackets { empty: "", flat: (" ", ""), broken: ("", ""), comma: "," };
/// So do the items of a file.
pub static FILE: Brackets = Brackets { empty: "", flat: ("", ""), broken: ("", ""), comma: "" };

/// Between rows on one line.
pub const SEPARATOR: &str = ", ";

/// Columns that `text` takes.
pub fn width(text: &str) -> usize {
    text.chars().count()
}

// === impl Row ===

impl Row<'_> {
    /// On one line; `None` if it cannot stand on one.
    fn width(&self) -> Option<usize> {
        let bare = self.above.is_empty() && self.behind.is_none();
        let pieces = || self.pieces.iter().map(Piece::width).sum();
        if bare { pieces() } else { None }
    }
}

// === impl Piece ===

impl Piece<'_> {
    fn width(&self) -> Option<usize> {
        match self {
            Self::Text(text) => Some(width(text)),
            Self::Lines { .. } => None,
            Self::Group(group) => group.width,
            Self::Turn(turn) => (!turn.breaks()).then_some(1),
            Self::Stop(_) => Some(0),
        }
    }
}

// === impl Turn ===

impl Turn<'_> {
    pub fn has_notes(&self) -> bool {
        self.behind.is_some() || !self.notes.is_empty()
    }

    /// Whether a new line begins here, unless the line so far is but a closer.
    pub fn breaks(&self) -> bool {
        self.own_line || self.has_notes()
    }
}

// === impl Group ===

impl<'t> Group<'t> {
    /// With `broken` the rows stand on lines of their own even if they would fit on one.
    pub fn new(
        brackets: &'static Brackets,
        remark: Option<Remark<'t>>,
        rows: Vec<Row<'t>>,
        below: Vec<Note<'t>>,
        broken: bool,
    ) -> Self {
        let noted = remark.is_some() || !below.is_empty();
        let width = match rows.as_slice() {
            [] if !noted => Some(brackets.empty.len()),
            _ if broken || noted => None,
            rows => {
                let (open, close) = brackets.flat;
                let around = open.len() + close.len() + SEPARATOR.len() * (rows.len() - 1);
                rows.iter().map(Row::width).sum::<Option<usize>>().map(|inside| around + inside)
            }
        };
        Self { brackets, remark, rows, below, width }
    }

    /// What it takes at least of the line that it begins on, given what must follow if it cannot break.
    pub fn width_min(&self, after: usize) -> usize {
        match self.width {
            Some(width) if self.rows.is_empty() => width + after,
            _ => self.brackets.broken.0.len(),
        }
    }
}
