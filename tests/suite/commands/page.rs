//! A page as its commands and examples: every code block and every span of code, with the line where it stands.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A block of code.
pub struct Block {
    /// The first line of what it holds.
    pub line: usize,
    /// The first word behind its fence.
    pub kind: String,
    /// The rest of them.
    pub title: String,
    pub text: String,
    /// From its fence to its fence.
    range: Range<usize>,
}

pub struct Page {
    pub path: PathBuf,
    pub text: String,
    pub blocks: Vec<Block>,
    /// Code in prose and in tables.
    pub spans: Vec<(usize, String)>,
}

/// The README and every page below `docs/`, by path.
pub fn all(root: &Path) -> Vec<Page> {
    let read = |path: PathBuf| {
        let text = fs::read_to_string(root.join(&path)).expect("the page can be read");
        Page::read(path, text)
    };
    paths(root).into_iter().map(read).collect()
}

/// Where they lie below the root.
pub fn paths(root: &Path) -> Vec<PathBuf> {
    let mut paths = vec![PathBuf::from("README.md")];
    let mut folders = vec![PathBuf::from("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).expect("the folder can be read") {
            let path = folder.join(entry.expect("an entry").file_name());
            if root.join(&path).is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "md") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths
}

// === impl Page ===

impl Page {
    pub fn read(path: PathBuf, text: String) -> Self {
        let mut page = Self { path, blocks: Vec::new(), spans: Vec::new(), text };
        let mut inside = false;
        for (event, range) in Parser::new_ext(&page.text, Options::ENABLE_TABLES).into_offset_iter() {
            let line = page.text[..range.start].matches('\n').count() + 1;
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    let (info, line) = match kind {
                        CodeBlockKind::Fenced(info) => (info.into_string(), line + 1),
                        CodeBlockKind::Indented => (String::new(), line),
                    };
                    let (kind, title) = info.split_once(' ').unwrap_or((&info, ""));
                    let (kind, title) = (kind.to_owned(), title.trim().to_owned());
                    page.blocks.push(Block { line, kind, title, text: String::new(), range });
                    inside = true;
                }
                Event::End(TagEnd::CodeBlock) => inside = false,
                Event::Text(text) if inside => {
                    page.blocks.last_mut().expect("it has begun").text.push_str(&text);
                }
                Event::Code(text) => page.spans.push((line, text.into_string())),
                _ => (),
            }
        }
        page
    }

    /// The text of the page with other things in some of its blocks.
    pub fn with(&self, texts: &[(usize, String)]) -> String {
        let mut page = self.text.clone();
        for (at, text) in texts.iter().rev() {
            let range = &self.blocks[*at].range;
            let old = &self.text[range.clone()];
            let first = old.find('\n').expect("a fence has a line") + 1;
            let last = old.trim_end().rfind('\n').expect("a fence ends") + 1;
            let indent = self.text[..range.start].rsplit('\n').next().unwrap_or_default();
            let lines = text.lines().map(|line| format!("{indent}{line}").trim_end().to_owned() + "\n");
            page.replace_range(range.start + first..range.start + last, &lines.collect::<String>());
        }
        page
    }
}
