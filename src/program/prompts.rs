//! Shared prompts: `prompt NAME(params) """…"""`, checked once, where they are written.

use indexmap::IndexMap;

use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Span};
use crate::syntax::ast::{self, Value};
use crate::template::{Fence, Kind, Template};

use super::call::TurnRole;
use super::{errors, names, templates};

/// No file of the program has this id.
const PRELUDE: FileId = FileId(u32::MAX);

#[derive(Clone, Debug)]
pub struct PromptDef {
    pub span: Span,
    pub params: Vec<String>,
    pub turns: Vec<(TurnRole, Template)>,
}

pub fn define(
    prompt: &ast::Prompt,
    table: &mut IndexMap<String, PromptDef>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let name = &prompt.name;
    if !names::is_snake(&name.text) {
        diagnostics.push(errors::wrong_form("a prompt", name, "snake_case"));
    }
    for param in &prompt.params {
        if let Some(why) = names::why_not(&param.name.text) {
            // These are the natural names of what a step hands on.
            if !["mine", "others", "choices"].contains(&param.name.text.as_str()) {
                diagnostics.push(errors::not_a_name(&param.name, why));
            }
        }
        if let Some(default) = &param.default {
            diagnostics.push(errors::not_yet("a default of a prompt's parameter", default.span()));
        }
    }
    // What a parameter holds is known only where the prompt is used.
    let visible: Vec<(String, Kind)> =
        prompt.params.iter().map(|param| (param.name.text.clone(), Kind::Any)).collect();
    let turns = turns(&prompt.body)
        .into_iter()
        .flatten()
        .filter_map(|(role, text)| {
            templates::template(text, Fence::On, &visible, diagnostics).map(|(template, _)| (role, template))
        })
        .collect();
    if let Some(first) = table.get(&name.text) {
        diagnostics.push(errors::defined_twice("prompt", &name.text, name.span, first.span));
        return;
    }
    let params = prompt.params.iter().map(|param| param.name.text.clone()).collect();
    table.insert(name.text.clone(), PromptDef { span: name.span, params, turns });
}

/// The prompts of the prelude. They are ours: a mistake in them is a bug, held by a test.
pub fn prelude() -> IndexMap<String, PromptDef> {
    let mut diagnostics = Vec::new();
    let mut table = IndexMap::new();
    for file in crate::prelude::FILES {
        let (tree, mistakes) = crate::syntax::parse(PRELUDE, file.text);
        diagnostics.extend(mistakes);
        for item in &tree.items {
            if let ast::Item::Prompt(prompt) = item {
                define(prompt, &mut table, &mut diagnostics);
            }
        }
    }
    assert!(diagnostics.is_empty(), "the prelude checks: {diagnostics:?}");
    table
}

/// The turns of a text (one of the user) or of `[user """…""", assistant """…"""]`; `None` for anything else.
pub fn turns(value: &Value) -> Option<Vec<(TurnRole, &ast::Text)>> {
    match value {
        Value::Text(text) => Some(vec![(TurnRole::User, text)]),
        Value::List(list) => list.items.iter().map(turn).collect(),
        _ => None,
    }
}

fn turn(value: &Value) -> Option<(TurnRole, &ast::Text)> {
    let Value::Tagged { word, payload, .. } = value else { return None };
    let role = match word.word()?.text.as_str() {
        "system" => TurnRole::System,
        "user" => TurnRole::User,
        "assistant" => TurnRole::Assistant,
        _ => return None,
    };
    match &**payload {
        Value::Text(text) => Some((role, text)),
        _ => None,
    }
}
