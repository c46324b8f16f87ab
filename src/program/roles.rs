//! Roles: what `panel`, `chief` and `width` mean in one cell.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{Arg, Count, Member, Quantity, Text, TextForm, TextRun, Value};
use crate::template::{Data, Kind};

use super::collect::{Layer, Tables};
use super::errors;
use super::prompts::PromptDef;
use super::values::title;

/// The value of a role.
#[derive(Clone, Debug, PartialEq)]
pub enum Role {
    Model(String),
    Models(Vec<String>),
    Number { value: f64, whole: bool },
    Text(String),
    Bool(bool),
}

/// A role with the layer that filled it last.
#[derive(Clone, Debug)]
pub struct Filled {
    pub role: Role,
    pub layer: Arc<str>,
    pub span: Span,
}

pub type Roles = BTreeMap<String, Filled>;

/// Prompts that parameters of a technique hold.
pub type Prompts = BTreeMap<String, PromptDef>;

/// Uses of roles that have no value in a cell: place and name → cells.
pub type Missing = BTreeMap<(Span, String), Vec<String>>;

/// Resolves names in one cell, given the roles that hold there.
pub struct Judge<'a> {
    pub tables: &'a Tables<'a>,
    pub roles: Roles,
    pub prompts: Prompts,
    /// `high-xl`
    pub cell: String,
    /// The ensembles and techniques around the steps that are checked, outermost first.
    pub stack: Vec<String>,
    /// Names of the ensemble's steps: they are no models.
    pub steps: Vec<String>,
    /// Some of its lines could not be read: what seems to be missing may stand there.
    pub partial: bool,
    pub diagnostics: Vec<Diagnostic>,
    pub missing: &'a mut Missing,
    /// How many ensembles and techniques were written out so far, one inside the other or side by side.
    pub written_out: Rc<Cell<u64>>,
}

// === impl Role ===

impl Role {
    /// As templates see it.
    pub fn data(&self, tables: &Tables<'_>) -> Data {
        let model = |name: &str| {
            let model = &tables.models[name];
            Data::Map(vec![
                ("name".to_owned(), Data::Text(name.into())),
                ("context".to_owned(), Data::Int(model.context.0 as i64)),
                ("max_output".to_owned(), Data::Int(model.max_output.0 as i64)),
            ])
        };
        match self {
            Self::Model(name) => model(name),
            Self::Models(names) => Data::List(names.iter().map(|name| model(name)).collect()),
            Self::Number { value, whole: true } => Data::Int(*value as i64),
            Self::Number { value, .. } => Data::Number(*value),
            Self::Text(text) => Data::Text(text.as_str().into()),
            Self::Bool(value) => Data::Bool(*value),
        }
    }

    pub fn kind(&self) -> Kind {
        match self {
            Self::Model(_) => Kind::Model,
            Self::Models(_) => Kind::List,
            Self::Number { .. } => Kind::Number,
            Self::Text(_) => Kind::Text,
            Self::Bool(_) => Kind::Any,
        }
    }

    /// As it would be written at `span`; `None` for what no option takes.
    pub fn written(&self, span: Span) -> Option<Value> {
        match self {
            Self::Number { value, whole } => Some(Value::Quantity(Quantity {
                number: *value,
                whole: *whole,
                dollar: false,
                unit: String::new(),
                span,
            })),
            Self::Text(text) => Some(Value::Text(Text {
                form: TextForm::Plain,
                value: text.clone(),
                span,
                runs: vec![TextRun { value: 0, source: span.start }],
            })),
            Self::Model(_) | Self::Models(_) | Self::Bool(_) => None,
        }
    }

    pub fn title(&self) -> &'static str {
        match self {
            Self::Model(_) => "a model",
            Self::Models(_) => "a list of models",
            Self::Number { .. } => "a number",
            Self::Text(_) => "a text",
            Self::Bool(_) => "true or false",
        }
    }
}

/// As it would be written.
impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Model(name) => f.write_str(name),
            Self::Models(names) => write!(f, "[{}]", names.join(", ")),
            Self::Number { value, .. } => write!(f, "{value}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Bool(value) => write!(f, "{value}"),
        }
    }
}

// === impl Judge ===

impl<'a> Judge<'a> {
    pub fn new(tables: &'a Tables<'a>, cell: String, stack: Vec<String>, missing: &'a mut Missing) -> Self {
        Self {
            tables,
            roles: Roles::new(),
            prompts: Prompts::new(),
            cell,
            stack,
            steps: Vec::new(),
            partial: false,
            diagnostics: Vec::new(),
            missing,
            written_out: Rc::default(),
        }
    }

    /// Whether the body that is checked answers to a client, or to what takes one answer: an ensemble's does.
    pub fn is_ensemble(&self) -> bool {
        self.stack.last().is_some_and(|of| of.contains('@'))
    }

    /// Fills the layer's roles. Names on the right mean the layers below, never this one.
    pub fn apply(&mut self, layer: &Layer<'_>) {
        let filled: Vec<_> = layer
            .roles
            .iter()
            .filter_map(|(name, value)| {
                let role = self.role(value)?;
                Some((name.text.clone(), Filled { role, layer: Arc::clone(&layer.title), span: name.span }))
            })
            .collect();
        self.roles.extend(filled);
    }

    pub fn role(&mut self, value: &Value) -> Option<Role> {
        match value {
            Value::Quantity(q) if q.unit.is_empty() && !q.dollar => {
                Some(Role::Number { value: q.number, whole: q.whole })
            }
            Value::Quantity(q) if q.unit == "k" && !q.dollar => {
                Some(Role::Number { value: q.number * 1e3, whole: true })
            }
            Value::Text(text) => Some(Role::Text(text.value.clone())),
            Value::List(_) => self.models(value).map(Role::Models),
            Value::Name(member) if member.args.is_some() => self.list_function(member),
            Value::Name(member) => match member.word().map(|name| name.text.as_str()) {
                Some("true") => Some(Role::Bool(true)),
                Some("false") => Some(Role::Bool(false)),
                _ => self.named(member),
            },
            Value::Bad(_) => None,
            other => {
                let expected = "a model, a list of models, a number or a text";
                self.diagnostics.push(errors::wrong_kind(other.span(), expected, title(other)));
                None
            }
        }
    }

    /// One model: by its own name, or by a role that holds one.
    pub fn model(&mut self, member: &Member) -> Option<String> {
        match self.named(member)? {
            Role::Model(name) => Some(name),
            other => {
                let found = other.title();
                self.diagnostics.push(errors::wrong_kind(member.span, "one model", found));
                None
            }
        }
    }

    /// A list of models, in order; lists inside are flattened.
    pub fn models(&mut self, value: &Value) -> Option<Vec<String>> {
        match value {
            Value::List(list) => {
                let parts: Vec<_> = list.items.iter().map(|item| self.one_or_more(item)).collect();
                Some(parts.into_iter().collect::<Option<Vec<_>>>()?.concat())
            }
            other => match self.role(other)? {
                Role::Models(names) => Some(names),
                Role::Model(name) => {
                    self.diagnostics.push(
                        errors::wrong_kind(other.span(), "a list of models", "one model")
                            .help(format!("write `[{name}]`, or `ask {name}` for one call")),
                    );
                    None
                }
                role => {
                    self.diagnostics.push(errors::wrong_kind(other.span(), "a list of models", role.title()));
                    None
                }
            },
        }
    }

    fn one_or_more(&mut self, value: &Value) -> Option<Vec<String>> {
        match self.role(value)? {
            Role::Model(name) => Some(vec![name]),
            Role::Models(names) => Some(names),
            other => {
                self.diagnostics.push(errors::wrong_kind(value.span(), "a model", other.title()));
                None
            }
        }
    }

    pub fn count(&mut self, count: &Count) -> Option<u32> {
        let (value, whole, span) = match count {
            Count::Number(q) if q.unit.is_empty() && !q.dollar => (q.number, q.whole, q.span),
            Count::Number(q) => {
                self.diagnostics.push(errors::wrong_kind(q.span, "a whole number", "a quantity with a unit"));
                return None;
            }
            Count::Name(path) => {
                let member = Member { path: path.clone(), args: None, cell: None, span: path.span };
                match self.named(&member)? {
                    Role::Number { value, whole } => (value, whole, path.span),
                    other => {
                        self.diagnostics.push(errors::wrong_kind(path.span, "a whole number", other.title()));
                        return None;
                    }
                }
            }
        };
        if !whole || !(1.0..=1000.0).contains(&value) {
            self.diagnostics.push(errors::wrong_count(span));
            return None;
        }
        Some(value as u32)
    }

    /// The value behind a bare name.
    fn named(&mut self, member: &Member) -> Option<Role> {
        let Some(name) = member.word() else {
            let head = &member.path.head;
            if self.steps.contains(&head.text) {
                self.diagnostics.push(errors::wrong_kind(member.span, "a model", "a step's answer"));
            } else if member.args.is_some() || member.cell.is_some() {
                self.diagnostics.push(errors::only_a_model(member.span, &head.text));
            } else {
                self.unknown(&head.text, head.span);
            }
            return None;
        };
        if let Some(filled) = self.roles.get(&name.text) {
            return Some(filled.role.clone());
        }
        if self.tables.models.contains_key(&name.text) {
            return Some(Role::Model(name.text.clone()));
        }
        if self.steps.contains(&name.text) {
            let diagnostic = errors::wrong_kind(name.span, "a model", "a step");
            self.diagnostics.push(
                diagnostic
                    .help(format!("`{}` is a step of this ensemble; name a model or a role", name.text)),
            );
        } else if self.tables.has_ensemble(&name.text) || self.tables.techniques.contains_key(&name.text) {
            self.diagnostics.push(errors::only_a_model(name.span, &name.text));
        } else {
            self.unknown(&name.text, name.span);
        }
        None
    }

    fn unknown(&mut self, name: &str, span: Span) {
        // A technique sees its parameters, not the roles around it.
        if self.tables.role_names().contains(&name) && self.is_ensemble() {
            self.missing.entry((span, name.to_owned())).or_default().push(self.cell.clone());
            return;
        }
        let mut known: Vec<&str> = self.roles.keys().map(String::as_str).collect();
        known.extend(self.tables.models.keys().map(String::as_str));
        let what = if self.steps.is_empty() { "model or role" } else { "model, role or step" };
        self.diagnostics.push(errors::unknown_name(name, span, what, &known));
    }

    /// `first(2, panel)`, `last(…)`, `without(panel, x)`, `concat(a, b)` over models.
    fn list_function(&mut self, member: &Member) -> Option<Role> {
        let name = member.path.head.text.as_str();
        let args: &[Arg] = member.args.as_deref().unwrap_or_default();
        match (name, args) {
            ("first" | "last", [list]) => {
                let models = self.models(&list.value)?;
                let model = if name == "first" { models.first() } else { models.last() };
                match model {
                    Some(model) => Some(Role::Model(model.clone())),
                    None => {
                        self.diagnostics.push(errors::empty_list(list.span));
                        None
                    }
                }
            }
            ("first" | "last", [count, list]) => {
                let count = self.number(count)?;
                let models = self.models(&list.value)?;
                let count = count.min(models.len());
                let range = if name == "first" { 0..count } else { models.len() - count..models.len() };
                Some(Role::Models(models[range].to_vec()))
            }
            ("without", [list, item]) => {
                let models = self.models(&list.value)?;
                let out = self.one_or_more(&item.value)?;
                Some(Role::Models(models.into_iter().filter(|model| !out.contains(model)).collect()))
            }
            ("concat", lists) if !lists.is_empty() => {
                let parts: Vec<_> = lists.iter().map(|list| self.models(&list.value)).collect();
                Some(Role::Models(parts.into_iter().collect::<Option<Vec<_>>>()?.concat()))
            }
            ("first" | "last" | "without" | "concat", _) => {
                self.diagnostics.push(
                    errors::wrong_kind(member.span, "a list function with its arguments", "with these")
                        .help("`first(xs)`, `first(2, xs)`, `last(…)`, `without(xs, x)`, `concat(xs, ys)`"),
                );
                None
            }
            _ => {
                self.diagnostics.push(errors::only_a_model(member.span, name));
                None
            }
        }
    }

    fn number(&mut self, arg: &Arg) -> Option<usize> {
        match self.role(&arg.value)? {
            Role::Number { value, whole: true } if value >= 0.0 => Some(value as usize),
            other => {
                self.diagnostics.push(errors::wrong_kind(arg.span, "a whole number", other.title()));
                None
            }
        }
    }
}
