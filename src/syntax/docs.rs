//! `///` lines: gathered here, given to the item or step that follows.

use super::ast::Doc;
use super::errors;
use super::grammar::{Pair, parts};
use super::reader::Reader;

/// Documentation that waits for what it describes.
#[derive(Default)]
pub struct Pending(Option<Doc>);

impl Pending {
    pub fn put(&mut self, reader: &mut Reader<'_>, pair: Pair<'_>) {
        self.drop_unused(reader);
        self.0 = Some(reader.doc(pair));
    }

    pub fn take(&mut self) -> Option<Doc> {
        self.0.take()
    }

    /// Warns about documentation that nothing follows which could carry it.
    pub fn drop_unused(&mut self, reader: &mut Reader<'_>) {
        if let Some(doc) = self.0.take() {
            reader.report(errors::dangling_doc(doc.span));
        }
    }
}

impl Reader<'_> {
    fn doc(&mut self, pair: Pair<'_>) -> Doc {
        let span = self.span(&pair);
        let lines: Vec<&str> =
            parts(pair).filter_map(|line| parts(line).next()).map(|text| text.as_str().trim_end()).collect();
        Doc { text: lines.join("\n"), span }
    }
}
