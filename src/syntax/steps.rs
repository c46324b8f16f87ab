//! Right-hand sides: a verb with its parts, its block, its fallbacks. A part that is missing is reported here.

use super::ast::{Alt, Count, List, Member, Rhs, Text, Value, Verb};
use super::errors;
use super::grammar::{Pair, Parts, Rule, parts};
use super::reader::Reader;
use crate::source::Span;

/// What a verb needs, as its error says it.
struct Form {
    verb: &'static str,
    example: &'static str,
}

/// Where the first part of a verb is missing, and where a later one is.
#[derive(Clone, Copy)]
struct Ends {
    word: Span,
    all: Span,
}

impl Reader<'_> {
    pub fn rhs(&mut self, pair: Pair<'_>) -> Rhs {
        let span = self.span(&pair);
        let mut alts = Vec::new();
        for part in parts(pair) {
            match part.as_rule() {
                Rule::alt => alts.push(self.alt(part)),
                _ => alts.push(self.else_part(part)),
            }
        }
        Rhs { alts, span }
    }

    /// What stands where a right-hand side is missing.
    pub fn bad_rhs(&self, span: Span) -> Rhs {
        Rhs { alts: vec![Alt { verb: Verb::Bad(span), block: None, verb_span: span, span }], span }
    }

    fn else_part(&mut self, pair: Pair<'_>) -> Alt {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        parts.eat(Rule::kw_else);
        match parts.eat(Rule::alt) {
            Some(alt) => self.alt(alt),
            None => {
                self.report(errors::missing(
                    span,
                    "`else` needs a step after it",
                    "for example `else ask gpt`, `else text \"\"\"…\"\"\"`",
                ));
                Alt { verb: Verb::Bad(span), block: None, verb_span: span, span }
            }
        }
    }

    fn alt(&mut self, pair: Pair<'_>) -> Alt {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        let Some(head) = parts.next() else {
            return Alt { verb: Verb::Bad(span), block: None, verb_span: span, span };
        };
        let plain = head.as_rule() == Rule::plain;
        let first = head.clone().into_inner().next();
        let verb_span =
            if plain { self.span(&head) } else { first.as_ref().map_or(span, |word| self.span(word)) };
        let word = plain.then(|| head.as_str().trim_end().to_owned());
        let mut verb = self.verb(head, verb_span);
        if let Some(excess) = parts.eat(Rule::excess) {
            verb = self.excess(verb, word.as_deref(), verb_span, excess);
        }
        let block = parts.eat(Rule::block).map(|block| self.block(block));
        self.tail(&mut parts);
        if block.is_none() {
            self.block_missing(&verb, span);
        }
        Alt { verb, block, verb_span, span }
    }

    /// Verbs that are nothing without their block.
    fn block_missing(&mut self, verb: &Verb, span: Span) {
        let form = match verb {
            Verb::ForEach { .. } => "parallel for x in xs up to 8 { … }",
            Verb::Repeat { .. } => "repeat draft up to 3 { … }",
            Verb::Route { .. } => "route by m { label \"meaning\" -> …  else -> … }",
            _ => return,
        };
        self.report(errors::missing(self.after(span), "a block is missing here", format!("write `{form}`")));
    }

    fn verb(&mut self, pair: Pair<'_>, at: Span) -> Verb {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let mut parts = parts(pair);
        if rule == Rule::plain {
            let value = parts.next().map_or(Value::Bad(span), |value| self.value(value));
            return Verb::Plain { value };
        }
        let word = parts.next().map_or(span, |word| self.span(&word));
        let ends = Ends { word: self.after(word), all: self.after(span) };
        let read = match rule {
            Rule::ask => self.ask(&mut parts, ends),
            Rule::for_each => self.for_each(&mut parts, ends),
            Rule::group => Some(Verb::Group),
            Rule::parallel => self.parallel(&mut parts, ends),
            Rule::sample => self.sample(&mut parts, ends),
            Rule::repeat => self.repeat(&mut parts, ends),
            Rule::text => self.text_verb(&mut parts, ends),
            Rule::route => self.route(&mut parts),
            Rule::pick => self.pick(&mut parts, ends),
            Rule::merge => self.merge(&mut parts, ends),
            Rule::score => self.score(&mut parts, ends),
            Rule::cascade => self.cascade(&mut parts, ends),
            Rule::vote => self.vote(&mut parts, ends),
            _ => self.race(&mut parts, ends),
        };
        read.unwrap_or(Verb::Bad(at))
    }

    fn ask(&mut self, parts: &mut Parts<'_>, ends: Ends) -> Option<Verb> {
        const FORM: Form = Form { verb: "ask", example: "ask chief" };
        let model = parts.eat_any(&[Rule::member, Rule::quoted]);
        let model = self.part(model, ends.word, "a model", &FORM)?;
        Some(Verb::Ask { model: self.member(model) })
    }

    fn parallel(&mut self, parts: &mut Parts<'_>, ends: Ends) -> Option<Verb> {
        const FORM: Form = Form { verb: "parallel", example: "parallel panel" };
        const OVER: Form = Form { verb: "over", example: "parallel panel over drafts" };
        let list = self.answers(parts, ends.word, &FORM)?;
        let Some(over) = parts.eat(Rule::over) else { return Some(Verb::Parallel { list }) };
        let end = self.after(self.span(&over));
        let mut over = super::grammar::parts(over);
        over.eat(Rule::kw_over);
        let prev = self.answers(&mut over, end, &OVER)?;
        Some(Verb::Over { list, prev })
    }

    fn for_each(&mut self, parts: &mut Parts<'_>, ends: Ends) -> Option<Verb> {
        const FORM: Form =
            Form { verb: "parallel for", example: "parallel for part in parts up to 8 { … }" };
        parts.eat(Rule::kw_for);
        let name = parts.eat(Rule::name);
        let name = self.part(name, ends.word, "a name", &FORM)?;
        let name = self.new_name(&name);
        let items = parts.eat(Rule::for_in).and_then(|part| super::grammar::parts(part).find(is_items));
        let items = self.part(items, ends.all, "`in` and what to go through", &FORM)?;
        let items = self.expr(items);
        let most = self.bound(parts, ends.all, &FORM)?;
        Some(Verb::ForEach { name, items, most })
    }

    fn sample(&mut self, parts: &mut Parts<'_>, ends: Ends) -> Option<Verb> {
        const FORM: Form = Form { verb: "sample", example: "sample 3 of chief" };
        let count = parts.eat(Rule::count);
        let count = self.part(count, ends.word, "a count", &FORM)?;
        let count = self.count(count)?;
        let of = parts.eat(Rule::of_part).and_then(|part| super::grammar::parts(part).find(is_member));
        let of = self.part(of, ends.all, "`of` and a model", &FORM)?;
        Some(Verb::Sample { count, of: self.member(of) })
    }

    fn merge(&mut self, parts: &mut Parts<'_>, ends: Ends) -> Option<Verb> {
        const FORM: Form = Form { verb: "merge", example: "merge drafts by chief" };
        let list = self.answers(parts, ends.word, &FORM)?;
        let by = self.by(parts, ends.all, "merge");
        let by = self.part(by, ends.all, "`by` and a model", &FORM)?;
        Some(Verb::Merge { list, by: self.one_model(by)? })
    }

    fn score(&mut self, parts: &mut Parts<'_>, ends: Ends) -> Option<Verb> {
        const FORM: Form = Form { verb: "score", example: "score drafts by judge" };
        let list = self.answers(parts, ends.word, &FORM)?;
        let by = self.by(parts, ends.all, "score");
        let by = self.part(by, ends.all, "`by` and a model", &FORM)?;
        Some(Verb::Score { list, by })
    }

    fn pick(&mut self, parts: &mut Parts<'_>, ends: Ends) -> Option<Verb> {
        const FORM: Form = Form { verb: "pick", example: "pick drafts by judge" };
        let count = parts.eat(Rule::count).and_then(|count| self.count(count));
        parts.eat(Rule::kw_of);
        let list = self.answers(parts, ends.word, &FORM)?;
        let by = self.by(parts, ends.all, "pick");
        let by = self.part(by, ends.all, "`by` and a model", &FORM)?;
        Some(Verb::Pick { count, list, by: Some(by) })
    }

    fn vote(&mut self, parts: &mut Parts<'_>, ends: Ends) -> Option<Verb> {
        const FORM: Form = Form { verb: "vote", example: "vote drafts" };
        let list = self.answers(parts, ends.word, &FORM)?;
        self.no_by(parts, "vote", "no model decides a vote; to let one decide, write `pick … by`");
        Some(Verb::Vote { list })
    }

    fn race(&mut self, parts: &mut Parts<'_>, ends: Ends) -> Option<Verb> {
        const FORM: Form = Form { verb: "race", example: "race [quick, slow after 2s]" };
        let list = self.answers(parts, ends.word, &FORM)?;
        self.no_by(
            parts,
            "race",
            "the first success wins a race; to let a model decide, write `cascade … by`",
        );
        Some(Verb::Race { list })
    }

    fn route(&mut self, parts: &mut Parts<'_>) -> Option<Verb> {
        let by = self.by(parts, Span::default(), "route");
        Some(Verb::Route { by: by.and_then(|by| self.one_model(by)) })
    }

    fn cascade(&mut self, parts: &mut Parts<'_>, ends: Ends) -> Option<Verb> {
        const FORM: Form =
            Form { verb: "cascade", example: "cascade [cheap, chief] by cheap { accept: 0.8 }" };
        let list = self.answers(parts, ends.word, &FORM)?;
        let by = self.by(parts, ends.all, "cascade");
        Some(Verb::Cascade { list, by: by.and_then(|by| self.one_model(by)) })
    }

    fn repeat(&mut self, parts: &mut Parts<'_>, ends: Ends) -> Option<Verb> {
        const FORM: Form = Form { verb: "repeat", example: "repeat draft up to 3 { … }" };
        let name = parts.eat(Rule::name);
        let name = self.part(name, ends.word, "the name of a step", &FORM)?;
        let name = self.new_name(&name);
        let most = self.bound(parts, ends.all, &FORM)?;
        Some(Verb::Repeat { name, most })
    }

    fn text_verb(&mut self, parts: &mut Parts<'_>, ends: Ends) -> Option<Verb> {
        const FORM: Form = Form { verb: "text", example: "text \"\"\"…\"\"\"" };
        let template = parts.eat_any(&[Rule::templ, Rule::string]);
        let template = self.part(template, ends.word, "a template", &FORM)?;
        let template: Text = self.text(template);
        (!self.is_open_text(template.span)).then_some(Verb::Text { template })
    }

    // === Parts that several verbs have ===

    /// A part that must be there. If it is not, that is reported.
    fn part<T>(&mut self, part: Option<T>, end: Span, what: &str, form: &Form) -> Option<T> {
        if part.is_none() {
            let message = format!("`{}` needs {what}", form.verb);
            self.report(errors::missing(end, message, format!("for example `{}`", form.example)));
        }
        part
    }

    fn answers(&mut self, parts: &mut Parts<'_>, end: Span, form: &Form) -> Option<Value> {
        let answers = parts.eat_any(&[Rule::list, Rule::member]);
        let answers = self.part(answers, end, "a list", form)?;
        Some(self.value(answers))
    }

    /// `by M`, or a wrong word for `by`, which is reported. `None` if there is no such part at all.
    fn by(&mut self, parts: &mut Parts<'_>, end: Span, verb: &str) -> Option<Value> {
        let part = parts.eat(Rule::by_part)?;
        let span = self.span(&part);
        let mut parts = super::grammar::parts(part);
        let word = parts.next()?;
        if word.as_rule() == Rule::mis_by {
            let at = self.span(&word);
            self.report(errors::wrong_word(
                at,
                word.as_str(),
                "by",
                format!("`{verb} … by` names the model that decides"),
            ));
        }
        match parts.next() {
            Some(model) => Some(self.value(model)),
            None => {
                let end = if end == Span::default() { self.after(span) } else { end };
                self.report(errors::missing(
                    end,
                    "`by` needs a model",
                    format!("for example `{verb} … by chief`"),
                ));
                Some(Value::Bad(span))
            }
        }
    }

    /// For verbs that take no `by`.
    fn no_by(&mut self, parts: &mut Parts<'_>, verb: &str, why: &str) {
        if let Some(part) = parts.eat(Rule::by_part) {
            let span = self.span(&part);
            self.report(errors::unwanted_by(span, verb, why));
        }
    }

    fn one_model(&mut self, value: Value) -> Option<Member> {
        match value {
            Value::Name(member) => Some(member),
            Value::List(List { span, .. }) => {
                self.report(errors::one_model(span));
                None
            }
            _ => None,
        }
    }

    /// `up to N`
    fn bound(&mut self, parts: &mut Parts<'_>, end: Span, form: &Form) -> Option<Count> {
        let up_to = parts.eat(Rule::up_to).and_then(|part| super::grammar::parts(part).find(is_count));
        let count = self.part(up_to, end, "`up to` and a number", form)?;
        self.count(count)
    }
}

fn is_items(pair: &Pair<'_>) -> bool {
    pair.as_rule() == Rule::items
}

fn is_member(pair: &Pair<'_>) -> bool {
    matches!(pair.as_rule(), Rule::member | Rule::quoted)
}

fn is_count(pair: &Pair<'_>) -> bool {
    pair.as_rule() == Rule::count
}
