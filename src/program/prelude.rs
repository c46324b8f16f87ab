//! The standard prompts and techniques, as they are written in `src/prelude`. They are ours: a mistake in them is a bug,
//! held by a test.

use std::sync::OnceLock;

use indexmap::IndexMap;

use crate::source::{FileId, SourceFile};
use crate::syntax::ast;

use super::prompts::{self, PromptDef};

/// Name and text of every file of the prelude, in the order of the reference.
pub const FILES: &[(&str, &str)] = &[("prelude/prompts.ens", include_str!("../prelude/prompts.ens"))];

struct Prelude {
    sources: Vec<SourceFile>,
    files: Vec<ast::File>,
    prompts: IndexMap<String, PromptDef>,
}

fn prelude() -> &'static Prelude {
    static PRELUDE: OnceLock<Prelude> = OnceLock::new();
    PRELUDE.get_or_init(|| {
        let mut diagnostics = Vec::new();
        let mut files = Vec::new();
        for (index, (_, text)) in FILES.iter().enumerate() {
            let (file, found) = crate::syntax::parse(FileId::built_in(index), text);
            files.push(file);
            diagnostics.extend(found);
        }
        let mut prompts = IndexMap::new();
        for item in files.iter().flat_map(|file: &ast::File| &file.items) {
            if let ast::Item::Prompt(prompt) = item {
                prompts::define(prompt, &mut prompts, &mut diagnostics);
            }
        }
        let sources = FILES.iter().map(|(name, text)| SourceFile::new(*name, *text)).collect();
        assert!(diagnostics.is_empty(), "the prelude has no mistakes: {diagnostics:#?}");
        Prelude { sources, files, prompts }
    })
}

/// By name; a program's own of that name wins.
pub fn prompts() -> &'static IndexMap<String, PromptDef> {
    &prelude().prompts
}

pub fn techniques() -> impl Iterator<Item = &'static ast::Technique> {
    prelude().files.iter().flat_map(|file| &file.items).filter_map(|item| match item {
        ast::Item::Technique(technique) => Some(technique),
        _ => None,
    })
}

/// The file of the prelude that bears this id, if it is one's.
#[must_use]
pub fn file(id: FileId) -> Option<&'static SourceFile> {
    prelude().sources.get(id.built_in_index()?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_prelude_has_no_mistakes() {
        assert!(super::prompts().contains_key("synthesize"));
    }
}
