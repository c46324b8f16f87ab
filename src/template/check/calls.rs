//! Filters, tests and functions: whether there is one of that name, and whether it takes what it is given.

use minijinja::machinery::ast::{CallArg, Expr};
use std::ops::Range;

use super::Checker;
use crate::template::fault::FaultKind;
use crate::template::kind::Kind;
use crate::template::signature::{Callee, range_of};

impl Checker<'_> {
    /// Whether there is such a filter, test or function, and whether it takes that.
    pub(super) fn callee(&mut self, callee: Callee, name: &str, place: Range<usize>, args: &[CallArg<'_>]) {
        if callee.knows(name) {
            self.faults.extend(callee.judge(name, &place, args));
            return;
        }
        let name = name.to_owned();
        let what = match callee {
            Callee::Filter => FaultKind::UnknownFilter(name),
            Callee::Test => FaultKind::UnknownTest(name),
            Callee::Function => FaultKind::UnknownFunction(name),
        };
        self.fault(what, place);
    }

    /// Names that stand as texts in a filter's arguments: of another filter, of a test, of a field.
    pub(super) fn named_in(&mut self, filter: &str, input: &Kind, args: &[CallArg<'_>]) {
        let other = match (filter, args) {
            ("map", [CallArg::Pos(name), rest @ ..]) => Some((Callee::Filter, name, rest)),
            ("select" | "reject", [CallArg::Pos(name), rest @ ..]) => Some((Callee::Test, name, rest)),
            ("selectattr" | "rejectattr", [_, CallArg::Pos(name), rest @ ..]) => {
                Some((Callee::Test, name, rest))
            }
            _ => None,
        };
        if let Some((callee, name, rest)) = other
            && let Some(word) = text_of(name)
        {
            self.callee(callee, word, self.word(&range_of(name), word), rest);
        }
        let field = match (filter, args) {
            ("selectattr" | "rejectattr" | "groupby", [CallArg::Pos(name), ..]) => {
                text_of(name).map(|word| (word, range_of(name)))
            }
            ("sort" | "map" | "min" | "max" | "sum" | "unique" | "groupby", _) => attribute(args),
            _ => None,
        };
        // A path may lead on: its first part is a field.
        if let Some((path, range)) = field
            && let Some(name) = path.split('.').next()
        {
            self.field(&input.element(), name, &range);
        }
    }

    pub(super) fn call(&mut self, callee: &Expr<'_>, args: &[CallArg<'_>]) -> Kind {
        let kinds = self.args(args);
        match callee {
            Expr::Var(var) => {
                let place = self.word(&range_of(callee), var.id);
                self.callee(Callee::Function, var.id, place, args);
                given(var.id, kinds)
            }
            Expr::GetAttr(attr) => {
                // `loop.cycle(…)`
                if self.expr(&attr.expr) != Kind::Loop {
                    let place = self.word(&range_of(callee), attr.name);
                    self.fault(FaultKind::Method(attr.name.to_owned()), place);
                }
                Kind::Any
            }
            other => {
                self.expr(other);
                Kind::Any
            }
        }
    }
}

/// What a list function gives.
fn given(function: &str, args: Vec<Kind>) -> Kind {
    let several = args.len() > 1;
    match (function, args.into_iter().last()) {
        ("range", _) => Kind::ListOf(Box::new(Kind::Number)),
        ("first" | "last", Some(list)) if several => list.some(),
        ("first" | "last", Some(list)) => list.element(),
        _ => Kind::Any,
    }
}

/// `attribute="score"`
pub(super) fn attribute<'a>(args: &'a [CallArg<'_>]) -> Option<(&'a str, Range<usize>)> {
    args.iter().find_map(|arg| match arg {
        CallArg::Kwarg("attribute", value) => Some((text_of(value)?, range_of(value))),
        _ => None,
    })
}

fn text_of<'a>(expr: &'a Expr<'_>) -> Option<&'a str> {
    match expr {
        Expr::Const(constant) => constant.value.as_str(),
        _ => None,
    }
}
