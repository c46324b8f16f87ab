//! Rust sources as text: enough of the language to see which names a file uses.

use std::fs;
use std::path::Path;

pub struct SourceText {
    /// Below `src`, with `/`.
    pub path: String,
    /// The first part of the path: `plan` for `plan.rs` and for all in `plan/`.
    pub module: String,
    pub is_test: bool,
    pub text: String,
    /// The text without comments and without its tests; lines keep their numbers.
    pub code: String,
}

/// Every file below `src`, by path.
pub fn sources() -> Vec<SourceText> {
    let mut paths = Vec::new();
    walk(Path::new("src"), &mut paths);
    paths.sort();
    assert!(paths.len() > 50, "there are sources to read");
    paths.iter().map(|path| SourceText::read(path)).collect()
}

fn walk(folder: &Path, paths: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("`src` can be read") {
        let path = entry.expect("`src` can be read").path();
        if path.is_dir() {
            walk(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path.strip_prefix("src").expect("below src").display().to_string());
        }
    }
}

impl SourceText {
    fn read(path: &str) -> Self {
        let text = fs::read_to_string(Path::new("src").join(path)).expect("a source can be read");
        let module = path.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
        let code = code(&text);
        Self { path: path.to_owned(), module, is_test: is_test(path), text, code }
    }

    /// Names that follow `crate::`, each with its line; of a group in braces, the first word of each part.
    pub fn crate_names(&self) -> Vec<(usize, String)> {
        let mut names = Vec::new();
        for (at, found) in self.code.match_indices("crate::") {
            let line = self.code[..at].lines().count();
            let rest = &self.code[at + found.len()..];
            match rest.strip_prefix('{') {
                None => names.push((line, first_word(rest))),
                Some(group) => names.extend(parts(group).into_iter().map(|part| (line, first_word(part)))),
            }
        }
        names
    }

    /// The first line that uses a crate or module by this path: `serde`, `std::fs`.
    pub fn line_that_names(&self, name: &str) -> Option<usize> {
        self.code.lines().position(|line| names(line, name)).map(|index| index + 1)
    }
}

/// `name::`, or `use name;`, not as the end of a longer word or path.
fn names(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + name.len()..];
        let starts =
            before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':' && c != '.' && c != '"');
        let is_use = line.trim_start().trim_start_matches("pub ").starts_with("use ");
        starts && (after.starts_with("::") || (is_use && after.starts_with([';', ' ', ','])))
    })
}

/// Files that hold only tests, or what tests are made of.
fn is_test(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "sample.rs" | "trials.rs"))
}

/// Without comments, and without a `mod tests { … }` at the end.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let lines = text[..end].lines().map(|line| match line.find("//") {
        Some(at) if !line[..at].contains('"') => &line[..at],
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

pub fn first_word(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The parts of a group, up to its closing brace, split at commas outside of inner braces.
pub fn parts(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                found.push(&group[start..at]);
                return found;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found
}
