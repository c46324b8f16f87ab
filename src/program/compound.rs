//! The verbs that hold steps: `parallel { … }`, `over`, `for`, `route`, `cascade`, `race`, `repeat`.

use std::collections::BTreeMap;

use crate::syntax::ast::{self, Count, Entry, Member as Named, Name, Value};
use crate::template::Kind as Sort;
use crate::units::Millis;

use super::block::Body;
use super::call::{Call, CallRole, Returns};
use super::options::{self, Place};
use super::scope::{Scope, Shape};
use super::settings::Inherited;
use super::steps::Steps;
use super::values::Reader;
use super::{Arm, ArmHead, Cascade, Kind, Line, Step, Use, Verb, errors, graph};

/// The grade that is good enough where nobody says, 0–1.
const ACCEPT_BUILT_IN: f64 = 0.7;

impl<'a> Steps<'_, '_, 'a> {
    /// `parallel { a = …, b = … }`
    pub fn named_group(&mut self, alt: &'a ast::Alt, body: &Body<'a>) -> Option<Verb> {
        self.judge_options(Place::Block, body);
        let written = steps_of(alt);
        if written.is_empty() {
            self.complain(errors::empty_list(alt.span));
            return None;
        }
        let group = self.group(body, Some(written.len()));
        let depth = self.inherit(body);
        self.judge_members(&written);
        let steps: Vec<Option<Step>> = written.iter().map(|step| self.step(step)).collect();
        self.inherited.truncate(depth);
        Some(Verb::Named { steps: steps.into_iter().collect::<Option<_>>()?, group })
    }

    /// The members of a group do not see each other; their names must be new all the same.
    fn judge_members(&mut self, written: &[&'a ast::Step]) {
        self.push(Scope { steps: written.to_vec(), ..Scope::default() });
        self.pop();
    }

    /// Makes a block's options those of the calls inside it. Gives what to cut `inherited` to afterwards.
    fn inherit(&mut self, body: &Body<'a>) -> usize {
        let depth = self.inherited.len();
        let calls =
            body.options.iter().filter(|option| options::is_option_of(Place::Call, &option.name.text));
        self.inherited.extend(calls.map(|&setting| Inherited {
            setting,
            layer: "block".into(),
            is_near: true,
        }));
        depth
    }

    /// `parallel LIST over PREV`
    pub fn over(&mut self, list: &'a Value, prev: &'a Value, body: &Body<'a>) -> Option<Verb> {
        self.judge_options(Place::Group, body);
        let prev = self.answers(prev, "over");
        let vars = vec![("mine".to_owned(), Sort::Answer), ("others".to_owned(), Sort::Answers(Vec::new()))];
        self.scopes.push(Scope { vars, ..Scope::default() });
        let call = self.call(CallRole::Plain, body);
        self.pop();
        // Each call has its own: the group knows nothing of them.
        let (sees, uses): (Vec<Use>, Vec<Use>) = std::mem::take(&mut self.uses)
            .into_iter()
            .partition(|used| ["mine", "others"].contains(&used.name.as_str()));
        self.uses = uses;
        let sees = sees.into_iter().map(|used| used.name).collect();
        let models = self.judge.models(list)?;
        let group = self.group(body, Some(models.len()));
        let calls: Vec<Call> = models.into_iter().map(|model| Call { model, ..call.clone() }).collect();
        if calls.is_empty() {
            self.complain(errors::empty_list(list.span()));
            return None;
        }
        Some(Verb::Over { calls, prev: prev?, sees, group })
    }

    /// `parallel for x in EXPR up to N { … }`
    pub fn for_each(
        &mut self,
        alt: &'a ast::Alt,
        name: &'a Name,
        items: &'a ast::Expr,
        most: &Count,
        body: &Body<'a>,
    ) -> Option<Verb> {
        self.judge_options(Place::Block, body);
        self.judge_variable(name);
        let visible = self.visible(&[]);
        let list = self.condition(items, &[]);
        let sort = list.as_ref().map_or(Sort::Any, |list| {
            list.element(&|name| {
                visible.iter().find(|(known, _)| known == name).map(|(_, sort)| sort.clone())
            })
        });
        let most = self.judge.count(most);
        let group = self.group(body, most.map(|most| most as usize));
        let written = steps_of(alt);
        let depth = self.inherit(body);
        self.push(Scope { steps: written.clone(), vars: vec![(name.text.clone(), sort)], rebinds: None });
        let steps: Vec<Option<Step>> = written.iter().map(|step| self.step(step)).collect();
        let last = written.last().map(|step| self.shape_of(&step.rhs).kind());
        self.pop();
        self.inherited.truncate(depth);
        let (Some(kind), Some(end)) = (last, written.last()) else {
            self.complain(errors::no_body(alt.verb_span));
            return None;
        };
        if kind == Kind::Answers {
            self.complain(
                errors::wrong_kind(end.name.span, "one answer: it is the item's", "a list of answers")
                    .help("merge them, pick one, vote, or take `first(…)`"),
            );
        }
        let steps: Vec<Step> = steps.into_iter().collect::<Option<_>>()?;
        let ends = [end.name.text.clone()];
        graph::judge_body(&steps, &written, &ends, self.judge.partial, &mut self.judge.diagnostics);
        Some(Verb::For { name: name.text.clone(), items: list?, most: most?, body: steps, group })
    }

    fn judge_variable(&mut self, name: &Name) {
        if let Some(why) = super::names::why_not(&name.text) {
            self.complain(errors::not_a_name(name, why));
        } else if !super::names::is_snake(&name.text) {
            self.complain(errors::wrong_form("a loop variable", name, "snake_case"));
        }
        self.judge_hiding("loop variable", name);
    }

    /// `route by M { when EXPR -> …  label "meaning" -> …  else -> … }`
    pub fn route(&mut self, alt: &'a ast::Alt, by: Option<&'a Named>, body: &Body<'a>) -> Option<Verb> {
        self.judge_options(Place::Route, body);
        let written: Vec<&'a ast::Arm> = alt
            .block
            .iter()
            .flat_map(|block| &block.entries)
            .filter_map(|entry| match entry {
                Entry::Arm(arm) => Some(arm),
                _ => None,
            })
            .collect();
        let labels = self.judge_arms(alt, &written, by);
        let call = match by {
            Some(by) if !labels.is_empty() => {
                let model = self.judge.model(by);
                let mut call = self.call(CallRole::Decider, body);
                call.prompt.extend(self.classify(&labels));
                let mut choices: Vec<String> = labels.iter().map(|(label, _)| label.clone()).collect();
                choices.push("else".to_owned());
                call.returns = Some(Returns::OneOf(choices));
                Some(Call { model: model?, ..call })
            }
            _ => None,
        };
        let arms: Vec<Option<Arm>> = written.iter().map(|arm| self.arm(arm)).collect();
        Some(Verb::Route { arms: arms.into_iter().collect::<Option<_>>()?, call })
    }

    fn classify(&self, labels: &[(String, String)]) -> Vec<super::call::Turn> {
        use crate::template::Data;
        let text = |text: &str| Data::Text(text.into());
        let choice = |(label, meaning): &(String, String)| {
            Data::Map(vec![("label".to_owned(), text(label)), ("meaning".to_owned(), text(meaning))])
        };
        let choices = Data::List(labels.iter().map(choice).collect());
        self.prelude("classify", &[("choices", super::call::Operand::Constant(choices))])
    }

    /// Judges the arms together; gives the labels with their meanings.
    fn judge_arms(
        &mut self,
        alt: &'a ast::Alt,
        written: &[&'a ast::Arm],
        by: Option<&'a Named>,
    ) -> Vec<(String, String)> {
        let mut labels: Vec<(String, String)> = Vec::new();
        let mut seen: BTreeMap<&str, &Name> = BTreeMap::new();
        let mut last = None;
        for arm in written {
            match &arm.head {
                ast::ArmHead::Label { label, meaning } => {
                    if let Some(first) = seen.insert(&label.text, label) {
                        self.complain(errors::defined_twice("label", &label.text, label.span, first.span));
                    }
                    labels.push((label.text.clone(), meaning.value.trim().to_owned()));
                }
                ast::ArmHead::Else(span) => match last {
                    Some(first) => {
                        self.complain(errors::defined_twice("the arm", "else", *span, first));
                    }
                    None => last = Some(*span),
                },
                ast::ArmHead::When(_) => (),
            }
        }
        if last.is_none() && !self.judge.partial {
            self.complain(errors::no_else_arm(alt.verb_span));
        }
        match (by, labels.is_empty()) {
            (None, false) => self.complain(errors::nobody_routes(alt.verb_span)),
            (Some(by), true) if !self.judge.partial => self.complain(errors::nothing_to_route(by.span)),
            _ => (),
        }
        let kinds: Vec<Shape> = written.iter().map(|arm| self.shape_of(&arm.rhs)).collect();
        for (arm, shape) in written.iter().zip(&kinds).skip(1) {
            let unclear = [&kinds[0], shape].iter().any(|shape| matches!(shape, Shape::Unclear));
            if shape.kind() != kinds[0].kind() && !unclear {
                let (expected, found) = match kinds[0].kind() {
                    Kind::Answer => ("one answer, as the first arm gives", "a list of answers"),
                    Kind::Answers => ("a list of answers, as the first arm gives", "one answer"),
                };
                self.complain(errors::wrong_kind(arm.rhs.span, expected, found));
            }
        }
        labels
    }

    fn arm(&mut self, arm: &'a ast::Arm) -> Option<Arm> {
        let head = match &arm.head {
            ast::ArmHead::When(expr) => {
                let before = self.uses.len();
                let condition = self.condition(expr, &[]);
                self.uses[before..].iter_mut().for_each(|used| used.printed = false);
                ArmHead::When(condition?)
            }
            ast::ArmHead::Label { label, meaning } => {
                ArmHead::Label { label: label.text.clone(), meaning: meaning.value.trim().to_owned() }
            }
            ast::ArmHead::Else(_) => ArmHead::Else,
        };
        Some(Arm { head, alts: self.alternatives(&arm.rhs)?, span: arm.span })
    }

    /// `cascade [a, b] by M { accept: 0.8 }`, `cascade [a, b] { accept when EXPR }`
    pub fn cascade(
        &mut self,
        alt: &'a ast::Alt,
        list: &'a Value,
        by: Option<&'a Named>,
        body: &Body<'a>,
    ) -> Option<Verb> {
        self.judge_options(Place::Cascade, body);
        let accept = body.options.iter().find(|option| option.name.text == "accept");
        let mut silent = Vec::new();
        let accept = accept.and_then(|option| {
            Reader { option: "accept", diagnostics: &mut silent }.number(&self.literal(option), 0.0, 1.0)
        });
        if by.is_none() && body.accept_when.is_none() {
            self.complain(errors::nothing_accepts(alt.verb_span));
        }
        if let (None, Some(option)) = (by, body.options.iter().find(|option| option.name.text == "accept")) {
            self.complain(errors::nobody_grades(option.span));
        }
        let rungs_body = Body { accept_when: None, skip_when: None, ..body.clone() };
        let call = self.call(CallRole::Plain, &rungs_body);
        let rungs = self.members(list, &call, &rungs_body, true);
        let grader = match by {
            Some(by) => Some(self.grader(by, body)?),
            None => None,
        };
        let accept_when = body.accept_when.and_then(|expr| {
            let (condition, uses) = self.apart(|this| this.condition(expr, &[this.it_of(alt)]));
            uses.iter().for_each(|used| self.mention(&used.name));
            condition
        });
        let rungs = self.at_least_two(rungs?, list, "a cascade")?;
        Some(Verb::Cascade(Cascade { rungs, grader, accept: accept.unwrap_or(ACCEPT_BUILT_IN), accept_when }))
    }

    /// `race [a, b after 2s]`
    pub fn race(&mut self, list: &'a Value, body: &Body<'a>) -> Option<Verb> {
        self.judge_options(Place::Race, body);
        let call = self.call(CallRole::Plain, body);
        let items: Vec<&'a Value> = match list {
            Value::List(list) => list.items.iter().collect(),
            one => vec![one],
        };
        let mut starters = Vec::new();
        let mut fine = true;
        for item in items {
            let (wait, members) = match item {
                Value::After { member, wait, .. } => {
                    let quantity = Value::Quantity(wait.clone());
                    let mut reader = Reader { option: "after", diagnostics: &mut self.judge.diagnostics };
                    let wait = reader.duration(&quantity);
                    (wait, self.one_member(member, &call, body, true))
                }
                Value::Name(member) => (Some(Millis(0)), self.one_member(member, &call, body, true)),
                other => {
                    self.complain(errors::wrong_kind(
                        other.span(),
                        "a model, a step, an ensemble or a technique",
                        super::values::title(other),
                    ));
                    (None, None)
                }
            };
            match (wait, members) {
                (Some(wait), Some(members)) => {
                    starters.extend(members.into_iter().map(|member| (member, wait)));
                }
                _ => fine = false,
            }
        }
        if !fine {
            return None;
        }
        let starters = self.at_least_two(starters, list, "a race")?;
        Some(Verb::Race(starters))
    }

    fn at_least_two<T>(&mut self, parts: Vec<T>, list: &Value, what: &str) -> Option<Vec<T>> {
        if parts.len() < 2 {
            self.complain(errors::too_few(list.span(), what, parts.len()));
            return None;
        }
        Some(parts)
    }

    /// `repeat X up to N { … stop when EXPR  X = … }`
    pub fn repeat(
        &mut self,
        alt: &'a ast::Alt,
        name: &'a Name,
        most: &Count,
        body: &Body<'a>,
    ) -> Option<Verb> {
        self.judge_options(Place::Repeat, body);
        let most = self.judge.count(most);
        let Some(shape) = self.shape(&name.text) else {
            let known = self.names();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            self.complain(errors::unknown_name(&name.text, name.span, "step", &known));
            return None;
        };
        self.mention(&name.text);
        let written = steps_of(alt);
        let bindings: Vec<&&ast::Step> = written.iter().filter(|step| step.name.text == name.text).collect();
        match bindings.as_slice() {
            [] if self.judge.partial => return None,
            [one] => {
                let found = self.shape_of(&one.rhs);
                let unclear = [&found, &shape].iter().any(|shape| matches!(shape, Shape::Unclear));
                if found.kind() != shape.kind() && !unclear {
                    let (expected, found) = match shape.kind() {
                        Kind::Answer => ("one answer, as it was before the loop", "a list of answers"),
                        Kind::Answers => ("a list of answers, as it was before the loop", "one answer"),
                    };
                    self.complain(errors::wrong_kind(one.rhs.span, expected, found));
                }
            }
            several => {
                self.complain(errors::not_one_binding(name, several.len()));
                return None;
            }
        }
        let depth = self.inherit(body);
        self.push(Scope { steps: written, vars: Vec::new(), rebinds: Some(&name.text) });
        let entries = alt.block.iter().flat_map(|block| &block.entries);
        let lines: Vec<Option<Line>> = entries.filter_map(|entry| self.line(entry)).collect();
        self.pop();
        self.inherited.truncate(depth);
        let lines: Vec<Line> = lines.into_iter().collect::<Option<_>>()?;
        graph::judge_round(name, &lines, self.judge.partial, &mut self.judge.diagnostics);
        Some(Verb::Repeat { name: name.text.clone(), most: most?, body: lines })
    }

    /// `None` for what is no line of a round: options.
    fn line(&mut self, entry: &'a Entry) -> Option<Option<Line>> {
        match entry {
            Entry::Step(step) if !options::is_option(&step.name.text) => {
                Some(self.step(step).map(Line::Step))
            }
            Entry::Clause(clause) if clause.kind == ast::ClauseKind::Stop => {
                let (condition, uses) = self.apart(|this| this.condition(&clause.expr, &[]));
                for used in &uses {
                    self.mention_quietly(&used.name);
                }
                Some(condition.map(|condition| Line::Stop { condition, uses, span: clause.span }))
            }
            _ => None,
        }
    }
}

/// The steps in a verb's block.
fn steps_of(alt: &ast::Alt) -> Vec<&ast::Step> {
    let entries = alt.block.iter().flat_map(|block| &block.entries);
    let steps = entries.filter_map(|entry| match entry {
        Entry::Step(step) if !options::is_option(&step.name.text) => Some(step),
        _ => None,
    });
    steps.collect()
}
