//! A technique applied to an ensemble, or to a cell, for one request: how callers of OptiLLM choose.
//!
//! The ensemble is written anew, with its own options and roles and the technique in the place of its steps, and goes
//! through check, lowering and review like any other: what comes out is a plan with bounds, or a sentence.

mod text;

use crate::diagnostic::Diagnostic;
use crate::lint::{self, Policy, Subject};
use crate::plan::{self, Plan};
use crate::program::{self, standard};
use crate::source::{SourceFile, Sources};
use crate::syntax;
use crate::syntax::ast::{self, Item};

/// What OptiLLM calls them, and what they are called here. Other names are the same, with `-` for `_`.
const ALIASES: [(&str, &str); 4] = [
    ("majority_voting", "majority-vote"),
    ("mcts", "tree-search"),
    ("rstar", "tree-search"),
    ("longcepo", "map-reduce"),
];

/// What is not done here, and why (`docs/migration.md`).
const NEVER: [(&[&str], &str); 3] = [
    (
        &["cot_decoding", "entropy_decoding", "thinkdeeper", "autothink", "deepconf"],
        "works inside a model's decoder, which is not here",
    ),
    (&["z3", "executecode", "coc"], "runs code that a model wrote on this host"),
    (&["readurls", "web_search", "deep_research"], "fetches what a prompt asks for"),
];

/// Most techniques that one request may join.
const JOINED_MAX: usize = 4;

/// One technique, or several of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Approach {
    /// Names of techniques here. Never empty.
    pub techniques: Vec<String>,
    pub joined: Joined,
}

/// How several techniques work together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Joined {
    /// `a&b`: the second one sees the answer of the first as a draft.
    Chain,
    /// `a|b`: each gives a choice of the answer.
    Side,
}

/// What a technique is applied to.
#[derive(Clone, Copy, Debug)]
pub enum Base<'a> {
    /// An ensemble in its cell: its options and its roles.
    Handle(&'a Plan),
    /// The roles of a cell.
    Cell { profile: &'a str, tier: &'a str },
}

/// Makes plans for approaches out of a sound program.
#[derive(Debug, Default)]
pub struct Approaches {
    sources: Sources,
    policy: Policy,
    /// The trees of all files.
    files: Vec<ast::File>,
}

// === impl Approach ===

impl Approach {
    /// Reads `moa`, `re2&moa` or `moa|bon`, in OptiLLM's spelling or ours; `None` for what asks for nothing: an empty text,
    /// `none`, `auto`.
    ///
    /// # Errors
    ///
    /// A sentence for a technique that is not among `known`, or never will be, and for too many of them.
    pub fn read(text: &str, known: &[String]) -> Result<Option<Self>, String> {
        let (separator, joined) = match (text.contains('&'), text.contains('|')) {
            (true, true) => return Err("joins techniques by `&` or by `|`, not by both".to_owned()),
            (_, true) => ('|', Joined::Side),
            _ => ('&', Joined::Chain),
        };
        let words: Vec<&str> = text.split(separator).map(str::trim).collect();
        if let ["" | "none" | "auto"] = words[..] {
            return Ok(None);
        }
        if words.len() > JOINED_MAX {
            return Err(format!("joins more than {JOINED_MAX} techniques"));
        }
        let techniques = words.into_iter().map(|word| technique(word, known)).collect::<Result<_, _>>()?;
        Ok(Some(Self { techniques, joined }))
    }

    /// How many answers it gives.
    #[must_use]
    pub fn answers(&self) -> u32 {
        match self.joined {
            Joined::Chain => 1,
            Joined::Side => u32::try_from(self.techniques.len()).unwrap_or(u32::MAX),
        }
    }
}

/// The technique that is meant by a name of OptiLLM's, or by one of ours.
///
/// # Errors
///
/// A sentence that says why there is none.
pub fn technique(name: &str, known: &[String]) -> Result<String, String> {
    if let Some((_, why)) = NEVER.iter().find(|(names, _)| names.contains(&name)) {
        return Err(format!("names `{name}`, which is not done here: it {why}"));
    }
    let alias = ALIASES.iter().find(|(theirs, _)| *theirs == name).map(|(_, ours)| (*ours).to_owned());
    let ours = alias.unwrap_or_else(|| name.replace('_', "-"));
    match known.contains(&ours) {
        true => Ok(ours),
        false => Err(format!("names no technique; there are {}", known.join(", "))),
    }
}

// === impl Approaches ===

impl Approaches {
    /// `sources` gave the plans that are served, under this policy. Takes as long as reading them.
    #[must_use]
    pub fn new(sources: Sources, policy: Policy) -> Self {
        let files = sources.iter().map(|(id, file)| syntax::parse(id, &file.text).0).collect();
        Self { sources, policy, files }
    }

    /// Every technique: those that come with the language, then the program's own.
    #[must_use]
    pub fn known(&self) -> Vec<String> {
        let own = self.files.iter().flat_map(|file| &file.items).filter_map(|item| match item {
            Item::Technique(technique) => Some(technique.name.text.clone()),
            _ => None,
        });
        let mut names: Vec<String> = Vec::new();
        for name in standard::techniques().map(|technique| technique.name.text.clone()).chain(own) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The plan. Takes as long as a check of the models, layers, prompts and techniques of the program; its ensembles are
    /// left out.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong with it, as `check` says it: a role that the cell does not fill, a policy that it
    /// breaks.
    pub fn compose(&self, base: Base<'_>, approach: &Approach) -> Result<Plan, String> {
        let text = text::ensemble(&self.sources, &self.files, base, approach);
        let mut sources = self.sources.clone();
        let id = sources.add(SourceFile::new("approach.ens", text.clone()));
        let (tree, mistakes) = syntax::parse(id, &text);
        first_error(&mistakes)?;
        let mut files: Vec<ast::File> = self.files.iter().map(without_ensembles).collect();
        files.push(tree);
        let (program, mistakes) = program::check(&sources, &files);
        first_error(&mistakes)?;
        let plans = program.as_ref().map(plan::lower).unwrap_or_default();
        let subject = Subject { sources: &sources, files: &files, plans: &plans, sound: true };
        first_error(&lint::review(&subject, &self.policy))?;
        plans.into_iter().next().ok_or_else(|| "gives no plan".to_owned())
    }
}

fn first_error(found: &[Diagnostic]) -> Result<(), String> {
    match found.iter().find(|diagnostic| diagnostic.is_error()) {
        Some(error) => Err(error.message.clone()),
        None => Ok(()),
    }
}

fn without_ensembles(file: &ast::File) -> ast::File {
    let stays = |item: &&Item| !matches!(item, Item::Ensemble(_) | Item::Test(_));
    ast::File { id: file.id, items: file.items.iter().filter(stays).cloned().collect() }
}

#[cfg(test)]
mod tests;
