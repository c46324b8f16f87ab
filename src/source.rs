//! Texts and places in them. Knows nothing of what the texts mean, or of where they came from.

use std::fmt;
use std::sync::Arc;

/// Largest `.ens` file that is read, in bytes.
pub const FILE_SIZE_MAX: usize = 1 << 20;

/// Index of a file in its [`Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// Most files that come with the program itself.
const BUILT_IN_MAX: u32 = 1024;

/// A half-open range of bytes, `start..end`, in one file. Both ends lie on character boundaries.
///
/// Under `{:-?}` it is nothing but `_`, so that what has places in it can be printed without them.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

/// One text with its line table.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// As shown to people: relative to the folder that was named on the command line, `/` between parts.
    pub name: String,
    pub text: Arc<str>,
    /// Byte offset of the first character of each line. A line ends at `\n`; `\r` before it belongs to the end.
    line_starts: Vec<u32>,
}

/// All texts of one program, in a fixed order.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

/// A place as an editor counts: the first line and column are 1, a column is one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

// === impl FileId ===

impl FileId {
    /// The id of a file that comes with the program itself: it is in no [`Sources`].
    #[must_use]
    pub fn built_in(index: usize) -> Self {
        let index = u32::try_from(index).expect("a handful of files");
        assert!(index < BUILT_IN_MAX, "the ids of built-in files are all taken");
        Self(u32::MAX - index)
    }

    /// The place of a built-in file in their order; `None` for all others.
    #[must_use]
    pub fn built_in_index(self) -> Option<usize> {
        let index = u32::MAX - self.0;
        (index < BUILT_IN_MAX).then_some(index as usize)
    }
}

// === impl Span ===

impl Span {
    #[must_use]
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        let offset = |n: usize| u32::try_from(n).expect("a file is at most FILE_SIZE_MAX bytes");
        Self { file, start: offset(start), end: offset(end) }
    }

    /// From the start of `self` to the end of `other`.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.sign_minus() {
            return f.write_str("_");
        }
        let Self { file, start, end } = self;
        f.debug_struct("Span").field("file", file).field("start", start).field("end", end).finish()
    }
}

// === impl SourceFile ===

impl SourceFile {
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let mut line_starts = vec![0];
        for (at, byte) in text.bytes().enumerate() {
            if byte == b'\n' {
                line_starts.push(u32::try_from(at + 1).expect("a file is at most FILE_SIZE_MAX bytes"));
            }
        }
        Self { name: name.into(), text, line_starts }
    }

    /// Where byte `offset` is. An offset past the end is the end; one inside a character is that character.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let offset = (offset as usize).min(self.text.len());
        let index = self.line_starts.partition_point(|&start| start as usize <= offset) - 1;
        let start = self.line_starts[index] as usize;
        let column = self.text[start..].char_indices().take_while(|(at, _)| start + at < offset).count();
        let inside = !self.text.is_char_boundary(offset);
        Position { line: index + 1, column: column + usize::from(!inside) }
    }

    /// The text of a line without its end. `number` counts from 1.
    #[must_use]
    pub fn line(&self, number: usize) -> &str {
        let start = self.line_starts[number - 1] as usize;
        let end = self.line_starts.get(number).map_or(self.text.len(), |&next| next as usize);
        self.text[start..end].trim_end_matches(['\n', '\r'])
    }

    /// Number of lines; an empty text has one.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.line_starts.len()
    }
}

// === impl Sources ===

impl Sources {
    /// Adds a text; its id is its place in the order of adding.
    pub fn add(&mut self, file: SourceFile) -> FileId {
        self.files.push(file);
        FileId(u32::try_from(self.files.len() - 1).expect("fewer than 4 billion files"))
    }

    #[must_use]
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(index, file)| (FileId(index as u32), file))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        &self.file(span.file).text[span.range()]
    }

    #[must_use]
    pub fn position(&self, span: Span) -> Position {
        self.file(span.file).position(span.start)
    }

    /// `file.ens:3`, as `explain` and `list` print it.
    #[must_use]
    pub fn place(&self, span: Span) -> String {
        format!("{}:{}", self.file(span.file).name, self.position(span).line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_after_umlauts_tabs_emoji_and_crlf() {
        let file = SourceFile::new("a.ens", "ü\tx\r\n🦀y");
        let at = |offset| {
            let p = file.position(offset);
            (p.line, p.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(2), (1, 2));
        assert_eq!(at(3), (1, 3));
        assert_eq!(at(6), (2, 1));
        assert_eq!(at(10), (2, 2));
        assert_eq!(at(99), (2, 3));
        assert_eq!(file.line(1), "ü\tx");
    }
}
