//! An ensemble or technique in the place of a step or a model: its conversation, its steps.

use std::rc::Rc;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{Member, Value};
use crate::template::{Data, Kind as Sort};

use super::block::Body;
use super::call::History;
use super::cells;
use super::extent::NODES_MAX;
use super::filling::{constant, default_prompt};
use super::options::{self, Place};
use super::roles::{Filled, Judge, Prompts, Role, Roles};
use super::scope::{Scope, Shapes};
use super::settings::Inherited;
use super::steps::Steps;
use super::techniques::{ParamKind, Technique};
use super::{Conversation, Given, Inline, Kind, Step, Unit, errors, names, steps};

/// Deepest nesting of ensembles and techniques.
const NESTING_MAX: usize = 16;

impl<'a> Steps<'_, '_, 'a> {
    /// Whether a name stands for an ensemble or technique: nothing nearer has it.
    pub fn is_unit(&self, member: &Member) -> bool {
        let name = member.path.head.text.as_str();
        let tables = self.judge.tables;
        let known = tables.techniques.contains_key(name) || tables.has_ensemble(name);
        let nearer = self.shape(name).is_some()
            || self.judge.roles.contains_key(name)
            || tables.models.contains_key(name);
        let marked = member.args.is_some() && !names::LIST_FUNCTIONS.contains(&name);
        member.path.tail.is_empty()
            && (member.cell.is_some() || marked || known)
            && !(nearer && member.args.is_none() && member.cell.is_none())
    }

    /// `body` are the options that change the conversation which it sees.
    pub fn inline(&mut self, member: &'a Member, body: &Body<'a>) -> Option<Inline> {
        let conversation = self.conversation(body);
        let name = &member.path.head;
        let tables = self.judge.tables;
        if let Some(technique) = tables.techniques.get(&name.text) {
            if let Some(cell) = &member.cell {
                self.complain(
                    errors::wrong_kind(cell.span, "an ensemble's cell", "a technique's")
                        .help("a technique has no cells: give it other arguments"),
                );
                return None;
            }
            let (unit, given) = self.technique(technique, member)?;
            return Some(Inline { of: name.text.clone(), unit: Arc::new(unit), given, conversation });
        }
        if tables.has_ensemble(&name.text) {
            return self.ensemble(member, conversation);
        }
        let known: Vec<&str> = tables
            .techniques
            .keys()
            .map(String::as_str)
            .chain(tables.ensembles.iter().map(|ensemble| ensemble.name.text.as_str()))
            .chain(names::LIST_FUNCTIONS.iter().copied().filter(|_| member.args.is_some()))
            .collect();
        let what = match member.args {
            Some(_) => "technique or list function",
            None => "ensemble",
        };
        self.complain(errors::unknown_name(&name.text, name.span, what, &known));
        None
    }

    /// What it sees instead of the conversation around it; `None` where nothing is changed.
    fn conversation(&mut self, body: &Body<'a>) -> Option<Conversation> {
        let changes = ["prompt", "system", "history"];
        if !body.options.iter().any(|option| changes.contains(&option.name.text.as_str())) {
            return None;
        }
        // Only what is written here: what the layers say holds for each call by itself.
        let (inherited, uses) = (std::mem::take(&mut self.inherited), std::mem::take(&mut self.uses));
        let (history, system, prompt) = (self.history(body), self.system(body), self.prompt(body, None));
        self.inherited = inherited;
        let uses = std::mem::replace(&mut self.uses, uses);
        for used in &uses {
            self.mention(&used.name);
        }
        let changed = history != History::Full || system.is_some() || !prompt.is_empty();
        changed.then_some(Conversation { history, system, prompt, uses })
    }

    fn ensemble(&mut self, member: &'a Member, conversation: Option<Conversation>) -> Option<Inline> {
        let name = &member.path.head;
        if let Some(args) = &member.args {
            self.complain(
                errors::wrong_kind(
                    args.first().map_or(member.span, |arg| arg.span),
                    "without arguments",
                    "given some",
                )
                .help(format!("`{}` is an ensemble: only techniques have parameters", name.text)),
            );
            return None;
        }
        let cell = cells::target(self.judge.tables, &self.judge.cell, member, &mut self.judge.diagnostics)?;
        let of = format!("{}@{}-{}", name.text, cell.profile, cell.tier);
        let stack = self.enter(&of, name.span)?;
        let judge =
            self.child(Roles::new(), Prompts::new(), format!("{}-{}", cell.profile, cell.tier), stack);
        let (unit, diagnostics) = cells::unit(judge, &cell);
        self.judge.diagnostics.extend(diagnostics);
        Some(Inline { of, unit: Arc::new(unit?), given: Vec::new(), conversation })
    }

    fn technique(
        &mut self,
        technique: &Technique<'_>,
        member: &'a Member,
    ) -> Option<(Unit, Vec<(String, Given)>)> {
        let name = &member.path.head;
        let stack = self.enter(&name.text, name.span)?;
        let filling = self.fill(technique, member)?;
        let inherited = self.inherited.clone();
        let mut judge = self.child(filling.roles, filling.prompts, self.judge.cell.clone(), stack);
        let unit = unit(&mut judge, technique, filling.vars, &inherited);
        let diagnostics = std::mem::take(&mut judge.diagnostics);
        self.report(technique, member.span, diagnostics);
        Some((unit?, filling.given))
    }

    /// Mistakes in a technique of the program stand at their own place; in one of ours they are about its use.
    pub fn report(&mut self, technique: &Technique<'_>, span: Span, diagnostics: Vec<Diagnostic>) {
        for diagnostic in diagnostics {
            if technique.is_ours && diagnostic.span.file == technique.written.name.span.file {
                let name = &technique.written.name.text;
                self.complain(errors::does_not_suit(name, span, &diagnostic.message));
            } else {
                self.complain(diagnostic);
            }
        }
    }

    /// The uses around this one and itself; `None`, reported, if it would go on for ever.
    fn enter(&mut self, of: &str, span: Span) -> Option<Vec<String>> {
        let mut stack = self.judge.stack.clone();
        if let Some(at) = stack.iter().position(|outer| outer == of) {
            let mut path = stack[at..].to_vec();
            path.push(of.to_owned());
            self.complain(errors::uses_itself(span, &path));
            return None;
        }
        if stack.len() >= NESTING_MAX {
            self.complain(errors::too_deep(span, NESTING_MAX));
            return None;
        }
        // Each would have a step at least; and there is no end to a few that each use another a few times.
        let written_out = self.judge.written_out.replace(self.judge.written_out.get() + 1);
        if written_out >= NODES_MAX {
            if written_out == NODES_MAX {
                self.complain(errors::too_large(span, NODES_MAX));
            }
            return None;
        }
        stack.push(of.to_owned());
        Some(stack)
    }

    pub fn child(&mut self, roles: Roles, prompts: Prompts, cell: String, stack: Vec<String>) -> Judge<'_> {
        Judge {
            tables: self.judge.tables,
            roles,
            prompts,
            cell,
            stack,
            steps: Vec::new(),
            partial: false,
            diagnostics: Vec::new(),
            missing: self.judge.missing,
            written_out: Rc::clone(&self.judge.written_out),
        }
    }
}

/// A technique's steps, checked with what its parameters hold.
fn unit(
    judge: &mut Judge<'_>,
    technique: &Technique<'_>,
    vars: Vec<(String, Sort)>,
    inherited: &[Inherited<'_>],
) -> Option<Unit> {
    let written = technique.written;
    let (layer, body) =
        cells::split(judge, &written.block, written.name.span, &format!("technique {}", written.name.text));
    options::judge(Place::Technique, &layer.options, &mut judge.diagnostics);
    judge.apply(&layer);
    let mut inherited = inherited.to_vec();
    inherited.extend(layer.options.iter().map(|&setting| Inherited {
        setting,
        layer: Arc::clone(&layer.title),
        is_near: false,
    }));
    let scope = Scope { steps: body, vars, rebinds: None };
    let steps = steps::check(judge, &written.name, scope, &inherited)?;
    Some(Unit { constants: judge.constants(), steps })
}

/// Checks a technique that nothing may ever use, with models and numbers that stand for any.
pub fn rehearse(judge: &mut Judge<'_>, technique: &Technique<'_>) {
    let models: Vec<String> = judge.tables.models.keys().take(2).cloned().collect();
    let [first, ..] = models.as_slice() else { return };
    let mut vars = Vec::new();
    for param in &technique.params {
        let role = match (param.kind, param.default) {
            (ParamKind::Answer | ParamKind::Answers, _) => {
                vars.extend(param.kind.sort().map(|sort| (param.name.to_owned(), sort)));
                continue;
            }
            (ParamKind::Prompt, default) => {
                // Which prompt it will be, and what that takes, is not known.
                let Some(Value::Name(member)) = default else { return };
                let prompt = default_prompt(judge, &member.path.head);
                judge.prompts.extend(prompt.map(|prompt| (param.name.to_owned(), prompt)));
                continue;
            }
            (kind, Some(default)) => match constant(judge, kind, default) {
                Some(role) => role,
                None => return,
            },
            (ParamKind::Model, None) => Role::Model(first.clone()),
            (ParamKind::Models, None) => Role::Models(models.clone()),
            (ParamKind::Int, None) => Role::Number { value: 2.0, whole: true },
            (ParamKind::Number, None) => Role::Number { value: 0.5, whole: false },
            (ParamKind::Text, None) => Role::Text(String::new()),
        };
        let filled = Filled { role, layer: "technique".into(), span: param.span };
        judge.roles.insert(param.name.to_owned(), filled);
    }
    judge.stack.push(technique.written.name.text.clone());
    drop(unit(judge, technique, vars, &[]));
}

impl Judge<'_> {
    /// Its roles, as templates see them.
    pub fn constants(&self) -> Arc<[(String, Data)]> {
        self.roles.iter().map(|(name, filled)| (name.clone(), filled.role.data(self.tables))).collect()
    }
}

/// The step of `ensemble NAME = TECHNIQUE(args)`.
pub fn reply(steps: &mut Steps<'_, '_, '_>, inline: Inline, span: Span) -> Step {
    Step {
        name: "reply".to_owned(),
        doc: String::new(),
        span,
        kind: Kind::Answer,
        alts: vec![steps.finish(span, super::Verb::Inline(inline))],
    }
}

/// Whether a technique's reply is several answers: then it can only be used as a step.
pub fn gives_several(tables: &super::collect::Tables<'_>, technique: &Technique<'_>) -> bool {
    let scopes = [Scope::of(technique)];
    Shapes { tables, scopes: &scopes }.of("reply").is_some_and(|shape| shape.kind() == Kind::Answers)
}
