//! The tree from the reply down to what it is made of. A step that several others use is drawn once.

use std::collections::{BTreeMap, BTreeSet};

use crate::explain::json::Document;
use crate::explain::json::node::{CallOut, Step};
use crate::explain::text::WIDTH;
use crate::explain::text::line::{conditions, head, manner, own_settings, quoted, tools};
use crate::explain::words::joined;

/// Lines of the tree, two columns indented.
pub(super) fn lines(doc: &Document) -> Vec<String> {
    let mut tree = Tree { nodes: doc.by_id(), drawn: BTreeSet::new(), lines: Vec::new() };
    if let Some(reply) = tree.nodes.get(doc.reply.as_str()).copied() {
        let branch =
            Branch { step: reply, label: reply.label().to_owned(), kind: Kind::Input, is_spoken_for: false };
        tree.draw(&branch, "  ", "  ", 0);
    }
    tree.lines
}

struct Tree<'a> {
    nodes: BTreeMap<&'a str, &'a Step>,
    drawn: BTreeSet<&'a str>,
    lines: Vec<String>,
}

struct Branch<'a> {
    step: &'a Step,
    /// Empty for a member without a name of its own.
    label: String,
    kind: Kind,
    /// Its group says for all members what they see and how they are asked.
    is_spoken_for: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Input,
    Member,
    Else,
    Tie,
}

impl<'a> Tree<'a> {
    /// Draws a step and everything below it. `lead` starts its first line, `under` those that follow; labels of
    /// its siblings are `label_width` wide.
    fn draw(&mut self, branch: &Branch<'a>, lead: &str, under: &str, label_width: usize) {
        let step = branch.step;
        let again = !self.drawn.insert(&step.id);
        if again {
            self.lines.push(head(lead, &branch.label, label_width, "shown above", ""));
            return;
        }
        let children = self.children(step);
        let summary = self.summary(branch);
        self.lines.push(head(lead, &branch.label, label_width, &summary, &waves(self, branch)));
        self.draw_details(branch, under, label_width, !children.is_empty());
        let widest = children.iter().map(|child| child.label.chars().count()).max().unwrap_or(0);
        for (index, child) in children.iter().enumerate() {
            let width = if child.label.is_empty() { 0 } else { widest };
            let is_last = index + 1 == children.len();
            let (corner, rail) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.draw(child, &format!("{under}{corner}"), &format!("{under}{rail}"), width);
        }
    }

    fn draw_details(&mut self, branch: &Branch<'a>, under: &str, label_width: usize, has_children: bool) {
        let label = branch.label.chars().count().max(label_width);
        let rail = if has_children { "│" } else { " " };
        let margin = match label {
            0 => format!("{under}{rail}  "),
            n => format!("{under}{rail}{}", " ".repeat(n + 2)),
        };
        self.lines.extend(joined(&margin, &self.details(branch), WIDTH));
    }

    /// What it works on, what it waits for, what it starts, and its `else`: in this order, each once.
    fn children(&self, step: &'a Step) -> Vec<Branch<'a>> {
        let mut ids: Vec<(&'a str, Kind)> = Vec::new();
        ids.extend(self.listed(step).into_iter().map(|id| (id, Kind::Input)));
        ids.extend(step.inputs.iter().map(|id| (id.as_str(), Kind::Input)));
        ids.extend(self.shared_inputs(step).into_iter().map(|id| (id, Kind::Input)));
        if self.same_model(step).is_none() {
            ids.extend(step.members.iter().map(|id| (id.as_str(), Kind::Member)));
        }
        ids.extend(step.ties.as_deref().filter(|id| self.nodes.contains_key(id)).map(|id| (id, Kind::Tie)));
        ids.extend(step.fallback.as_deref().map(|id| (id, Kind::Else)));
        let mut seen = BTreeSet::new();
        ids.retain(|(id, _)| seen.insert(*id));
        let speaks = self.call_of_all_members(step).is_some();
        let branches = ids.into_iter().filter_map(|(id, kind)| self.branch(id, kind));
        branches
            .map(|branch| Branch { is_spoken_for: speaks && branch.kind == Kind::Member, ..branch })
            .collect()
    }

    /// The lists that a step works on; of one without a name, what stands in it.
    fn listed(&self, step: &'a Step) -> Vec<&'a str> {
        let mut ids = Vec::new();
        for id in &step.lists {
            match self.nodes.get(id.as_str()) {
                Some(list) if list.name.is_none() && list.verb == "list" => ids.extend(self.listed(list)),
                _ => ids.push(id.as_str()),
            }
        }
        ids
    }

    fn branch(&self, id: &str, kind: Kind) -> Option<Branch<'a>> {
        let step = self.nodes.get(id).copied()?;
        let label = match (kind, &step.name) {
            (Kind::Else, _) => "else".to_owned(),
            (Kind::Tie, _) => "on a tie".to_owned(),
            (_, Some(name)) => name.clone(),
            (..) => String::new(),
        };
        Some(Branch { step, label, kind, is_spoken_for: false })
    }

    /// Inputs that every member of a group waits for: drawn once, at the group.
    fn shared_inputs(&self, step: &'a Step) -> Vec<&'a str> {
        let mut members = self.members(step);
        let first: Vec<&'a str> = match members.next() {
            Some(member) => member.inputs.iter().map(String::as_str).collect(),
            None => return Vec::new(),
        };
        members.fold(first, |shared, member| {
            shared.into_iter().filter(|id| member.inputs.iter().any(|other| other == id)).collect()
        })
    }

    fn members(&self, step: &'a Step) -> impl Iterator<Item = &'a Step> + '_ {
        step.members.iter().filter_map(|id| self.nodes.get(id.as_str()).copied())
    }

    /// The model of a `sample`: one line says it all.
    fn same_model(&self, step: &'a Step) -> Option<&'a str> {
        let mut models =
            self.members(step).map(|m| (m.model.as_deref(), m.fallback.is_none(), m.name.is_none()));
        let first = models.next()?;
        let alike = step.verb == "sample" && first.1 && first.2 && models.all(|other| other == first);
        first.0.filter(|_| alike)
    }

    /// `merge drafts by m`, `parallel, need 2 of 3`.
    fn summary(&self, branch: &Branch<'a>) -> String {
        let step = branch.step;
        let lists: Vec<String> = step.lists.iter().map(|id| self.called(id)).collect();
        let model = step.model.as_deref().unwrap_or_default();
        let text = match step.verb.as_str() {
            "ask" if branch.kind == Kind::Member && branch.label.is_empty() => model.to_owned(),
            "ask" => format!("ask {model}"),
            "parallel" | "sample" => self.group(step),
            "text" => format!("text {}", quoted(step.text.as_deref().unwrap_or_default())),
            "list" => format!("[{}]", lists.join(", ")),
            "alias" => lists.join(", "),
            "index" => format!("{}[{}]", lists.join(", "), step.count.unwrap_or(0)),
            "first" | "last" | "without" | "concat" => {
                let count = step.count.map(|count| format!("{count}, ")).unwrap_or_default();
                format!("{}({count}{})", step.verb, lists.join(", "))
            }
            verb => {
                let by = if model.is_empty() { String::new() } else { format!(" by {model}") };
                format!("{verb} {}{by}", lists.join(", "))
            }
        };
        let text = text.trim_end().to_owned();
        if step.built_in { format!("{text} · built in") } else { text }
    }

    fn group(&self, step: &'a Step) -> String {
        let of = step.members.len();
        let mut text = match (step.verb.as_str(), self.same_model(step)) {
            ("sample", Some(model)) => format!("sample {of} of {model}"),
            ("sample", None) => format!("sample {of}"),
            (verb, _) => verb.to_owned(),
        };
        text.push_str(&format!(", need {} of {of}", step.need.unwrap_or(0)));
        text
    }

    /// A list as its step is called, or as it is written.
    fn called(&self, id: &str) -> String {
        match self.nodes.get(id) {
            Some(step) if step.name.is_none() && step.verb == "list" => {
                let items: Vec<String> = step.lists.iter().map(|id| self.called(id)).collect();
                format!("[{}]", items.join(", "))
            }
            Some(step) => step.label().to_owned(),
            None => id.to_owned(),
        }
    }

    /// The small print under a step: what it sees, how it answers, what was set. A member without a name says only
    /// what its group does not say for all.
    fn details(&self, branch: &Branch<'a>) -> Vec<String> {
        let step = branch.step;
        let mut parts = Vec::new();
        if let Some(call) = &step.call {
            if branch.is_spoken_for {
                return parts;
            }
            parts.push(self.sees(&[step], call));
            parts.extend(manner(step));
            parts.extend(tools(step, call));
            parts.extend(own_settings(call));
        } else if let Some((member, call)) = self.call_of_all_members(step) {
            parts.push(format!("each {}", self.sees(&[step, member], call)));
            parts.extend(manner(member));
            parts.extend(own_settings(call));
            parts.extend(conditions(member));
        }
        parts.extend(conditions(step));
        parts
    }

    /// The call of a group's members, if they all say the same but for the model.
    fn call_of_all_members(&self, step: &'a Step) -> Option<(&'a Step, &'a CallOut)> {
        let first = self.members(step).next()?;
        let alike = |call: &CallOut| CallOut { number: 0, max_tokens: 0, ..call.clone() };
        let wanted = alike(first.call.as_ref()?);
        self.members(step)
            .all(|member| {
                member.inputs == first.inputs
                    && member.call.as_ref().is_some_and(|call| alike(call) == wanted)
            })
            .then_some((first, first.call.as_ref()?))
    }

    /// `sees conversation + 2–3 drafts`: what the steps wait for reaches the prompt of the call.
    fn sees(&self, steps: &[&'a Step], call: &CallOut) -> String {
        let mut seen = Vec::new();
        match call.history.as_str() {
            "full" => seen.push("conversation".to_owned()),
            "last" => seen.push("last turn".to_owned()),
            "none" => {}
            last => seen.push(format!("{last} turns")),
        }
        let mut ids: Vec<&str> = Vec::new();
        for step in steps {
            ids.extend(self.listed(step));
            ids.extend(step.inputs.iter().map(String::as_str));
        }
        let mut once = BTreeSet::new();
        ids.retain(|id| once.insert(*id));
        seen.extend(ids.into_iter().map(|id| self.counted(id)));
        if seen.is_empty() {
            seen.push("its prompt only".to_owned());
        }
        format!("sees {}", seen.join(" + "))
    }

    /// `2–3 drafts` for a list, the name for one answer.
    fn counted(&self, id: &str) -> String {
        let name = self.called(id);
        match self.count(id) {
            Some((least, most)) if least == most => format!("{most} {name}"),
            Some((least, most)) => format!("{least}–{most} {name}"),
            None => name,
        }
    }

    /// Fewest and most answers of a list; nothing for what is one answer.
    fn count(&self, id: &str) -> Option<(u32, u32)> {
        let step = self.nodes.get(id).copied()?;
        let sum = |ids: &[String]| {
            ids.iter().map(|id| self.count(id).unwrap_or((0, 1))).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
        };
        match step.verb.as_str() {
            "parallel" | "sample" => Some((step.need.unwrap_or(0), sum(&step.members).1)),
            "list" | "concat" => Some(sum(&step.lists)),
            "alias" => self.count(step.lists.first()?),
            "without" => self.count(step.lists.first()?).map(|(least, most)| (least.saturating_sub(1), most)),
            "first" | "last" => {
                let count = u32::try_from(step.count?).ok()?;
                let (least, most) = self.count(step.lists.first()?)?;
                Some((least.min(count), most.min(count)))
            }
            _ => None,
        }
    }
}

/// `wave 2`, `waves 1–2`, `after wave 1`; nothing for the members of a group, which stand in its line.
fn waves<'a>(tree: &Tree<'a>, branch: &Branch<'a>) -> String {
    let step = branch.step;
    if branch.kind == Kind::Member && branch.label.is_empty() && step.members.is_empty() {
        return String::new();
    }
    let last = tree.members(step).map(|member| member.wave).max().unwrap_or(step.wave).max(step.wave);
    match (step.free, last > step.wave) {
        (true, _) if step.wave == 0 => String::new(),
        (true, _) => format!("after wave {}", step.wave),
        (false, false) => format!("wave {}", step.wave),
        (false, true) => format!("waves {}–{last}", step.wave),
    }
}
