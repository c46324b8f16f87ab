//! Shared prompts: `prompt NAME(params) """…"""`, checked once, where they are written.

use indexmap::IndexMap;

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{self, Value};
use crate::template::{Data, Fence, Kind, Template};

use super::call::TurnRole;
use super::{errors, names, templates};

#[derive(Clone, Debug)]
pub struct PromptDef {
    pub span: Span,
    pub params: Vec<PromptParam>,
    pub turns: Vec<(TurnRole, Template)>,
}

#[derive(Clone, Debug)]
pub struct PromptParam {
    pub name: String,
    pub default: Option<Data>,
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
    let params = prompt.params.iter().map(|param| self::param(param, diagnostics)).collect();
    table.insert(name.text.clone(), PromptDef { span: name.span, params, turns });
}

fn param(param: &ast::Param, diagnostics: &mut Vec<Diagnostic>) -> PromptParam {
    let default = param.default.as_ref().and_then(|default| match default {
        Value::Text(text) => Some(Data::Text(text.value.as_str().into())),
        Value::Quantity(q) if q.unit.is_empty() && !q.dollar && q.whole => Some(Data::Int(q.number as i64)),
        Value::Quantity(q) if q.unit.is_empty() && !q.dollar => Some(Data::Number(q.number)),
        Value::Bad(_) => None,
        other => {
            let found = super::values::title(other);
            diagnostics.push(errors::wrong_kind(other.span(), "a text or a number, for a default", found));
            None
        }
    });
    PromptParam { name: param.name.text.clone(), default }
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
