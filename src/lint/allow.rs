//! `allow: { L004: "the reason" }`: findings that an author has looked at and keeps.
//!
//! An allowance in a step, a model or a technique holds for what is found at that place. One in an ensemble, a tier or
//! a profile holds for everything found in the handles made of it, one in `defaults` for all of them.

use std::cell::Cell;

use super::{Finding, Rule, Subject, cut, rule, words};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::suggest::{did_you_mean, sure};
use crate::plan::Plan;
use crate::source::{Sources, Span};
use crate::syntax::ast::{Block, EnsembleBody, Entry, Item, Name, Rhs, Setting, Value};

/// The option's name.
const ALLOW: &str = "allow";

/// Every allowance of a program.
pub struct Allows<'a> {
    sources: &'a Sources,
    allows: Vec<Allow<'a>>,
}

struct Allow<'a> {
    rule: &'static Rule,
    /// As it is written.
    name: &'a Name,
    /// What to leave out if it is not wanted: its pair, or the option if there is no other.
    part: Span,
    scope: Scope<'a>,
    used: Cell<bool>,
}

/// Where an allowance holds.
#[derive(Clone, Copy)]
struct Scope<'a> {
    span: Span,
    layer: Option<Layer<'a>>,
}

/// A block whose allowances hold for whole handles.
#[derive(Clone, Copy)]
enum Layer<'a> {
    Defaults,
    Tier(&'a str),
    Profile(&'a str),
}

// === impl Allows ===

impl<'a> Allows<'a> {
    /// Those of all files, and a complaint for each that names no rule.
    pub fn read(subject: &Subject<'a>) -> (Self, Vec<Diagnostic>) {
        let mut reader = Reader { allows: Vec::new(), found: Vec::new() };
        subject.files.iter().flat_map(|file| &file.items).for_each(|item| reader.item(item));
        (Self { sources: subject.sources, allows: reader.allows }, reader.found)
    }

    /// Whether some allowance sets this finding aside; those that do are marked as used.
    pub(super) fn cover(&self, finding: &Finding<'_>) -> bool {
        let code = finding.rule.code;
        let covering =
            self.allows.iter().filter(|allow| allow.rule.code == code && allow.scope.holds(finding));
        covering.map(|allow| allow.used.set(true)).count() > 0
    }

    /// A finding for each allowance that set nothing aside, of rules that were looked for.
    pub fn unused(&self, is_on: impl Fn(&Rule) -> bool) -> Vec<Diagnostic> {
        let unused = self.allows.iter().filter(|allow| !allow.used.get() && is_on(allow.rule));
        unused
            .map(|allow| {
                let name = &allow.name.text;
                Diagnostic::warning("L099", allow.name.span, format!("nothing here breaks `{name}`"))
                    .label("allowed for nothing")
                    .help("leave it out: it would hide the next finding")
                    .fix(cut::whole(self.sources, allow.part), "")
            })
            .collect()
    }
}

// === impl Scope ===

impl Scope<'_> {
    /// Whether the finding, a place that belongs to it, or its handle lies in this scope.
    fn holds(&self, finding: &Finding<'_>) -> bool {
        let related = finding.diagnostic.related.iter().map(|label| label.span);
        let mut places =
            std::iter::once(finding.diagnostic.span).chain(related).chain(finding.plan.map(|plan| plan.span));
        places.any(|place| self.contains(place))
            || finding.plan.zip(self.layer).is_some_and(|(plan, layer)| layer.is_of(plan))
    }

    fn contains(&self, place: Span) -> bool {
        place.file == self.span.file && self.span.start <= place.start && place.end <= self.span.end
    }
}

// === impl Layer ===

impl Layer<'_> {
    fn is_of(self, plan: &Plan) -> bool {
        match self {
            Self::Defaults => true,
            Self::Tier(name) => plan.tier == name,
            Self::Profile(name) => plan.profile == name,
        }
    }
}

/// Walks the trees.
struct Reader<'a> {
    allows: Vec<Allow<'a>>,
    found: Vec<Diagnostic>,
}

// === impl Reader ===

impl<'a> Reader<'a> {
    fn item(&mut self, item: &'a Item) {
        let (block, span, layer) = match item {
            Item::Model(model) => (&model.block, model.span, None),
            Item::Tier(tier) => (&tier.block, tier.span, Some(Layer::Tier(&tier.name.text))),
            Item::Profile(profile) => {
                (&profile.block, profile.span, Some(Layer::Profile(&profile.name.text)))
            }
            Item::Defaults(defaults) => (&defaults.block, defaults.span, Some(Layer::Defaults)),
            Item::Technique(technique) => (&technique.block, technique.span, None),
            Item::Ensemble(ensemble) => match &ensemble.body {
                EnsembleBody::Steps(block) | EnsembleBody::Technique { block: Some(block), .. } => {
                    (block, ensemble.span, None)
                }
                EnsembleBody::Technique { block: None, .. } => return,
            },
            Item::Prompt(_) | Item::Test(_) | Item::Bad(_) => return,
        };
        self.block(block, Scope { span, layer });
    }

    fn block(&mut self, block: &'a Block, scope: Scope<'a>) {
        for entry in &block.entries {
            match entry {
                Entry::Option(setting) if setting.name.text == ALLOW => self.allow(setting, scope),
                Entry::Step(step) => self.steps(&step.rhs, step.span),
                Entry::Arm(arm) => self.steps(&arm.rhs, arm.span),
                _ => (),
            }
        }
    }

    /// The blocks of a step and of what stands in for it: they all belong to the step.
    fn steps(&mut self, rhs: &'a Rhs, span: Span) {
        for block in rhs.alts.iter().filter_map(|alt| alt.block.as_ref()) {
            self.block(block, Scope { span, layer: None });
        }
    }

    fn allow(&mut self, setting: &'a Setting, scope: Scope<'a>) {
        let Value::Map(map) = &setting.value else { return };
        for (name, reason) in &map.pairs {
            let part = if map.pairs.len() == 1 { setting.span } else { name.span.to(reason.span()) };
            match rule(&name.text) {
                Some(rule) => self.allows.push(Allow { rule, name, part, scope, used: Cell::new(false) }),
                None => self.found.push(unknown(name)),
            }
        }
    }
}

fn unknown(name: &Name) -> Diagnostic {
    let advice = did_you_mean(&name.text, words());
    Diagnostic::error("N001", name.span, format!("no lint named `{}`", name.text))
        .help_if(advice.or_else(|| Some("`docs/lints.md` lists them".to_owned())))
        .fix_if(name.span, sure(&name.text, words()))
}
