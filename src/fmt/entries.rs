//! Blocks and their entries, those of tests included.

use super::layout::{BLOCK, REPLIES, StopKind};
use super::walk::{Inside, Line, Walk};
use crate::syntax::ast::{
    Arm, ArmHead, Block, Clause, ClauseKind, Entry, Mock, Reply, ReplyWhat, Run, Setting, Step, Turn,
};

impl<'t> Walk<'t> {
    /// On one line if it was written on one, and fits.
    pub fn block(&mut self, line: &mut Line<'t>, block: &'t Block) {
        let inside = Inside::of(block.span);
        let broken = self.has_line_end(inside.open, inside.close);
        let group = self.group(
            &BLOCK,
            inside,
            broken,
            &block.entries,
            |entry| entry.span().start as usize,
            Self::entry,
        );
        line.group(group);
    }

    fn entry(&mut self, line: &mut Line<'t>, entry: &'t Entry) {
        match entry {
            Entry::Option(setting) => self.setting(line, setting),
            Entry::Step(step) => self.step(line, step),
            Entry::Clause(clause) => self.clause(line, clause),
            Entry::Arm(arm) => self.arm(line, arm),
            Entry::Run(run) => self.run(line, run),
            Entry::Mock(mock) => self.mock(line, mock),
            Entry::Expect(expr) => {
                line.put("expect ");
                self.expr(line, expr);
            }
            Entry::Turn(turn) => self.turn_of_test(line, turn),
            Entry::Bad(span) => self.copy(line, *span),
        }
    }

    fn setting(&mut self, line: &mut Line<'t>, setting: &'t Setting) {
        self.copy(line, setting.name.span);
        line.put(": ");
        self.stray(line, setting.value.span().start as usize);
        self.value(line, &setting.value);
    }

    fn step(&mut self, line: &mut Line<'t>, step: &'t Step) {
        self.copy(line, step.name.span);
        line.put(" = ");
        self.rhs(line, &step.rhs);
    }

    fn clause(&mut self, line: &mut Line<'t>, clause: &'t Clause) {
        line.put(match clause.kind {
            ClauseKind::Stop => "stop when ",
            ClauseKind::Skip => "skip when ",
            ClauseKind::Accept => "accept when ",
        });
        self.expr(line, &clause.expr);
    }

    fn arm(&mut self, line: &mut Line<'t>, arm: &'t Arm) {
        match &arm.head {
            ArmHead::When(expr) => {
                line.put("when ");
                self.expr(line, expr);
            }
            ArmHead::Else(span) => self.copy(line, *span),
            ArmHead::Label { label, meaning } => {
                self.copy(line, label.span);
                line.put(" ");
                self.stop(line, StopKind::Meaning, meaning.span.start as usize);
                self.quoted(line, meaning);
            }
        }
        line.put(" ");
        self.stop(line, StopKind::Arrow, self.next_sign(self.at()));
        line.put("-> ");
        self.rhs(line, &arm.rhs);
    }

    fn run(&mut self, line: &mut Line<'t>, run: &'t Run) {
        line.put("run ");
        self.member(line, &run.member);
        if let Some(cell) = &run.cell {
            line.put(" at ");
            self.copy(line, cell.span);
        }
    }

    fn turn_of_test(&mut self, line: &mut Line<'t>, turn: &'t Turn) {
        self.copy(line, turn.role.span);
        line.put(" ");
        self.quoted(line, &turn.text);
    }

    // === Mocks ===

    fn mock(&mut self, line: &mut Line<'t>, mock: &'t Mock) {
        line.put("mock ");
        self.copy(line, mock.target.span);
        line.put(" ");
        let arrow = self.next_sign(self.at());
        self.stop(line, StopKind::Arrow, arrow);
        line.put("->");
        match mock.replies.as_slice() {
            // A long text begins behind the arrow.
            [reply] if !self.has_line_end(arrow, reply.span.start as usize) => {
                line.put(" ");
                self.reply(line, reply);
            }
            replies => self.replies(line, arrow + "->".len(), replies),
        }
    }

    fn replies(&mut self, line: &mut Line<'t>, open: usize, replies: &'t [Reply]) {
        let close = replies.last().map_or(open, |reply| reply.span.end as usize);
        let starts = replies.iter().map(|reply| reply.span.start as usize);
        let ends = std::iter::once(open).chain(replies.iter().map(|reply| reply.span.end as usize));
        let broken = ends.zip(starts).any(|(end, start)| self.has_line_end(end, start));
        let inside = Inside { open, close };
        let start = |reply: &Reply| reply.span.start as usize;
        let group = self.group(&REPLIES, inside, broken, replies, start, Self::reply);
        line.group(group);
    }

    fn reply(&mut self, line: &mut Line<'t>, reply: &'t Reply) {
        match &reply.what {
            ReplyWhat::Text(text) => self.quoted(line, text),
            ReplyWhat::Fail { fault, args } => {
                line.put("fail ");
                self.value(line, fault);
                if self.follows(self.at(), '(') {
                    line.put(" ");
                    self.args(line, args);
                }
            }
            ReplyWhat::Tool { name, arguments } => {
                line.put("tool ");
                self.quoted(line, name);
                line.put(" ");
                self.quoted(line, arguments);
            }
        }
        if let Some(wait) = &reply.after {
            line.put(" after ");
            self.copy(line, wait.span);
        }
    }
}
