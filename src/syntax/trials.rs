//! What only a test holds: `run`, turns, `mock`, `expect`.

use super::ast::{Entry, Mock, Name, Reply, ReplyWhat, Run, Text, TextForm, Turn, Value};
use super::errors;
use super::grammar::{Pair, Parts, Rule, parts};
use super::reader::Reader;
use crate::source::Span;

/// The roles of turns.
const ROLES: [&str; 3] = ["system", "user", "assistant"];

impl Reader<'_> {
    pub fn run(&mut self, pair: Pair<'_>) -> Entry {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        parts.eat(Rule::kw_run);
        let member = parts.eat(Rule::member).map(|member| self.member(member));
        let mut cells = parts.eat(Rule::run_at).map_or_else(Vec::new, |clause| self.cells(clause));
        self.tail(&mut parts);
        match member {
            Some(member) => Entry::Run(Run { member, cell: cells.pop(), span }),
            None => {
                let message = "`run` needs an ensemble or a technique";
                self.report(errors::missing(
                    self.after(span),
                    message,
                    "for example `run architect at high-xl`",
                ));
                Entry::Bad(span)
            }
        }
    }

    pub fn mock(&mut self, pair: Pair<'_>) -> Entry {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        parts.eat(Rule::kw_mock);
        let target = parts.eat(Rule::path).map(|path| self.path(path));
        let arrowed = parts.eat(Rule::replies);
        let replies = arrowed.map_or_else(Vec::new, |replies| self.replies(replies));
        let lost = parts.peek().is_some();
        self.tail(&mut parts);
        match target {
            Some(target) if !replies.is_empty() => Entry::Mock(Mock { target, replies, span }),
            _ => {
                if !lost {
                    let message = "`mock` needs a name, `->` and a reply";
                    self.report(errors::missing(
                        self.after(span),
                        message,
                        "for example `mock chief -> \"fine\"`",
                    ));
                }
                Entry::Bad(span)
            }
        }
    }

    fn replies(&mut self, pair: Pair<'_>) -> Vec<Reply> {
        let mut parts = parts(pair);
        self.arrow(&mut parts);
        parts.filter_map(|reply| self.reply(reply)).collect()
    }

    fn reply(&mut self, pair: Pair<'_>) -> Option<Reply> {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        let what = parts.next()?;
        let what = match what.as_rule() {
            Rule::fail => self.fail(what),
            Rule::tool => self.tool(what),
            _ => ReplyWhat::Text(self.text(what)),
        };
        let after = parts.eat(Rule::after).and_then(|after| self.wait(after));
        Some(Reply { what, after, span })
    }

    fn fail(&mut self, pair: Pair<'_>) -> ReplyWhat {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        parts.eat(Rule::kw_fail);
        let fault = match parts.eat_any(&[Rule::quantity, Rule::name]) {
            Some(fault) if fault.as_rule() == Rule::quantity => Value::Quantity(self.quantity(fault)),
            Some(fault) => Value::Name(self.bare(&fault)),
            None => {
                self.report(errors::missing(
                    self.after(span),
                    "`fail` needs a fault",
                    "for example `fail timeout`, `fail 503`",
                ));
                Value::Bad(span)
            }
        };
        let args = parts.eat(Rule::args).map_or_else(Vec::new, |args| self.args(args));
        ReplyWhat::Fail { fault, args }
    }

    fn tool(&mut self, pair: Pair<'_>) -> ReplyWhat {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        parts.eat(Rule::kw_tool);
        let mut next = |reader: &mut Self| parts.next().map(|text| reader.text(text));
        let (name, arguments) = (next(self), next(self));
        if arguments.is_none() {
            let help = "for example `tool \"search\" \"\"\"{\"query\": \"rust\"}\"\"\"`";
            self.report(errors::missing(
                self.after(span),
                "`tool` needs a name and its arguments as JSON",
                help,
            ));
        }
        let none = || Text { form: TextForm::Plain, value: String::new(), span, runs: Vec::new() };
        ReplyWhat::Tool { name: name.unwrap_or_else(none), arguments: arguments.unwrap_or_else(none) }
    }

    pub fn expect(&mut self, pair: Pair<'_>) -> Entry {
        let span = self.span(&pair);
        let mut parts = parts(pair);
        let keyword = parts.eat(Rule::kw_expect).map_or(span, |word| self.span(&word));
        let expr = self.needed_condition(&mut parts, keyword, "expect");
        self.tail(&mut parts);
        expr.map_or(Entry::Bad(span), Entry::Expect)
    }

    /// `user "…"`, or `prompt "…"` without its colon.
    pub fn turn_or_unsigned(&mut self, name: Name, text: Text, span: Span) -> Entry {
        if ROLES.contains(&name.text.as_str()) {
            return Entry::Turn(Turn { role: name, text, span });
        }
        let value = if self.is_open_text(text.span) { Value::Bad(text.span) } else { Value::Text(text) };
        self.missing_colon(name, value, span, &ROLES)
    }

    pub fn cells(&mut self, pair: Pair<'_>) -> Vec<super::ast::Cell> {
        let span = self.span(&pair);
        let mut parts: Parts<'_> = parts(pair);
        parts.eat(Rule::kw_at);
        let cells: Vec<_> = parts.map(|cell| self.cell(cell)).collect();
        if cells.is_empty() {
            self.report(errors::missing(
                self.after(span),
                "`at` needs cells",
                "for example `at high-xl`, `at *-m, fast-*`",
            ));
        }
        cells
    }
}
