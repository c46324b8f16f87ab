//! What an `expect` sees: the steps of a run that is over, and its totals.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::plan::{NodeId, Plan};
use crate::run::Finished;
use crate::run::record::{Ending, Given, Record};
use crate::template::{Answer, Data, Expression, Scope, Seen};

use super::steps;

/// Names beside the steps and roles of a plan.
pub const WORDS: &[&str] =
    &["calls", "attempts", "elapsed", "cost", "tokens", "degraded", "streamed", "error"];

/// What can be read of a step.
pub const STEP_FIELDS: &[&str] = &[
    "text",
    "prompt",
    "calls",
    "ran",
    "skipped",
    "error",
    "value",
    "score",
    "model",
    "tools",
    "tokens",
    "cost",
    "seconds",
    "finish_reason",
];

pub const ERROR_FIELDS: &[&str] = &["code", "message"];

/// Fields that also make sense of a step that did not run.
pub const FIELDS_WITHOUT_RUN: &[&str] = &["ran", "skipped", "error"];

/// A run that is over.
pub struct View<'a> {
    plan: &'a Plan,
    record: &'a Record,
    finished: &'a Finished,
    by_id: BTreeMap<&'a str, NodeId>,
}

// === impl View ===

impl<'a> View<'a> {
    pub fn new(plan: &'a Plan, record: &'a Record, finished: &'a Finished) -> Self {
        let by_id = plan.ids().map(|id| (plan.node(id).id.as_ref(), id)).collect();
        Self { plan, record, finished, by_id }
    }

    /// Whether one of these nodes, or a part of one, began.
    pub fn ran(&self, bases: &[String]) -> bool {
        self.within(bases).any(|(id, _)| self.record.nodes[id.0 as usize].ran())
    }

    /// Every name that the expression uses.
    pub fn scope(&self, expression: &Expression) -> Scope {
        let mut scope = Scope::default();
        for (name, data) in self.plan.frames[0].constants.iter() {
            scope.set(name.clone(), data.clone());
        }
        for (name, data) in self.totals() {
            scope.set(name, data);
        }
        for reading in expression.readings() {
            let name = reading.words[0].text.as_str();
            let bases: Vec<String> = steps::named(self.plan, name).into_iter().map(str::to_owned).collect();
            if !bases.is_empty() {
                scope.set(name, self.step(&bases));
            }
        }
        scope
    }

    fn totals(&self) -> Vec<(&'static str, Data)> {
        let receipt = &self.finished.receipt;
        let totals = &receipt.totals;
        let error = match &self.finished.result {
            Ok(_) => failure(false, "", ""),
            Err(error) => failure(true, error.kind.code(), &error.message),
        };
        vec![
            ("calls", Data::Int(i64::from(totals.calls))),
            ("attempts", Data::Int(i64::from(totals.attempts))),
            ("elapsed", Data::Number(totals.seconds)),
            ("cost", Data::Number(totals.cost_usd)),
            ("tokens", Data::Int((totals.prompt_tokens + totals.completion_tokens) as i64)),
            ("degraded", Data::Bool(receipt.degraded)),
            ("streamed", Data::Bool(receipt.reply.streamed)),
            ("error", error),
        ]
    }

    /// Nodes that are one of `bases`, or lie in one, with what is left of their ids.
    fn within(&self, bases: &[String]) -> impl Iterator<Item = (NodeId, &'a str)> {
        let (plan, bases) = (self.plan, bases.to_vec());
        plan.ids().filter_map(move |id| {
            let rest = bases.iter().find_map(|base| steps::within(&plan.node(id).id, base))?;
            Some((id, rest))
        })
    }

    /// Whether `skip when` held, even if something else answered in the place of the step.
    fn skipped(&self, bases: &[String], ending: Option<&Ending>) -> bool {
        let own = self.finished.receipt.skipped.iter().any(|id| bases.iter().any(|base| **base == **id));
        own || matches!(ending, Some(Ending::Skipped))
    }

    /// A step by its nodes: it gives what the last of them gave that ran.
    fn step(&self, bases: &[String]) -> Data {
        let own: Vec<NodeId> =
            bases.iter().filter_map(|base| self.by_id.get(base.as_str()).copied()).collect();
        let shown = own.iter().rev().find(|id| self.record.nodes[id.0 as usize].ran()).or(own.last());
        let ending = shown.and_then(|id| self.record.nodes[id.0 as usize].ending.as_ref());
        let parts: Vec<(NodeId, &str)> = self.within(bases).collect();
        let prompt = |id: NodeId| self.record.nodes[id.0 as usize].prompt.as_deref();
        let own_prompts: Vec<&str> = own.iter().filter_map(|id| prompt(*id)).collect();
        let prompts: Vec<&str> = parts.iter().filter_map(|(id, _)| prompt(*id)).collect();
        // Of a step in a loop, what was asked in each round.
        let asked = if own_prompts.is_empty() { &prompts } else { &own_prompts };
        let ran = self.ran(bases);
        let error = match ending {
            Some(Ending::Failed { why, .. }) => Data::Text(why.as_str().into()),
            _ => Data::None,
        };
        let mut seen = Seen { present: ran, ..Seen::default() };
        seen.fields = vec![
            ("prompt".to_owned(), text(&asked.join("\n\n"))),
            ("calls".to_owned(), Data::Int(prompts.len() as i64)),
            ("ran".to_owned(), Data::Bool(ran)),
            ("skipped".to_owned(), Data::Bool(self.skipped(bases, ending))),
            ("error".to_owned(), error),
        ];
        match ending {
            Some(Ending::One(given)) => of_answer(&mut seen, given),
            Some(Ending::Many(given)) => {
                let given: Vec<&Given> = given.iter().flatten().collect();
                let texts: Vec<&str> = given.iter().map(|given| &*given.answer.text).collect();
                seen.text = texts.join("\n\n").into();
                seen.fields.push(("text".to_owned(), text(&seen.text)));
                seen.items = Some(given.into_iter().map(|given| self.item(given)).collect());
            }
            _ if shown.is_some_and(|id| steps::gives_several(self.plan, *id)) => {
                seen.fields.push(("text".to_owned(), text("")));
                seen.items = Some(Vec::new());
            }
            _ => of_answer(&mut seen, &Given::default()),
        }
        let mut words: Vec<&str> = Vec::new();
        for word in parts.iter().filter_map(|(_, rest)| steps::word(rest)) {
            if !words.contains(&word) {
                words.push(word);
            }
        }
        for word in words {
            let deeper: Vec<String> = bases.iter().map(|base| format!("{base}.{word}")).collect();
            // A part goes before a field of the same name, as it does in the check.
            seen.fields.insert(0, (word.to_owned(), self.step(&deeper)));
        }
        Data::Seen(Arc::new(seen))
    }

    /// One of several answers, with what the call was asked that made it.
    fn item(&self, given: &Given) -> Data {
        let prompt = self.by_id.get(given.step.as_str()).map(|id| &self.record.nodes[id.0 as usize].prompt);
        let prompt = prompt.and_then(|prompt| prompt.as_deref());
        let mut seen = Seen { present: true, ..Seen::default() };
        seen.fields = vec![
            ("prompt".to_owned(), text(prompt.unwrap_or_default())),
            ("calls".to_owned(), Data::Int(i64::from(prompt.is_some()))),
            ("ran".to_owned(), Data::Bool(true)),
            ("skipped".to_owned(), Data::Bool(false)),
            ("error".to_owned(), Data::None),
        ];
        of_answer(&mut seen, given);
        Data::Seen(Arc::new(seen))
    }
}

fn of_answer(seen: &mut Seen, given: &Given) {
    let answer: &Answer = &given.answer;
    seen.text = Arc::clone(&answer.text);
    let tools = given.tool_calls.iter().map(|call| {
        Data::Map(vec![
            ("name".to_owned(), text(&call.name)),
            ("arguments".to_owned(), text(&call.arguments)),
        ])
    });
    seen.fields.extend([
        ("text".to_owned(), Data::Text(Arc::clone(&answer.text))),
        ("value".to_owned(), answer.value.clone().unwrap_or(Data::None)),
        ("score".to_owned(), answer.score.map_or(Data::None, Data::Number)),
        ("model".to_owned(), Data::Text(Arc::clone(&answer.model))),
        ("tools".to_owned(), Data::List(tools.collect())),
        ("tokens".to_owned(), Data::Int(answer.tokens as i64)),
        ("cost".to_owned(), Data::Number(answer.cost_usd)),
        ("seconds".to_owned(), Data::Number(answer.seconds)),
        ("finish_reason".to_owned(), Data::Text(Arc::clone(&answer.finish_reason))),
    ]);
}

fn failure(present: bool, code: &str, message: &str) -> Data {
    let fields = vec![("code".to_owned(), text(code)), ("message".to_owned(), text(message))];
    Data::Seen(Arc::new(Seen { present, text: message.into(), fields, items: None }))
}

fn text(text: &str) -> Data {
    Data::Text(text.into())
}
