//! The items of a file.

use super::ast::{
    Block, Defaults, Doc, Ensemble, EnsembleBody, Item, Member, Name, Param, Prompt, Technique, Test, Text,
    TextForm, Titled, Value,
};
use super::docs::Pending;
use super::errors;
use super::grammar::{Pair, Parts, Rule, parts};
use super::mistakes::Outside;
use super::reader::Reader;
use super::values::Once;
use crate::source::Span;

/// Gives the item its documentation.
type Build = fn(Titled) -> Item;

impl Reader<'_> {
    pub fn file(&mut self, parts: Parts<'_>) -> Vec<Item> {
        let mut items = Vec::new();
        let mut docs = Pending::default();
        let mut outside = Outside::default();
        for part in parts {
            match part.as_rule() {
                Rule::EOI => {}
                Rule::doc => docs.put(self, part),
                Rule::loose | Rule::stray_close | Rule::comma | Rule::bad_item => {
                    match outside.is_reported() {
                        true => _ = docs.take(),
                        false => docs.drop_unused(self),
                    }
                    items.extend(self.outside(part, &mut outside).map(Item::Bad));
                }
                _ => {
                    outside = self.after_item(&part);
                    let item = self.item(part, docs.take());
                    items.push(item);
                }
            }
        }
        docs.drop_unused(self);
        items
    }

    /// What a line would mean that follows the item outside of every block.
    fn after_item(&self, item: &Pair<'_>) -> Outside {
        let part = |rule| item.clone().into_inner().find(|inner| inner.as_rule() == rule);
        match part(Rule::block).map(|block| self.span(&block)) {
            Some(block) => Outside::after(Span { start: block.end.saturating_sub(1), ..block }),
            None if item.as_rule() == Rule::prompt || part(Rule::made_of).is_some() => Outside::default(),
            None => Outside::without_block(),
        }
    }

    fn item(&mut self, pair: Pair<'_>, doc: Option<Doc>) -> Item {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let mut parts = parts(pair);
        if rule == Rule::unknown_item {
            return self.unknown_item(&mut parts, doc, span);
        }
        let keyword = parts.next().map_or(span, |word| self.span(&word));
        self.known_item(rule, &mut parts, doc, keyword, span)
    }

    /// The item of `rule`, from what stands after its keyword.
    pub fn known_item(
        &mut self,
        rule: Rule,
        parts: &mut Parts<'_>,
        doc: Option<Doc>,
        keyword: Span,
        span: Span,
    ) -> Item {
        match rule {
            Rule::model => self.titled(parts, doc, "model", keyword, span, Item::Model),
            Rule::tier => self.titled(parts, doc, "tier", keyword, span, Item::Tier),
            Rule::profile => self.titled(parts, doc, "profile", keyword, span, Item::Profile),
            Rule::defaults => {
                let block = self.item_block(parts, "defaults", span);
                Item::Defaults(Defaults { doc, block, span })
            }
            Rule::prompt => self.prompt(parts, doc, keyword, span),
            Rule::technique => self.technique(parts, doc, keyword, span),
            Rule::test => self.test(parts, doc, keyword, span),
            _ => self.ensemble(parts, doc, keyword, span),
        }
    }

    fn titled(
        &mut self,
        parts: &mut Parts<'_>,
        doc: Option<Doc>,
        word: &str,
        keyword: Span,
        span: Span,
        build: Build,
    ) -> Item {
        let name = self.title(parts, word, keyword);
        let block = self.item_block(parts, word, span);
        build(Titled { doc, name, block, span })
    }

    fn prompt(&mut self, parts: &mut Parts<'_>, doc: Option<Doc>, keyword: Span, span: Span) -> Item {
        let name = self.title(parts, "prompt", keyword);
        let params = self.maybe_params(parts);
        if let Some(sign) = parts.eat(Rule::wrong_sign) {
            let at = self.span(&sign);
            self.report(errors::needless(at, sign.as_str(), "the text of a prompt follows its name"));
        }
        let body = match parts.eat_any(&[Rule::templ, Rule::string, Rule::list]) {
            Some(body) => self.value(body),
            None => {
                if parts.peek().is_none() {
                    let help = format!("write `prompt {}() \"\"\"…\"\"\"`", name.text);
                    self.report(errors::missing(self.after(span), "this prompt has no text", help));
                }
                Value::Bad(self.after(span))
            }
        };
        self.tail(parts);
        Item::Prompt(Prompt { doc, name, params, body, span })
    }

    fn technique(&mut self, parts: &mut Parts<'_>, doc: Option<Doc>, keyword: Span, span: Span) -> Item {
        let name = self.title(parts, "technique", keyword);
        let params = self.maybe_params(parts);
        let block = self.item_block(parts, "technique", span);
        Item::Technique(Technique { doc, name, params, block, span })
    }

    fn ensemble(&mut self, parts: &mut Parts<'_>, doc: Option<Doc>, keyword: Span, span: Span) -> Item {
        let name = self.title(parts, "ensemble", keyword);
        let clause = parts.eat(Rule::at_clause);
        let cells = clause.map_or_else(Vec::new, |clause| self.cells(clause));
        let body = match parts.eat(Rule::made_of) {
            Some(made_of) => {
                let body = self.made_of(made_of);
                self.tail(parts);
                body
            }
            None => EnsembleBody::Steps(self.item_block(parts, "ensemble", span)),
        };
        Item::Ensemble(Ensemble { doc, name, cells, body, span })
    }

    /// `= TECHNIQUE(args) { options }`
    fn made_of(&mut self, pair: Pair<'_>) -> EnsembleBody {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        let member: Option<Member> = parts.eat(Rule::member).map(|member| self.member(member));
        let lost = parts.peek() == Some(Rule::excess);
        let excess = parts.eat(Rule::excess);
        self.leftover(excess);
        let block = parts.eat(Rule::block).map(|block| self.block(block));
        match (member, block) {
            (Some(member), block) => EnsembleBody::Technique { member, block },
            (None, Some(block)) => {
                let sign = Span { end: span.start + 1, ..span };
                self.report(errors::needless(sign, "=", "the block follows the name"));
                EnsembleBody::Steps(block)
            }
            (None, None) => {
                if !lost {
                    let message = "a technique is missing after `=`";
                    self.report(errors::missing(
                        self.after(span),
                        message,
                        "for example `= moa(panel: [a, b])`",
                    ));
                }
                EnsembleBody::Steps(self.bad_block(span))
            }
        }
    }

    fn test(&mut self, parts: &mut Parts<'_>, doc: Option<Doc>, keyword: Span, span: Span) -> Item {
        let title = parts.eat_any(&[Rule::string, Rule::templ]).map(|title| self.text(title));
        let title = match title {
            Some(title) => title,
            None => {
                // `test foo {`: the word is what the excess holds.
                let excess = parts.eat(Rule::excess);
                let at = excess.as_ref().map_or(self.after(keyword), |excess| self.span(excess));
                let value = excess.map_or(String::new(), |excess| excess.as_str().trim().to_owned());
                self.report(errors::untitled_test(at, &value));
                Text { form: TextForm::Plain, value, span: at, runs: Vec::new() }
            }
        };
        let block = self.item_block(parts, "test", span);
        Item::Test(Test { doc, title, block, span })
    }

    // === Parts that several items have ===

    /// The name after an item's keyword. If there is none, that is reported.
    fn title(&mut self, parts: &mut Parts<'_>, word: &str, keyword: Span) -> Name {
        match parts.eat_any(&[Rule::title, Rule::quoted]) {
            Some(title) if title.as_rule() == Rule::quoted => self.quoted_name(title).path.head,
            Some(title) => self.name(&title),
            None => {
                let at = self.after(keyword);
                self.report(errors::missing(
                    at,
                    format!("this {word} has no name"),
                    format!("write `{word} NAME …`"),
                ));
                self.no_name(at)
            }
        }
    }

    /// The block of an item, and what is wrong around it. If there is none, that is reported.
    fn item_block(&mut self, parts: &mut Parts<'_>, word: &str, span: Span) -> Block {
        let excess = parts.eat(Rule::excess);
        let lost = excess.is_some();
        if let Some(excess) = excess {
            self.before_block(excess);
        }
        let block = parts.eat(Rule::block).map(|block| self.block(block));
        self.tail(parts);
        block.unwrap_or_else(|| {
            let at = self.after(span);
            if !lost {
                let message = format!("this {word} has no block");
                self.report(errors::missing(at, message, "write `{ … }` on the same line"));
            }
            self.bad_block(at)
        })
    }

    fn maybe_params(&mut self, parts: &mut Parts<'_>) -> Vec<Param> {
        parts.eat(Rule::params).map_or_else(Vec::new, |params| self.params(params))
    }

    fn params(&mut self, pair: Pair<'_>) -> Vec<Param> {
        let mut params: Vec<Param> = Vec::new();
        let mut mistakes = Once::default();
        for part in parts(pair) {
            match part.as_rule() {
                Rule::param => params.push(self.param(part)),
                _ => self.bad_part(part, &mut mistakes),
            }
        }
        params
    }

    fn param(&mut self, pair: Pair<'_>) -> Param {
        let span = self.span(&pair);
        let mut outer = parts(pair);
        let name = self.made_name(&mut outer, span);
        let kind = outer.eat(Rule::param_kind).map(|part| {
            let at = self.after(self.span(&part));
            match parts(part).next() {
                Some(kind) => self.name(&kind),
                None => {
                    let message = format!("`{}` has no type", name.text);
                    self.report(errors::missing(
                        at,
                        message,
                        "for example `width: int = 3`, `writer: model`",
                    ));
                    self.no_name(at)
                }
            }
        });
        let default = outer.eat(Rule::param_value).map(|part| {
            let at = self.after(self.span(&part));
            match parts(part).next() {
                Some(value) => self.value(value),
                None => {
                    let message = format!("`{}` has no default after `=`", name.text);
                    self.report(errors::missing(at, message, "for example `width: int = 3`"));
                    Value::Bad(at)
                }
            }
        });
        Param { name, kind, default }
    }
}
