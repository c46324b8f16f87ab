//! The techniques and prompts that come with the language, as text. They are `.ens` like any other: what they do can be
//! read (`ensc explain --prelude moa`), copied and changed.

use crate::source::{FileId, Span};
use crate::syntax::ast::{Alt, Block, Entry, Item, Param, Rhs, Value};

/// One file of the prelude.
#[derive(Clone, Copy, Debug)]
pub struct PreludeFile {
    /// As it is shown in places: `prelude/panel.ens`.
    pub name: &'static str,
    pub text: &'static str,
}

/// Every file, in the order of the manual.
pub const FILES: &[PreludeFile] = &[
    PreludeFile { name: "prelude/panel.ens", text: include_str!("prelude/panel.ens") },
    PreludeFile { name: "prelude/sampling.ens", text: include_str!("prelude/sampling.ens") },
    PreludeFile { name: "prelude/steps.ens", text: include_str!("prelude/steps.ens") },
    PreludeFile { name: "prelude/loops.ens", text: include_str!("prelude/loops.ens") },
    PreludeFile { name: "prelude/choosing.ens", text: include_str!("prelude/choosing.ens") },
    PreludeFile { name: "prelude/texts.ens", text: include_str!("prelude/texts.ens") },
    PreludeFile { name: "prelude/prompts.ens", text: include_str!("prelude/prompts.ens") },
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    Technique,
    Prompt,
}

/// A technique or prompt, as it is written.
#[derive(Clone, Debug)]
pub struct Piece {
    pub kind: PieceKind,
    pub name: String,
    /// Without the slashes; empty if there is none.
    pub doc: String,
    /// `panel: models`, `rounds: int = 2`; of a prompt the names alone.
    pub params: Vec<String>,
    /// From its first line of documentation to its end.
    pub source: String,
    /// Prompts that a technique sends, in order of mention.
    pub prompts: Vec<String>,
}

/// Every technique and prompt, in the order of the manual.
#[must_use]
pub fn pieces() -> Vec<Piece> {
    let in_file = |file: &PreludeFile| {
        let (tree, _) = crate::syntax::parse(FileId(0), file.text);
        tree.items.iter().filter_map(|item| piece(item, file.text)).collect::<Vec<_>>()
    };
    FILES.iter().flat_map(in_file).collect()
}

fn piece(item: &Item, text: &str) -> Option<Piece> {
    let (kind, name, doc, params, prompts, span) = match item {
        Item::Technique(technique) => {
            let mut sent = Vec::new();
            for default in technique.params.iter().filter_map(|param| param.default.as_ref()) {
                collect_name(default, &mut sent);
            }
            in_block(&technique.block, &mut sent);
            let kind = PieceKind::Technique;
            (kind, &technique.name, &technique.doc, &technique.params, sent, technique.span)
        }
        Item::Prompt(prompt) => {
            (PieceKind::Prompt, &prompt.name, &prompt.doc, &prompt.params, Vec::new(), prompt.span)
        }
        _ => return None,
    };
    let start = doc.as_ref().map_or(span.start, |doc| doc.span.start);
    Some(Piece {
        kind,
        name: name.text.clone(),
        doc: doc.as_ref().map(|doc| doc.text.clone()).unwrap_or_default(),
        params: params.iter().map(|param| param_text(param, text)).collect(),
        source: text[Span { start, ..span }.range()].trim_end().to_owned() + "\n",
        prompts,
    })
}

/// As it is written: from its name to the end of its default.
fn param_text(param: &Param, text: &str) -> String {
    let kind = param.kind.as_ref().map_or(param.name.span, |kind| kind.span);
    let end = param.default.as_ref().map_or(kind, Value::span);
    text[param.name.span.to(end).range()].to_owned()
}

/// Names that stand as `prompt:` or `system:`, at any depth, each once.
fn in_block(block: &Block, sent: &mut Vec<String>) {
    for entry in &block.entries {
        match entry {
            Entry::Option(setting) if ["prompt", "system"].contains(&setting.name.text.as_str()) => {
                collect_name(&setting.value, sent);
            }
            Entry::Step(step) => in_rhs(&step.rhs, sent),
            Entry::Arm(arm) => in_rhs(&arm.rhs, sent),
            _ => (),
        }
    }
}

fn in_rhs(rhs: &Rhs, sent: &mut Vec<String>) {
    rhs.alts.iter().filter_map(|Alt { block, .. }| block.as_ref()).for_each(|block| in_block(block, sent));
}

fn collect_name(value: &Value, sent: &mut Vec<String>) {
    if let Value::Name(member) = value
        && !sent.contains(&member.path.head.text)
    {
        sent.push(member.path.head.text.clone());
    }
}
