//! An answer printed into a prompt must not be able to leave the tag that it stands in.

use minijinja::Output;
use minijinja::machinery::ast::Stmt;
use minijinja::value::Value;

/// Marks that chat templates give a meaning to, without their first character.
const CONTROL_MARKS: &[&str] = &["|", "start_of_turn", "end_of_turn", "<SYS>", "</SYS>", "s>", "/s>"];

/// What stands for the `<` of a mark that was broken.
const BROKEN: char = '‹';

/// The tag names that a template writes itself; in what it prints, these are broken.
#[derive(Clone, Debug, Default)]
pub struct Fence {
    tags: Vec<String>,
}

impl Fence {
    /// Collects `<name` and `</name` from the template's own text.
    pub fn of(root: &Stmt<'_>) -> Self {
        let mut tags = Vec::new();
        each_text(root, &mut |text| collect_tags(text, &mut tags));
        tags.sort();
        tags.dedup();
        Self { tags }
    }

    /// Prints `value`, defused unless it was marked `| raw`.
    pub fn print(&self, out: &mut Output, value: &Value) -> Result<(), minijinja::Error> {
        if value.is_safe() || value.is_number() {
            return super::value::print(out, value);
        }
        if value.is_undefined() || value.is_none() {
            return super::value::print(out, value);
        }
        let text = value.to_string();
        match self.defuse(&text) {
            Some(defused) => out.write_str(&defused),
            None => out.write_str(&text),
        }
        .map_err(minijinja::Error::from)
    }

    /// The text with every dangerous mark broken; `None` if there is none.
    pub fn defuse(&self, text: &str) -> Option<String> {
        let mut broken = String::new();
        let mut copied = 0;
        for (at, opener) in text.match_indices(['<', '[']) {
            let rest = &text[at + 1..];
            let hit = if opener == "<" { self.is_mark(rest) } else { is_instruction(rest) };
            if hit {
                broken.push_str(&text[copied..at]);
                broken.push(if opener == "<" { BROKEN } else { '⁅' });
                copied = at + 1;
            }
        }
        (copied > 0).then(|| {
            broken.push_str(&text[copied..]);
            broken
        })
    }

    /// Whether `rest`, which follows a `<`, makes it a mark.
    fn is_mark(&self, rest: &str) -> bool {
        if CONTROL_MARKS.iter().any(|mark| starts_with_folded(rest, mark)) {
            return true;
        }
        let name = rest.trim_start().trim_start_matches('/').trim_start();
        self.tags.iter().any(|tag| {
            starts_with_folded(name, tag)
                && !name[tag.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        })
    }
}

fn is_instruction(rest: &str) -> bool {
    starts_with_folded(rest, "INST]") || starts_with_folded(rest, "/INST]")
}

fn starts_with_folded(text: &str, prefix: &str) -> bool {
    text.len() >= prefix.len()
        && text.is_char_boundary(prefix.len())
        && text[..prefix.len()].eq_ignore_ascii_case(prefix)
}

fn collect_tags(text: &str, tags: &mut Vec<String>) {
    for (at, _) in text.match_indices('<') {
        let rest = text[at + 1..].trim_start_matches('/');
        let name: String =
            rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == '-').collect();
        if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            tags.push(name.to_ascii_lowercase());
        }
    }
}

/// Calls `visit` with every piece of literal text.
fn each_text(stmt: &Stmt<'_>, visit: &mut dyn FnMut(&str)) {
    let mut all = |bodies: &[&[Stmt<'_>]]| {
        for stmt in bodies.iter().copied().flatten() {
            each_text(stmt, visit);
        }
    };
    match stmt {
        Stmt::Template(node) => all(&[&node.children]),
        Stmt::ForLoop(node) => all(&[&node.body, &node.else_body]),
        Stmt::IfCond(node) => all(&[&node.true_body, &node.false_body]),
        Stmt::WithBlock(node) => all(&[&node.body]),
        Stmt::SetBlock(node) => all(&[&node.body]),
        Stmt::FilterBlock(node) => all(&[&node.body]),
        Stmt::AutoEscape(node) => all(&[&node.body]),
        Stmt::EmitRaw(node) => visit(node.raw),
        _ => (),
    }
}
