//! Nodes that only a mistake can produce: each becomes one precise message, and as much of the tree as is certain.

use super::ast::{Doc, Entry, Item, Member, Name, Path, Setting, Step, Value, Verb};
use super::errors::{self, ENTRY_WORDS, ITEM_WORDS, VERBS};
use super::grammar::{Pair, Parts, Rule, parts};
use super::reader::Reader;
use super::values::Once;
use crate::diagnostic::suggest;
use crate::source::Span;

/// What was met outside every block since the last item: a row of lines there is one mistake.
#[derive(Default)]
pub struct Outside {
    /// Where the block of the item before ended.
    closer: Option<Span>,
    reported: bool,
}

impl Outside {
    /// `closer` is the end of the item's block.
    pub fn after(closer: Span) -> Self {
        Self { closer: Some(closer), reported: false }
    }

    /// After an item that lacks its block, which was reported: the lines that follow are what the block would hold.
    pub fn without_block() -> Self {
        Self { closer: None, reported: true }
    }

    pub fn is_reported(&self) -> bool {
        self.reported
    }
}

impl Reader<'_> {
    // === Too much on a line ===

    /// What stands after a complete construct.
    pub fn too_much(&mut self, pair: Pair<'_>) {
        if self.holds_open_text(&pair) {
            return;
        }
        let span = self.span(&pair);
        let written = pair.as_str().to_owned();
        let first = parts(pair).next();
        match first.as_ref().map(|first| (first.as_rule(), first.as_str())) {
            Some((Rule::word, "with" | "using" | "via")) => {
                self.report(errors::too_much(span, &written).help("a model that decides is named with `by`"));
            }
            Some((Rule::word, word)) if is_like_else(word) => {
                let at = Span { end: span.start + word.len() as u32, ..span };
                let help = "`else` says what happens if the step fails";
                self.report(errors::wrong_word(at, word, "else", help));
            }
            _ => self.report(errors::too_much(span, &written)),
        }
    }

    /// Whether one of the parts is a text that was closed by a guess, which has its message already.
    fn holds_open_text(&self, pair: &Pair<'_>) -> bool {
        pair.clone().into_inner().any(|part| {
            matches!(part.as_rule(), Rule::string | Rule::templ | Rule::single)
                && self.is_open_text(self.span(&part))
        })
    }

    /// What stands between the head of an item and its block.
    pub fn before_block(&mut self, pair: Pair<'_>) {
        let span = self.span(&pair);
        match pair.as_str().trim_end() {
            sign @ ("=" | ":") => self.report(errors::needless(span, sign, "the block follows the name")),
            written => match written.split_once(' ') {
                Some((word @ ("in" | "for" | "on"), _)) => {
                    let at = Span { end: span.start + word.len() as u32, ..span };
                    self.report(errors::wrong_word(at, word, "at", "`at` names the cells of an ensemble"));
                }
                _ => self.too_much(pair),
            },
        }
    }

    /// What stands between the parts of a verb and its block. After a plain word this means that the word was
    /// meant as a verb.
    pub fn excess(&mut self, verb: Verb, word: Option<&str>, at: Span, excess: Pair<'_>) -> Verb {
        let first = excess.clone().into_inner().next().map(|first| first.as_rule());
        let operand = matches!(first, Some(Rule::word | Rule::round | Rule::templ | Rule::string));
        match (&verb, word) {
            (Verb::Plain { value: Value::Name(member) }, Some(word))
                if operand && member.word().is_some() =>
            {
                self.report(errors::unknown_verb(at, word));
                Verb::Bad(at)
            }
            (Verb::Bad(_), _) => verb,
            _ => {
                self.too_much(excess);
                verb
            }
        }
    }

    /// Something in a list, a map or between round brackets that is no part of it.
    pub fn bad_part(&mut self, pair: Pair<'_>, mistakes: &mut Once) {
        let span = self.span(&pair);
        if self.holds_open_text(&pair) || !mistakes.first() {
            return;
        }
        let diagnostic = match pair.as_rule() {
            Rule::comma => errors::stray_comma(span),
            Rule::extra => errors::unseparated(span, pair.as_str()),
            _ => errors::unreadable(span, pair.as_str()),
        };
        self.report(diagnostic);
    }

    // === Lines ===

    /// `drafts: parallel panel`
    pub fn colon_step(&mut self, pair: Pair<'_>) -> Entry {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        let name = self.made_name(&mut parts, span);
        let colon = parts.eat_any(&[Rule::colon, Rule::colon_equals]);
        let colon = colon.map_or(name.span, |colon| self.span(&colon));
        self.report(errors::step_with_colon(colon, &name));
        let rhs = match parts.eat(Rule::rhs) {
            Some(rhs) => self.rhs(rhs),
            None => self.bad_rhs(span),
        };
        self.tail(&mut parts);
        Entry::Step(Step { doc: None, name, rhs, span })
    }

    /// `timeout 90s`, `drafts parallel panel`, `ask m`
    pub fn unsigned(&mut self, pair: Pair<'_>) -> Entry {
        let span = self.span(&pair);
        let written = pair.as_str().to_owned();
        let mut parts = parts(pair);
        let name = parts.eat(Rule::name).map_or_else(|| self.no_name(span), |name| self.name(&name));
        if let Some(rhs) = parts.eat(Rule::rhs) {
            self.report(errors::missing_equals(&name));
            let rhs = self.rhs(rhs);
            self.tail(&mut parts);
            return Entry::Step(Step { doc: None, name, rhs, span });
        }
        let value = parts.eat(Rule::value);
        let certain = parts.peek().is_none()
            && value.as_ref().and_then(|value| value.clone().into_inner().next()).is_some_and(|inner| {
                !matches!(inner.as_rule(), Rule::named) || inner.into_inner().count() > 1
            });
        if VERBS.contains(&name.text.as_str()) {
            self.report(errors::nameless_step(name.span, &name.text));
            return Entry::Bad(span);
        }
        if !certain {
            self.report(errors::unreadable_line(span, &written, Some(&name)));
            return Entry::Bad(span);
        }
        let value = value.map_or(Value::Bad(span), |value| self.value(value));
        self.missing_colon(name, value, span, &[])
    }

    /// `NAME VALUE`: an option without its colon, a step without its name, or a misspelt word.
    pub fn missing_colon(&mut self, name: Name, value: Value, span: Span, words: &[&'static str]) -> Entry {
        let word = name.text.as_str();
        if VERBS.contains(&word) {
            self.report(errors::nameless_step(name.span, word));
            return Entry::Bad(span);
        }
        let known = words.iter().chain(ENTRY_WORDS.iter()).copied();
        if let Some(near) = suggest::nearest(word, known) {
            self.report(errors::misspelt(&name, near));
            return Entry::Bad(span);
        }
        self.report(errors::missing_colon(&name));
        Entry::Option(Setting { name, value, span })
    }

    pub fn bad_line(&mut self, pair: Pair<'_>) -> Entry {
        let span = self.span(&pair);
        let written = pair.as_str().to_owned();
        let mut pieces = parts(pair).next().map(parts).into_iter().flatten();
        let (first, second) = (pieces.next(), pieces.next());
        if let (Some(text), Some("=" | ":")) = (&first, second.as_ref().map(Pair::as_str))
            && matches!(text.as_rule(), Rule::string | Rule::single)
        {
            let name = text.as_str().trim_matches(['"', '\'']);
            self.report(errors::quoted_name(self.span(text), name));
            return Entry::Bad(span);
        }
        let word = first.filter(|first| first.as_rule() == Rule::word).map(|word| self.name(&word));
        self.report(errors::unreadable_line(span, &written, word.as_ref()));
        Entry::Bad(span)
    }

    /// `ask "gpt"`: read as the name that stands between the quotes.
    pub fn quoted_name(&mut self, pair: Pair<'_>) -> Member {
        let span = self.span(&pair);
        let inner: Vec<Pair<'_>> = pair.into_inner().flat_map(Pair::into_inner).collect();
        let text: String = inner.iter().map(Pair::as_str).collect();
        if !self.is_open_text(span) {
            self.report(errors::quoted_name(span, &text));
        }
        let head = Name { text, span };
        Member { path: Path { head, tail: Vec::new(), span }, args: None, cell: None, span }
    }

    /// A word as a member.
    pub fn bare(&self, pair: &Pair<'_>) -> Member {
        let head = self.name(pair);
        let span = head.span;
        Member { path: Path { head, tail: Vec::new(), span }, args: None, cell: None, span }
    }

    // === Outside every block ===

    /// The place of a line that no block holds, once for a row of them.
    pub fn outside(&mut self, pair: Pair<'_>, outside: &mut Outside) -> Option<Span> {
        let span = self.span(&pair);
        if std::mem::replace(&mut outside.reported, true) {
            return None;
        }
        let written = pair.as_str().trim_end().to_owned();
        let rule = pair.as_rule();
        let word = first_word(pair).map(|word| self.name(&word));
        let diagnostic = match rule {
            Rule::stray_close => errors::stray_closer(span, &written),
            Rule::comma => errors::stray_comma(span),
            Rule::loose => errors::outside(span),
            _ => errors::unknown_item(word.as_ref().map_or(span, |word| word.span), word.as_ref(), &written),
        };
        let diagnostic = match outside.closer {
            Some(closer) if rule == Rule::loose => diagnostic.related(closer, "the block ended here"),
            _ => diagnostic,
        };
        self.report(diagnostic);
        Some(span)
    }

    /// `ensmble x { … }`: read as the item whose word is near, if one is.
    pub fn unknown_item(&mut self, parts: &mut Parts<'_>, doc: Option<Doc>, span: Span) -> Item {
        let Some(word) = parts.eat(Rule::word).map(|word| self.name(&word)) else { return Item::Bad(span) };
        self.report(errors::unknown_item(word.span, Some(&word), &word.text));
        let rule = match suggest::nearest(&word.text, ITEM_WORDS) {
            Some("model") => Rule::model,
            Some("tier") => Rule::tier,
            Some("profile") => Rule::profile,
            Some("technique") => Rule::technique,
            Some("ensemble") => Rule::ensemble,
            Some("test") => Rule::test,
            _ => return Item::Bad(span),
        };
        self.known_item(rule, parts, doc, word.span, span)
    }
}

/// Whether a word that follows a step is meant as `else`.
fn is_like_else(word: &str) -> bool {
    matches!(word, "otherwise" | "or" | "fallback" | "unless") || suggest::nearest(word, ["else"]).is_some()
}

/// The first word of a node, however deep.
fn first_word(pair: Pair<'_>) -> Option<Pair<'_>> {
    let mut node = pair;
    loop {
        if matches!(node.as_rule(), Rule::word | Rule::name) {
            return Some(node);
        }
        node = node.into_inner().next()?;
    }
}
