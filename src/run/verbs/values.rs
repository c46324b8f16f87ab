//! Values that no model gives: texts, items of a list, conditions of a loop, and other steps under this name.

use std::sync::Arc;

use crate::plan::{Conversation, NodeId};
use crate::run::conversation;
use crate::run::errors::Why;
use crate::run::outcome::{Outcome, Output, Reply, Value};
use crate::run::prompt::Source;
use crate::run::work::Work;
use crate::template::{Answer, Data, Expression, Template};
use crate::upstream::Completion;

pub fn text(work: &Work<'_>, template: &Template) -> Outcome {
    match work.render(template) {
        Ok(text) => work.gives(Output::One(Arc::new(Reply::text(work.node.id.as_ref(), text)))),
        Err(why) => work.fails(why),
    }
}

/// Another node's reply under this name.
pub async fn inline(work: &Work<'_>, reply: NodeId) -> Outcome {
    let outcome = work.core.node_after(reply, work.ready).await;
    let waves = outcome.waves.max(work.ready);
    work.passes_on(reply, Outcome::new(outcome.output, waves))
}

/// Another step's answer under this name.
pub async fn alias(work: &Work<'_>, step: NodeId) -> Outcome {
    let output = work.input(step).await;
    work.passes_on(step, work.gives(output))
}

pub fn stop(work: &Work<'_>, condition: &Expression) -> Outcome {
    match work.holds(condition) {
        Ok(holds) => work.gives(Output::Data(Value { data: Data::Bool(holds), reply: None })),
        Err(why) => work.fails(why),
    }
}

/// What the calls of an inlined ensemble see: made of the conversation around it.
pub fn conversation(work: &Work<'_>, made: &Conversation) -> Outcome {
    let source = Source { core: work.core, scope_of: work.id, shown: None, returns: None };
    let rendered = source.turns(&made.prompt).and_then(|prompt| {
        let system = made.system.as_ref().map(|turn| source.text(turn)).transpose()?;
        Ok((system, prompt))
    });
    let (system, prompt) = match rendered {
        Ok(rendered) => rendered,
        Err(error) => return work.fails(Why::Expression(error.0)),
    };
    let outer = work.core.conversation(work.node.frame);
    let outer = outer.as_deref().unwrap_or(&work.core.request.messages);
    let messages = conversation::messages(made.history, outer, system, prompt);
    work.gives(Output::Conversation(messages.into()))
}

/// What a `parallel for` goes through.
pub fn items(work: &Work<'_>, expression: &Expression, most: u32) -> Outcome {
    let scope = work.core.scope_for(work.id, expression);
    let data = match expression.value(&scope) {
        Ok(data) => data,
        Err(error) => return work.fails(Why::Expression(error.0)),
    };
    let Some(list) = list(&data) else { return work.fails(Why::NotAList(kind(&data))) };
    if list.len() > most as usize {
        return work.fails(Why::TooMany { found: list.len(), most });
    }
    work.gives(Output::Data(Value { data: Data::List(list), reply: None }))
}

/// The elements of a list; of answers those that are there.
pub fn list(data: &Data) -> Option<Vec<Data>> {
    match data {
        Data::List(items) => Some(items.clone()),
        Data::Answers(answers) | Data::Group(crate::template::Group { answers, .. }) => {
            let present = answers.iter().filter(|answer| answer.present);
            Some(present.map(|answer| Data::Answer(Arc::clone(answer))).collect())
        }
        _ => None,
    }
}

fn kind(data: &Data) -> &'static str {
    match data {
        Data::None => "nothing",
        Data::Bool(_) => "true or false",
        Data::Int(_) | Data::Number(_) => "a number",
        Data::Text(_) => "a text",
        Data::Map(_) => "a map",
        Data::Answer(_) | Data::Seen(_) => "an answer",
        Data::List(_) | Data::Answers(_) | Data::Group(_) => "a list",
    }
}

/// One of the items. An answer stays that answer, with its tool calls and its author.
pub async fn item(work: &Work<'_>, items: NodeId, index: u32) -> Outcome {
    let output = match work.input(items).await {
        Output::Data(value) => value,
        Output::Failed(_) => return work.fails(work.needs(items)),
        _ => return work.gives(Output::Skipped),
    };
    let Some(item) = list(&output.data).and_then(|list| list.into_iter().nth(index as usize)) else {
        return work.gives(Output::Skipped);
    };
    if let Data::Answer(view) = &item {
        let reply = known(work, items, view).unwrap_or_else(|| Arc::new(told(work, view)));
        return work.gives(Output::One(reply));
    }
    let reply = plain(&item).map(|text| Arc::new(Reply::text(work.node.id.as_ref(), text)));
    work.gives(Output::Data(Value { data: item, reply }))
}

/// The answer among the inputs of the items that this is the view of.
fn known(work: &Work<'_>, items: NodeId, view: &Arc<Answer>) -> Option<Arc<Reply>> {
    let inputs = work.core.plan.node(items).inputs.iter();
    let replies = inputs.filter_map(|input| work.core.ended(input.node)).flat_map(|output| output.replies());
    replies.into_iter().find(|reply| Arc::ptr_eq(&reply.view, view))
}

/// An answer of which only the view is known.
fn told(work: &Work<'_>, view: &Arc<Answer>) -> Reply {
    let completion = Completion { text: view.text.to_string(), ..Completion::default() };
    let model = Some(Arc::clone(&view.model)).filter(|model| !model.is_empty());
    Reply { step: work.node.id.clone(), model, completion, view: Arc::clone(view), streamed: false }
}

/// An item as text, where it is used as an answer; nothing is no answer.
fn plain(item: &Data) -> Option<String> {
    match item.to_json() {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text),
        json => Some(json.to_string()),
    }
}
