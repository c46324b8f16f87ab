//! Expressions, taken whole, and names that are made.

use super::ast::{Expr, Name};
use super::errors;
use super::grammar::{Pair, Parts, Rule, parts};
use super::reader::Reader;
use crate::source::Span;

impl Reader<'_> {
    /// A name that is made here.
    pub fn new_name(&mut self, pair: &Pair<'_>) -> Name {
        let name = self.name(pair);
        if errors::RESERVED.contains(&name.text.as_str()) {
            self.report(errors::reserved(&name));
        }
        name
    }

    /// The name that a step or a parameter begins with.
    pub fn made_name(&mut self, parts: &mut Parts<'_>, span: Span) -> Name {
        match parts.eat(Rule::name) {
            Some(name) => self.new_name(&name),
            None => self.no_name(span),
        }
    }

    /// An expression; comments inside its brackets become blanks, so that places still agree.
    pub fn expr(&mut self, pair: Pair<'_>) -> Expr {
        let whole = pair.as_span();
        let mut text = pair.as_str().to_owned();
        for note in parts(pair).filter(|part| part.as_rule() == Rule::note) {
            let at = note.as_span().start() - whole.start();
            text.replace_range(at..at + note.as_str().len(), &" ".repeat(note.as_str().len()));
        }
        text.truncate(text.trim_end().len());
        let blanks = text.len() - text.trim_start().len();
        let start = self.offset(whole.start() + blanks);
        text.drain(..blanks);
        let span =
            Span { file: self.file, start, end: self.offset(whole.start() + blanks + text.len()).max(start) };
        Expr { text, span }
    }

    /// An expression with the comment that may follow it.
    pub fn condition(&mut self, pair: Pair<'_>) -> Option<Expr> {
        let mut parts = parts(pair);
        let expr = parts.eat(Rule::expr).map(|expr| self.expr(expr));
        if let Some(division) = parts.eat(Rule::division) {
            let span = self.span(&division);
            self.report(errors::comment_divides(span));
        }
        expr.filter(|expr| !expr.text.is_empty())
    }
}
