//! The rounds of a `repeat`, each written out.

use crate::program::{Line, Step};

use super::super::{Act, Node, NodeId, Part, PartKind, Round};
use super::{Lowering, inside};

/// One round while it is lowered.
struct Writing<'l> {
    /// What the loop binds.
    name: &'l str,
    lines: &'l [Line],
    /// By line; those that have their nodes.
    done: Vec<bool>,
    /// The line that binds the name anew.
    binding: usize,
    /// What the name means above that line.
    before: NodeId,
    /// What it means below.
    next: NodeId,
    /// Of its nodes.
    id: &'l str,
}

// === impl Writing ===

impl Writing<'_> {
    /// Whether everything that step line `at` mentions in its round has its nodes, or can have them now.
    fn is_ready(&self, at: usize) -> bool {
        if self.done[at] {
            return true;
        }
        let Line::Step(step) = &self.lines[at] else { return false };
        at != self.binding
            && step.mentions().all(|name| self.line_of(name, at).is_none_or(|line| self.is_ready(line)))
    }

    /// The line of this round that `name` means in line `at`; `None` if it comes from outside or from last round.
    fn line_of(&self, name: &str, at: usize) -> Option<usize> {
        if name == self.name {
            return (at > self.binding).then_some(self.binding);
        }
        self.lines.iter().position(|line| matches!(line, Line::Step(step) if step.name == name))
    }
}

// === impl Lowering ===

impl Lowering<'_> {
    /// One round, and what the name means after it.
    ///
    /// Every `stop when` and the binding end a part. Steps above them that are ready run beside them; what stands below a
    /// `stop when` stands behind it.
    pub(super) fn round(&mut self, name: &str, before: NodeId, lines: &[Line], id: &str) -> (Round, NodeId) {
        let binding = lines.iter().position(|line| matches!(line, Line::Step(step) if step.name == name));
        let binding = binding.expect("the check found the binding");
        let done = vec![false; lines.len()];
        let mut writing = Writing { name, lines, done, binding, before, next: before, id };
        self.in_block(|this| {
            let mut parts = Vec::new();
            for (end, line) in lines.iter().enumerate() {
                let step = match line {
                    Line::Step(step) if end == binding => Some(step),
                    Line::Step(_) => continue,
                    Line::Stop { .. } => None,
                };
                let mut beside = Vec::new();
                for at in 0..end {
                    if !writing.done[at] && writing.is_ready(at) {
                        this.line(&mut writing, at, &mut beside);
                    }
                }
                this.needed(&mut writing, end, &mut beside);
                let what = match step {
                    Some(step) => {
                        writing.next = this.bound(&writing, step, end);
                        PartKind::Next(writing.next)
                    }
                    None => PartKind::Stop(this.gate(&writing, end)),
                };
                writing.done[end] = true;
                parts.push(Part { beside, what });
            }
            (Round { parts }, writing.next)
        })
    }

    /// Makes the nodes of a step line, after those of the lines that it mentions.
    fn line(&mut self, writing: &mut Writing<'_>, at: usize, made: &mut Vec<NodeId>) {
        self.needed(writing, at, made);
        let Line::Step(step) = &writing.lines[at] else { return };
        let node = self.bound(writing, step, at);
        self.names.push((step.name.clone(), node));
        writing.done[at] = true;
        made.push(node);
    }

    /// Makes the nodes of the lines that line `at` mentions.
    fn needed(&mut self, writing: &mut Writing<'_>, at: usize, made: &mut Vec<NodeId>) {
        let names: Vec<String> = match &writing.lines[at] {
            Line::Step(step) => step.mentions().map(str::to_owned).collect(),
            Line::Stop { uses, .. } => uses.iter().map(|used| used.name.clone()).collect(),
        };
        for name in names {
            if let Some(line) = writing.line_of(&name, at)
                && !writing.done[line]
            {
                self.line(writing, line, made);
            }
        }
    }

    /// The nodes of one step, the loop's name meaning what it means in line `at`.
    fn bound(&mut self, writing: &Writing<'_>, step: &Step, at: usize) -> NodeId {
        self.with_name(writing, at, |this| this.step(step, &inside(writing.id, &step.name)))
    }

    fn gate(&mut self, writing: &Writing<'_>, at: usize) -> NodeId {
        let Line::Stop { condition, uses, span } = &writing.lines[at] else {
            unreachable!("only a `stop when` is a gate")
        };
        let inputs = self.with_name(writing, at, |this| this.inputs(uses));
        let own = self.free(&inside(writing.id, "stop"));
        let span = self.place(*span);
        let gate = self.push(Node { inputs, ..Node::blank(own, span, Act::Stop(condition.clone())) });
        self.after.push(gate);
        gate
    }

    fn with_name<T>(&mut self, writing: &Writing<'_>, at: usize, lower: impl FnOnce(&mut Self) -> T) -> T {
        let node = if at > writing.binding { writing.next } else { writing.before };
        self.names.push((writing.name.to_owned(), node));
        let result = lower(self);
        self.names.pop();
        result
    }
}
