//! The static check: every name, field, filter and test of a template is known before it runs.

mod calls;
mod comparisons;

use minijinja::machinery::ast::{BinOpKind, CallArg, CompareOpKind, Expr, Stmt};
use minijinja::value::ValueKind;
use std::ops::Range;

use super::fault::{Fault, FaultKind};
use super::kind::{Field, Kind};
use super::signature::{Callee, range_of};
use calls::attribute;

/// A name that is used, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    pub name: String,
    pub range: Range<usize>,
}

pub fn template(
    root: &Stmt<'_>,
    source: &str,
    visible: &dyn Fn(&str) -> Option<Kind>,
) -> (Vec<Mention>, Vec<Fault>) {
    let mut checker = Checker::new(source, visible);
    checker.stmt(root);
    (checker.mentions, checker.faults)
}

pub fn expression(
    root: &Expr<'_>,
    source: &str,
    visible: &dyn Fn(&str) -> Option<Kind>,
) -> (Vec<Mention>, Vec<Fault>) {
    let mut checker = Checker::new(source, visible);
    checker.expr(root);
    (checker.mentions, checker.faults)
}

/// What an item of the expression's value is.
pub fn element_of(root: &Expr<'_>, source: &str, visible: &dyn Fn(&str) -> Option<Kind>) -> Kind {
    Checker::new(source, visible).expr(root).element()
}

struct Checker<'a> {
    source: &'a str,
    visible: &'a dyn Fn(&str) -> Option<Kind>,
    locals: Vec<(String, Kind)>,
    mentions: Vec<Mention>,
    faults: Vec<Fault>,
}

// === impl Checker ===

impl<'a> Checker<'a> {
    fn new(source: &'a str, visible: &'a dyn Fn(&str) -> Option<Kind>) -> Self {
        Self { source, visible, locals: Vec::new(), mentions: Vec::new(), faults: Vec::new() }
    }

    fn body(&mut self, stmts: &[Stmt<'_>]) {
        for stmt in stmts {
            self.stmt(stmt);
        }
    }

    fn scoped(&mut self, stmts: &[Stmt<'_>]) {
        let depth = self.locals.len();
        self.body(stmts);
        self.locals.truncate(depth);
    }

    fn stmt(&mut self, node: &Stmt<'_>) {
        match node {
            Stmt::Template(node) => self.body(&node.children),
            Stmt::EmitExpr(node) => {
                self.expr(&node.expr);
            }
            Stmt::EmitRaw(_) => (),
            Stmt::ForLoop(node) => {
                let list = self.expr(&node.iter);
                let depth = self.locals.len();
                self.bind(&node.target, list.element());
                self.locals.push(("loop".to_owned(), Kind::Loop));
                if let Some(filter) = &node.filter_expr {
                    self.expr(filter);
                }
                self.body(&node.body);
                self.locals.truncate(depth);
                self.scoped(&node.else_body);
            }
            Stmt::IfCond(node) => {
                self.expr(&node.expr);
                self.body(&node.true_body);
                self.body(&node.false_body);
            }
            Stmt::WithBlock(node) => {
                let depth = self.locals.len();
                for (target, value) in &node.assignments {
                    let kind = self.expr(value);
                    self.bind(target, kind);
                }
                self.body(&node.body);
                self.locals.truncate(depth);
            }
            Stmt::Set(node) => {
                let kind = self.expr(&node.expr);
                self.bind(&node.target, kind);
            }
            Stmt::SetBlock(node) => {
                self.scoped(&node.body);
                self.bind(&node.target, Kind::Text);
            }
            Stmt::AutoEscape(node) => self.scoped(&node.body),
            Stmt::FilterBlock(node) => {
                self.scoped(&node.body);
                self.expr(&node.filter);
            }
            Stmt::Do(node) => {
                self.call(&node.call.expr, &node.call.args);
            }
        }
    }

    fn bind(&mut self, target: &Expr<'_>, kind: Kind) {
        match target {
            Expr::Var(var) => self.locals.push((var.id.to_owned(), kind)),
            Expr::List(list) => list.items.iter().for_each(|item| self.bind(item, Kind::Any)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.bind(item, Kind::Any)),
            _ => (),
        }
    }

    fn expr(&mut self, node: &Expr<'_>) -> Kind {
        let range = range_of(node);
        match node {
            Expr::Var(var) => self.name(var.id, range),
            Expr::Const(constant) => match constant.value.kind() {
                ValueKind::String => Kind::Text,
                ValueKind::Number => Kind::Number,
                ValueKind::Bool => Kind::Bool,
                ValueKind::Seq => Kind::List,
                _ => Kind::Any,
            },
            Expr::Slice(node) => {
                for part in [&node.start, &node.stop, &node.step].into_iter().flatten() {
                    self.expr(part);
                }
                match self.expr(&node.expr) {
                    Kind::Text => Kind::Text,
                    kind => kind.some(),
                }
            }
            Expr::UnaryOp(node) => {
                self.expr(&node.expr);
                Kind::Any
            }
            Expr::BinOp(node) => {
                let (left, right) = (self.expr(&node.left), self.expr(&node.right));
                let op = match node.op {
                    BinOpKind::ScOr | BinOpKind::ScAnd => return left.or(right),
                    BinOpKind::Add => return left.some().or(right.some()),
                    BinOpKind::Eq => CompareOpKind::Eq,
                    BinOpKind::Ne => CompareOpKind::Ne,
                    BinOpKind::In => CompareOpKind::In,
                    _ => return Kind::Any,
                };
                self.compare(op, &(&node.left, left), &(&node.right, right));
                Kind::Bool
            }
            Expr::Compare(node) => {
                let mut left = (&node.expr, self.expr(&node.expr));
                for operand in &node.ops {
                    let right = (&operand.expr, self.expr(&operand.expr));
                    self.compare(operand.op, &left, &right);
                    left = right;
                }
                Kind::Bool
            }
            Expr::IfExpr(node) => {
                self.expr(&node.test_expr);
                let kind = self.expr(&node.true_expr);
                match &node.false_expr {
                    Some(other) => kind.or(self.expr(other)),
                    None => kind,
                }
            }
            Expr::Filter(node) => {
                let input = node.expr.as_ref().map_or(Kind::Text, |e| self.expr(e));
                self.args(&node.args);
                let place = self.word(&range, node.name);
                self.callee(Callee::Filter, node.name, place, &node.args);
                self.named_in(node.name, &input, &node.args);
                match (node.name, attribute(&node.args)) {
                    ("map", Some((attribute, _))) => match input.element().field(attribute) {
                        Field::Of(kind) => Kind::ListOf(Box::new(kind)),
                        _ => Kind::Any,
                    },
                    _ => input.filtered(node.name),
                }
            }
            Expr::Test(node) => {
                let subject = self.expr(&node.expr);
                self.args(&node.args);
                let place = self.word(&range, node.name);
                self.callee(Callee::Test, node.name, place, &node.args);
                if let ("eq" | "ne", [CallArg::Pos(other)]) = (node.name, node.args.as_slice()) {
                    self.compare(CompareOpKind::Eq, &(&node.expr, subject), &(other, Kind::Any));
                }
                Kind::Bool
            }
            Expr::GetAttr(node) => {
                let of = self.expr(&node.expr);
                self.field(&of, node.name, &range)
            }
            Expr::GetItem(node) => {
                self.expr(&node.subscript_expr);
                let of = self.expr(&node.expr);
                match &node.subscript_expr {
                    Expr::Const(name) if let Some(name) = name.value.as_str() => {
                        self.field(&of, name, &range)
                    }
                    _ => of.element(),
                }
            }
            Expr::Call(node) => self.call(&node.expr, &node.args),
            Expr::List(node) => {
                for item in &node.items {
                    self.expr(item);
                }
                Kind::List
            }
            Expr::Tuple(node) => {
                for item in &node.items {
                    self.expr(item);
                }
                Kind::List
            }
            Expr::Map(node) => {
                for item in node.keys.iter().chain(&node.values) {
                    self.expr(item);
                }
                Kind::Any
            }
        }
    }

    fn args(&mut self, args: &[CallArg<'_>]) -> Vec<Kind> {
        args.iter()
            .map(|arg| match arg {
                CallArg::Pos(e) | CallArg::Kwarg(_, e) | CallArg::PosSplat(e) | CallArg::KwargSplat(e) => {
                    self.expr(e)
                }
            })
            .collect()
    }

    fn name(&mut self, name: &str, range: Range<usize>) -> Kind {
        if let Some((_, kind)) = self.locals.iter().rev().find(|(local, _)| local == name) {
            return kind.clone();
        }
        match (self.visible)(name) {
            Some(kind) => {
                self.mentions.push(Mention { name: name.to_owned(), range });
                kind
            }
            None => {
                self.fault(FaultKind::UnknownName(name.to_owned()), range);
                Kind::Any
            }
        }
    }

    fn field(&mut self, of: &Kind, field: &str, range: &Range<usize>) -> Kind {
        let what = match of.field(field) {
            Field::Of(kind) => return kind,
            Field::NoValue => FaultKind::NoValue,
            Field::Unknown { owner, known } => {
                FaultKind::UnknownField { of: owner, field: field.to_owned(), known }
            }
        };
        self.fault(what, self.word(range, field));
        Kind::Any
    }

    fn fault(&mut self, what: FaultKind, range: Range<usize>) {
        self.faults.push(Fault { what, range });
    }

    /// The place of `word` inside `range`: its last occurrence, since names follow what they apply to.
    fn word(&self, range: &Range<usize>, word: &str) -> Range<usize> {
        let end = range.end.min(self.source.len());
        match self.source.get(range.start..end).and_then(|text| text.rfind(word)) {
            Some(at) => range.start + at..range.start + at + word.len(),
            None => range.clone(),
        }
    }
}
