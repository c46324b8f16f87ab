//! The steps of one ensemble in one cell: verbs, members, fallbacks.

use crate::diagnostic::Diagnostic;
use crate::syntax::ast::{self, ClauseKind, Entry, Member, Name, Setting, Value, Verb as Written};
use crate::template::{Expression, Fence, Kind as Sort};

use super::call::{Call, CallRole};
use super::cells::Inherited;
use super::options::{self, Place};
use super::roles::Judge;
use super::values::Reader;
use super::{Alt, Group, Kind, Step, Ties, Verb, errors, graph, names, pending, templates, typing};

/// What stands in a step's block.
#[derive(Clone, Default)]
pub struct Body<'a> {
    pub options: Vec<&'a Setting>,
    pub skip_when: Option<&'a ast::Expr>,
    pub accept_when: Option<&'a ast::Expr>,
}

/// The state of checking one ensemble's steps.
pub struct Steps<'j, 'b, 'a> {
    pub judge: &'j mut Judge<'b>,
    pub steps: &'j [&'a ast::Step],
    pub inherited: &'j [Inherited<'a>],
    /// Steps that the alternative being checked mentions.
    pub uses: Vec<String>,
    /// Those of them that a template mentions, not only a list.
    pub printed: Vec<String>,
}

/// Checks all steps; `None` if any is wrong.
pub fn check(
    judge: &mut Judge<'_>,
    ensemble: &Name,
    steps: &[&ast::Step],
    inherited: &[Inherited<'_>],
) -> Option<Vec<Step>> {
    judge.steps = steps.iter().map(|step| step.name.text.clone()).collect();
    let missing_before = judge.missing.len();
    judge_names(judge, steps);
    let mut checker = Steps { judge, steps, inherited, uses: Vec::new(), printed: Vec::new() };
    let checked: Vec<Option<Step>> = steps.iter().map(|step| checker.step(step)).collect();
    graph::judge(ensemble, steps, &checked, judge.partial, &mut judge.diagnostics);
    let fine = !judge.diagnostics.iter().any(Diagnostic::is_error) && judge.missing.len() == missing_before;
    let checked: Option<Vec<Step>> = checked.into_iter().collect();
    checked.filter(|_| fine)
}

fn judge_names(judge: &mut Judge<'_>, steps: &[&ast::Step]) {
    for (index, step) in steps.iter().enumerate() {
        let name = &step.name;
        if let Some(why) = names::why_not(&name.text) {
            judge.diagnostics.push(errors::not_a_name(name, why));
        } else if !names::is_snake(&name.text) {
            judge.diagnostics.push(errors::wrong_form("a step", name, "snake_case"));
        }
        if let Some(first) = steps[..index].iter().find(|first| first.name.text == name.text) {
            judge.diagnostics.push(errors::defined_twice("step", &name.text, name.span, first.name.span));
        } else if let Some(filled) = judge.roles.get(&name.text) {
            judge.diagnostics.push(errors::hides("step", name, "role", filled.span));
        } else if let Some(model) = judge.tables.models.get(&name.text) {
            judge.diagnostics.push(errors::hides("step", name, "model", model.span));
        }
    }
}

// === impl Steps ===

impl<'a> Steps<'_, '_, 'a> {
    pub fn complain(&mut self, diagnostic: Diagnostic) {
        self.judge.diagnostics.push(diagnostic);
    }

    pub fn mention(&mut self, name: &str) {
        if self.judge.steps.iter().any(|step| step == name) && !self.uses.iter().any(|used| used == name) {
            self.uses.push(name.to_owned());
        }
    }

    pub fn step_names(&self) -> Vec<String> {
        self.judge.steps.clone()
    }

    /// What the step of that name gives; `None` if there is none. A circle of plain names counts as one answer: the
    /// circle itself is reported with the graph.
    pub fn kind_of(&self, name: &str) -> Option<Kind> {
        self.kind_within(name, 0)
    }

    fn kind_within(&self, name: &str, depth: usize) -> Option<Kind> {
        let step = self.steps.iter().find(|step| step.name.text == name)?;
        Some(match &step.rhs.alts[0].verb {
            Written::Parallel { .. } | Written::Sample { .. } | Written::Over { .. } | Written::Group => {
                Kind::Answers
            }
            Written::Score { .. } | Written::ForEach { .. } | Written::Pick { count: Some(_), .. } => {
                Kind::Answers
            }
            Written::Plain { value } => self.kind_of_value(value, depth),
            _ => Kind::Answer,
        })
    }

    fn kind_of_value(&self, value: &Value, depth: usize) -> Kind {
        match value {
            Value::List(_) => Kind::Answers,
            Value::Name(member) => match &member.args {
                Some(args) => match (member.path.head.text.as_str(), args.len()) {
                    ("first" | "last" | "best", 1) => Kind::Answer,
                    _ => Kind::Answers,
                },
                None if !member.path.tail.is_empty() || depth > self.steps.len() => Kind::Answer,
                None => self.kind_within(&member.path.head.text, depth + 1).unwrap_or(Kind::Answer),
            },
            _ => Kind::Answer,
        }
    }

    /// Whether what a step gives cannot be told, because it could not be read or names nothing: no complaint about
    /// how it is used.
    pub fn is_unclear(&self, name: &str) -> bool {
        let mut name = name;
        for _ in 0..self.steps.len() {
            let Some(step) = self.steps.iter().find(|step| step.name.text == name) else { return true };
            match &step.rhs.alts[0].verb {
                Written::Bad(_) => return true,
                Written::Plain { value: Value::Name(member) } => match member.word() {
                    Some(next) => name = &next.text,
                    None => return member.args.is_none() && member.cell.is_some(),
                },
                _ => return false,
            }
        }
        false
    }

    fn step(&mut self, step: &'a ast::Step) -> Option<Step> {
        let mut alts = Vec::new();
        let mut ask_before: Option<Body<'a>> = None;
        for alt in &step.rhs.alts {
            let mut body = self.body(alt);
            if matches!(alt.verb, Written::Ask { .. }) {
                match (&alt.block, &ask_before) {
                    // Not its `skip when`: that would skip the very step that stands in for a skipped one.
                    (None, Some(before)) => body = Body { skip_when: None, ..before.clone() },
                    _ => ask_before = Some(body.clone()),
                }
            }
            alts.push(self.alt(alt, &body));
        }
        let alts: Vec<Alt> = alts.into_iter().collect::<Option<_>>()?;
        let kind = self.kind_of(&step.name.text)?;
        self.judge_fallbacks(step, kind, &alts);
        Some(Step {
            name: step.name.text.clone(),
            doc: super::collect::doc_text(step.doc.as_ref()),
            span: step.name.span,
            kind,
            alts,
        })
    }

    /// `reply` is one answer; a step of one answer has no list as its fallback; a text that a typed step falls back to
    /// is one of the declared choices.
    fn judge_fallbacks(&mut self, step: &ast::Step, kind: Kind, alts: &[Alt]) {
        if step.name.text == "reply" && kind == Kind::Answers {
            self.complain(
                errors::wrong_kind(
                    step.name.span,
                    "one answer: it is what the client gets",
                    "a list of answers",
                )
                .help("merge them, pick one, vote, or take `first(…)`"),
            );
        }
        if step.name.text == "reply" && alts.last().is_some_and(|alt| alt.skip_when.is_some()) {
            self.complain(errors::reply_may_be_missing(step.name.span));
        }
        for (alt, written) in alts.iter().zip(&step.rhs.alts).skip(1) {
            let many = matches!(alt.verb, Verb::Parallel { .. } | Verb::Sample { .. });
            if kind == Kind::Answer && many {
                self.complain(errors::wrong_kind(
                    written.verb_span,
                    "one answer, like the step it stands in for",
                    "a list",
                ));
            }
        }
        let Some(returns) = alts[0].verb.returns() else { return };
        for (alt, written) in alts.iter().zip(&step.rhs.alts).skip(1) {
            if let (Verb::Text(template), Written::Text { template: text }) = (&alt.verb, &written.verb) {
                let wrong = typing::judge_stand_in(returns, text, template);
                self.judge.diagnostics.extend(wrong);
            }
        }
    }

    fn alt(&mut self, alt: &'a ast::Alt, body: &Body<'a>) -> Option<Alt> {
        self.uses.clear();
        self.printed.clear();
        if let Some(what) = pending::verb(&alt.verb) {
            self.complain(errors::not_yet(what, alt.verb_span));
            return None;
        }
        let skip_when = body.skip_when.and_then(|expr| self.condition(expr, &[]));
        // What only the condition names may have failed: the condition can ask.
        self.printed.clear();
        let verb = self.verb(alt, body)?;
        let (uses, printed) = (std::mem::take(&mut self.uses), std::mem::take(&mut self.printed));
        Some(Alt { span: alt.span, verb, skip_when, uses, printed })
    }

    fn verb(&mut self, alt: &'a ast::Alt, body: &Body<'a>) -> Option<Verb> {
        match &alt.verb {
            Written::Ask { model } => {
                self.judge_options(Place::Call, body);
                let model = self.judge.model(model);
                let call = self.call(CallRole::Plain, body);
                Some(Verb::Ask(Call { model: model?, ..call }))
            }
            Written::Parallel { list } => self.parallel(list, body),
            Written::Sample { count, of } => {
                self.judge_options(Place::Group, body);
                let (count, model) = (self.judge.count(count), self.judge.model(of));
                let call = self.call(CallRole::Sampled, body);
                let count = count?;
                let group = self.group(body, count as usize);
                Some(Verb::Sample { call: Call { model: model?, ..call }, count, group })
            }
            Written::Merge { list, by } => {
                self.judge_options(Place::Call, body);
                let (list, model) = (self.answers(list, "merge"), self.judge.model(by));
                let mut call = self.call(CallRole::Plain, body);
                if call.prompt.is_empty() {
                    call.prompt = self.prelude("synthesize", &[("answers", super::call::Operand::Shown)]);
                }
                Some(Verb::Merge { list: list?, call: Call { model: model?, ..call } })
            }
            Written::Pick { list, by, .. } => self.pick(list, by.as_ref(), body),
            Written::Vote { list } => self.vote(list, body),
            Written::Text { template } => {
                self.judge_options(Place::Text, body);
                let visible = self.visible(&[]);
                let (template, mentions) =
                    templates::template(template, Fence::Off, &visible, &mut self.judge.diagnostics)?;
                self.mention_all(&mentions);
                Some(Verb::Text(template))
            }
            Written::Plain { value } => {
                self.judge_options(Place::Plain, body);
                if let Value::Text(text) = value {
                    self.complain(
                        errors::wrong_kind(text.span, "a step", "a text")
                            .help("write `text \"\"\"…\"\"\"` for an answer without a call"),
                    );
                    return None;
                }
                self.list(value).map(|(list, _)| Verb::Value(list))
            }
            _ => None,
        }
    }

    fn parallel(&mut self, list: &'a Value, body: &Body<'a>) -> Option<Verb> {
        self.judge_options(Place::Group, body);
        let models = self.judge.models(list);
        let call = self.call(CallRole::Plain, body);
        let models = models?;
        if models.is_empty() {
            self.complain(errors::empty_list(list.span()));
            return None;
        }
        let group = self.group(body, models.len());
        let calls = models.into_iter().map(|model| Call { model, ..call.clone() }).collect();
        Some(Verb::Parallel { calls, group })
    }

    fn pick(&mut self, list: &'a Value, by: Option<&'a Value>, body: &Body<'a>) -> Option<Verb> {
        self.judge_options(Place::Pick, body);
        let list = self.answers(list, "pick");
        let model = match by {
            Some(Value::Name(member)) if !self.is_panel(member) => self.judge.model(member),
            Some(several @ (Value::Name(_) | Value::List(_))) => {
                self.complain(errors::not_yet("`pick` by several judges", several.span()));
                None
            }
            // The parser has said that nobody chooses.
            _ => None,
        };
        let mut call = self.call(CallRole::Decider, body);
        let rubric = body.options.iter().find(|option| option.name.text == "rubric");
        let rubric = match rubric.map(|option| &option.value) {
            Some(Value::Text(text)) => text.value.trim().to_owned(),
            _ => String::new(),
        };
        let shown = super::call::Operand::Constant(crate::template::Data::Text(rubric.as_str().into()));
        let choosing = self.prelude("choose", &[("answers", super::call::Operand::Shown), ("rubric", shown)]);
        call.prompt.extend(choosing);
        Some(Verb::Pick { list: list?, call: Call { model: model?, ..call }, rubric })
    }

    /// Whether a name stands for several models.
    fn is_panel(&self, member: &Member) -> bool {
        let filled = member.word().and_then(|name| self.judge.roles.get(&name.text));
        filled.is_some_and(|filled| matches!(filled.role, super::roles::Role::Models(_)))
    }

    fn vote(&mut self, list: &'a Value, body: &Body<'a>) -> Option<Verb> {
        self.judge_options(Place::Vote, body);
        let list = self.answers(list, "vote");
        let mut silent = Vec::new();
        let (mut ties, mut min_share, mut weights) = (Ties::First, 0.0, Vec::new());
        for option in &body.options {
            match option.name.text.as_str() {
                "ties" => ties = self.ties(&option.value).unwrap_or(Ties::First),
                "min_share" => {
                    let mut reader = Reader { option: "min_share", diagnostics: &mut silent };
                    min_share = reader.number(&option.value, 0.0, 1.0).unwrap_or(0.0);
                }
                "weights" => weights = self.weights(&option.value),
                _ => (),
            }
        }
        Some(Verb::Vote { list: list?, ties, min_share, weights })
    }

    fn ties(&mut self, value: &Value) -> Option<Ties> {
        if let Value::Name(member) = value
            && let Some(word) = member.word()
        {
            match word.text.as_str() {
                "first" => return Some(Ties::First),
                "longest" => return Some(Ties::Longest),
                name if self.kind_of(name) == Some(Kind::Answer) => return Some(Ties::Step(name.to_owned())),
                _ => (),
            }
        }
        self.complain(errors::wrong_value(
            "ties",
            value.span(),
            "`first`, `longest`, or a step that gives one answer",
        ));
        None
    }

    fn weights(&mut self, value: &Value) -> Vec<(String, u32)> {
        let Value::Map(map) = value else {
            self.complain(errors::wrong_value("weights", value.span(), "a map from models to whole numbers"));
            return Vec::new();
        };
        let mut weights = Vec::new();
        for (name, value) in &map.pairs {
            let path = ast::Path { head: name.clone(), tail: Vec::new(), span: name.span };
            let model = self.judge.model(&Member { path, args: None, cell: None, span: name.span });
            let mut reader = Reader { option: "weights", diagnostics: &mut self.judge.diagnostics };
            if let (Some(model), Some(weight)) = (model, reader.whole(value, 0, 1000)) {
                weights.push((model, weight));
            }
        }
        weights
    }

    fn group(&mut self, body: &Body<'a>, members: usize) -> Group {
        let mut group = Group { need: None, grace: None };
        let mut silent = Vec::new();
        if let Some(option) = self.option("need", body) {
            group.need = Reader { option: "need", diagnostics: &mut silent }.whole(&option.value, 0, 1000);
            let own = body.options.iter().any(|own| std::ptr::eq(*own, option));
            match group.need {
                Some(need) if need as usize > members && own => {
                    self.complain(errors::need_too_large(option.value.span(), need, members));
                }
                // A layer's `need` is a wish for groups of every size: a smaller group needs all of its members.
                Some(need) => group.need = Some(need.min(members as u32)),
                None => (),
            }
        }
        if let Some(option) = self.option("grace", body) {
            group.grace = Reader { option: "grace", diagnostics: &mut silent }.duration(&option.value);
        }
        group
    }

    /// The option as it applies here: of this block, else of the nearest layer.
    pub fn option(&self, name: &str, body: &Body<'a>) -> Option<&'a Setting> {
        let own = body.options.iter().copied().find(|option| option.name.text == name);
        own.or_else(|| {
            let layered = self.inherited.iter().rev().find(|option| option.setting.name.text == name);
            layered.map(|option| option.setting)
        })
    }

    fn judge_options(&mut self, place: Place, body: &Body<'a>) {
        options::judge(place, &body.options, &mut self.judge.diagnostics);
        let calls = matches!(place, Place::Call | Place::Group | Place::Pick);
        if let (false, Some(expr)) = (calls, body.accept_when) {
            self.complain(errors::misplaced(expr.span, "`accept when`", "a step that makes no call"));
        }
    }

    /// Sorts a block's entries; what may not stand there is reported.
    fn body(&mut self, alt: &'a ast::Alt) -> Body<'a> {
        let mut body = Body::default();
        for entry in alt.block.iter().flat_map(|block| &block.entries) {
            match entry {
                _ if pending::verb(&alt.verb).is_some() => (),
                Entry::Option(setting) => body.options.push(setting),
                Entry::Clause(clause) => match clause.kind {
                    ClauseKind::Skip => body.skip_when = Some(&clause.expr),
                    ClauseKind::Accept => body.accept_when = Some(&clause.expr),
                    ClauseKind::Stop => {
                        self.complain(errors::misplaced(
                            clause.span,
                            "`stop when`",
                            "a step that is not `repeat`",
                        ));
                    }
                },
                Entry::Bad(_) => (),
                Entry::Step(step) if options::is_option(&step.name.text) => {
                    self.complain(errors::option_as_role(&step.name));
                }
                other => {
                    self.complain(errors::misplaced_entry(other, "the block of a call"));
                }
            }
        }
        body
    }

    /// Compiles a condition. `extra` are names that only it may use.
    pub fn condition(&mut self, expr: &ast::Expr, extra: &[(String, Sort)]) -> Option<Expression> {
        let visible = self.visible(extra);
        let (expression, mentions) = templates::expression(expr, &visible, &mut self.judge.diagnostics)?;
        self.mention_all(&mentions);
        Some(expression)
    }

    pub fn mention_all(&mut self, mentions: &[crate::template::Mention]) {
        for mention in mentions {
            self.mention(&mention.name);
            if self.judge.steps.contains(&mention.name) && !self.printed.contains(&mention.name) {
                self.printed.push(mention.name.clone());
            }
        }
    }

    /// Everything that a template of this ensemble may name.
    pub fn visible(&self, extra: &[(String, Sort)]) -> Vec<(String, Sort)> {
        let mut visible: Vec<(String, Sort)> = extra.to_vec();
        for name in &self.judge.steps {
            let sort = match self.kind_of(name) {
                _ if self.is_unclear(name) => Sort::Any,
                Some(Kind::Answers) => Sort::Answers(Vec::new()),
                _ => Sort::Answer,
            };
            visible.push((name.clone(), sort));
        }
        visible.extend(self.judge.roles.iter().map(|(name, filled)| (name.clone(), filled.role.kind())));
        visible.push(("request".to_owned(), Sort::Request));
        visible.push(("elapsed".to_owned(), Sort::Number));
        visible
    }
}
