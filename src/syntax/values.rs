//! Values: quantities, names with arguments and cells, lists, maps. Units and names are judged later.

use super::ast::{Access, Arg, Cell, Count, List, Map, Member, Name, Path, Quantity, Value};
use super::errors;
use super::grammar::{Pair, Parts, Rule, parts};
use super::reader::Reader;

impl Reader<'_> {
    /// A `value`, or what one consists of.
    pub fn value(&mut self, pair: Pair<'_>) -> Value {
        let span = self.span(&pair);
        match pair.as_rule() {
            Rule::value | Rule::plain => match parts(pair).next() {
                Some(inner) => self.value(inner),
                None => Value::Bad(span),
            },
            Rule::price => {
                let mut quantities = parts(pair).map(|part| self.quantity(part));
                match (quantities.next(), quantities.next()) {
                    (Some(input), Some(output)) => Value::Price { input, output, span },
                    _ => Value::Bad(span),
                }
            }
            Rule::quantity => Value::Quantity(self.quantity(pair)),
            Rule::templ | Rule::string => {
                let text = self.text(pair);
                if self.is_open_text(span) { Value::Bad(span) } else { Value::Text(text) }
            }
            Rule::list => Value::List(self.list(pair)),
            Rule::map => Value::Map(self.map(pair)),
            Rule::named => self.named(pair),
            Rule::member | Rule::quoted => Value::Name(self.member(pair)),
            Rule::single => Value::Text(self.single_quoted(pair)),
            _ => Value::Bad(span),
        }
    }

    /// `a`, `b after 2s`, `one_of [a, b]`, `last 4`.
    fn named(&mut self, pair: Pair<'_>) -> Value {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        let Some(member) = parts.eat(Rule::member) else { return Value::Bad(span) };
        let word = self.member(member);
        match parts.next() {
            None => Value::Name(word),
            Some(after) if after.as_rule() == Rule::after => match self.wait(after) {
                Some(wait) => Value::After { member: word, wait, span },
                None => Value::Bad(span),
            },
            Some(payload) => Value::Tagged { word, payload: Box::new(self.value(payload)), span },
        }
    }

    /// `after 2s`. The time that is missing is reported.
    pub fn wait(&mut self, pair: Pair<'_>) -> Option<Quantity> {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        parts.eat(Rule::kw_after);
        let wait = parts.eat(Rule::quantity).map(|pair| self.quantity(pair));
        if wait.is_none() {
            self.report(errors::missing(self.after(span), "`after` needs a time", "for example `after 2s`"));
        }
        wait
    }

    pub fn quantity(&mut self, pair: Pair<'_>) -> Quantity {
        let span = self.span(&pair);
        let (mut minus, mut dollar, mut digits, mut unit) = (false, false, String::new(), String::new());
        for part in parts(pair) {
            match part.as_rule() {
                Rule::minus => minus = true,
                Rule::dollar => dollar = true,
                Rule::unit => unit = part.as_str().to_owned(),
                _ => digits = part.as_str().chars().filter(|c| *c != '_').collect(),
            }
        }
        let size: f64 = digits.parse().unwrap_or(f64::MAX);
        let number = if minus { -size } else { size };
        Quantity { number, whole: !digits.contains('.'), dollar, unit, span }
    }

    pub fn list(&mut self, pair: Pair<'_>) -> List {
        let span = self.span(&pair);
        let mut items: Vec<Value> = Vec::new();
        let mut mistakes = Once::default();
        for part in parts(pair) {
            match part.as_rule() {
                Rule::value => items.push(self.value(part)),
                _ => {
                    let at = self.span(&part);
                    self.bad_part(part, &mut mistakes);
                    items.push(Value::Bad(at));
                }
            }
        }
        List { items, span }
    }

    pub fn map(&mut self, pair: Pair<'_>) -> Map {
        let span = self.span(&pair);
        let mut pairs: Vec<(Name, Value)> = Vec::new();
        let mut mistakes = Once::default();
        for part in parts(pair) {
            match part.as_rule() {
                Rule::pair => pairs.push(self.pair(part)),
                _ => self.bad_part(part, &mut mistakes),
            }
        }
        Map { pairs, span }
    }

    fn pair(&mut self, pair: Pair<'_>) -> (Name, Value) {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        let name = match parts.next() {
            Some(key) if key.as_rule() == Rule::string => {
                let text = self.text(key);
                Name { text: text.value, span: text.span }
            }
            Some(key) => self.name(&key),
            None => self.no_name(span),
        };
        let value = self.value_after_sign(&mut parts, &name);
        (name, value)
    }

    /// The value of `name:`. If there is none, that is reported.
    pub fn value_after_sign(&mut self, parts: &mut Parts<'_>, name: &Name) -> Value {
        match parts.eat(Rule::value) {
            Some(value) => self.value(value),
            None => {
                self.report(errors::missing(
                    self.after(name.span),
                    format!("`{}` has no value", name.text),
                    format!("write it on the same line: `{}: …`", name.text),
                ));
                Value::Bad(self.after(name.span))
            }
        }
    }

    pub fn member(&mut self, pair: Pair<'_>) -> Member {
        if pair.as_rule() == Rule::quoted {
            return self.quoted_name(pair);
        }
        let span = self.span(&pair);
        let mut member = Member {
            path: Path { head: self.no_name(span), tail: Vec::new(), span },
            args: None,
            cell: None,
            span,
        };
        for part in parts(pair) {
            match part.as_rule() {
                Rule::path => member.path = self.path(part),
                Rule::args => member.args = Some(self.args(part)),
                _ => member.cell = Some(self.at_cell(part)),
            }
        }
        member
    }

    pub fn path(&mut self, pair: Pair<'_>) -> Path {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        let head = parts.eat(Rule::head).map_or_else(|| self.no_name(span), |head| self.name(&head));
        let tail = parts
            .map(|part| match part.as_rule() {
                Rule::field => Access::Field(self.name(&part)),
                _ => {
                    let beyond = if part.as_str().starts_with('-') { i64::MIN } else { i64::MAX };
                    Access::Index { index: part.as_str().parse().unwrap_or(beyond), span: self.span(&part) }
                }
            })
            .collect();
        Path { head, tail, span }
    }

    pub fn args(&mut self, pair: Pair<'_>) -> Vec<Arg> {
        let mut args: Vec<Arg> = Vec::new();
        let mut mistakes = Once::default();
        for part in parts(pair) {
            match part.as_rule() {
                Rule::arg => args.push(self.arg(part)),
                _ => self.bad_part(part, &mut mistakes),
            }
        }
        args
    }

    fn arg(&mut self, pair: Pair<'_>) -> Arg {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        match parts.eat(Rule::name) {
            Some(name) => {
                let name = self.name(&name);
                let value = self.value_after_sign(&mut parts, &name);
                Arg { name: Some(name), value, span }
            }
            None => {
                let value = parts.eat(Rule::value).map_or(Value::Bad(span), |value| self.value(value));
                Arg { name: None, value, span }
            }
        }
    }

    /// `@high-l`
    fn at_cell(&mut self, pair: Pair<'_>) -> Cell {
        let span = self.span(&pair);
        match parts(pair).next() {
            Some(cell) => self.cell(cell),
            None => {
                self.report(errors::missing(
                    self.after(span),
                    "`@` needs a profile, a tier or both",
                    "for example `@high`, `@high-xl`",
                ));
                Cell { words: Vec::new(), span }
            }
        }
    }

    pub fn cell(&mut self, pair: Pair<'_>) -> Cell {
        let span = self.span(&pair);
        Cell { words: parts(pair).map(|word| self.name(&word)).collect(), span }
    }

    pub fn count(&mut self, pair: Pair<'_>) -> Option<Count> {
        let part = parts(pair).next()?;
        Some(match part.as_rule() {
            Rule::quantity => Count::Number(self.quantity(part)),
            _ => Count::Name(self.path(part)),
        })
    }
}

/// One message for each list, map or argument list: what follows the first mistake in it is rarely a second one.
#[derive(Default)]
pub struct Once(bool);

impl Once {
    /// Whether this is the first time.
    pub fn first(&mut self) -> bool {
        !std::mem::replace(&mut self.0, true)
    }
}
