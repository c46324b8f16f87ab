//! Mocks as they are written: the replies that they give, and the calls that they answer.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::suggest::did_you_mean;
use crate::plan::{NodeId, Plan};
use crate::program::errors as program_errors;
use crate::program::values::Reader;
use crate::syntax::ast::{self, Access, ReplyWhat, Value};
use crate::template::Data;
use crate::units::Millis;
use crate::upstream::sim::script::{Delay, Reply, ScriptedCall, Trouble};

use super::{Mock, errors, steps};

/// What `fail` takes, and what it means on the wire.
const FAULTS: &[(&str, Trouble)] = &[
    ("timeout", Trouble::Silence),
    ("refused", Trouble::Refused),
    ("reset", Trouble::Reset),
    ("cut", Trouble::Cut),
    ("stall", Trouble::Stall),
    ("garbage", Trouble::Garbage),
    ("empty", Trouble::Empty),
    ("400", Trouble::Rejected),
    ("401", Trouble::KeyRefused),
    ("429", Trouble::Busy),
    ("500", Trouble::Unwell),
    ("503", Trouble::Unavailable),
];

/// The replies of a mock; `None` if one of them cannot be read.
pub fn replies(mock: &ast::Mock, found: &mut Vec<Diagnostic>) -> Option<Vec<Reply>> {
    let read: Vec<_> = mock.replies.iter().map(|written| reply(written, found)).collect();
    read.into_iter().collect()
}

fn reply(written: &ast::Reply, found: &mut Vec<Diagnostic>) -> Option<Reply> {
    let after = match &written.after {
        Some(quantity) => {
            let mut reader = Reader { option: "after", diagnostics: found };
            Some(reader.duration(&Value::Quantity(quantity.clone()))?)
        }
        None => None,
    };
    let mut reply = match &written.what {
        ReplyWhat::Text(text) => Reply { text: Some(text.value.clone()), ..Reply::default() },
        ReplyWhat::Tool { name, arguments } => {
            let call =
                ScriptedCall { name: name.value.clone(), arguments: arguments.value.clone(), id: None };
            Reply { tool_calls: vec![call], ..Reply::default() }
        }
        ReplyWhat::Fail { fault, args } => fault_reply(fault, args, found)?,
    };
    reply.delay_ms = after.map(|Millis(wait)| Delay::Fixed(wait));
    Some(reply)
}

fn fault_reply(fault: &Value, args: &[ast::Arg], found: &mut Vec<Diagnostic>) -> Option<Reply> {
    let trouble = trouble(fault, found)?;
    let mut retry_after = None;
    for arg in args {
        let known = arg.name.as_ref().filter(|name| name.text == "retry_after");
        if known.is_none() || trouble != Trouble::Busy {
            let span = arg.name.as_ref().map_or(arg.span, |name| name.span);
            found.push(
                program_errors::wrong_value("fail", span, "no such argument")
                    .help("only `fail 429` has one: `fail 429 (retry_after: 3s)`"),
            );
            return None;
        }
        let mut reader = Reader { option: "retry_after", diagnostics: found };
        // The header counts whole seconds; what is less is rounded up, as a server would.
        retry_after = Some(reader.duration(&arg.value)?.0.div_ceil(1000).to_string());
    }
    Some(Reply { fault: Some(trouble), retry_after, ..Reply::default() })
}

fn trouble(fault: &Value, found: &mut Vec<Diagnostic>) -> Option<Trouble> {
    let word = match fault {
        Value::Name(member) => member.word()?.text.clone(),
        Value::Quantity(quantity) if quantity.unit.is_empty() => quantity.number.to_string(),
        Value::Bad(_) => return None,
        _ => String::new(),
    };
    let known = FAULTS.iter().find(|(name, _)| *name == word);
    if known.is_none() {
        let names: Vec<&str> = FAULTS.iter().map(|(name, _)| *name).collect();
        let near = did_you_mean(&word, names.iter().copied());
        found.push(
            program_errors::wrong_value("fail", fault.span(), &format!("one of {}", names.join(", ")))
                .help_if(near),
        );
    }
    known.map(|(_, trouble)| *trouble)
}

/// How closely a mock names a call: a longer part of its id is closer, then come models, then roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    Role,
    Model,
    Step(usize),
}

/// Gives each call of the plan to the mock that names it most closely.
pub fn assign(plan: &Plan, written: Vec<(&ast::Mock, Vec<Reply>)>, found: &mut Vec<Diagnostic>) -> Vec<Mock> {
    let mut taken: BTreeMap<NodeId, (Closeness, usize)> = BTreeMap::new();
    // What was complained of already.
    let mut told = Vec::new();
    for (index, (mock, _)) in written.iter().enumerate() {
        let reached = reached(plan, &mock.target);
        if reached.is_empty() {
            found.push(unknown(plan, &mock.target));
            told.push(index);
        }
        for (id, closeness) in reached {
            match taken.get(&id) {
                Some((before, _)) if *before > closeness => (),
                Some((before, first)) if *before == closeness => {
                    if !told.contains(&index) {
                        let first = written[*first].0.target.span;
                        found.push(errors::mocked_twice(mock.target.span, first, &plan.node(id).id));
                        told.push(index);
                    }
                }
                _ => {
                    taken.insert(id, (closeness, index));
                }
            }
        }
    }
    let covers = |index: usize| taken.iter().filter(|(_, (_, by))| *by == index).map(|(id, _)| *id).collect();
    let mocks: Vec<Mock> = written
        .into_iter()
        .enumerate()
        .map(|(index, (mock, replies))| {
            let covers: Vec<NodeId> = covers(index);
            if covers.is_empty() && !told.contains(&index) {
                let span = mock.target.span;
                found.push(errors::all_mocked_closer(span, &name(&mock.target)));
            }
            Mock { span: mock.target.span, covers, replies }
        })
        .collect();
    mocks
}

/// The calls that a target names.
fn reached(plan: &Plan, target: &ast::Path) -> Vec<(NodeId, Closeness)> {
    let head = target.head.text.as_str();
    let rest = rest(target);
    let bases: Vec<String> = steps::named(plan, head).into_iter().map(|id| format!("{id}{rest}")).collect();
    let callers = || plan.nodes.iter().filter(|node| node.act.ask().is_some());
    // A step that makes a call is that call, not what it starts: of a `route` the question which way to go. One without
    // any call is what answers in its place.
    let stands_for = |id: &str, base: &str| {
        if callers().any(|node| node.id.as_ref() == base) {
            id == base
        } else if callers().any(|node| steps::is_part(&node.id, base)) {
            steps::is_part(id, base)
        } else {
            steps::within(id, base).is_some()
        }
    };
    let calls = plan.ids().filter(|id| plan.node(*id).act.ask().is_some());
    calls
        .filter_map(|id| {
            let node = plan.node(id);
            let by_step = bases.iter().filter(|base| stands_for(&node.id, base)).map(String::len).max();
            let model = plan.model(node.act.ask()?.model).name.as_ref();
            let constants = &plan.frames[node.frame.0 as usize].constants;
            let role = constants.iter().find(|(name, _)| rest.is_empty() && name == head);
            let closeness = match by_step {
                Some(length) => Closeness::Step(length),
                None if rest.is_empty() && model == head => Closeness::Model,
                None if role.is_some_and(|(_, data)| holds(data, model)) => Closeness::Role,
                None => return None,
            };
            Some((id, closeness))
        })
        .collect()
}

/// Whether a role is this model, or a list with it.
fn holds(role: &Data, model: &str) -> bool {
    match role {
        Data::Map(fields) => fields
            .iter()
            .any(|(name, data)| name == "name" && matches!(data, Data::Text(text) if **text == *model)),
        Data::List(items) => items.iter().any(|item| holds(item, model)),
        _ => false,
    }
}

/// What follows the head of a path, as ids have it.
fn rest(path: &ast::Path) -> String {
    path.tail
        .iter()
        .map(|access| match access {
            Access::Field(name) => format!(".{}", name.text),
            Access::Index { index, .. } => format!("[{index}]"),
        })
        .collect()
}

/// A target as it is written.
fn name(target: &ast::Path) -> String {
    format!("{}{}", target.head.text, rest(target))
}

fn unknown(plan: &Plan, target: &ast::Path) -> Diagnostic {
    let head = target.head.text.as_str();
    let roles = plan.frames.iter().flat_map(|frame| frame.constants.iter()).map(|(name, _)| name.as_str());
    let models = plan.models.iter().map(|model| model.name.as_ref());
    let mut known: Vec<&str> = steps::names(plan);
    if known.contains(&head) || roles.clone().any(|role| role == head) {
        return errors::mocks_nothing(target.span, &name(target), &plan.handle);
    }
    for name in models.chain(roles) {
        if !known.contains(&name) {
            known.push(name);
        }
    }
    program_errors::unknown_name(&name(target), target.span, "model, role or step of this run", &known)
}
