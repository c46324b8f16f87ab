//! The text of an ensemble that is made of techniques.

use std::fmt::Write;

use crate::plan::Plan;
use crate::source::Sources;
use crate::syntax::ast::{self, EnsembleBody, Entry, Item, Verb};

use super::{Approach, Base, Joined};

/// Options of an ensemble that say something of it alone: its tests of sense, its other name.
const LEFT_OUT: [&str; 2] = ["allow", "selector"];

/// The ensemble, under the name of `base`.
pub fn ensemble(sources: &Sources, files: &[ast::File], base: Base<'_>, approach: &Approach) -> String {
    let (name, profile, tier, layer) = match base {
        Base::Handle(plan) => {
            (plan.ensemble.as_str(), plan.profile.as_str(), plan.tier.as_str(), layer(sources, files, plan))
        }
        Base::Cell { profile, tier } => (approach.techniques[0].as_str(), profile, tier, String::new()),
    };
    let head = format!("ensemble {name} at {profile}-{tier}");
    match (&approach.techniques[..], approach.joined) {
        ([one], _) => format!("{head} = {one} {{\n{layer}}}\n"),
        (several, Joined::Chain) => format!("{head} {{\n{layer}{}}}\n", chain(several)),
        (several, Joined::Side) => format!("{head} {{\n{layer}{}}}\n", side(several)),
    }
}

/// Each after the first sees the answer before it as a draft.
fn chain(techniques: &[String]) -> String {
    let mut text = String::new();
    for (index, technique) in techniques.iter().enumerate() {
        let name = match index + 1 == techniques.len() {
            true => "reply".to_owned(),
            false => format!("approach_{}", index + 1),
        };
        let _ = match index {
            0 => writeln!(text, "  {name} = {technique}"),
            _ => writeln!(
                text,
                "  {name} = {technique} {{\n    prompt: \"\"\"\n    A draft of the answer to what was asked \
                 above:\n\n    <draft>\n    {{{{ approach_{index} }}}}\n    </draft>\n\n    Answer what was asked \
                 above. Keep of the draft what is right.\n    \"\"\"\n  }}"
            ),
        };
    }
    text
}

fn side(techniques: &[String]) -> String {
    let mut text = String::from("  approaches = parallel {\n");
    for (index, technique) in techniques.iter().enumerate() {
        let _ = writeln!(text, "    approach_{} = {technique}", index + 1);
    }
    text + "  }\n  reply = first(approaches)\n"
}

/// The options and roles of the ensemble itself, as they are written there.
fn layer(sources: &Sources, files: &[ast::File], plan: &Plan) -> String {
    let written = files.iter().flat_map(|file| &file.items).find_map(|item| match item {
        Item::Ensemble(ensemble) if ensemble.name.span == plan.span => Some(ensemble),
        _ => None,
    });
    let block = match written.map(|ensemble| &ensemble.body) {
        Some(EnsembleBody::Steps(block) | EnsembleBody::Technique { block: Some(block), .. }) => block,
        _ => return String::new(),
    };
    let is_role = |name: &str| {
        plan.settings
            .iter()
            .any(|setting| setting.role && *setting.name == *name && &*setting.layer == "ensemble")
    };
    let mut text = String::new();
    for entry in &block.entries {
        let (name, sign, value) = match entry {
            Entry::Option(setting) if !LEFT_OUT.contains(&setting.name.text.as_str()) => {
                (&setting.name.text, ": ", setting.value.span())
            }
            Entry::Step(step) if is_role(&step.name.text) => match &step.rhs.alts[..] {
                [ast::Alt { verb: Verb::Plain { value }, .. }] => (&step.name.text, " = ", value.span()),
                _ => continue,
            },
            _ => continue,
        };
        let _ = writeln!(text, "  {name}{sign}{}", sources.text(value));
    }
    text
}
