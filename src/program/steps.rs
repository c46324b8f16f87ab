//! The steps of one body in one cell: an ensemble, a technique, a round. Names and alternatives.

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{self, Member as Named, Name, Setting, Verb as Written};
use crate::template::{Expression, Fence, Kind as Sort};

use super::block::Body;
use super::options::Place;
use super::roles::Judge;
use super::scope::{Scope, Shape, Shapes};
use super::settings::Inherited;
use super::{Alt, Kind, Step, Use, Verb, errors, graph, inline, names, typing};

/// The state of checking one body.
pub struct Steps<'j, 'b, 'a> {
    pub judge: &'j mut Judge<'b>,
    /// Innermost last.
    pub scopes: Vec<Scope<'a>>,
    /// Options of the layers and of the blocks around, nearest last.
    pub inherited: Vec<Inherited<'a>>,
    /// What the alternative being checked names itself.
    pub uses: Vec<Use>,
    /// What it or a step inside it mentions.
    pub mentions: Vec<String>,
}

/// Checks all steps; `None` if any is wrong.
pub fn check<'a>(
    judge: &mut Judge<'_>,
    owner: &Name,
    scope: Scope<'a>,
    inherited: &[Inherited<'a>],
) -> Option<Vec<Step>> {
    let missing_before = judge.missing.len();
    let written = scope.steps.clone();
    let mut checker = Steps::new(judge, inherited);
    checker.push(scope);
    let checked: Vec<Option<Step>> = written.iter().map(|step| checker.step(step)).collect();
    checker.judge_reply(&written, &checked);
    graph::judge(owner, &written, &checked, judge.partial, &mut judge.diagnostics);
    let fine = !judge.diagnostics.iter().any(Diagnostic::is_error) && judge.missing.len() == missing_before;
    let checked: Option<Vec<Step>> = checked.into_iter().collect();
    checked.filter(|_| fine)
}

/// The one step of `ensemble NAME = TECHNIQUE(args)`.
pub fn made_of<'a>(
    judge: &mut Judge<'_>,
    member: &'a Named,
    inherited: &[Inherited<'a>],
) -> Option<Vec<Step>> {
    let missing_before = judge.missing.len();
    let mut checker = Steps::new(judge, inherited);
    let several = checker
        .judge
        .tables
        .techniques
        .get(&member.path.head.text)
        .is_some_and(|technique| inline::gives_several(checker.judge.tables, technique));
    if several {
        checker.complain(errors::reply_is_a_list(member.span));
    }
    let unit = checker.inline(member, &Body::default());
    let reply = unit.map(|unit| inline::reply(&mut checker, unit, member.span));
    let fine = !judge.diagnostics.iter().any(Diagnostic::is_error) && judge.missing.len() == missing_before;
    reply.filter(|_| fine).map(|reply| vec![reply])
}

// === impl Steps ===

impl<'j, 'b, 'a> Steps<'j, 'b, 'a> {
    fn new(judge: &'j mut Judge<'b>, inherited: &[Inherited<'a>]) -> Self {
        Self {
            judge,
            scopes: Vec::new(),
            inherited: inherited.to_vec(),
            uses: Vec::new(),
            mentions: Vec::new(),
        }
    }

    /// Enters a block; its names are judged.
    pub fn push(&mut self, scope: Scope<'a>) {
        self.judge_names(&scope);
        self.scopes.push(scope);
        self.judge.steps = self.names();
    }

    pub fn pop(&mut self) {
        self.scopes.pop();
        self.judge.steps = self.names();
    }

    pub fn complain(&mut self, diagnostic: Diagnostic) {
        self.judge.diagnostics.push(diagnostic);
    }

    /// Every name in scope that holds answers or an item.
    pub fn names(&self) -> Vec<String> {
        let names = self.scopes.iter().flat_map(|scope| {
            let steps = scope.steps.iter().map(|step| step.name.text.clone());
            steps.chain(scope.vars.iter().map(|(name, _)| name.clone()))
        });
        names.collect()
    }

    /// What the name in scope gives; `None` if there is none.
    pub fn shape(&self, name: &str) -> Option<Shape> {
        Shapes { tables: self.judge.tables, scopes: &self.scopes }.of(name)
    }

    pub fn shape_of(&self, rhs: &ast::Rhs) -> Shape {
        Shapes { tables: self.judge.tables, scopes: &self.scopes }.of_rhs(rhs)
    }

    pub fn kind_of(&self, name: &str) -> Option<Kind> {
        self.shape(name).map(|shape| shape.kind())
    }

    /// Whether what a name gives cannot be told: no complaint about how it is used.
    pub fn is_unclear(&self, name: &str) -> bool {
        matches!(self.shape(name), Some(Shape::Unclear | Shape::Value(_)))
    }

    /// Enters a name as used by the alternative being checked.
    pub fn mention(&mut self, name: &str) {
        self.mention_quietly(name);
        if self.shape(name).is_some() && !self.uses.iter().any(|used| used.name == name) {
            self.uses.push(Use { name: name.to_owned(), printed: false });
        }
    }

    /// Enters it as mentioned only: it is needed when that place is reached.
    pub fn mention_quietly(&mut self, name: &str) {
        if self.shape(name).is_some() && !self.mentions.iter().any(|known| known == name) {
            self.mentions.push(name.to_owned());
        }
    }

    /// Runs `check` without entering what it names as used.
    pub fn quietly<T>(&mut self, check: impl FnOnce(&mut Self) -> T) -> T {
        let uses = self.uses.clone();
        let result = check(self);
        self.uses = uses;
        result
    }

    /// The same, and gives what it names by itself.
    pub fn apart<T>(&mut self, check: impl FnOnce(&mut Self) -> T) -> (T, Vec<Use>) {
        let uses = std::mem::take(&mut self.uses);
        let result = check(self);
        (result, std::mem::replace(&mut self.uses, uses))
    }

    fn judge_names(&mut self, scope: &Scope<'a>) {
        for (index, step) in scope.steps.iter().enumerate() {
            let name = &step.name;
            if let Some(why) = names::why_not(&name.text) {
                self.complain(errors::not_a_name(name, why));
            } else if !names::is_snake(&name.text) {
                self.complain(errors::wrong_form("a step", name, "snake_case"));
            }
            let twice = scope.steps[..index].iter().find(|first| first.name.text == name.text);
            if scope.rebinds == Some(&name.text) {
                continue;
            }
            if let Some(first) = twice {
                self.complain(errors::defined_twice("step", &name.text, name.span, first.name.span));
            } else {
                self.judge_hiding("step", name);
            }
        }
    }

    /// Reports a new name that something around it has already.
    pub fn judge_hiding(&mut self, this: &str, name: &Name) {
        let outer =
            self.scopes.iter().flat_map(|scope| &scope.steps).find(|step| step.name.text == name.text);
        let hidden = if let Some(step) = outer {
            Some(("step", step.name.span))
        } else if let Some(filled) = self.judge.roles.get(&name.text) {
            Some(("role", filled.span))
        } else {
            self.judge.tables.models.get(&name.text).map(|model| ("model", model.span))
        };
        if let Some((what, span)) = hidden {
            self.complain(errors::hides(this, name, what, span));
        }
    }

    pub fn step(&mut self, step: &'a ast::Step) -> Option<Step> {
        let alts = self.alternatives(&step.rhs)?;
        let kind = self.shape_of(&step.rhs).kind();
        Some(Step {
            name: step.name.text.clone(),
            doc: super::collect::doc_text(step.doc.as_ref()),
            span: step.name.span,
            kind,
            alts,
        })
    }

    /// A right-hand side: the alternatives in order.
    pub fn alternatives(&mut self, rhs: &'a ast::Rhs) -> Option<Vec<Alt>> {
        let mut alts = Vec::new();
        let mut ask_before: Option<Body<'a>> = None;
        let mut declared: Option<&'a Setting> = None;
        for alt in &rhs.alts {
            let mut body = self.body(alt);
            if matches!(alt.verb, Written::Ask { .. }) {
                match (&alt.block, &ask_before) {
                    // Not its `skip when`: that would skip the very step that stands in for a skipped one.
                    (None, Some(before)) => body = Body { skip_when: None, ..before.clone() },
                    _ => ask_before = Some(body.clone()),
                }
            }
            let returns = body.options.iter().copied().find(|option| option.name.text == "returns");
            match (alts.is_empty(), returns) {
                (true, _) => declared = returns,
                // What stands in for an answer with a value is asked for the same.
                (false, None) if typing::asks(&alt.verb) => body.options.extend(declared),
                _ => (),
            }
            alts.push(self.alt(alt, &body));
        }
        let alts: Vec<Alt> = alts.into_iter().collect::<Option<_>>()?;
        self.judge_fallbacks(rhs, &alts);
        Some(alts)
    }

    /// `reply` is one answer that is always there.
    fn judge_reply(&mut self, written: &[&'a ast::Step], checked: &[Option<Step>]) {
        let found = written.iter().zip(checked).find(|(step, _)| step.name.text == "reply");
        let Some((step, Some(reply))) = found else { return };
        // A technique's reply may be several answers: its user takes them as such.
        if reply.kind == Kind::Answers && self.judge.is_ensemble() {
            self.complain(errors::reply_is_a_list(step.name.span));
        }
        if reply.alts.last().is_some_and(|alt| alt.skip_when.is_some()) {
            self.complain(errors::reply_may_be_missing(step.name.span));
        }
    }

    /// A step of one answer has no list as its fallback; a text that a typed step falls back to is one of the declared
    /// choices.
    fn judge_fallbacks(&mut self, rhs: &ast::Rhs, alts: &[Alt]) {
        let gives_one = rhs.alts.len() > 1 && self.shape_of(rhs).kind() == Kind::Answer;
        for written in rhs.alts.iter().skip(1) {
            let one = ast::Rhs { alts: vec![written.clone()], span: written.span };
            if gives_one && self.shape_of(&one).kind() == Kind::Answers {
                self.complain(
                    errors::wrong_kind(
                        written.verb_span,
                        "one answer, like what it stands in for",
                        "a list of answers",
                    )
                    .help("merge them, pick one, vote, or take `first(…)`"),
                );
            }
        }
        let Some(returns) = alts[0].verb.returns() else { return };
        for (alt, written) in alts.iter().zip(&rhs.alts).skip(1) {
            if let (Verb::Text(template), Written::Text { template: text }) = (&alt.verb, &written.verb) {
                let wrong = typing::judge_stand_in(returns, text, template);
                self.judge.diagnostics.extend(wrong);
            }
        }
    }

    fn alt(&mut self, alt: &'a ast::Alt, body: &Body<'a>) -> Option<Alt> {
        // An alternative inside another one: what it mentions, the outer one mentions, too.
        let (uses, mentions) = (std::mem::take(&mut self.uses), std::mem::take(&mut self.mentions));
        let skip_when = body.skip_when.and_then(|expr| self.condition(expr, &[]));
        // What only the condition names may have failed: the condition can ask.
        self.uses.iter_mut().for_each(|used| used.printed = false);
        let calls = !matches!(alt.verb, Written::Plain { .. });
        let accept_when = body.accept_when.filter(|_| !calls).and_then(|expr| {
            let (condition, uses) = self.apart(|this| this.condition(expr, &[this.it_of(alt)]));
            uses.iter().for_each(|used| self.mention(&used.name));
            condition
        });
        let verb = self.verb(alt, body);
        let own = std::mem::replace(&mut self.mentions, mentions);
        let inner = self.own_names(&own);
        own.iter().for_each(|name| self.mention_quietly(name));
        let uses = std::mem::replace(&mut self.uses, uses);
        Some(Alt { span: alt.span, verb: verb?, skip_when, accept_when, uses, mentions: inner })
    }

    /// Those of `mentioned` that are in scope here: names of a block that was left are not.
    fn own_names(&self, mentioned: &[String]) -> Vec<String> {
        mentioned.iter().filter(|name| self.shape(name).is_some()).cloned().collect()
    }

    /// An alternative without options.
    pub fn finish(&mut self, span: Span, verb: Verb) -> Alt {
        let (uses, mentions) = (std::mem::take(&mut self.uses), std::mem::take(&mut self.mentions));
        Alt { span, verb, skip_when: None, accept_when: None, uses, mentions }
    }

    fn verb(&mut self, alt: &'a ast::Alt, body: &Body<'a>) -> Option<Verb> {
        match &alt.verb {
            Written::Ask { model } => self.ask(model, body),
            Written::Parallel { list } => self.parallel(list, body),
            Written::Sample { count, of } => self.sample(count, of, body),
            Written::Merge { list, by } => self.merge(list, by, body),
            Written::Pick { count, list, by } => self.pick(count.as_ref(), list, by.as_ref(), body),
            Written::Score { list, by } => self.score(list, by, body),
            Written::Vote { list } => self.vote(list, body),
            Written::Text { template } => {
                self.judge_options(Place::Text, body);
                let template = self.unfenced(template, &[])?;
                Some(Verb::Text(template))
            }
            Written::Plain { value } => self.plain(value, body),
            Written::Group => self.named_group(alt, body),
            Written::Over { list, prev } => self.over(list, prev, body),
            Written::ForEach { name, items, most } => self.for_each(alt, name, items, most, body),
            Written::Route { by } => self.route(alt, by.as_ref(), body),
            Written::Cascade { list, by } => self.cascade(alt, list, by.as_ref(), body),
            Written::Race { list } => self.race(list, body),
            Written::Repeat { name, most } => self.repeat(alt, name, most, body),
            Written::Bad(_) => None,
        }
    }

    /// Compiles a condition. `extra` are names that only it may use.
    pub fn condition(&mut self, expr: &ast::Expr, extra: &[(String, Sort)]) -> Option<Expression> {
        let visible = self.visible(extra);
        let (expression, mentions) =
            self.judge.tables.templates.expression(expr, &visible, &mut self.judge.diagnostics)?;
        self.mention_all(&mentions);
        Some(expression)
    }

    /// Enters what a template prints.
    pub fn mention_all(&mut self, mentions: &[crate::template::Mention]) {
        for mention in mentions {
            self.mention(&mention.name);
            if let Some(used) = self.uses.iter_mut().find(|used| used.name == mention.name) {
                used.printed = true;
            }
        }
    }

    /// A template that prints what it names unfenced; what it prints is entered. It may also name `extra`.
    pub fn unfenced(
        &mut self,
        text: &ast::Text,
        extra: &[(String, Sort)],
    ) -> Option<crate::template::Template> {
        let visible = self.visible(extra);
        let (template, mentions) =
            self.judge.tables.templates.template(text, Fence::Off, &visible, &mut self.judge.diagnostics)?;
        self.mention_all(&mentions);
        Some(template)
    }

    /// Everything that a template here may name.
    pub fn visible(&self, extra: &[(String, Sort)]) -> Vec<(String, Sort)> {
        let mut visible: Vec<(String, Sort)> = extra.to_vec();
        for name in self.names() {
            let sort = self.shape(&name).map_or(Sort::Any, |shape| shape.sort());
            let sort = self.with_values(&name, sort);
            visible.push((name, sort));
        }
        visible.extend(self.judge.roles.iter().map(|(name, filled)| (name.clone(), filled.role.kind())));
        visible.push(("request".to_owned(), Sort::Request));
        visible.push(("elapsed".to_owned(), Sort::Number));
        visible
    }
}
