//! What every call of a plan would send, told without a call. In the place of an answer that is not there stands its
//! name, as ‹drafts›.
//!
//! Bodies are made by the code that a run makes them with; only what the calls give is made up.

use std::sync::Arc;

use crate::plan::{Act, Cascade, Knockout, NodeId, Plan, Score, ScoreMethod, Select};
use crate::template::{Answer, Data};
use crate::upstream::{Call, Completion};

use super::call::{self, Shown};
use super::core::Core;
use super::host::Host;
use super::outcome::{Many, Output, Reply, Value};
use super::question::Question;
use super::request::Request;
use super::shape::Shape;
use super::verbs::values;
use super::work::Work;

/// One call.
#[derive(Debug)]
pub struct Rehearsed {
    pub node: NodeId,
    /// What its first attempt sends; or why that cannot be said before the answers are there.
    pub sends: Result<Call, String>,
}

/// Every call of the plan, in its order, for this request. Nothing is sent.
#[must_use]
pub fn rehearse(plan: &Arc<Plan>, request: Request, host: &Arc<Host>) -> Vec<Rehearsed> {
    let core = Arc::new(Core::new(Arc::clone(plan), Arc::new(request), Arc::clone(host)));
    for id in plan.ids() {
        core.pretend(id, output(&core, id));
    }
    let calls = plan.ids().filter(|id| plan.node(*id).act.ask().is_some());
    calls
        .filter_map(|node| {
            let (scope_of, shown) = shown(&core, node)?;
            let sends = call::would_send(&core, node, scope_of, &shown).map_err(|error| error.0);
            Some(Rehearsed { node, sends })
        })
        .collect()
}

/// What a node gives if all is well, in names.
fn output(core: &Arc<Core>, id: NodeId) -> Output {
    let node = core.plan.node(id);
    let work = Work::new(core, id, 0);
    let of = |id: NodeId| core.ended(id).unwrap_or(Output::Skipped);
    match &node.act {
        Act::Group(group) => members(core, &group.members, group.names.clone().into()),
        Act::List(items) => members(core, items, Arc::default()),
        Act::Select(select) => selected(core, id, select),
        Act::Score(score) => scored(&of(score.list)),
        Act::Alias(other) | Act::Inline { reply: other, .. } => of(*other),
        Act::Repeat(repeat) if *core.shape(id) != Shape::One => of(repeat.first),
        Act::Pick { list, count: Some(count), .. } => {
            Output::list(of(*list).replies().into_iter().take(*count as usize))
        }
        Act::Text(template) => match values::text(&work, template).output {
            Output::Failed(_) => Output::One(Arc::new(reply(core, id))),
            text => text,
        },
        Act::Conversation(conversation) => values::conversation(&work, conversation).output,
        Act::Stop(_) => Output::Data(Value { data: Data::Bool(false), reply: None }),
        Act::Item { .. } => {
            let reply = Arc::new(reply(core, id));
            Output::Data(Value { data: Data::Answer(Arc::clone(&reply.view)), reply: Some(reply) })
        }
        _ => Output::One(Arc::new(reply(core, id))),
    }
}

fn members(core: &Core, ids: &[NodeId], names: Arc<[String]>) -> Output {
    let ended: Vec<_> = ids.iter().map(|id| (core.ended(*id), *core.shape(*id) != Shape::One)).collect();
    let ended = ended.iter().map(|(output, is_list)| (output.as_ref(), *is_list));
    Output::Many(Arc::new(Many::of_members(ended, names)))
}

fn selected(core: &Arc<Core>, id: NodeId, select: &Select) -> Output {
    let of = |id: NodeId| core.ended(id).unwrap_or(Output::Skipped);
    let one = || Output::One(Arc::new(reply(core, id)));
    let taken = |list: NodeId, count: u32| Output::list(of(list).replies().into_iter().take(count as usize));
    match (select, of(select.inputs().first().copied().unwrap_or(id))) {
        (Select::First { count: Some(count), list }, _)
        | (Select::Last { count: Some(count), list }, _)
        | (Select::Best { count: Some(count), list }, _) => taken(*list, *count),
        (Select::Concat(lists), _) => members(core, lists, Arc::default()),
        (Select::Without { .. }, Output::Many(many)) => {
            let mut replies = Output::Many(many).replies();
            replies.pop();
            Output::list(replies)
        }
        (Select::Mine { place, .. }, Output::Many(many)) => many.member(*place as usize).unwrap_or_else(one),
        (Select::Others { place, .. }, Output::Many(many)) => many.others(*place as usize),
        (Select::Member { name, .. }, Output::Many(many)) => {
            let place = many.names.iter().position(|known| known == name);
            place.and_then(|place| many.member(place)).unwrap_or_else(one)
        }
        _ => one(),
    }
}

/// Nobody has given a score yet.
fn scored(list: &Output) -> Output {
    match list {
        Output::Many(many) => Output::Many(Arc::new(many.map(|reply| Arc::new(reply.scored(f64::NAN))))),
        other => other.clone(),
    }
}

/// ‹name›, with every field.
fn reply(core: &Core, id: NodeId) -> Reply {
    let node = core.plan.node(id);
    let last = node.id.rsplit('.').next().unwrap_or(&node.id);
    let text = format!("‹{}›", node.name.as_deref().unwrap_or(last));
    let ask = node.act.ask();
    let model = ask.map(|ask| core.plan.model(ask.model).name.clone());
    let view = Answer {
        present: true,
        text: text.as_str().into(),
        model: model.as_deref().unwrap_or_default().into(),
        value: ask.and_then(|ask| ask.returns.as_ref()).map(|_| Data::Text(text.as_str().into())),
        fits: true,
        ..Answer::default()
    };
    let completion = Completion { text, finish_reason: "stop".to_owned(), ..Completion::default() };
    Reply { step: node.id.clone(), model, completion, view: Arc::new(view), streamed: false }
}

/// What a call is shown, and the node whose inputs its templates see. None for a judge that nothing is left for.
fn shown(core: &Arc<Core>, id: NodeId) -> Option<(NodeId, Shown)> {
    let data = |list: NodeId| core.ended(list).map(|output| output.data(core.shape(list)));
    let replies = |list: NodeId| core.ended(list).map(|output| output.replies()).unwrap_or_default();
    match &core.plan.node(id).act {
        Act::Merge { list, .. } => Some((id, Shown { list: data(*list), question: None })),
        Act::Pick { list, count, .. } => {
            let all = replies(*list);
            let question = match count {
                None => Question::Choice(all.len()),
                Some(wanted) => {
                    Question::Choices { wanted: (*wanted as usize).min(all.len()), count: all.len() }
                }
            };
            Some((id, several(&all, question)))
        }
        Act::Judge(_) => {
            let user = core.plan.ids().find(|user| core.plan.node(*user).act.parts().contains(&id))?;
            judged(core, user, id).map(|shown| (user, shown))
        }
        _ => Some((id, Shown::default())),
    }
}

fn several(replies: &[Arc<Reply>], question: Question) -> Shown {
    let views = replies.iter().map(|reply| Arc::clone(&reply.view)).collect();
    Shown { list: Some(Data::Answers(Arc::new(views))), question: Some(question) }
}

/// What the node around a judge shows it.
fn judged(core: &Arc<Core>, user: NodeId, judge: NodeId) -> Option<Shown> {
    let replies = |list: NodeId| core.ended(list).map(|output| output.replies()).unwrap_or_default();
    let grade = |reply: &Arc<Reply>| Shown {
        list: Some(Data::Answer(Arc::clone(&reply.view))),
        question: Some(Question::Grade),
    };
    match &core.plan.node(user).act {
        Act::Score(Score { list, method: ScoreMethod::Grade, judges, calls, .. }) => {
            let place = calls.iter().position(|call| *call == judge)? / judges.len().max(1);
            replies(*list).get(place).map(grade)
        }
        Act::Score(Score { list, method: ScoreMethod::Rank, .. }) => {
            let all = replies(*list);
            Some(several(&all, Question::Ranking(all.len())))
        }
        Act::Knockout(Knockout { list, .. }) => {
            let all = replies(*list);
            Some(several(&all[..all.len().min(2)], Question::Better))
        }
        Act::Cascade(Cascade { rungs, graders, .. }) => {
            let place = graders.iter().position(|grader| *grader == judge)?;
            replies(rungs[place]).first().map(grade)
        }
        _ => None,
    }
}
