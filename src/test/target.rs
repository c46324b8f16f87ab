//! What a test runs: a handle, or a technique, for which a program is made around it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::plan::Plan;
use crate::program::{errors as program_errors, standard};
use crate::source::Sources;
use crate::syntax::ast::{
    self, Block, Cell, Ensemble, EnsembleBody, Entry, File, Item, Member, Name, Titled, Value,
};

use super::errors;

/// The cell in which a technique runs if none is named.
const PROFILE: &str = "trial";
const TIER: &str = "stage";

/// What the ensembles around techniques are called, with a number behind it.
const AROUND: &str = "trial";

pub enum Target<'a> {
    Handle(&'a Plan),
    /// A number for [`Targets::techniques`].
    Technique(usize),
}

/// Everything that a test can run.
pub struct Targets<'a> {
    sources: &'a Sources,
    files: &'a [File],
    ensembles: BTreeMap<&'a str, Vec<&'a Plan>>,
    techniques: BTreeSet<&'a str>,
    /// Models, prompts, and what else a bare word in an argument can mean.
    spoken: BTreeSet<&'a str>,
    /// Runs of techniques, each with the names that stand for models in it.
    wanted: Vec<(&'a ast::Run, Vec<Name>)>,
}

// === impl Targets ===

impl<'a> Targets<'a> {
    pub fn new(sources: &'a Sources, files: &'a [File], plans: &'a [Plan]) -> Self {
        let mut ensembles: BTreeMap<&str, Vec<&Plan>> = BTreeMap::new();
        for plan in plans {
            ensembles.entry(&plan.ensemble).or_default().push(plan);
        }
        let items = || files.iter().flat_map(|file| &file.items);
        let models = items().filter_map(|item| match item {
            Item::Model(model) => Some(model.name.text.as_str()),
            _ => None,
        });
        let techniques = items().filter_map(|item| match item {
            Item::Technique(technique) => Some(technique.name.text.as_str()),
            _ => None,
        });
        let techniques =
            techniques.chain(standard::techniques().map(|technique| technique.name.text.as_str()));
        let prompts = items().filter_map(|item| match item {
            Item::Prompt(prompt) => Some(prompt.name.text.as_str()),
            _ => None,
        });
        Self {
            sources,
            files,
            ensembles,
            techniques: techniques.collect(),
            spoken: models
                .chain(prompts)
                .chain(standard::prompts().keys().map(String::as_str))
                .chain(["true", "false"])
                .collect(),
            wanted: Vec::new(),
        }
    }

    /// What a `run` names.
    pub fn find(&mut self, run: &'a ast::Run, found: &mut Vec<Diagnostic>) -> Option<Target<'a>> {
        let head = &run.member.path.head;
        if let Some(plans) = self.ensembles.get(head.text.as_str()) {
            if run.member.args.is_some() {
                found.push(errors::takes_no_arguments(run.member.span, &head.text));
                return None;
            }
            return handle(run, plans, found).map(Target::Handle);
        }
        if self.techniques.contains(head.text.as_str()) {
            let models = self.stand_ins(run);
            self.wanted.push((run, models));
            return Some(Target::Technique(self.wanted.len() - 1));
        }
        let known: Vec<&str> =
            self.ensembles.keys().copied().chain(self.techniques.iter().copied()).collect();
        found.push(program_errors::unknown_name(&head.text, head.span, "ensemble or technique", &known));
        None
    }

    /// Arguments that mean nothing else: they are models. To call one that is not mocked fails the test.
    fn stand_ins(&self, run: &ast::Run) -> Vec<Name> {
        let mut names = Vec::new();
        for arg in run.member.args.iter().flatten() {
            words(&arg.value, &mut names);
        }
        let roles = self.roles(run.cell.is_some() || run.member.cell.is_some());
        let mut stand_ins: Vec<Name> = Vec::new();
        for name in names {
            let word = name.text.as_str();
            let is_known =
                self.spoken.contains(word) || self.techniques.contains(word) || roles.contains(word);
            if !is_known && stand_ins.iter().all(|known| known.text != name.text) {
                stand_ins.push(name.clone());
            }
        }
        stand_ins
    }

    /// Roles that an argument can name: those of `defaults`, in a cell those of tiers and profiles, too.
    fn roles(&self, in_cell: bool) -> BTreeSet<&'a str> {
        let blocks = self.files.iter().flat_map(|file| &file.items).filter_map(|item| match item {
            Item::Defaults(defaults) => Some(&defaults.block),
            Item::Tier(titled) | Item::Profile(titled) if in_cell => Some(&titled.block),
            _ => None,
        });
        let steps = blocks.flat_map(|block| &block.entries).filter_map(|entry| match entry {
            Entry::Step(step) => Some(step.name.text.as_str()),
            _ => None,
        });
        steps.collect()
    }

    /// The plans of the techniques that were found, by number. All are checked as one program of ensembles.
    pub fn techniques(&self, found: &mut Vec<Diagnostic>) -> BTreeMap<usize, Arc<Plan>> {
        let Some((first, _)) = self.wanted.first() else { return BTreeMap::new() };
        let mut files: Vec<File> = self
            .files
            .iter()
            .map(|file| File {
                id: file.id,
                items: file.items.iter().filter(|item| lends(item)).cloned().collect(),
            })
            .collect();
        let mut models: Vec<&Name> = Vec::new();
        for name in self.wanted.iter().flat_map(|(_, models)| models) {
            if models.iter().all(|known| known.text != name.text) {
                models.push(name);
            }
        }
        let mut items: Vec<Item> = models.into_iter().map(|name| Item::Model(bare(name.clone()))).collect();
        let word = |text: &str| Name { text: text.to_owned(), span: first.span };
        items.push(Item::Tier(bare(word(TIER))));
        items.push(Item::Profile(bare(word(PROFILE))));
        items.extend(
            self.wanted.iter().enumerate().map(|(number, (run, _))| Item::Ensemble(around(number, run))),
        );
        files.push(File { id: first.span.file, items });
        let (program, mistakes) = crate::program::check(self.sources, &files);
        found.extend(mistakes.into_iter().filter(Diagnostic::is_error));
        let plans = program.as_ref().map(crate::plan::lower).unwrap_or_default();
        let numbered = plans.into_iter().filter_map(|mut plan| {
            let number: usize = plan.ensemble.strip_prefix(AROUND)?.strip_prefix('-')?.parse().ok()?;
            // What people read is the technique's own name.
            let technique = &self.wanted.get(number)?.0.member.path.head.text;
            (plan.ensemble, plan.handle) = (technique.clone(), technique.as_str().into());
            Some((number, Arc::new(plan)))
        });
        numbered.collect()
    }
}

/// The plan of an ensemble in the cell that `run` names, or in its only one.
fn handle<'a>(run: &ast::Run, plans: &[&'a Plan], found: &mut Vec<Diagnostic>) -> Option<&'a Plan> {
    let name = &run.member.path.head.text;
    let cells: Vec<String> = plans.iter().map(|plan| format!("{}-{}", plan.profile, plan.tier)).collect();
    let Some(cell) = run.cell.as_ref().or(run.member.cell.as_ref()) else {
        if let [only] = plans {
            return Some(only);
        }
        found.push(errors::which_cell(run.member.span, name, &cells));
        return None;
    };
    let words: Vec<&str> = cell.words.iter().map(|word| word.text.as_str()).collect();
    if words.len() != 2 || words.contains(&"*") {
        found.push(program_errors::not_a_cell(cell.span));
        return None;
    }
    let wanted = words.join("-");
    let place = cells.iter().position(|cell| *cell == wanted);
    if place.is_none() {
        found.push(errors::not_in_cell(cell.span, name, &wanted, &cells));
    }
    place.map(|place| plans[place])
}

/// Bare words in a value.
fn words<'v>(value: &'v Value, names: &mut Vec<&'v Name>) {
    match value {
        Value::Name(member) => {
            names.extend(member.word());
            for arg in member.args.iter().flatten() {
                words(&arg.value, names);
            }
        }
        Value::List(list) => list.items.iter().for_each(|item| words(item, names)),
        _ => (),
    }
}

/// What a technique may stand on. Ensembles are left out: they have cells of their own.
fn lends(item: &Item) -> bool {
    !matches!(item, Item::Ensemble(_) | Item::Test(_) | Item::Bad(_))
}

fn bare(name: Name) -> Titled {
    let span = name.span;
    Titled { doc: None, name, block: Block { entries: Vec::new(), span }, span }
}

/// `ensemble trial-3 at CELL = moa(panel: [a, b])`, every part of it placed in the test.
fn around(number: usize, run: &ast::Run) -> Ensemble {
    let span = run.member.span;
    let word = |text: &str| Name { text: text.to_owned(), span };
    let cell = run.cell.clone().or_else(|| run.member.cell.clone());
    let member = Member { cell: None, ..run.member.clone() };
    Ensemble {
        doc: None,
        name: word(&format!("{AROUND}-{number}")),
        cells: vec![cell.unwrap_or_else(|| Cell { words: vec![word(PROFILE), word(TIER)], span })],
        body: EnsembleBody::Technique { member, block: None },
        span,
    }
}
