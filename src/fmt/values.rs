//! Values, names with what belongs to them, quoted texts and expressions.

use super::layout::{BLOCK, LIST, Piece, ROUND};
use super::walk::{Inside, Line, Walk};
use crate::source::Span;
use crate::syntax::ast::{Arg, Expr, List, Map, Member, Name, Text, TextForm, Value};

impl<'t> Walk<'t> {
    pub fn value(&mut self, line: &mut Line<'t>, value: &'t Value) {
        match value {
            Value::Quantity(quantity) => self.copy(line, quantity.span),
            Value::Price { input, output, .. } => {
                self.copy(line, input.span);
                line.put(" / ");
                self.copy(line, output.span);
            }
            Value::Text(text) => self.quoted(line, text),
            Value::List(list) => self.values(line, list),
            Value::Map(map) => self.map(line, map),
            Value::Name(member) => self.member(line, member),
            Value::Tagged { word, payload, .. } => {
                self.member(line, word);
                line.put(" ");
                self.value(line, payload);
            }
            Value::After { member, wait, .. } => {
                self.member(line, member);
                line.put(" after ");
                self.copy(line, wait.span);
            }
            Value::Bad(span) => self.copy(line, *span),
        }
    }

    fn values(&mut self, line: &mut Line<'t>, list: &'t List) {
        let start = |value: &Value| value.span().start as usize;
        let group = self.list(&LIST, Inside::of(list.span), &list.items, start, Self::value);
        line.group(group);
    }

    fn map(&mut self, line: &mut Line<'t>, map: &'t Map) {
        let start = |(name, _): &(Name, Value)| name.span.start as usize;
        let group =
            self.list(&BLOCK, Inside::of(map.span), &map.pairs, start, |walk, line, (name, value)| {
                walk.copy(line, name.span);
                line.put(": ");
                walk.stray(line, value.span().start as usize);
                walk.value(line, value);
            });
        line.group(group);
    }

    // === Names ===

    /// Arguments and cell in the order in which they were written.
    pub fn member(&mut self, line: &mut Line<'t>, member: &'t Member) {
        self.copy(line, member.path.span);
        let first_args = member.args.as_ref().filter(|_| self.follows(self.at(), '('));
        if let Some(args) = first_args {
            self.args(line, args);
        }
        if let Some(cell) = &member.cell {
            line.put("@");
            self.copy(line, cell.span);
        }
        if let Some(args) = member.args.as_ref().filter(|_| first_args.is_none()) {
            self.args(line, args);
        }
    }

    /// Between round brackets that come next.
    pub fn args(&mut self, line: &mut Line<'t>, args: &'t [Arg]) {
        let open = self.next_sign(self.at()) + 1;
        let close = self.next_sign(args.last().map_or(open, |arg| arg.span.end as usize));
        let start = |arg: &Arg| arg.span.start as usize;
        let group = self.list(&ROUND, Inside { open, close }, args, start, |walk, line, arg| {
            if let Some(name) = &arg.name {
                walk.copy(line, name.span);
                line.put(": ");
            }
            walk.value(line, &arg.value);
        });
        line.group(group);
    }

    // === Texts ===

    pub fn quoted(&mut self, line: &mut Line<'t>, text: &'t Text) {
        match text.form {
            TextForm::Plain => self.copy(line, text.span),
            TextForm::Template => self.template(line, text.span),
        }
    }

    /// Each line loses as many blanks as the last has; how many it gets depends on where it will stand.
    fn template(&mut self, line: &mut Line<'t>, span: Span) {
        let mut lines = self.lines(span);
        let column = lines.last().map_or(0, |last| indent(last));
        if let [first, rest @ ..] = lines.as_mut_slice()
            && !rest.is_empty()
        {
            // Blanks behind an opener that stands alone are not part of the text.
            if first.trim_end().bytes().all(|byte| byte == b'"') {
                *first = first.trim_end();
            }
            rest.iter_mut().for_each(|line| *line = &line[column.min(indent(line))..]);
        }
        line.lines(lines, true);
    }

    /// Verbatim, its own line ends and indentation included.
    pub fn expr(&mut self, line: &mut Line<'t>, expr: &'t Expr) {
        let lines = self.lines(expr.span);
        line.lines(lines, false);
    }
}

/// Blanks at the start, in bytes.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

// === impl Line ===

impl<'t> Line<'t> {
    fn lines(&mut self, lines: Vec<&'t str>, hang: bool) {
        match lines.as_slice() {
            [line] => self.put(line),
            _ => self.pieces.push(Piece::Lines { lines, hang }),
        }
    }
}
