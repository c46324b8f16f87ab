//! The standard prompts and techniques, as they are written in the prelude. They are ours: a mistake in them is a bug,
//! held by a test.

use std::sync::OnceLock;

use indexmap::IndexMap;

use crate::prelude::FILES;
use crate::source::FileId;
use crate::syntax::ast;

use super::prompts::{self, PromptDef};

struct Standard {
    files: Vec<ast::File>,
    prompts: IndexMap<String, PromptDef>,
}

fn standard() -> &'static Standard {
    static STANDARD: OnceLock<Standard> = OnceLock::new();
    STANDARD.get_or_init(|| {
        let mut diagnostics = Vec::new();
        let mut files = Vec::new();
        for (index, written) in FILES.iter().enumerate() {
            let (file, found) = crate::syntax::parse(FileId::built_in(index), written.text);
            files.push(file);
            diagnostics.extend(found);
        }
        let mut prompts = IndexMap::new();
        for item in files.iter().flat_map(|file: &ast::File| &file.items) {
            if let ast::Item::Prompt(prompt) = item {
                prompts::define(prompt, &mut prompts, &mut diagnostics);
            }
        }
        assert!(diagnostics.is_empty(), "the prelude has no mistakes: {diagnostics:#?}");
        Standard { files, prompts }
    })
}

/// By name; a program's own of that name wins.
pub fn prompts() -> &'static IndexMap<String, PromptDef> {
    &standard().prompts
}

pub fn techniques() -> impl Iterator<Item = &'static ast::Technique> {
    standard().files.iter().flat_map(|file| &file.items).filter_map(|item| match item {
        ast::Item::Technique(technique) => Some(technique),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_prelude_has_no_mistakes() {
        assert!(super::prompts().contains_key("synthesize"));
    }
}
