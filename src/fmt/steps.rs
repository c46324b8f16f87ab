//! Right-hand sides: a verb with its parts, its block, its fallbacks.

use super::walk::{Line, Walk};
use crate::syntax::ast::{Alt, Count, Member, Rhs, Value, Verb};

impl<'t> Walk<'t> {
    /// What follows an `else` stays on the line it was written on, unless that line can begin behind a closer.
    pub fn rhs(&mut self, line: &mut Line<'t>, rhs: &'t Rhs) {
        for (index, alt) in rhs.alts.iter().enumerate() {
            if index > 0 {
                self.turn(line, self.next_sign(self.at()), alt.span.start as usize);
                line.put("else ");
            }
            self.alt(line, alt);
        }
    }

    fn alt(&mut self, line: &mut Line<'t>, alt: &'t Alt) {
        self.verb(line, &alt.verb);
        if let Some(block) = &alt.block {
            line.put(" ");
            self.block(line, block);
        }
    }

    fn verb(&mut self, line: &mut Line<'t>, verb: &'t Verb) {
        match verb {
            Verb::Ask { model } => {
                line.put("ask ");
                self.member(line, model);
            }
            Verb::Parallel { list } => self.verb_of(line, "parallel ", list),
            Verb::Group => line.put("parallel"),
            Verb::Over { list, prev } => {
                self.verb_of(line, "parallel ", list);
                line.put(" over ");
                self.value(line, prev);
            }
            Verb::ForEach { name, items, most } => {
                line.put("parallel for ");
                self.copy(line, name.span);
                line.put(" in ");
                self.expr(line, items);
                self.bound(line, most);
            }
            Verb::Sample { count, of } => {
                line.put("sample ");
                self.count(line, count);
                line.put(" of ");
                self.member(line, of);
            }
            Verb::Merge { list, by } => {
                self.verb_of(line, "merge ", list);
                self.by(line, Some(by));
            }
            Verb::Score { list, by } => {
                self.verb_of(line, "score ", list);
                self.by_value(line, by);
            }
            Verb::Pick { count, list, by } => {
                line.put("pick ");
                if let Some(count) = count {
                    self.count(line, count);
                    line.put(" of ");
                }
                self.value(line, list);
                if let Some(by) = by {
                    self.by_value(line, by);
                }
            }
            Verb::Vote { list } => self.verb_of(line, "vote ", list),
            Verb::Route { by } => {
                line.put("route");
                self.by(line, by.as_ref());
            }
            Verb::Cascade { list, by } => {
                self.verb_of(line, "cascade ", list);
                self.by(line, by.as_ref());
            }
            Verb::Race { list } => self.verb_of(line, "race ", list),
            Verb::Repeat { name, most } => {
                line.put("repeat ");
                self.copy(line, name.span);
                self.bound(line, most);
            }
            Verb::Text { template } => {
                line.put("text ");
                self.quoted(line, template);
            }
            Verb::Plain { value } => self.value(line, value),
            Verb::Bad(span) => self.copy(line, *span),
        }
    }

    fn verb_of(&mut self, line: &mut Line<'t>, word: &'static str, list: &'t Value) {
        line.put(word);
        self.value(line, list);
    }

    fn by(&mut self, line: &mut Line<'t>, model: Option<&'t Member>) {
        if let Some(model) = model {
            line.put(" by ");
            self.member(line, model);
        }
    }

    fn by_value(&mut self, line: &mut Line<'t>, models: &'t Value) {
        line.put(" by ");
        self.value(line, models);
    }

    fn bound(&mut self, line: &mut Line<'t>, most: &'t Count) {
        line.put(" up to ");
        self.count(line, most);
    }

    fn count(&mut self, line: &mut Line<'t>, count: &'t Count) {
        match count {
            Count::Number(quantity) => self.copy(line, quantity.span),
            Count::Name(path) => self.copy(line, path.span),
        }
    }
}
