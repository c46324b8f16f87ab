//! Every complaint of the checking phase, in one place to read, by what it is about.

mod cells;
mod graph;
mod names;
mod templates;
mod units;
mod values;

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::suggest::{did_you_mean, sure};

pub use self::cells::*;
pub use self::graph::*;
pub use self::names::*;
pub use self::templates::*;
pub use self::units::*;
pub use self::values::*;

type Names<'a> = &'a [&'a str];

/// What was meant, if one of `known` is near, and a fix if that is certain; else a list of them.
fn near(found: Diagnostic, word: &str, known: Names<'_>, lead: &str) -> Diagnostic {
    let span = found.span;
    // A place may hold more than the word.
    let meant = sure(word, known.iter().copied()).filter(|_| (span.end - span.start) as usize == word.len());
    found
        .help_if(did_you_mean(word, known.iter().copied()).or_else(|| listing(lead, known)))
        .fix_if(span, meant)
}

fn listing(lead: &str, names: Names<'_>) -> Option<String> {
    const SHOWN: usize = 12;
    if names.is_empty() {
        return None;
    }
    let mut seen = BTreeSet::new();
    let names: Vec<&str> = names.iter().copied().filter(|name| seen.insert(*name)).collect();
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > SHOWN { format!(" and {} more", names.len() - SHOWN) } else { String::new() };
    Some(format!("{lead}: {}{more}", shown.join(", ")))
}
