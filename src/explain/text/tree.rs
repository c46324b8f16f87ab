//! The tree from the reply down to what it is made of. A step that several others use is drawn once, and so is what a
//! loop, a `for` or a technique does again and again.

use std::collections::BTreeSet;

use crate::explain::json::Document;
use crate::explain::outline::{Branch, Outline, Role};
use crate::explain::summary;
use crate::explain::text::WIDTH;
use crate::explain::text::details;
use crate::explain::text::line::head;
use crate::explain::words::joined;

/// Lines of the tree, two columns indented.
pub(super) fn lines(doc: &Document) -> Vec<String> {
    let outline = Outline::of(doc);
    let mut tree = Tree { outline: &outline, drawn: BTreeSet::new(), lines: Vec::new() };
    if let Some(reply) = outline.get(&doc.reply) {
        let branch = Leaf { branch: Branch { step: reply, role: Role::Body }, is_spoken_for: false };
        tree.draw(&branch, "  ", "  ", 0);
    }
    tree.lines
}

struct Tree<'o, 'a> {
    outline: &'o Outline<'a>,
    drawn: BTreeSet<&'a str>,
    lines: Vec<String>,
}

/// What is drawn below a step.
struct Leaf<'a> {
    branch: Branch<'a>,
    /// Its group says for all members what they see and how they are asked.
    is_spoken_for: bool,
}

impl<'a> Tree<'_, 'a> {
    /// Draws a step and everything below it. `lead` starts its first line, `under` those that follow; labels of
    /// its siblings are `label_width` wide.
    fn draw(&mut self, leaf: &Leaf<'a>, lead: &str, under: &str, label_width: usize) {
        let Branch { step, .. } = leaf.branch;
        let label = label(leaf.branch);
        if !self.drawn.insert(&step.id) {
            self.lines.push(head(lead, &label, label_width, &again(leaf.branch), ""));
            return;
        }
        let children = self.children(leaf);
        let built_in = summary::built_in_else(self.outline, step);
        let summary = summary::of(self.outline, leaf.branch);
        self.lines.push(head(lead, &label, label_width, &summary, &waves(self.outline, leaf.branch)));
        let has_children = !children.is_empty() || built_in.is_some();
        self.draw_details(leaf, under, label.chars().count().max(label_width), has_children);
        let labels = children.iter().map(|child| self::label(child.branch).chars().count());
        let widest = labels.chain(built_in.iter().map(|(label, _)| label.chars().count())).max().unwrap_or(0);
        for (index, child) in children.iter().enumerate() {
            let width = if self::label(child.branch).is_empty() { 0 } else { widest };
            let is_last = index + 1 == children.len() && built_in.is_none();
            let (corner, rail) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.draw(child, &format!("{under}{corner}"), &format!("{under}{rail}"), width);
        }
        if let Some((label, text)) = built_in {
            self.lines.push(head(&format!("{under}└─ "), label, widest, &text, ""));
        }
    }

    fn draw_details(&mut self, leaf: &Leaf<'a>, under: &str, label: usize, has_children: bool) {
        let rail = if has_children { "│" } else { " " };
        let margin = match label {
            0 => format!("{under}{rail}  "),
            n => format!("{under}{rail}{}", " ".repeat(n + 2)),
        };
        let details = details::of(self.outline, leaf.branch, leaf.is_spoken_for);
        self.lines.extend(joined(&margin, &details, WIDTH));
    }

    fn children(&self, leaf: &Leaf<'a>) -> Vec<Leaf<'a>> {
        let step = leaf.branch.step;
        let speaks = self.outline.shared_call(step).is_some();
        let below = |branch: Branch<'a>| {
            let is_spoken_for = speaks && matches!(branch.role, Role::Member | Role::Named(_) | Role::Each);
            Leaf { branch, is_spoken_for }
        };
        let branches = self.outline.branches(step).into_iter();
        // What all members work on is drawn at their group.
        branches.filter(|branch| !(leaf.is_spoken_for && branch.role == Role::Input)).map(below).collect()
    }
}

/// What stands before a step: its name, or what it is to the step above. Empty for a member without a name.
fn label(branch: Branch<'_>) -> String {
    let word = branch.role.word();
    if word.is_empty() { branch.step.name.clone().unwrap_or_default() } else { word }
}

/// A step that stands elsewhere on the page already.
fn again(branch: Branch<'_>) -> String {
    match (branch.role, &branch.step.name) {
        (Role::Input | Role::Body | Role::Named(_), _) | (_, None) => "shown above".to_owned(),
        (_, Some(name)) => format!("{name}, shown above"),
    }
}

/// `wave 2`, `waves 1–2`, `after wave 1`; nothing for the members of a group, which stand in its line.
fn waves<'a>(outline: &Outline<'a>, branch: Branch<'a>) -> String {
    let step = branch.step;
    let starts = step.parts();
    if branch.role == Role::Member && step.name.is_none() && starts.is_empty() {
        return String::new();
    }
    if step.free {
        let is_condition = matches!(step.verb.as_str(), "conversation" | "stop");
        return match step.wave {
            0 => String::new(),
            _ if is_condition => String::new(),
            wave => format!("after wave {wave}"),
        };
    }
    match outline.span(step) {
        Some((first, last)) if first != last => format!("waves {first}–{last}"),
        Some((wave, _)) => format!("wave {wave}"),
        None => String::new(),
    }
}
