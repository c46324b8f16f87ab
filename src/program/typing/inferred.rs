//! What is known of the values of a name's answers, found where they are asked for.

use std::cell::Cell;

use crate::program::names::LIST_FUNCTIONS;
use crate::program::scope::{Scope, Shapes};
use crate::program::steps::Steps;
use crate::syntax::ast::{Access, Alt, Entry, Member, Name, Rhs, Setting, Step, Value, Verb};
use crate::template::{Kind as Sort, Returned};

/// Deepest chain of names that is followed.
const DEPTH_MAX: usize = 32;

/// Most alternatives that are looked at for one name: lists of lists name the same steps again and again.
const LOOKS_MAX: usize = 1000;

/// Looks for values in what is in scope.
struct Search<'s, 'a> {
    shapes: Shapes<'s, 'a>,
    /// How many more alternatives it may look at.
    left: &'s Cell<usize>,
}

// === impl Steps ===

impl<'a> Steps<'_, '_, 'a> {
    /// The same with what is known of its `value`, if it is an answer or several.
    pub fn with_values(&self, name: &str, sort: Sort) -> Sort {
        let sort = match sort {
            Sort::Answers(members) if !members.is_empty() => Sort::Answers(
                members.into_iter().map(|member| self.with_member_values(name, member)).collect(),
            ),
            other => other,
        };
        self.returning(sort, |search, levels| search.named(name, levels, 0))
    }

    fn with_member_values(&self, name: &str, (member, sort): (String, Sort)) -> (String, Sort) {
        let sort = self.returning(sort, |search, levels| {
            let (step, levels) = search.find(name, levels)?;
            search.member(&step.rhs, &member, levels)
        });
        (member, sort)
    }

    /// `it`, one of the answers of a list.
    pub fn it_in(&self, list: &'a Value) -> (String, Sort) {
        ("it".to_owned(), self.returning(Sort::Answer, |search, levels| search.value(list, levels, 0)))
    }

    /// `it`, what an alternative gives.
    pub fn it_of(&self, alt: &'a Alt) -> (String, Sort) {
        ("it".to_owned(), self.returning(Sort::Answer, |search, levels| search.alternative(alt, levels, 0)))
    }

    fn returning<'x>(
        &'x self,
        sort: Sort,
        look: impl FnOnce(&Search<'_, 'x>, usize) -> Option<Returned>,
    ) -> Sort {
        let left = Cell::new(LOOKS_MAX);
        let shapes = Shapes { tables: self.judge.tables, scopes: &self.scopes };
        let found = look(&Search { shapes, left: &left }, self.scopes.len());
        // What declares nothing itself may have it from a layer or from a block around.
        let layered = || self.inherited.iter().any(|option| option.setting.name.text == "returns");
        match found {
            Some(Returned::Nothing) if layered() => sort,
            Some(returned) => sort.returning(returned),
            None => sort,
        }
    }
}

// === impl Search ===

/// `None` always means: that cannot be told, or it differs. `levels` is how many of the scopes are seen.
impl<'a> Search<'_, 'a> {
    /// What the answers of a name have as their value.
    fn named(&self, name: &str, levels: usize, depth: usize) -> Option<Returned> {
        if let Some(level) = self.rebound(name, levels) {
            return self.round(name, &self.shapes.scopes[level].steps, level, depth);
        }
        let (step, levels) = self.find(name, levels)?;
        self.values(&step.rhs, levels, depth + 1)
    }

    /// The step of that name, and how many of the scopes it sees itself.
    fn find(&self, name: &str, levels: usize) -> Option<(&'a Step, usize)> {
        let (level, scope) = self.holder(name, levels)?;
        let step = scope.steps.iter().find(|step| step.name.text == name)?;
        (scope.rebinds != Some(name)).then_some((*step, level + 1))
    }

    /// The scope of the loop that binds the name anew.
    fn rebound(&self, name: &str, levels: usize) -> Option<usize> {
        let (level, scope) = self.holder(name, levels)?;
        (scope.rebinds == Some(name)).then_some(level)
    }

    fn holder(&self, name: &str, levels: usize) -> Option<(usize, &Scope<'a>)> {
        let holds = |scope: &Scope<'_>| {
            scope.rebinds == Some(name)
                || scope.vars.iter().any(|(var, _)| var == name)
                || scope.steps.iter().any(|step| step.name.text == name)
        };
        self.shapes.scopes[..levels].iter().enumerate().rev().find(|(_, scope)| holds(scope))
    }

    /// What a name has as its value that each round binds anew: the same before the loop and after each of its rounds.
    fn round(&self, name: &str, steps: &[&'a Step], levels: usize, depth: usize) -> Option<Returned> {
        let before = self.named(name, levels, depth + 1)?;
        let (bindings, others): (Vec<&Step>, Vec<&Step>) =
            steps.iter().copied().partition(|step| step.name.text == name);
        // Where a round names it, it is what it was before: it is enough that a round keeps what it finds.
        let bound = self.inside(others, levels, |search, levels| {
            search.values(&bindings.first()?.rhs, levels, depth + 1)
        })?;
        (before == bound).then_some(before)
    }

    /// Looks inside a block with these steps.
    fn inside<T>(
        &self,
        steps: Vec<&'a Step>,
        levels: usize,
        look: impl FnOnce(&Search<'_, 'a>, usize) -> T,
    ) -> T {
        let mut scopes = self.shapes.scopes[..levels].to_vec();
        scopes.push(Scope { steps, ..Scope::default() });
        let shapes = Shapes { tables: self.shapes.tables, scopes: &scopes };
        look(&Search { shapes, left: self.left }, levels + 1)
    }

    fn member(&self, rhs: &'a Rhs, member: &str, levels: usize) -> Option<Returned> {
        let alt = rhs.alts.first()?;
        let step = steps(alt).find(|step| step.name.text == member)?;
        self.values(&step.rhs, levels, 1).map(|found| within(alt, found))
    }

    /// What the answers of a right-hand side have as their value.
    fn values(&self, rhs: &'a Rhs, levels: usize, depth: usize) -> Option<Returned> {
        let (first, rest) = rhs.alts.split_first()?;
        let found = self.alternative(first, levels, depth)?;
        for alt in rest {
            // A fallback that declares nothing is asked for the same.
            let other = self.alternative(alt, levels, depth)?;
            if other != Returned::Nothing && other != found {
                return None;
            }
        }
        Some(found)
    }

    fn alternative(&self, alt: &'a Alt, levels: usize, depth: usize) -> Option<Returned> {
        self.left.set(self.left.get().checked_sub(1)?);
        if depth > DEPTH_MAX {
            return None;
        }
        match &alt.verb {
            Verb::Ask { .. } | Verb::Merge { .. } | Verb::Over { .. } => declared(alt),
            // Members may be ensembles and techniques, with values of their own.
            Verb::Parallel { list } => match (setting(alt), self.may_hold_units(list)) {
                (None, true) => None,
                _ => declared(alt),
            },
            Verb::Sample { of, .. } => match (setting(alt), self.is_unit(of)) {
                (None, true) => None,
                _ => declared(alt),
            },
            Verb::Cascade { list, .. } | Verb::Race { list } => self.contestants(alt, list, levels, depth),
            Verb::Score { list, .. } | Verb::Pick { list, .. } | Verb::Vote { list } => {
                self.value(list, levels, depth)
            }
            Verb::Group => {
                let members = steps(alt).map(|step| self.values(&step.rhs, levels, depth + 1));
                same(members).map(|found| within(alt, found))
            }
            Verb::ForEach { name, .. } => self.items(alt, name, levels, depth),
            Verb::Repeat { name, .. } => {
                let body: Vec<&Step> = steps(alt).collect();
                self.round(&name.text, &body, levels, depth)
            }
            Verb::Route { .. } => same(arms(alt).map(|rhs| self.values(rhs, levels, depth + 1))),
            Verb::Text { .. } => Some(Returned::Nothing),
            Verb::Plain { value } => self.value(value, levels, depth),
            Verb::Bad(_) => None,
        }
    }

    /// What stands side by side in a `cascade` or a `race`: models are asked as the block says, steps are what they are.
    fn contestants(&self, alt: &'a Alt, list: &'a Value, levels: usize, depth: usize) -> Option<Returned> {
        let Value::List(list) = list else { return declared(alt) };
        same(list.items.iter().map(|item| match item {
            Value::Name(member) | Value::After { member, .. } if self.is_unit(member) => None,
            Value::Name(member) | Value::After { member, .. } => {
                let is_step = member.args.is_some() || self.holder(&member.path.head.text, levels).is_some();
                if is_step { self.of(member, levels, depth) } else { declared(alt) }
            }
            _ => None,
        }))
    }

    /// The last line of a body is the item's answer.
    fn items(&self, alt: &'a Alt, name: &Name, levels: usize, depth: usize) -> Option<Returned> {
        let body: Vec<&Step> = steps(alt).filter(|step| step.name.text != name.text).collect();
        let last = *body.last()?;
        let found =
            self.inside(body, levels, |search, levels| search.values(&last.rhs, levels, depth + 1))?;
        Some(within(alt, found))
    }

    fn value(&self, value: &'a Value, levels: usize, depth: usize) -> Option<Returned> {
        match value {
            Value::List(list) => same(list.items.iter().map(|item| self.value(item, levels, depth + 1))),
            Value::Name(member) => self.of(member, levels, depth),
            _ => None,
        }
    }

    fn of(&self, member: &'a Member, levels: usize, depth: usize) -> Option<Returned> {
        let head = member.path.head.text.as_str();
        if let Some(args) = &member.args {
            if !LIST_FUNCTIONS.contains(&head) {
                return None;
            }
            // `first(2, xs)`: the number comes first, and without(xs, x) takes from the first.
            let lists =
                args.iter().map(|arg| &arg.value).filter(|value| !matches!(value, Value::Quantity(_)));
            let lists = lists.take(if head == "concat" { usize::MAX } else { 1 });
            return same(lists.map(|list| self.value(list, levels, depth + 1)));
        }
        if member.cell.is_some() {
            return None;
        }
        match member.path.tail.first() {
            Some(Access::Field(field)) => {
                let (step, levels) = self.find(head, levels)?;
                self.member(&step.rhs, &field.text, levels)
            }
            _ => self.named(head, levels, depth),
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
            || self.shapes.tables.techniques.contains_key(head.as_str())
            || self.shapes.tables.has_ensemble(head)
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

fn arms(alt: &Alt) -> impl Iterator<Item = &Rhs> {
    let entries = alt.block.iter().flat_map(|block| &block.entries);
    entries.filter_map(|entry| match entry {
        Entry::Arm(arm) => Some(&arm.rhs),
        _ => None,
    })
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
