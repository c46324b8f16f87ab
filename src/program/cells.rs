//! The grid: which cells an ensemble is in, and what holds in each.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::source::{Sources, Span};
use crate::syntax::ast::{self, EnsembleBody, Entry, Value, Verb};
use crate::units::{Bytes, Millis};

use super::collect::{self, Layer, Tables};
use super::options::{self, Place};
use super::roles::{Judge, Missing};
use super::scope::Scope;
use super::settings::Inherited;
use super::values::Reader;
use super::{Handle, Limit, Step, StreamMode, Unit, errors, extent, inline, names, settings, steps};

/// The whole run's deadline where nobody says.
const TIMEOUT_BUILT_IN: Millis = Millis(300_000);

const HANDLE_BUILT_IN: &str = "opt-{name}-{profile}-{tier}";

/// Most handles of one program.
const HANDLES_MAX: usize = 16_384;

/// Most steps of one ensemble.
const STEPS_MAX: usize = 256;

/// An ensemble in one of its cells.
pub struct Target<'a> {
    pub ensemble: &'a ast::Ensemble,
    pub profile: String,
    pub tier: String,
}

/// One handle per ensemble and cell, ensembles in the order of the source.
pub fn handles(sources: &Sources, tables: &Tables<'_>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Handle> {
    let mut taken: BTreeMap<(String, String), Span> = BTreeMap::new();
    let mut missing = Missing::new();
    let mut handles = Vec::new();
    for ensemble in &tables.ensembles {
        judge_name(ensemble, tables, diagnostics);
        if let EnsembleBody::Steps(block) = &ensemble.body {
            let steps = block.entries.iter().filter(|entry| matches!(entry, Entry::Step(_))).count();
            if steps > STEPS_MAX {
                diagnostics.push(errors::too_many_steps(&ensemble.name, steps, STEPS_MAX));
                continue;
            }
        }
        for (profile, tier) in cells(ensemble, tables, diagnostics) {
            if taken.len() >= HANDLES_MAX {
                diagnostics.push(errors::too_many_handles(&ensemble.name, HANDLES_MAX));
                return handles;
            }
            let cell = format!("{profile}-{tier}");
            let key = (ensemble.name.text.clone(), cell.clone());
            if let Some(first) = taken.get(&key) {
                diagnostics.push(errors::cell_twice(&key.0, &cell, ensemble.name.span, *first));
                continue;
            }
            taken.insert(key, ensemble.name.span);
            let stack = vec![format!("{}@{cell}", ensemble.name.text)];
            let judge = Judge::new(tables, cell, stack, &mut missing);
            let target = Target { ensemble, profile, tier };
            let found = Filler { sources, target, judge }.fill();
            diagnostics.extend(found.1);
            handles.extend(found.0);
        }
    }
    for technique in tables.techniques.values().filter(|technique| !technique.is_ours) {
        let mut judge = Judge::new(tables, String::new(), Vec::new(), &mut missing);
        inline::rehearse(&mut judge, technique);
        diagnostics.append(&mut judge.diagnostics);
    }
    for ((span, role), cells) in missing {
        diagnostics.push(errors::no_role(&role, span, &cells.join("`, `")));
    }
    handles
}

fn judge_name(ensemble: &ast::Ensemble, tables: &Tables<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let name = &ensemble.name;
    if !names::is_kebab(&name.text) {
        diagnostics.push(errors::wrong_form("an ensemble", name, "kebab-case"));
    }
    if let Some(model) = tables.models.get(&name.text) {
        diagnostics.push(errors::hides("ensemble", name, "model", model.span));
    }
}

/// The cells of `at`, each once: tiers in their order, then profiles.
fn cells(
    ensemble: &ast::Ensemble,
    tables: &Tables<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<(String, String)> {
    let profiles: Vec<&str> = tables.profiles.keys().map(String::as_str).collect();
    let tiers: Vec<&str> = tables.tiers.keys().map(String::as_str).collect();
    for (known, what) in [(&profiles, "profile"), (&tiers, "tier")] {
        if known.is_empty() {
            diagnostics.push(errors::no_cells(ensemble.name.span, what));
            return Vec::new();
        }
    }
    let mut wanted: Vec<(&str, &str)> = Vec::new();
    if ensemble.cells.is_empty() {
        wanted.push(("*", "*"));
    }
    for cell in &ensemble.cells {
        match cell.words.as_slice() {
            [star] if star.text == "*" => wanted.push(("*", "*")),
            [profile, tier] => {
                if let Some(meant) = swapped(tables, cell) {
                    diagnostics.push(errors::swapped_cell(cell, &meant));
                    continue;
                }
                let checks = [(profile, &profiles, "profile"), (tier, &tiers, "tier")];
                let unknown =
                    checks.into_iter().filter(|(w, known, _)| w.text != "*" && !known.contains(&&*w.text));
                let errors: Vec<_> = unknown
                    .map(|(w, known, what)| errors::unknown_cell(w.span, &w.text, what, known))
                    .collect();
                if errors.is_empty() {
                    wanted.push((&profile.text, &tier.text));
                }
                diagnostics.extend(errors);
            }
            _ => diagnostics.push(errors::not_a_cell(cell.span)),
        }
    }
    let matches =
        |p: &str, t: &str| wanted.iter().any(|(wp, wt)| (*wp == "*" || *wp == p) && (*wt == "*" || *wt == t));
    let mut cells = Vec::new();
    for tier in &tiers {
        for profile in profiles.iter().filter(|profile| matches(profile, tier)) {
            cells.push(((*profile).to_owned(), (*tier).to_owned()));
        }
    }
    cells
}

/// What is meant by a cell whose tier stands before its profile.
fn swapped(tables: &Tables<'_>, cell: &ast::Cell) -> Option<String> {
    let [tier, profile] = cell.words.as_slice() else { return None };
    let is_tier = tier.text == "*" || tables.tiers.contains_key(&tier.text);
    let is_profile = profile.text == "*" || tables.profiles.contains_key(&profile.text);
    // Of what is right as it stands nothing is asked.
    let is_right = [
        (tier, tables.profiles.contains_key(&tier.text)),
        (profile, tables.tiers.contains_key(&profile.text)),
    ]
    .iter()
    .all(|(word, is_known)| *is_known || word.text == "*");
    (is_tier && is_profile && !is_right).then(|| format!("{}-{}", profile.text, tier.text))
}

/// The ensemble and cell that `NAME` or `NAME@CELL` means in `cell`.
pub fn target<'a>(
    tables: &'a Tables<'_>,
    cell: &str,
    member: &ast::Member,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Target<'a>> {
    let (mut profile, mut tier) = cell.split_once('-').unwrap_or_default();
    if let Some(written) = &member.cell {
        match written.words.as_slice() {
            [one] if tables.profiles.contains_key(&one.text) => profile = &one.text,
            [one] if tables.tiers.contains_key(&one.text) => tier = &one.text,
            [p, t] if tables.profiles.contains_key(&p.text) && tables.tiers.contains_key(&t.text) => {
                (profile, tier) = (&p.text, &t.text);
            }
            words => {
                if let Some(meant) = swapped(tables, written) {
                    diagnostics.push(errors::swapped_cell(written, &meant));
                    return None;
                }
                let known: Vec<&str> =
                    tables.profiles.keys().chain(tables.tiers.keys()).map(String::as_str).collect();
                match words.iter().find(|word| !known.contains(&word.text.as_str())) {
                    Some(word) => diagnostics.push(errors::unknown_cell(
                        word.span,
                        &word.text,
                        "profile or tier",
                        &known,
                    )),
                    None => diagnostics.push(errors::not_a_cell(written.span)),
                }
                return None;
            }
        }
    }
    let name = &member.path.head;
    let found = tables.ensembles_named(&name.text).find(|ensemble| {
        let cells = cells(ensemble, tables, &mut Vec::new());
        cells.iter().any(|(p, t)| p == profile && t == tier)
    });
    match found {
        Some(ensemble) => Some(Target { ensemble, profile: profile.to_owned(), tier: tier.to_owned() }),
        None => {
            let cells: Vec<String> = tables
                .ensembles_named(&name.text)
                .flat_map(|ensemble| cells(ensemble, tables, &mut Vec::new()))
                .map(|(p, t)| format!("{p}-{t}"))
                .collect();
            let span = member.cell.as_ref().map_or(name.span, |cell| cell.span);
            diagnostics.push(errors::not_in_cell(&name.text, span, &format!("{profile}-{tier}"), &cells));
            None
        }
    }
}

/// The steps of an ensemble used inside another one.
pub fn unit<'a>(mut judge: Judge<'a>, target: &Target<'a>) -> (Option<Unit>, Vec<Diagnostic>) {
    let (steps, _) = body(&mut judge, target);
    let unit = steps.map(|steps| Unit { constants: judge.constants(), steps });
    (unit, judge.diagnostics)
}

/// Fills the roles of a cell and checks the ensemble's steps in it. Gives the options that hold, too.
fn body<'a>(judge: &mut Judge<'a>, target: &Target<'a>) -> (Option<Vec<Step>>, Vec<Inherited<'a>>) {
    let tables = judge.tables;
    let ensemble = target.ensemble;
    let (own, steps) = match &ensemble.body {
        EnsembleBody::Steps(block) => split(judge, block, ensemble.name.span, "ensemble"),
        EnsembleBody::Technique { block: Some(block), .. } => {
            split(judge, block, ensemble.name.span, "ensemble")
        }
        EnsembleBody::Technique { block: None, .. } => {
            (Layer::empty("ensemble", ensemble.name.span), Vec::new())
        }
    };
    options::judge(Place::Ensemble, &own.options, &mut judge.diagnostics);
    let layers = tables
        .defaults
        .iter()
        .chain(tables.tiers.get(&target.tier))
        .chain(tables.profiles.get(&target.profile));
    let mut inherited: Vec<Inherited<'a>> = Vec::new();
    for layer in layers.chain([&own]) {
        judge.apply(layer);
        inherited.extend(layer.options.iter().map(|&setting| Inherited {
            setting,
            layer: Arc::clone(&layer.title),
            is_near: false,
        }));
    }
    let checked = match &ensemble.body {
        EnsembleBody::Technique { member, .. } => {
            for step in steps {
                judge.diagnostics.push(errors::misplaced(
                    step.name.span,
                    "a step",
                    "an ensemble made of a technique",
                ));
            }
            steps::made_of(judge, member, &inherited)
        }
        EnsembleBody::Steps(_) => {
            let scope = Scope { steps, ..Scope::default() };
            steps::check(judge, &ensemble.name, scope, &inherited)
        }
    };
    (checked, inherited)
}

/// A body's block as a layer, and what is left of it: the steps.
pub fn split<'a>(
    judge: &mut Judge<'_>,
    block: &'a ast::Block,
    span: Span,
    title: &str,
) -> (Layer<'a>, Vec<&'a ast::Step>) {
    let mut layer = Layer::empty(title, span);
    let mut body = Vec::new();
    let names: Vec<&str> = block
        .entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Step(step) => Some(step.name.text.as_str()),
            _ => None,
        })
        .collect();
    for entry in &block.entries {
        match entry {
            Entry::Option(setting) => layer.options.push(setting),
            Entry::Step(step) => match as_role(judge, step, &names) {
                Some(value) => {
                    collect::judge_role_name(&step.name, step.rhs.span, &mut judge.diagnostics);
                    if !options::is_option(&step.name.text) {
                        layer.roles.push((&step.name, value));
                    }
                }
                None => body.push(step),
            },
            Entry::Bad(_) => judge.partial = true,
            other => judge
                .diagnostics
                .push(errors::misplaced_entry(other, &format!("an {title}").replace("an t", "a t"))),
        }
    }
    (layer, body)
}

/// `name = V` is a role if V is a literal, a model, a role, or a list of these; `reply` never is.
fn as_role<'a>(judge: &Judge<'_>, step: &'a ast::Step, steps: &[&str]) -> Option<&'a Value> {
    let [ast::Alt { verb: Verb::Plain { value }, block: None, .. }] = step.rhs.alts.as_slice() else {
        return None;
    };
    let option = options::is_option(&step.name.text) && !matches!(value, Value::Bad(_));
    (step.name.text != "reply" && (option || is_constant(judge, value, steps, &step.name.text)))
        .then_some(value)
}

fn is_constant(judge: &Judge<'_>, value: &Value, steps: &[&str], own: &str) -> bool {
    match value {
        Value::Quantity(_) | Value::Text(_) => true,
        Value::List(list) => list.items.iter().all(|item| is_constant(judge, item, steps, own)),
        Value::Name(member) => match &member.args {
            Some(args) => {
                names::LIST_FUNCTIONS.contains(&member.path.head.text.as_str())
                    && args.iter().all(|arg| is_constant(judge, &arg.value, steps, own))
            }
            None => member.word().is_some_and(|name| {
                let tables = judge.tables;
                ["true", "false"].contains(&name.text.as_str())
                    || tables.models.contains_key(&name.text)
                    || judge.roles.contains_key(&name.text)
                    || tables.role_names().contains(&name.text.as_str())
                    // A role of this ensemble; a step of that name is not one, unless it is this very role.
                    || (name.text == own && !steps.contains(&own))
            }),
        },
        _ => false,
    }
}

/// Fills one cell of one ensemble.
struct Filler<'a> {
    sources: &'a Sources,
    target: Target<'a>,
    judge: Judge<'a>,
}

// === impl Filler ===

impl<'a> Filler<'a> {
    fn fill(mut self) -> (Option<Handle>, Vec<Diagnostic>) {
        let (steps, inherited) = body(&mut self.judge, &self.target);
        if steps.as_ref().is_some_and(|steps| extent::of(steps) > extent::NODES_MAX) {
            let span = self.target.ensemble.name.span;
            self.judge.diagnostics.push(errors::too_large(span, extent::NODES_MAX));
            return (None, self.judge.diagnostics);
        }
        let handle = steps.map(|steps| self.handle(steps, &inherited));
        (handle, self.judge.diagnostics)
    }

    fn handle(&self, steps: Vec<Step>, inherited: &[Inherited<'a>]) -> Handle {
        let last = |name: &str| inherited.iter().rev().find(|option| option.setting.name.text == name);
        let mut silent = Vec::new();
        let mut reader = Reader { option: "", diagnostics: &mut silent };
        let timeout = last("timeout").and_then(|o| reader.wait(&o.setting.value)).unwrap_or(TIMEOUT_BUILT_IN);
        let pattern =
            last("handle").and_then(|o| reader.text(&o.setting.value)).map(|text| text.value.clone());
        let selector =
            last("selector").and_then(|o| reader.text(&o.setting.value)).map(|text| text.value.clone());
        let stream =
            match last("stream").and_then(|o| reader.word(&o.setting.value, options::STREAMS)).as_deref() {
                Some("progress") => StreamMode::Progress,
                _ => StreamMode::Answer,
            };
        Handle {
            name: self.expand(pattern.as_deref().unwrap_or(HANDLE_BUILT_IN)),
            selector: selector.map(|pattern| self.expand(&pattern)),
            ensemble: self.target.ensemble.name.text.clone(),
            profile: self.target.profile.clone(),
            tier: self.target.tier.clone(),
            doc: collect::doc_text(self.target.ensemble.doc.as_ref()),
            span: self.target.ensemble.name.span,
            place: self.sources.place(self.target.ensemble.name.span),
            settings: settings::settings(self.sources, &self.judge.roles, inherited).into(),
            constants: self.judge.constants(),
            timeout,
            limit: last("limit").map(|o| limit(&o.setting.value)).unwrap_or_default(),
            stream,
            memory: self.memory(),
            steps,
        }
    }

    fn expand(&self, pattern: &str) -> String {
        pattern
            .replace("{name}", &self.target.ensemble.name.text)
            .replace("{profile}", &self.target.profile)
            .replace("{tier}", &self.target.tier)
    }

    fn memory(&self) -> Option<Bytes> {
        let tier = self.judge.tables.tiers.get(&self.target.tier)?;
        let setting = tier.options.iter().find(|setting| setting.name.text == "memory")?;
        Reader { option: "memory", diagnostics: &mut Vec::new() }.size(&setting.value)
    }
}

fn limit(value: &Value) -> Limit {
    let mut limit = Limit::default();
    let Value::Map(map) = value else { return limit };
    let mut silent = Vec::new();
    let mut reader = Reader { option: "limit", diagnostics: &mut silent };
    for (name, value) in &map.pairs {
        match name.text.as_str() {
            "calls" => limit.calls = reader.whole(value, 1, 100_000),
            "tokens" => limit.tokens = reader.tokens(value),
            "cost" => limit.cost = reader.money(value),
            "request" => limit.request = reader.tokens(value),
            _ => (),
        }
    }
    limit
}
