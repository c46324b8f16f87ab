//! L014: a role named like a profile or a tier.

use crate::diagnostic::Diagnostic;
use crate::lint::{Check, Level, Rule, Subject};
use crate::source::Span;
use crate::syntax::ast::{Block, EnsembleBody, Entry, Item, Name, Verb};

pub const RULE: Rule = Rule {
    code: "L014",
    name: "role-named-profile",
    page: include_str!("role_named_profile.md"),
    level: Level::Warn,
    check: Check::Program(check),
};

fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let items = || subject.files.iter().flat_map(|file| &file.items);
    let cells: Vec<(&str, &Name)> = items()
        .filter_map(|item| match item {
            Item::Tier(tier) => Some(("tier", &tier.name)),
            Item::Profile(profile) => Some(("profile", &profile.name)),
            _ => None,
        })
        .collect();
    let named = |name: &Name| cells.iter().find(|(_, cell)| cell.text == name.text);
    let roles = items().filter_map(block).flat_map(roles);
    roles.filter_map(|role| named(role).map(|(what, cell)| finding(role, what, cell.span))).collect()
}

/// The block of an item that fills roles.
fn block(item: &Item) -> Option<&Block> {
    match item {
        Item::Tier(titled) | Item::Profile(titled) => Some(&titled.block),
        Item::Defaults(defaults) => Some(&defaults.block),
        Item::Ensemble(ensemble) => match &ensemble.body {
            EnsembleBody::Steps(block) => Some(block),
            EnsembleBody::Technique { block, .. } => block.as_ref(),
        },
        _ => None,
    }
}

/// Names that a block gives to plain values. In an ensemble some of these are steps; they confuse as much.
fn roles(block: &Block) -> impl Iterator<Item = &Name> {
    block.entries.iter().filter_map(|entry| match entry {
        Entry::Step(step) => {
            matches!(step.rhs.alts.as_slice(), [alt] if matches!(alt.verb, Verb::Plain { .. }))
                .then_some(&step.name)
        }
        _ => None,
    })
}

fn finding(role: &Name, what: &str, cell: Span) -> Diagnostic {
    Diagnostic::warning("L014", role.span, format!("role `{}` is named like a {what}", role.text))
        .related(cell, format!("the {what}"))
        .help("readers take one for the other; name the role after what it does, such as `chief` or `cheap`")
}
