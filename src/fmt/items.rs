//! Items and what stands between their names and their blocks.

use super::layout::{FILE, Group, ROUND, StopKind};
use super::walk::{Inside, Line, Walk};
use crate::syntax::ast::{
    Block, Cell, Ensemble, EnsembleBody, Item, Param, Prompt, Technique, Test, Titled, Value,
};

impl<'t> Walk<'t> {
    pub fn file(&mut self, items: &'t [Item]) -> Group<'t> {
        let (rows, below) = self.rows(self.end(), items, |item| item.span().start as usize, Self::item);
        Group::new(&FILE, None, rows, below, true)
    }

    fn item(&mut self, line: &mut Line<'t>, item: &'t Item) {
        match item {
            Item::Model(titled) => self.titled(line, "model ", titled),
            Item::Tier(titled) => self.titled(line, "tier ", titled),
            Item::Profile(titled) => self.titled(line, "profile ", titled),
            Item::Defaults(defaults) => {
                line.put("defaults");
                self.item_block(line, &defaults.block);
            }
            Item::Prompt(prompt) => self.prompt(line, prompt),
            Item::Technique(technique) => self.technique(line, technique),
            Item::Ensemble(ensemble) => self.ensemble(line, ensemble),
            Item::Test(test) => self.test(line, test),
            Item::Bad(span) => self.copy(line, *span),
        }
    }

    fn titled(&mut self, line: &mut Line<'t>, word: &'static str, titled: &'t Titled) {
        line.put(word);
        self.copy(line, titled.name.span);
        self.item_block(line, &titled.block);
    }

    fn prompt(&mut self, line: &mut Line<'t>, prompt: &'t Prompt) {
        line.put("prompt ");
        self.copy(line, prompt.name.span);
        self.params(line, &prompt.params);
        let body = prompt.body.span().start as usize;
        match &prompt.body {
            Value::List(_) => line.put(" "),
            // Comments may stand before it. The line that was written there is not kept.
            _ => self.turn(line, self.at(), body),
        }
        self.value(line, &prompt.body);
    }

    fn technique(&mut self, line: &mut Line<'t>, technique: &'t Technique) {
        line.put("technique ");
        self.copy(line, technique.name.span);
        self.params(line, &technique.params);
        self.item_block(line, &technique.block);
    }

    fn ensemble(&mut self, line: &mut Line<'t>, ensemble: &'t Ensemble) {
        line.put("ensemble ");
        self.copy(line, ensemble.name.span);
        self.cells(line, &ensemble.cells);
        match &ensemble.body {
            EnsembleBody::Steps(block) => self.item_block(line, block),
            EnsembleBody::Technique { member, block } => {
                line.put(" = ");
                self.member(line, member);
                if let Some(block) = block {
                    self.item_block(line, block);
                }
            }
        }
    }

    fn test(&mut self, line: &mut Line<'t>, test: &'t Test) {
        line.put("test ");
        self.quoted(line, &test.title);
        self.item_block(line, &test.block);
    }

    fn item_block(&mut self, line: &mut Line<'t>, block: &'t Block) {
        line.put(" ");
        self.stop(line, StopKind::Brace, block.span.start as usize);
        self.block(line, block);
    }

    fn cells(&mut self, line: &mut Line<'t>, cells: &'t [Cell]) {
        for (index, cell) in cells.iter().enumerate() {
            line.put(if index == 0 { " at " } else { ", " });
            self.stray(line, cell.span.start as usize);
            self.copy(line, cell.span);
        }
    }

    /// Written as they were: round brackets without anything between them may be missing.
    fn params(&mut self, line: &mut Line<'t>, params: &'t [Param]) {
        if !self.follows(self.at(), '(') {
            return;
        }
        let open = self.next_sign(self.at()) + 1;
        let close = self.next_sign(params.last().map_or(open, end));
        let inside = Inside { open, close };
        let group = self.list(
            &ROUND,
            inside,
            params,
            |param| param.name.span.start as usize,
            |walk, line, param| {
                walk.copy(line, param.name.span);
                if let Some(kind) = &param.kind {
                    line.put(": ");
                    walk.copy(line, kind.span);
                }
                if let Some(default) = &param.default {
                    line.put(" = ");
                    walk.value(line, default);
                }
            },
        );
        line.group(group);
    }
}

fn end(param: &Param) -> usize {
    let kind = param.kind.as_ref().map(|kind| kind.span);
    let default = param.default.as_ref().map(Value::span);
    default.or(kind).unwrap_or(param.name.span).end as usize
}
