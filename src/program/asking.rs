//! The verbs that ask models and do nothing else: `ask`, `parallel LIST`, `sample`, `merge`; a name or a list as a step.

use crate::syntax::ast::{self, Member as Named, Value};

use super::block::{Body, conversation_of};
use super::call::{Call, CallRole, Operand};
use super::options::Place;
use super::roles::Role;
use super::steps::Steps;
use super::{Member, Verb, errors};

// === impl Steps ===

impl<'a> Steps<'_, '_, 'a> {
    pub fn ask(&mut self, model: &'a Named, body: &Body<'a>) -> Option<Verb> {
        self.judge_options(Place::Call, body);
        if self.is_unit(model) {
            self.complain(errors::ask_a_unit(model.span, &model.path.head.text));
            return None;
        }
        let model = self.judge.model(model);
        let call = self.call(CallRole::Plain, body);
        Some(Verb::Ask(Call { model: model?, ..call }))
    }

    pub fn plain(&mut self, value: &'a Value, body: &Body<'a>) -> Option<Verb> {
        if let Value::Name(member) = value
            && self.is_unit(member)
        {
            self.judge_options(Place::Inline, body);
            return self.inline(member, body).map(Verb::Inline);
        }
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

    pub fn parallel(&mut self, list: &'a Value, body: &Body<'a>) -> Option<Verb> {
        self.judge_options(Place::Group, body);
        let call = self.call(CallRole::Plain, body);
        let members = self.members(list, &call, body, false)?;
        if members.is_empty() {
            self.complain(errors::empty_list(list.span()));
            return None;
        }
        let group = self.group(body, Some(members.len()));
        Some(Verb::Parallel { members, group })
    }

    pub fn sample(&mut self, count: &ast::Count, of: &'a Named, body: &Body<'a>) -> Option<Verb> {
        self.judge_options(Place::Group, body);
        let count = self.judge.count(count);
        let call = self.call(CallRole::Sampled, body);
        let member = match self.is_unit(of) {
            true => self.inline(of, &conversation_of(body)).map(Member::Inline),
            false => self.judge.model(of).map(|model| Member::Call(Box::new(Call { model, ..call }))),
        };
        let group = self.group(body, count.map(|count| count as usize));
        Some(Verb::Sample { member: member?, count: count?, group })
    }

    pub fn merge(&mut self, list: &'a Value, by: &'a Named, body: &Body<'a>) -> Option<Verb> {
        self.judge_options(Place::Call, body);
        let (list, model) = (self.answers(list, "merge"), self.judge.model(by));
        let mut call = self.call(CallRole::Plain, body);
        if call.prompt.is_empty() {
            call.prompt = self.prelude("synthesize", &[("answers", Operand::Shown)]);
        }
        Some(Verb::Merge { list: list?, call: Call { model: model?, ..call } })
    }

    /// What stands in the place of models: calls like `call`, ensembles and techniques, and steps where `steps` may be.
    pub fn members(
        &mut self,
        value: &'a Value,
        call: &Call,
        body: &Body<'a>,
        steps: bool,
    ) -> Option<Vec<Member>> {
        match value {
            Value::List(list) => {
                let parts: Vec<_> =
                    list.items.iter().map(|item| self.members_of(item, call, body, steps)).collect();
                Some(parts.into_iter().collect::<Option<Vec<_>>>()?.concat())
            }
            Value::Name(member) if self.is_unit(member) => {
                self.complain(errors::not_a_list(member.span, &member.path.head.text));
                None
            }
            other => self.judge.models(other).map(|models| calls(models, call)),
        }
    }

    fn members_of(
        &mut self,
        value: &'a Value,
        call: &Call,
        body: &Body<'a>,
        steps: bool,
    ) -> Option<Vec<Member>> {
        match value {
            Value::Name(member) => self.one_member(member, call, body, steps),
            other => {
                let models = self.judge.models(other)?;
                Some(calls(models, call))
            }
        }
    }

    /// The same for a single name.
    pub fn one_member(
        &mut self,
        member: &'a Named,
        call: &Call,
        body: &Body<'a>,
        steps: bool,
    ) -> Option<Vec<Member>> {
        if self.is_unit(member) {
            let inline = self.inline(member, &conversation_of(body))?;
            return Some(vec![Member::Inline(inline)]);
        }
        if steps && self.shape(&member.path.head.text).is_some() {
            let (list, _) = self.quietly(|this| this.reference(member))?;
            return Some(vec![Member::List(list)]);
        }
        match self.judge.role(&Value::Name(member.clone()))? {
            Role::Model(model) => Some(calls(vec![model], call)),
            Role::Models(models) => Some(calls(models, call)),
            other => {
                self.complain(errors::wrong_kind(member.span, "a model", other.title()));
                None
            }
        }
    }
}

pub fn calls(models: Vec<String>, call: &Call) -> Vec<Member> {
    models.into_iter().map(|model| Member::Call(Box::new(Call { model, ..call.clone() }))).collect()
}
