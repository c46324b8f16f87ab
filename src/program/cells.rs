//! The grid: which cells an ensemble is in, and what holds in each.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::source::{Sources, Span};
use crate::syntax::ast::{self, EnsembleBody, Entry, Setting as Option_, Value, Verb};
use crate::units::{Bytes, Millis};

use super::collect::{self, Layer, Tables};
use super::options::{self, Place};
use super::roles::{Judge, Missing, Role, Roles};
use super::values::Reader;
use super::{Handle, Limit, Setting, StreamMode, errors, names, steps};

/// The whole run's deadline where nobody says.
const TIMEOUT_BUILT_IN: Millis = Millis(300_000);

const HANDLE_BUILT_IN: &str = "opt-{name}-{profile}-{tier}";

/// Most handles of one program.
const HANDLES_MAX: usize = 16_384;

/// Most steps of one ensemble.
const STEPS_MAX: usize = 256;

/// An option with the layer that set it.
#[derive(Clone, Debug)]
pub struct Inherited<'a> {
    pub setting: &'a Option_,
    pub layer: String,
}

/// One handle per ensemble and cell, ensembles in the order of the source.
pub fn handles(sources: &Sources, tables: &Tables<'_>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Handle> {
    let mut taken: BTreeMap<(String, String), Span> = BTreeMap::new();
    let mut missing = Missing::new();
    let mut handles = Vec::new();
    for ensemble in &tables.ensembles {
        judge_name(ensemble, tables, diagnostics);
        let EnsembleBody::Steps(block) = &ensemble.body else {
            diagnostics.push(errors::not_yet("`ensemble NAME = TECHNIQUE`", ensemble.name.span));
            continue;
        };
        let steps = block.entries.iter().filter(|entry| matches!(entry, Entry::Step(_))).count();
        if steps > STEPS_MAX {
            diagnostics.push(errors::too_many_steps(&ensemble.name, steps, STEPS_MAX));
            continue;
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
            let judge = Judge {
                tables,
                roles: Roles::new(),
                cell,
                steps: Vec::new(),
                partial: false,
                diagnostics: Vec::new(),
                missing: &mut missing,
            };
            let found = Filler { sources, ensemble, block, profile, tier, judge }.fill();
            diagnostics.extend(found.1);
            handles.extend(found.0);
        }
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

/// Fills one cell of one ensemble.
struct Filler<'a> {
    sources: &'a Sources,
    ensemble: &'a ast::Ensemble,
    block: &'a ast::Block,
    profile: String,
    tier: String,
    judge: Judge<'a>,
}

// === impl Filler ===

impl<'a> Filler<'a> {
    fn fill(mut self) -> (Option<Handle>, Vec<Diagnostic>) {
        let tables = self.judge.tables;
        let (own, body) = self.split();
        let layers: Vec<Layer<'a>> = tables
            .defaults
            .iter()
            .chain(tables.tiers.get(&self.tier))
            .chain(tables.profiles.get(&self.profile))
            .cloned()
            .chain([own])
            .collect();
        let mut inherited: Vec<Inherited<'a>> = Vec::new();
        for layer in &layers {
            self.judge.apply(layer);
            inherited.extend(
                layer.options.iter().map(|&setting| Inherited { setting, layer: layer.title.clone() }),
            );
        }
        let steps = steps::check(&mut self.judge, &self.ensemble.name, &body, &inherited);
        let handle = steps.map(|steps| self.handle(steps, &inherited));
        (handle, self.judge.diagnostics)
    }

    /// The ensemble's block as a layer, and what is left of it: the steps.
    fn split(&mut self) -> (Layer<'a>, Vec<&'a ast::Step>) {
        let mut layer = Layer {
            title: "ensemble".to_owned(),
            span: self.ensemble.name.span,
            roles: Vec::new(),
            options: Vec::new(),
        };
        let mut body = Vec::new();
        let names: Vec<&str> = self
            .block
            .entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::Step(step) => Some(step.name.text.as_str()),
                _ => None,
            })
            .collect();
        for entry in &self.block.entries {
            match entry {
                Entry::Option(setting) => layer.options.push(setting),
                Entry::Step(step) => match self.as_role(step, &names) {
                    Some(value) => {
                        collect::judge_role_name(&step.name, &mut self.judge.diagnostics);
                        if !options::is_option(&step.name.text) {
                            layer.roles.push((&step.name, value));
                        }
                    }
                    None => body.push(step),
                },
                Entry::Bad(_) => self.judge.partial = true,
                other => self.judge.diagnostics.push(errors::misplaced_entry(other, "an ensemble")),
            }
        }
        options::judge(Place::Ensemble, &layer.options, &mut self.judge.diagnostics);
        (layer, body)
    }

    /// `name = V` is a role if V is a literal, a model, a role, or a list of these; `reply` never is.
    fn as_role(&self, step: &'a ast::Step, steps: &[&str]) -> Option<&'a Value> {
        let [ast::Alt { verb: Verb::Plain { value }, block: None, .. }] = step.rhs.alts.as_slice() else {
            return None;
        };
        let option = options::is_option(&step.name.text) && !matches!(value, Value::Bad(_));
        (step.name.text != "reply" && (option || self.is_constant(value, steps, &step.name.text)))
            .then_some(value)
    }

    fn is_constant(&self, value: &Value, steps: &[&str], own: &str) -> bool {
        match value {
            Value::Quantity(_) | Value::Text(_) => true,
            Value::List(list) => list.items.iter().all(|item| self.is_constant(item, steps, own)),
            Value::Name(member) => match &member.args {
                Some(args) => {
                    names::LIST_FUNCTIONS.contains(&member.path.head.text.as_str())
                        && args.iter().all(|arg| self.is_constant(&arg.value, steps, own))
                }
                None => member.word().is_some_and(|name| {
                    let tables = self.judge.tables;
                    ["true", "false"].contains(&name.text.as_str())
                        || tables.models.contains_key(&name.text)
                        || tables.role_names().contains(&name.text.as_str())
                        // A role of this ensemble; a step of that name is not one, unless it is this very role.
                        || (name.text == own && !steps.contains(&own))
                }),
            },
            _ => false,
        }
    }

    fn handle(&self, steps: Vec<super::Step>, inherited: &[Inherited<'a>]) -> Handle {
        let tables = self.judge.tables;
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
            ensemble: self.ensemble.name.text.clone(),
            profile: self.profile.clone(),
            tier: self.tier.clone(),
            doc: collect::doc_text(self.ensemble.doc.as_ref()),
            span: self.ensemble.name.span,
            place: self.sources.place(self.ensemble.name.span),
            settings: self.settings(inherited),
            constants: self
                .judge
                .roles
                .iter()
                .map(|(name, filled)| (name.clone(), filled.role.data(tables)))
                .collect(),
            timeout,
            limit: last("limit").map(|o| limit(&o.setting.value)).unwrap_or_default(),
            stream,
            memory: self.memory(),
            steps,
        }
    }

    fn expand(&self, pattern: &str) -> String {
        pattern
            .replace("{name}", &self.ensemble.name.text)
            .replace("{profile}", &self.profile)
            .replace("{tier}", &self.tier)
    }

    fn memory(&self) -> Option<Bytes> {
        let tier = self.judge.tables.tiers.get(&self.tier)?;
        let setting = tier.options.iter().find(|setting| setting.name.text == "memory")?;
        Reader { option: "memory", diagnostics: &mut Vec::new() }.size(&setting.value)
    }

    /// Options first, in the order of the layers, then roles by name; built-ins last.
    fn settings(&self, inherited: &[Inherited<'a>]) -> Vec<Setting> {
        let mut settings: Vec<Setting> = Vec::new();
        // What is allowed changes nothing about what happens.
        for option in inherited.iter().filter(|option| option.setting.name.text != options::ALLOW) {
            let name = &option.setting.name.text;
            settings.retain(|setting| &setting.name != name);
            settings.push(Setting {
                name: name.clone(),
                value: short(self.sources.text(option.setting.value.span())),
                layer: option.layer.clone(),
                place: self.sources.place(option.setting.span),
                role: false,
            });
        }
        for (name, filled) in &self.judge.roles {
            settings.push(Setting {
                name: name.clone(),
                value: match &filled.role {
                    Role::Text(text) => short(&format!("{text:?}")),
                    role => role.to_string(),
                },
                layer: filled.layer.clone(),
                place: self.sources.place(filled.span),
                role: true,
            });
        }
        let built_in = [
            ("timeout", "5m"),
            ("handle", "\"opt-{name}-{profile}-{tier}\""),
            ("retries", "2"),
            ("history", "full"),
            ("need", "half of the members, rounded up"),
            ("grace", "none: stragglers are awaited until the deadline"),
            ("max_tokens", "8k for steps that are not final, at most the model's `max_output`"),
        ];
        for (name, value) in built_in {
            if !settings.iter().any(|setting| setting.name == name) {
                settings.push(Setting {
                    name: name.to_owned(),
                    value: value.to_owned(),
                    layer: "built in".to_owned(),
                    place: String::new(),
                    role: false,
                });
            }
        }
        settings
    }
}

/// One line, at most 60 characters.
fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
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
