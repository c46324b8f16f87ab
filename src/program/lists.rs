//! Lists of answers: which steps a list names, and whether it gives one answer or several.

use crate::source::Span;
use crate::syntax::ast::{Access, Arg, Member, Value};

use super::roles::Role;
use super::steps::Steps;
use super::values::title;
use super::{Kind, List, errors};

use super::scope::Shape;

impl Steps<'_, '_, '_> {
    /// A value that must name answers of other steps. Gives the list and what it is.
    pub fn list(&mut self, value: &Value) -> Option<(List, Kind)> {
        match value {
            Value::List(list) => {
                let parts: Vec<_> = list.items.iter().map(|item| self.list(item)).collect();
                let parts: Option<Vec<_>> = parts.into_iter().collect();
                let parts: Vec<List> = parts?.into_iter().map(|(part, _)| part).collect();
                if parts.is_empty() {
                    self.complain(errors::empty_list(list.span));
                    return None;
                }
                Some((List::Literal(parts), Kind::Answers))
            }
            Value::Name(member) if member.args.is_some() => self.list_call(member),
            Value::Name(member) => self.reference(member),
            Value::Bad(_) => None,
            other => {
                self.complain(errors::wrong_kind(other.span(), "a step or a list of steps", title(other)));
                None
            }
        }
    }

    /// The same where several answers are wanted.
    pub fn answers(&mut self, value: &Value, verb: &str) -> Option<List> {
        let (list, kind) = self.list(value)?;
        let unclear = matches!(&list, List::Step(name) if self.is_unclear(name));
        if kind == Kind::Answers || unclear {
            return Some(list);
        }
        let written = match value {
            Value::Name(member) => member.path.head.text.clone(),
            _ => "…".to_owned(),
        };
        self.complain(
            errors::wrong_kind(value.span(), &format!("a list of answers for `{verb}`"), "one answer")
                .help(format!("write `[{written}, …]`, or name a step that gives several")),
        );
        None
    }

    pub fn reference(&mut self, member: &Member) -> Option<(List, Kind)> {
        let head = &member.path.head;
        if self.is_unit(member) {
            self.complain(errors::unit_in_list(member.span, &head.text));
            return None;
        }
        let Some(shape) = self.shape(&head.text) else {
            self.unknown_step(&head.text, head.span);
            return None;
        };
        self.mention(&head.text);
        let mut kind = shape.kind();
        let mut names = match shape {
            Shape::Group(names) => names,
            _ => Vec::new(),
        };
        let mut list = List::Step(head.text.clone());
        for access in &member.path.tail {
            match access {
                Access::Index { index, .. } if kind == Kind::Answers || self.is_unclear(&head.text) => {
                    list = List::Index { list: Box::new(list), index: *index };
                    kind = Kind::Answer;
                    names.clear();
                }
                Access::Field(field) if !names.is_empty() => {
                    let Some((name, of)) = names.iter().find(|(name, _)| *name == field.text).cloned() else {
                        let known: Vec<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
                        self.complain(errors::unknown_name(&field.text, field.span, "member", &known));
                        return None;
                    };
                    list = List::Member { list: Box::new(list), name };
                    kind = of;
                    names.clear();
                }
                Access::Index { span, .. } => {
                    self.complain(errors::wrong_kind(*span, "used on a list of answers", "on one answer"));
                    return None;
                }
                Access::Field(field) => {
                    self.complain(
                        errors::wrong_kind(
                            field.span,
                            "a whole answer",
                            &format!("its field `{}`", field.text),
                        )
                        .help("fields are for templates and conditions"),
                    );
                    return None;
                }
            }
        }
        Some((list, kind))
    }

    fn unknown_step(&mut self, name: &str, span: Span) {
        if self.judge.roles.contains_key(name) || self.judge.tables.models.contains_key(name) {
            self.complain(
                errors::wrong_kind(span, "a step's answers", "a model or a role")
                    .help("ask it first: `x = ask …`"),
            );
        } else {
            let known: Vec<String> = self.names();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            self.complain(errors::unknown_name(name, span, "step", &known));
        }
    }

    fn list_call(&mut self, member: &Member) -> Option<(List, Kind)> {
        let name = member.path.head.text.as_str();
        let args: &[Arg] = member.args.as_deref().unwrap_or_default();
        match (name, args) {
            ("first" | "last" | "best", [list]) => {
                let list = Box::new(self.answers(&list.value, name)?);
                let one = match name {
                    "first" => List::First { count: None, list },
                    "last" => List::Last { count: None, list },
                    _ => List::Best { count: None, list },
                };
                Some((one, Kind::Answer))
            }
            ("first" | "last" | "best", [count, list]) => {
                let count = self.count_arg(count);
                let list = Box::new(self.answers(&list.value, name)?);
                let count = Some(count?);
                let some = match name {
                    "first" => List::First { count, list },
                    "last" => List::Last { count, list },
                    _ => List::Best { count, list },
                };
                Some((some, Kind::Answers))
            }
            ("without", [list, item]) => {
                let list = Box::new(self.answers(&list.value, name)?);
                let (item, _) = self.list(&item.value)?;
                Some((List::Without { list, item: Box::new(item) }, Kind::Answers))
            }
            ("concat", lists) if !lists.is_empty() => {
                let parts: Vec<_> = lists.iter().map(|list| self.answers(&list.value, name)).collect();
                Some((List::Concat(parts.into_iter().collect::<Option<_>>()?), Kind::Answers))
            }
            ("first" | "last" | "best" | "without" | "concat", _) => {
                self.complain(
                    errors::wrong_kind(member.span, "a list function with its arguments", "with these")
                        .help("`first(xs)`, `first(2, xs)`, `last(…)`, `best(…)`, `without(xs, x)`, `concat(xs, ys)`"),
                );
                None
            }
            _ if self.judge.tables.techniques.contains_key(name) => {
                self.complain(errors::unit_in_list(member.span, name));
                None
            }
            _ => {
                let known = super::names::LIST_FUNCTIONS;
                self.complain(errors::unknown_name(
                    name,
                    member.path.head.span,
                    "technique or list function",
                    known,
                ));
                None
            }
        }
    }

    fn count_arg(&mut self, arg: &Arg) -> Option<u32> {
        match self.judge.role(&arg.value)? {
            Role::Number { value, whole: true } if (0.0..=1000.0).contains(&value) => Some(value as u32),
            other => {
                self.complain(errors::wrong_kind(arg.span, "a whole number", other.title()));
                None
            }
        }
    }
}
