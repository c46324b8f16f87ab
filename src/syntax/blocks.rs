//! Blocks and their entries: options, steps, clauses, arms. What a test adds stands in `trials`.

use super::ast::{Arm, ArmHead, Block, Clause, ClauseKind, Entry, Rhs, Setting, Step, Text, Value};
use super::docs::Pending;
use super::errors;
use super::grammar::{Pair, Parts, Rule, parts};
use super::reader::Reader;
use crate::source::Span;

impl Reader<'_> {
    pub fn block(&mut self, pair: Pair<'_>) -> Block {
        let span = self.span(&pair);
        let mut entries = Vec::new();
        let mut docs = Pending::default();
        for part in parts(pair) {
            match part.as_rule() {
                Rule::doc => docs.put(self, part),
                Rule::comma => {
                    let at = self.span(&part);
                    self.report(errors::stray_comma(at));
                }
                // The fallback of a step that could not be read.
                Rule::else_arm if matches!(entries.last(), Some(Entry::Bad(_))) && !has_arm_body(&part) => {}
                _ => {
                    let mut entry = self.entry(part);
                    match &mut entry {
                        Entry::Step(step) => step.doc = docs.take(),
                        // What it describes has its message already.
                        Entry::Bad(_) => _ = docs.take(),
                        _ => docs.drop_unused(self),
                    }
                    entries.push(entry);
                }
            }
        }
        docs.drop_unused(self);
        Block { entries, span }
    }

    /// What stands where a block is missing. It is not empty, lest a later phase miss something in it.
    pub fn bad_block(&self, span: Span) -> Block {
        Block { entries: vec![Entry::Bad(span)], span }
    }

    pub fn entry(&mut self, pair: Pair<'_>) -> Entry {
        match pair.as_rule() {
            Rule::option => self.option(pair),
            Rule::step => self.step(pair),
            Rule::colon_step => self.colon_step(pair),
            Rule::clause => self.clause(pair),
            Rule::when_arm => self.when_arm(pair),
            Rule::else_arm => self.else_arm(pair),
            Rule::labelled => self.labelled(pair),
            Rule::run => self.run(pair),
            Rule::mock => self.mock(pair),
            Rule::expect => self.expect(pair),
            Rule::unsigned => self.unsigned(pair),
            _ => self.bad_line(pair),
        }
    }

    fn option(&mut self, pair: Pair<'_>) -> Entry {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        let name = parts.eat(Rule::name).map_or_else(|| self.no_name(span), |name| self.name(&name));
        if let Some(word) = clause_word(&name.text) {
            self.report(errors::clause_with_colon(&name, word));
            return Entry::Bad(span);
        }
        let value = match parts.eat(Rule::decimal_comma) {
            Some(number) => {
                let at = self.span(&number);
                self.report(errors::decimal_comma(at, number.as_str()));
                Value::Bad(at)
            }
            None if matches!(parts.peek(), Some(Rule::junk)) => Value::Bad(span),
            None => self.value_after_sign(&mut parts, &name),
        };
        self.tail(&mut parts);
        Entry::Option(Setting { name, value, span })
    }

    fn step(&mut self, pair: Pair<'_>) -> Entry {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        let name = self.made_name(&mut parts, span);
        let rhs = match parts.eat(Rule::rhs) {
            Some(rhs) => self.rhs(rhs),
            None => {
                if parts.peek().is_none() {
                    self.report(errors::missing(
                        self.after(name.span),
                        format!("nothing is given to `{}`", name.text),
                        format!("write a step or a value on the same line: `{} = ask chief`", name.text),
                    ));
                }
                self.bad_rhs(span)
            }
        };
        self.tail(&mut parts);
        Entry::Step(Step { doc: None, name, rhs, span })
    }

    fn clause(&mut self, pair: Pair<'_>) -> Entry {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        let keyword = parts.next();
        let mut end = keyword.as_ref().map_or(span, |word| self.span(word));
        let (kind, word) = match keyword.map(|word| word.as_rule()) {
            Some(Rule::kw_stop) => (ClauseKind::Stop, "stop"),
            Some(Rule::kw_skip) => (ClauseKind::Skip, "skip"),
            _ => (ClauseKind::Accept, "accept"),
        };
        if let Some(when) = parts.eat(Rule::kw_when) {
            end = self.span(&when);
        }
        if let Some(wrong) = parts.eat(Rule::mis_when) {
            end = self.span(&wrong);
            self.report(errors::wrong_when(end, wrong.as_str(), &format!("{word} when")));
        }
        let expr = self.needed_condition(&mut parts, end, &format!("{word} when"));
        self.tail(&mut parts);
        expr.map_or(Entry::Bad(span), |expr| Entry::Clause(Clause { kind, expr, span }))
    }

    /// The expression after `word`. If there is none, that is reported.
    pub fn needed_condition(
        &mut self,
        parts: &mut Parts<'_>,
        span: Span,
        word: &str,
    ) -> Option<super::ast::Expr> {
        let expr = parts.eat(Rule::condition).and_then(|condition| self.condition(condition));
        if expr.is_none() {
            let message = format!("`{word}` needs an expression");
            self.report(errors::missing(
                self.after(span),
                message,
                format!("for example `{word} request.tools`"),
            ));
        }
        expr
    }

    // === Arms ===

    fn when_arm(&mut self, pair: Pair<'_>) -> Entry {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        let keyword = parts.eat_any(&[Rule::kw_when, Rule::mis_arm]);
        let end = keyword.as_ref().map_or(span, |word| self.span(word));
        if let Some(wrong) = keyword.filter(|word| word.as_rule() == Rule::mis_arm) {
            self.report(errors::wrong_when(end, wrong.as_str(), "when"));
        }
        let expr = self.needed_condition(&mut parts, end, "when");
        let rhs = self.needed_arm_body(&mut parts, span);
        self.tail(&mut parts);
        expr.map_or(Entry::Bad(span), |expr| Entry::Arm(Arm { head: ArmHead::When(expr), rhs, span }))
    }

    fn else_arm(&mut self, pair: Pair<'_>) -> Entry {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        let word = parts.eat(Rule::kw_else).map_or(span, |word| self.span(&word));
        match parts.eat(Rule::arm_body) {
            Some(body) => {
                let rhs = self.arm_body(body);
                self.tail(&mut parts);
                Entry::Arm(Arm { head: ArmHead::Else(word), rhs, span })
            }
            None => {
                self.report(errors::loose_else(word));
                Entry::Bad(span)
            }
        }
    }

    /// The arm of a route, a turn of a test, or an option without its colon.
    fn labelled(&mut self, pair: Pair<'_>) -> Entry {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        let (Some(label), Some(quoted)) = (parts.eat(Rule::name), parts.next()) else {
            return Entry::Bad(span);
        };
        let (label, meaning): (_, Text) = (self.name(&label), self.text(quoted));
        let entry = match parts.eat(Rule::arm_body) {
            Some(body) => {
                let rhs = self.arm_body(body);
                Entry::Arm(Arm { head: ArmHead::Label { label, meaning }, rhs, span })
            }
            None => self.turn_or_unsigned(label, meaning, span),
        };
        self.tail(&mut parts);
        entry
    }

    fn needed_arm_body(&mut self, parts: &mut Parts<'_>, span: Span) -> Rhs {
        match parts.eat(Rule::arm_body) {
            Some(body) => self.arm_body(body),
            None => {
                self.report(errors::missing(
                    self.after(span),
                    "this arm leads nowhere",
                    "write `->` and a step after it",
                ));
                self.bad_rhs(self.after(span))
            }
        }
    }

    fn arm_body(&mut self, pair: Pair<'_>) -> Rhs {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        self.arrow(&mut parts);
        match parts.eat(Rule::rhs) {
            Some(rhs) => self.rhs(rhs),
            None => {
                self.report(errors::missing(
                    self.after(span),
                    "nothing stands after the arrow",
                    "for example `-> ask chief`",
                ));
                self.bad_rhs(span)
            }
        }
    }

    /// Takes `->`, or another arrow, which is reported.
    pub fn arrow(&mut self, parts: &mut Parts<'_>) {
        if let Some(wrong) = parts.eat(Rule::fat_arrow) {
            let at = self.span(&wrong);
            self.report(errors::wrong_arrow(at, wrong.as_str()));
        }
        parts.eat(Rule::arrow);
    }
}

fn has_arm_body(arm: &Pair<'_>) -> bool {
    arm.clone().into_inner().any(|part| part.as_rule() == Rule::arm_body)
}

/// The condition that is meant by an option of that name. (`stop` and `accept` are options, too.)
fn clause_word(name: &str) -> Option<&'static str> {
    Some(match name {
        "skip" | "skip_when" => "skip",
        "stop_when" => "stop",
        "accept_when" => "accept",
        _ => return None,
    })
}
