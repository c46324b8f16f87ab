//! Compiles templates and expressions, and turns their faults into diagnostics at their place in the file.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{Expr, Text};
use crate::template::fault::FaultKind;
use crate::template::{Expression, Fault, Fence, Kind, Mention, Template};

use super::errors;

/// Names that a template may use.
pub type Visible<'a> = [(String, Kind)];

/// Templates and expressions of a program, each read once: an ensemble says the same in all of its cells.
#[derive(Debug, Default)]
pub struct Templates {
    templates: RefCell<BTreeMap<(Span, Fence), Known<Template>>>,
    expressions: RefCell<BTreeMap<Span, Known<Expression>>>,
}

/// What was read at a place without a complaint, and the names that it was checked against.
#[derive(Debug)]
struct Known<T> {
    read: T,
    visible: Vec<(String, Kind)>,
    mentions: Vec<Mention>,
}

// === impl Templates ===

impl Templates {
    pub fn template(
        &self,
        text: &Text,
        fence: Fence,
        visible: &Visible<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<(Template, Vec<Mention>)> {
        let key = (text.span, fence);
        if let Some(known) = self.templates.borrow().get(&key)
            && known.visible == visible
        {
            return Some((known.read.clone(), known.mentions.clone()));
        }
        let before = diagnostics.len();
        let (read, mentions) = template(text, fence, visible, diagnostics)?;
        if diagnostics.len() == before {
            let known = Known { read: read.clone(), visible: visible.to_vec(), mentions: mentions.clone() };
            self.templates.borrow_mut().insert(key, known);
        }
        Some((read, mentions))
    }

    pub fn expression(
        &self,
        expr: &Expr,
        visible: &Visible<'_>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<(Expression, Vec<Mention>)> {
        if let Some(known) = self.expressions.borrow().get(&expr.span)
            && known.visible == visible
        {
            return Some((known.read.clone(), known.mentions.clone()));
        }
        let before = diagnostics.len();
        let (read, mentions) = expression(expr, visible, diagnostics)?;
        if diagnostics.len() == before {
            let known = Known { read: read.clone(), visible: visible.to_vec(), mentions: mentions.clone() };
            self.expressions.borrow_mut().insert(expr.span, known);
        }
        Some((read, mentions))
    }
}

/// Reads and checks one template, for itself.
pub fn template(
    text: &Text,
    fence: Fence,
    visible: &Visible<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(Template, Vec<Mention>)> {
    let place = |range: Range<usize>| text.place(range);
    match Template::compile(&text.value, fence) {
        Ok(template) => {
            let (mentions, faults) = template.check(&|name| kind(name, visible));
            report(&faults, &place, visible, diagnostics);
            Some((template, mentions))
        }
        Err(fault) => {
            report(&[fault], &place, visible, diagnostics);
            None
        }
    }
}

/// Reads and checks one expression, for itself.
pub fn expression(
    expr: &Expr,
    visible: &Visible<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(Expression, Vec<Mention>)> {
    let place = |range: Range<usize>| {
        let start = expr.span.start as usize + range.start;
        Span::new(expr.span.file, start, (start + range.len()).min(expr.span.end as usize))
    };
    match Expression::compile(&expr.text) {
        Ok(expression) => {
            let (mentions, faults) = expression.check(&|name| kind(name, visible));
            report(&faults, &place, visible, diagnostics);
            Some((expression, mentions))
        }
        Err(fault) => {
            report(&[fault], &place, visible, diagnostics);
            None
        }
    }
}

fn kind(name: &str, visible: &Visible<'_>) -> Option<Kind> {
    visible.iter().find(|(known, _)| known == name).map(|(_, kind)| kind.clone())
}

fn report(
    faults: &[Fault],
    place: &dyn Fn(Range<usize>) -> Span,
    visible: &Visible<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let names: Vec<&str> = visible.iter().map(|(name, _)| name.as_str()).collect();
    for fault in faults {
        let span = place(fault.range.clone());
        diagnostics.push(match &fault.what {
            FaultKind::Syntax(detail) => errors::template_syntax(span, detail),
            FaultKind::UnknownName(name) => errors::unknown_variable(name, span, &names),
            FaultKind::UnknownField { of, field, known } => {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                errors::unknown_field(of, field, span, &known)
            }
            FaultKind::UnknownFilter(name) => {
                errors::unknown_filter(name, span, &crate::template::known_filters())
            }
            FaultKind::UnknownTest(name) => {
                errors::unknown_in_template("test", name, span, &crate::template::known_tests())
            }
            FaultKind::UnknownFunction(name) => {
                errors::unknown_in_template("function", name, span, &crate::template::known_functions())
            }
            FaultKind::Method(name) => errors::method(name, span, &crate::template::known_filters()),
            FaultKind::WrongCount { of, usage, found } => errors::wrong_count_of(of, usage, *found, span),
            FaultKind::WrongArgument { of, argument, wanted } => {
                errors::wrong_argument(of, argument, wanted, span)
            }
            FaultKind::UnknownArgument { of, argument, known } => {
                errors::unknown_argument(of, argument, span, known)
            }
            FaultKind::NoValue => errors::no_value(span),
            FaultKind::NotAChoice { word, choices } => {
                let choices: Vec<&str> = choices.iter().map(String::as_str).collect();
                errors::not_a_choice(span, word, &choices)
            }
            FaultKind::ComparedWhole => errors::compared_whole(span),
            FaultKind::Forbidden(word) => errors::forbidden_statement(span, word),
        });
    }
}
