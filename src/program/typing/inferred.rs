//! What is known of the values of a name's answers, found where they are asked for.

use crate::program::names::LIST_FUNCTIONS;
use crate::program::scope::Shapes;
use crate::program::steps::Steps;
use crate::syntax::ast::{Access, Alt, Entry, Member, Rhs, Setting, Step, Value, Verb};
use crate::template::{Kind as Sort, Returned};

/// Deepest chain of names that is followed.
const DEPTH_MAX: usize = 32;

impl Steps<'_, '_, '_> {
    /// The same with what is known of its `value`, if it is an answer or several.
    pub fn with_values(&self, name: &str, sort: Sort) -> Sort {
        let shapes = Shapes { tables: self.judge.tables, scopes: &self.scopes };
        let layered = self.inherited.iter().any(|option| option.setting.name.text == "returns");
        let known =
            |returned: Option<Returned>| returned.filter(|found| !layered || *found != Returned::Nothing);
        let Some((step, levels)) = shapes.find(name) else { return sort };
        let sort = match sort {
            Sort::Answers(members) => Sort::Answers(
                members
                    .into_iter()
                    .map(|(member, kind)| match known(shapes.member_values(&step.rhs, &member, levels)) {
                        Some(returned) => (member, kind.returning(returned)),
                        None => (member, kind),
                    })
                    .collect(),
            ),
            other => other,
        };
        match known(shapes.values(&step.rhs, levels, 0)) {
            Some(returned) => sort.returning(returned),
            None => sort,
        }
    }
}

impl<'a> Shapes<'_, 'a> {
    /// The step of that name, and how many of the scopes it sees.
    fn find(&self, name: &str) -> Option<(&'a Step, usize)> {
        self.find_within(name, self.scopes.len())
    }

    fn find_within(&self, name: &str, levels: usize) -> Option<(&'a Step, usize)> {
        for (level, scope) in self.scopes.iter().enumerate().take(levels).rev() {
            // Of what a loop binds anew, the first value may be another.
            if scope.rebinds == Some(name) || scope.vars.iter().any(|(var, _)| var == name) {
                return None;
            }
            if let Some(step) = scope.steps.iter().find(|step| step.name.text == name) {
                return Some((step, level + 1));
            }
        }
        None
    }

    fn member_values(&self, rhs: &Rhs, member: &str, levels: usize) -> Option<Returned> {
        let alt = rhs.alts.first()?;
        let step = steps(alt).find(|step| step.name.text == member)?;
        self.values(&step.rhs, levels, 1).map(|found| within(alt, found))
    }

    /// What the answers of a right-hand side have as their value; `None` if that cannot be told, or differs.
    fn values(&self, rhs: &Rhs, levels: usize, depth: usize) -> Option<Returned> {
        let (first, rest) = rhs.alts.split_first()?;
        let found = self.alternative(first, levels, depth)?;
        // A fallback that returns something where the step does not: sometimes there is a value.
        let later = rest.iter().any(|alt| setting(alt).is_some());
        (found != Returned::Nothing || !later).then_some(found)
    }

    fn alternative(&self, alt: &Alt, levels: usize, depth: usize) -> Option<Returned> {
        if depth > DEPTH_MAX {
            return None;
        }
        match &alt.verb {
            Verb::Ask { .. } | Verb::Merge { .. } => declared(alt),
            // Members may be ensembles and techniques, with values of their own.
            Verb::Parallel { list } => match (setting(alt), self.may_hold_units(list)) {
                (None, true) => None,
                _ => declared(alt),
            },
            Verb::Sample { of, .. } => match (setting(alt), self.is_unit(of)) {
                (None, true) => None,
                _ => declared(alt),
            },
            Verb::Over { .. } => declared(alt),
            Verb::Score { list, .. } | Verb::Pick { list, .. } | Verb::Vote { list } => {
                self.of_value(list, levels, depth)
            }
            Verb::Group => {
                let members = steps(alt).map(|step| self.values(&step.rhs, levels, depth + 1));
                same(members).map(|found| within(alt, found))
            }
            Verb::Route { .. } => {
                let arms =
                    alt.block.iter().flat_map(|block| &block.entries).filter_map(|entry| match entry {
                        Entry::Arm(arm) => Some(&arm.rhs),
                        _ => None,
                    });
                same(arms.map(|rhs| self.values(rhs, levels, depth + 1)))
            }
            Verb::Text { .. } => Some(Returned::Nothing),
            Verb::Plain { value } => self.of_value(value, levels, depth),
            Verb::ForEach { .. }
            | Verb::Cascade { .. }
            | Verb::Race { .. }
            | Verb::Repeat { .. }
            | Verb::Bad(_) => None,
        }
    }

    fn of_value(&self, value: &Value, levels: usize, depth: usize) -> Option<Returned> {
        match value {
            Value::List(list) => same(list.items.iter().map(|item| self.of_value(item, levels, depth + 1))),
            Value::Name(member) => self.of_member(member, levels, depth),
            _ => None,
        }
    }

    fn of_member(&self, member: &Member, levels: usize, depth: usize) -> Option<Returned> {
        let head = member.path.head.text.as_str();
        if let Some(args) = &member.args {
            if !LIST_FUNCTIONS.contains(&head) {
                return None;
            }
            // `first(2, xs)`: the number comes first, and without(xs, x) takes from the first.
            let lists =
                args.iter().map(|arg| &arg.value).filter(|value| !matches!(value, Value::Quantity(_)));
            let lists = lists.take(if head == "concat" { usize::MAX } else { 1 });
            return same(lists.map(|list| self.of_value(list, levels, depth + 1)));
        }
        if member.cell.is_some() {
            return None;
        }
        let (step, levels) = self.find_within(head, levels)?;
        match member.path.tail.first() {
            Some(Access::Field(field)) => self.member_values(&step.rhs, &field.text, levels),
            _ => self.values(&step.rhs, levels, depth + 1),
        }
    }

    fn may_hold_units(&self, list: &Value) -> bool {
        match list {
            Value::List(list) => list.items.iter().any(|item| self.may_hold_units(item)),
            Value::Name(member) => self.is_unit(member),
            _ => false,
        }
    }

    fn is_unit(&self, member: &Member) -> bool {
        let head = &member.path.head.text;
        let called = member.args.is_some() && !LIST_FUNCTIONS.contains(&head.as_str());
        called
            || member.cell.is_some()
            || self.tables.techniques.contains_key(head.as_str())
            || self.tables.has_ensemble(head)
    }
}

/// What the alternative itself declares.
fn declared(alt: &Alt) -> Option<Returned> {
    match setting(alt) {
        None => Some(Returned::Nothing),
        Some(setting) => super::kind(&setting.value).map(Returned::Value),
    }
}

/// What a block declares holds for what is asked inside it and declares nothing.
fn within(alt: &Alt, found: Returned) -> Returned {
    match found {
        Returned::Nothing => declared(alt).unwrap_or(Returned::Nothing),
        found => found,
    }
}

fn setting(alt: &Alt) -> Option<&Setting> {
    let entries = alt.block.iter().flat_map(|block| &block.entries);
    entries
        .filter_map(|entry| match entry {
            Entry::Option(setting) => Some(setting),
            _ => None,
        })
        .find(|setting| setting.name.text == "returns")
}

fn steps(alt: &Alt) -> impl Iterator<Item = &Step> {
    let entries = alt.block.iter().flat_map(|block| &block.entries);
    entries.filter_map(|entry| match entry {
        Entry::Step(step) => Some(step),
        _ => None,
    })
}

/// The one that all are; `None` if they differ, if one is not known, or if there is none.
fn same(found: impl IntoIterator<Item = Option<Returned>>) -> Option<Returned> {
    let mut found = found.into_iter();
    let first = found.next()??;
    found.all(|other| other.as_ref() == Some(&first)).then_some(first)
}
