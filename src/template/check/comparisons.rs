//! Comparisons that can only come out one way.

use minijinja::machinery::ast::{CompareOpKind, Expr};
use minijinja::value::ValueKind;

use super::Checker;
use crate::template::fault::FaultKind;
use crate::template::kind::Kind;
use crate::template::signature::range_of;

impl Checker<'_> {
    /// Two operands of a comparison, the right one a list for `in`.
    pub(super) fn compare(&mut self, op: CompareOpKind, left: &(&Expr<'_>, Kind), right: &(&Expr<'_>, Kind)) {
        use CompareOpKind::{Eq, In, Ne, NotIn};
        match op {
            Eq | Ne => {
                for ((_, kind), (other, _)) in [(left, right), (right, left)] {
                    self.never(kind, other);
                }
            }
            In | NotIn => match right.0 {
                Expr::List(list) => list.items.iter().for_each(|item| self.never(&left.1, item)),
                Expr::Const(constant) if constant.value.kind() == ValueKind::Seq => {
                    self.never(&left.1, right.0);
                }
                // Inside a text, anything may be.
                _ => (),
            },
            _ => (),
        }
    }

    /// Reports a constant that a value of `kind` can never be equal to.
    fn never(&mut self, kind: &Kind, other: &Expr<'_>) {
        let Expr::Const(constant) = other else { return };
        let range = range_of(other);
        match kind {
            Kind::Choice(choices) => {
                let words: Vec<String> = match constant.value.kind() {
                    ValueKind::String => vec![constant.value.to_string()],
                    ValueKind::Seq => constant
                        .value
                        .try_iter()
                        .into_iter()
                        .flatten()
                        .filter_map(|word| word.as_str().map(str::to_owned))
                        .collect(),
                    _ => Vec::new(),
                };
                for word in words.into_iter().filter(|word| !choices.contains(word)) {
                    let place = self.word(&range, &word);
                    self.fault(FaultKind::NotAChoice { word, choices: choices.clone() }, place);
                }
            }
            kind if kind.is_answer()
                && matches!(constant.value.kind(), ValueKind::String | ValueKind::Number) =>
            {
                self.fault(FaultKind::ComparedWhole, range);
            }
            _ => (),
        }
    }
}
