//! Techniques: named bodies with parameters. Those of the prelude are techniques like any other.

use indexmap::IndexMap;

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{self, Entry, Value};
use crate::template::Kind as Sort;

use super::{errors, names};

pub const KINDS: &[&str] = &["model", "models", "int", "number", "text", "prompt", "answer", "answers"];

/// What a parameter holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    Model,
    Models,
    Int,
    Number,
    Text,
    Prompt,
    Answer,
    Answers,
}

#[derive(Clone, Debug)]
pub struct Param<'a> {
    pub name: &'a str,
    pub kind: ParamKind,
    pub default: Option<&'a Value>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Technique<'a> {
    pub written: &'a ast::Technique,
    pub params: Vec<Param<'a>>,
    /// Of `src/prelude`: what is wrong in it is told where it is used.
    pub is_ours: bool,
}

/// Adds a technique to the table; what is wrong with its head is reported. A program's own hides one of the prelude.
pub fn define<'a>(
    written: &'a ast::Technique,
    is_ours: bool,
    table: &mut IndexMap<String, Technique<'a>>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let name = &written.name;
    if !names::is_kebab(&name.text) {
        diagnostics.push(errors::wrong_form("a technique", name, "kebab-case"));
    }
    // A verb may name one: `ensemble x = cascade`.
    if names::LIST_FUNCTIONS.contains(&name.text.as_str()) {
        diagnostics.push(errors::not_a_name(name, "a list function"));
    }
    let params = written.params.iter().filter_map(|param| self::param(param, diagnostics)).collect();
    let technique = Technique { written, params, is_ours };
    match table.get(&name.text) {
        Some(first) if !first.is_ours => {
            let first = first.written.name.span;
            diagnostics.push(errors::defined_twice("technique", &name.text, name.span, first));
        }
        _ => drop(table.insert(name.text.clone(), technique)),
    }
}

fn param<'a>(param: &'a ast::Param, diagnostics: &mut Vec<Diagnostic>) -> Option<Param<'a>> {
    if let Some(why) = names::why_not(&param.name.text) {
        diagnostics.push(errors::not_a_name(&param.name, why));
    } else if !names::is_snake(&param.name.text) {
        diagnostics.push(errors::wrong_form("a parameter", &param.name, "snake_case"));
    }
    let kind = match param.kind.as_ref().map(|kind| kind.text.as_str()) {
        Some("model") => ParamKind::Model,
        Some("models") => ParamKind::Models,
        Some("int") => ParamKind::Int,
        Some("number") => ParamKind::Number,
        Some("text") => ParamKind::Text,
        Some("prompt") => ParamKind::Prompt,
        Some("answer") => ParamKind::Answer,
        Some("answers") => ParamKind::Answers,
        Some(word) => {
            let span = param.kind.as_ref().map_or(param.name.span, |kind| kind.span);
            diagnostics.push(errors::unknown_name(word, span, "kind of parameter", KINDS));
            return None;
        }
        None => {
            diagnostics.push(errors::no_param_kind(&param.name, KINDS));
            return None;
        }
    };
    Some(Param { name: &param.name.text, kind, default: param.default.as_ref(), span: param.name.span })
}

// === impl Technique ===

impl<'a> Technique<'a> {
    pub fn steps(&self) -> Vec<&'a ast::Step> {
        let steps = self.written.block.entries.iter().filter_map(|entry| match entry {
            Entry::Step(step) => Some(step),
            _ => None,
        });
        steps.collect()
    }
}

// === impl ParamKind ===

impl ParamKind {
    /// For what holds answers.
    pub fn sort(self) -> Option<Sort> {
        match self {
            Self::Answer => Some(Sort::Answer),
            Self::Answers => Some(Sort::Answers(Vec::new())),
            _ => None,
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Model => "a model",
            Self::Models => "a list of models",
            Self::Int => "a whole number",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Prompt => "the name of a prompt",
            Self::Answer => "a step that gives one answer",
            Self::Answers => "a step that gives several answers",
        }
    }
}
