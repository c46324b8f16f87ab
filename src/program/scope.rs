//! Which names are in scope, and what each of them gives: one answer, several, or something else.

use crate::syntax::ast::{self, EnsembleBody, Entry, Member, Value, Verb as Written};
use crate::template::Kind as Sort;

use super::Kind;
use super::collect::Tables;
use super::names::LIST_FUNCTIONS;
use super::techniques::Technique;

/// Deepest chain of names that is followed; a longer one is a circle, which the graph reports.
const DEPTH_MAX: usize = 64;

/// The names of one block: an ensemble, a technique, a round, the body of a `for`.
#[derive(Clone, Default)]
pub struct Scope<'a> {
    pub steps: Vec<&'a ast::Step>,
    /// Loop variables and parameters that hold answers.
    pub vars: Vec<(String, Sort)>,
    /// The name that a `repeat` binds anew: what it gives is told by the scope around.
    pub rebinds: Option<&'a str>,
}

/// What a name gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    Answer,
    Answers,
    /// Answers with names, and what stands behind each.
    Group(Vec<(String, Kind)>),
    /// No answer: the variable of a `for` over texts.
    Value(Sort),
    /// Could not be read, or names nothing: no complaint about how it is used.
    Unclear,
}

/// Looks names up, innermost scope first.
pub struct Shapes<'s, 'a> {
    pub tables: &'s Tables<'a>,
    pub scopes: &'s [Scope<'a>],
}

/// What is asked about a name. Groups that name groups are looked at once per question, not once per way to them.
#[derive(Clone, Copy)]
enum Wanted<'w> {
    /// Whether it is one answer or several.
    Kind,
    /// That, and the kind of the member of this name.
    Member(&'w str),
    /// That, and every member.
    Members,
}

// === impl Scope ===

impl<'a> Scope<'a> {
    /// A technique's own names: steps, and parameters that hold answers.
    pub fn of(technique: &Technique<'a>) -> Self {
        let vars =
            technique.params.iter().filter_map(|param| Some((param.name.to_owned(), param.kind.sort()?)));
        Self { steps: technique.steps(), vars: vars.collect(), rebinds: None }
    }
}

// === impl Shape ===

impl Shape {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Answers | Self::Group(_) => Kind::Answers,
            Self::Answer | Self::Value(_) | Self::Unclear => Kind::Answer,
        }
    }

    /// As templates see it.
    pub fn sort(&self) -> Sort {
        match self {
            Self::Answer => Sort::Answer,
            Self::Answers => Sort::Answers(Vec::new()),
            Self::Group(names) => {
                let sort = |kind: &Kind| match kind {
                    Kind::Answer => Sort::Answer,
                    Kind::Answers => Sort::Answers(Vec::new()),
                };
                Sort::Answers(names.iter().map(|(name, kind)| (name.clone(), sort(kind))).collect())
            }
            Self::Value(sort) => sort.clone(),
            Self::Unclear => Sort::Any,
        }
    }
}

// === impl Shapes ===

impl<'a> Shapes<'_, 'a> {
    /// `None` if nothing in scope has that name.
    pub fn of(&self, name: &str) -> Option<Shape> {
        self.within(name, self.scopes.len(), 0, Wanted::Members)
    }

    /// What a right-hand side gives, in the innermost scope.
    pub fn of_rhs(&self, rhs: &ast::Rhs) -> Shape {
        self.rhs(rhs, self.scopes.len(), 0, Wanted::Members)
    }

    fn within(&self, name: &str, levels: usize, depth: usize, wanted: Wanted<'_>) -> Option<Shape> {
        for level in (0..levels).rev() {
            let scope = &self.scopes[level];
            if let Some((_, sort)) = scope.vars.iter().find(|(var, _)| var == name) {
                return Some(match sort {
                    Sort::Answer => Shape::Answer,
                    Sort::Answers(_) => Shape::Answers,
                    sort => Shape::Value(sort.clone()),
                });
            }
            if scope.rebinds == Some(name) {
                continue;
            }
            if let Some(step) = scope.steps.iter().find(|step| step.name.text == name) {
                return Some(self.rhs(&step.rhs, level + 1, depth + 1, wanted));
            }
        }
        None
    }

    fn rhs(&self, rhs: &ast::Rhs, levels: usize, depth: usize, wanted: Wanted<'_>) -> Shape {
        let alt = &rhs.alts[0];
        let entries = alt.block.iter().flat_map(|block| &block.entries);
        match &alt.verb {
            _ if depth > DEPTH_MAX => Shape::Answer,
            Written::Parallel { .. }
            | Written::Sample { .. }
            | Written::Over { .. }
            | Written::Score { .. }
            | Written::ForEach { .. }
            | Written::Pick { count: Some(_), .. } => Shape::Answers,
            Written::Group => {
                let is_wanted = |name: &str| match wanted {
                    Wanted::Kind => false,
                    Wanted::Member(member) => name == member,
                    Wanted::Members => true,
                };
                let steps = entries.filter_map(|entry| match entry {
                    Entry::Step(step) if is_wanted(&step.name.text) => Some(step),
                    _ => None,
                });
                let kind = |step: &ast::Step| self.rhs(&step.rhs, levels, depth + 1, Wanted::Kind).kind();
                Shape::Group(steps.map(|step| (step.name.text.clone(), kind(step))).collect())
            }
            Written::Route { .. } => {
                let first = entries.filter_map(|entry| match entry {
                    Entry::Arm(arm) => Some(&arm.rhs),
                    _ => None,
                });
                first.map(|rhs| self.rhs(rhs, levels, depth + 1, wanted)).next().unwrap_or(Shape::Unclear)
            }
            Written::Repeat { name, .. } => {
                self.within(&name.text, levels, depth + 1, wanted).unwrap_or(Shape::Unclear)
            }
            Written::Plain { value } => self.value(value, levels, depth, wanted),
            Written::Bad(_) => Shape::Unclear,
            _ => Shape::Answer,
        }
    }

    fn value(&self, value: &Value, levels: usize, depth: usize, wanted: Wanted<'_>) -> Shape {
        match value {
            Value::List(_) => Shape::Answers,
            Value::Name(member) => self.named(member, levels, depth, wanted),
            Value::Bad(_) => Shape::Unclear,
            _ => Shape::Answer,
        }
    }

    fn named(&self, member: &Member, levels: usize, depth: usize, wanted: Wanted<'_>) -> Shape {
        let head = member.path.head.text.as_str();
        match &member.args {
            Some(args) if LIST_FUNCTIONS.contains(&head) => {
                return match (head, args.len()) {
                    ("first" | "last" | "best", 1) => Shape::Answer,
                    _ => Shape::Answers,
                };
            }
            Some(_) => return self.unit(head, depth, wanted),
            None => (),
        }
        if member.cell.is_some() {
            return self.unit(head, depth, wanted);
        }
        let wanted = match member.path.tail.first() {
            Some(ast::Access::Field(field)) => Wanted::Member(&field.text),
            Some(_) => Wanted::Kind,
            None => wanted,
        };
        let Some(mut shape) = self.within(head, levels, depth + 1, wanted) else {
            return self.unit(head, depth, wanted);
        };
        for access in &member.path.tail {
            shape = match (access, &shape) {
                (ast::Access::Field(field), Shape::Group(names)) => {
                    match names.iter().find(|(name, _)| *name == field.text) {
                        Some((_, Kind::Answers)) => Shape::Answers,
                        _ => Shape::Answer,
                    }
                }
                _ => Shape::Answer,
            };
        }
        shape
    }

    /// What an ensemble or technique gives as a step.
    fn unit(&self, name: &str, depth: usize, wanted: Wanted<'_>) -> Shape {
        if depth > DEPTH_MAX {
            return Shape::Answer;
        }
        if let Some(technique) = self.tables.techniques.get(name) {
            let scopes = [Scope::of(technique)];
            let inner = Shapes { tables: self.tables, scopes: &scopes };
            return inner.within("reply", 1, depth + 1, wanted).unwrap_or(Shape::Unclear);
        }
        let ensemble = self.tables.ensembles_named(name).next();
        match ensemble.map(|ensemble| &ensemble.body) {
            Some(EnsembleBody::Technique { .. } | EnsembleBody::Steps(_)) => Shape::Answer,
            None => Shape::Unclear,
        }
    }
}
