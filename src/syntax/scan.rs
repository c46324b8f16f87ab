//! placeholder
use super::mended::Mended;
use crate::diagnostic::Diagnostic;
use crate::source::FileId;
#[derive(Default)]
pub struct Found { pub diagnostics: Vec<Diagnostic>, pub open_texts: Vec<u32> }
pub fn scan(_id: FileId, text: &str) -> (Mended<'_>, Found) { (Mended::new(text, Vec::new()), Found::default()) }
