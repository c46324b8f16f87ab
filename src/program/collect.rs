//! The tables: every item by its name, duplicates reported, and what can be judged without a cell judged.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{self, Doc, Entry, Item, Name, Setting, Value, Verb};
use crate::units::{Price, Tokens};

use super::options::{self, Place};
use super::prompts::PromptDef;
use super::techniques::{self, Technique};
use super::templates::Templates;
use super::values::Reader;
use super::{Model, errors, names, prompts, standard};

/// Tokens of context of a model that does not say.
const CONTEXT_BUILT_IN: Tokens = Tokens(32_768);

/// Tokens of output of a model that does not say.
const MAX_OUTPUT_BUILT_IN: Tokens = Tokens(8_192);

/// Calls in flight at once to a model that does not say.
pub const CONCURRENCY_BUILT_IN: u32 = 64;

#[derive(Default)]
pub struct Tables<'a> {
    pub models: IndexMap<String, Model>,
    pub tiers: IndexMap<String, Layer<'a>>,
    pub profiles: IndexMap<String, Layer<'a>>,
    pub defaults: Option<Layer<'a>>,
    pub prompts: IndexMap<String, PromptDef>,
    /// The prompts that verbs use by themselves (`src/prelude/prompts.ens`); a program's own of that name wins.
    pub prelude: IndexMap<String, PromptDef>,
    pub ensembles: Vec<&'a ast::Ensemble>,
    /// Those of `src/prelude` first; a program's own of that name takes the place of one.
    pub techniques: IndexMap<String, Technique<'a>>,
    /// Every role that some layer fills, in order.
    role_names: Vec<&'a str>,
    /// Where in `ensembles` those of a name stand: one may be written several times, with other cells.
    ensembles_by_name: IndexMap<&'a str, Vec<usize>>,
    pub templates: Templates,
}

/// One of `defaults`, a tier, a profile, an ensemble: what it sets and which roles it fills.
#[derive(Clone, Debug)]
pub struct Layer<'a> {
    /// `tier xl`, as provenance prints it.
    pub title: Arc<str>,
    pub span: Span,
    pub roles: Vec<(&'a Name, &'a Value)>,
    pub options: Vec<&'a Setting>,
}

// === impl Tables ===

impl<'a> Tables<'a> {
    /// Every role that some layer fills.
    pub fn role_names(&self) -> &[&str] {
        &self.role_names
    }

    pub fn has_ensemble(&self, name: &str) -> bool {
        self.ensembles_by_name.contains_key(name)
    }

    /// In the order of the source.
    pub fn ensembles_named(&self, name: &str) -> impl Iterator<Item = &'a ast::Ensemble> {
        self.ensembles_by_name.get(name).into_iter().flatten().map(|&at| self.ensembles[at])
    }
}

// === impl Layer ===

impl Layer<'_> {
    pub fn empty(title: &str, span: Span) -> Self {
        Self { title: title.into(), span, roles: Vec::new(), options: Vec::new() }
    }
}

pub fn collect<'a>(files: &'a [ast::File], diagnostics: &mut Vec<Diagnostic>) -> Tables<'a> {
    let mut tables = Tables { prelude: standard::prompts().clone(), ..Tables::default() };
    for technique in standard::techniques() {
        techniques::define(technique, true, &mut tables.techniques, diagnostics);
    }
    let mut tiers: IndexMap<String, (Span, &'a ast::Titled)> = IndexMap::new();
    let mut profiles: IndexMap<String, (Span, &'a ast::Titled)> = IndexMap::new();
    for item in files.iter().flat_map(|file| &file.items) {
        match item {
            Item::Model(titled) => model(titled, &mut tables, diagnostics),
            Item::Tier(titled) => titled_layer("tier", titled, &mut tiers, diagnostics),
            Item::Profile(titled) => titled_layer("profile", titled, &mut profiles, diagnostics),
            Item::Defaults(defaults) => match &tables.defaults {
                Some(first) => {
                    diagnostics.push(errors::defined_twice(
                        "the block",
                        "defaults",
                        head(defaults.span),
                        first.span,
                    ));
                }
                None => {
                    tables.defaults = Some(layer(
                        "defaults",
                        Place::Defaults,
                        head(defaults.span),
                        &defaults.block,
                        diagnostics,
                    ));
                }
            },
            Item::Prompt(prompt) => prompts::define(prompt, &mut tables.prompts, diagnostics),
            Item::Technique(technique) => {
                techniques::define(technique, false, &mut tables.techniques, diagnostics);
            }
            Item::Ensemble(ensemble) => {
                let at = tables.ensembles.len();
                tables.ensembles_by_name.entry(&ensemble.name.text).or_default().push(at);
                tables.ensembles.push(ensemble);
            }
            // Judged by `crate::test`, which knows the plans.
            Item::Test(_) | Item::Bad(_) => (),
        }
    }
    for (name, (span, titled)) in tiers {
        if let Some((other, _)) = profiles.get(&name) {
            diagnostics.push(errors::tier_and_profile(&titled.name, *other));
        }
        let title = format!("tier {name}");
        tables.tiers.insert(name, layer(&title, Place::Tier, span, &titled.block, diagnostics));
    }
    for (name, (span, titled)) in profiles {
        let title = format!("profile {name}");
        tables.profiles.insert(name, layer(&title, Place::Profile, span, &titled.block, diagnostics));
    }
    let layers = tables.defaults.iter().chain(tables.tiers.values()).chain(tables.profiles.values());
    tables.role_names =
        layers.flat_map(|layer| layer.roles.iter().map(|(name, _)| name.text.as_str())).collect();
    tables.role_names.sort_unstable();
    tables.role_names.dedup();
    tables
}

pub fn doc_text(doc: Option<&Doc>) -> String {
    doc.map(|doc| doc.text.clone()).unwrap_or_default()
}

/// The first character of an item: enough to find it, short enough to read.
fn head(span: Span) -> Span {
    Span { end: span.start + 1, ..span }
}

fn titled_layer<'a>(
    what: &str,
    titled: &'a ast::Titled,
    table: &mut IndexMap<String, (Span, &'a ast::Titled)>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let name = &titled.name;
    if !names::is_word(&name.text) {
        diagnostics.push(errors::wrong_form(&format!("a {what}"), name, "one lower-case word"));
    }
    if let Some((first, _)) = table.get(&name.text) {
        diagnostics.push(errors::defined_twice(what, &name.text, name.span, *first));
        return;
    }
    table.insert(name.text.clone(), (name.span, titled));
}

/// Splits a block into roles and options; what may not stand there is reported.
fn layer<'a>(
    title: &str,
    place: Place,
    span: Span,
    block: &'a ast::Block,
    diagnostics: &mut Vec<Diagnostic>,
) -> Layer<'a> {
    let mut layer = Layer::empty(title, span);
    for entry in &block.entries {
        match entry {
            Entry::Option(setting) => layer.options.push(setting),
            Entry::Step(step) => match step.rhs.alts.as_slice() {
                [ast::Alt { verb: Verb::Plain { value }, block: None, .. }] => {
                    layer.roles.push((&step.name, value));
                }
                _ => diagnostics.push(errors::misplaced(step.name.span, "a step", &format!("`{title}`"))),
            },
            Entry::Bad(_) => (),
            other => diagnostics.push(errors::misplaced_entry(other, &format!("`{title}`"))),
        }
    }
    for (index, (name, value)) in layer.roles.iter().enumerate() {
        judge_role_name(name, value.span(), diagnostics);
        if let Some((first, _)) = layer.roles[..index].iter().find(|(first, _)| first.text == name.text) {
            diagnostics.push(errors::defined_twice("role", &name.text, name.span, first.span));
        }
    }
    layer.roles.retain(|(name, _)| !options::is_option(&name.text));
    options::judge(place, &layer.options, diagnostics);
    layer
}

pub fn judge_role_name(name: &Name, value: Span, diagnostics: &mut Vec<Diagnostic>) {
    if options::is_option(&name.text) {
        diagnostics.push(errors::option_as_role(name, value));
    } else if let Some(why) = names::why_not(&name.text) {
        diagnostics.push(errors::not_a_name(name, why));
    } else if !names::is_snake(&name.text) {
        diagnostics.push(errors::wrong_form("a role", name, "snake_case"));
    }
}

fn model<'a>(titled: &'a ast::Titled, tables: &mut Tables<'a>, diagnostics: &mut Vec<Diagnostic>) {
    let name = &titled.name;
    let settings: Vec<&Setting> = titled
        .block
        .entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Option(setting) => Some(setting),
            Entry::Bad(_) => None,
            Entry::Step(step) if options::is_option_of(Place::Model, &step.name.text) => {
                diagnostics.push(errors::option_as_role(&step.name, step.rhs.span));
                None
            }
            other => {
                diagnostics.push(errors::misplaced_entry(other, "a `model`"));
                None
            }
        })
        .collect();
    options::judge(Place::Model, &settings, diagnostics);
    let mut model = Model {
        name: name.text.clone(),
        doc: doc_text(titled.doc.as_ref()),
        span: name.span,
        runtime: String::new(),
        memory: None,
        context: CONTEXT_BUILT_IN,
        max_output: MAX_OUTPUT_BUILT_IN,
        price: Price::default(),
        concurrency: CONCURRENCY_BUILT_IN,
    };
    for setting in settings {
        // What is wrong was reported by `judge`.
        let mut reader = Reader { option: &setting.name.text, diagnostics: &mut Vec::new() };
        let value = &setting.value;
        match setting.name.text.as_str() {
            "runtime" => model.runtime = reader.word(value, options::RUNTIMES).unwrap_or_default(),
            "memory" => model.memory = reader.size(value),
            "context" => model.context = reader.tokens(value).unwrap_or(CONTEXT_BUILT_IN),
            "max_output" => model.max_output = reader.tokens(value).unwrap_or(MAX_OUTPUT_BUILT_IN),
            "price" => model.price = reader.price(value).unwrap_or_default(),
            "concurrency" => model.concurrency = reader.whole(value, 1, 8192).unwrap_or(CONCURRENCY_BUILT_IN),
            _ => (),
        }
    }
    model.max_output = model.max_output.min(model.context);
    if let Some(first) = tables.models.get(&name.text) {
        diagnostics.push(errors::defined_twice("model", &name.text, name.span, first.span));
        return;
    }
    tables.models.insert(name.text.clone(), model);
}
