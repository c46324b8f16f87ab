//! What a step is, in a few words: `merge drafts by m`, `parallel, need 2 of 3`.

use crate::explain::json::node::Step;
use crate::explain::outline::{Branch, Outline, Role, is_transparent};
use crate::explain::words::{clipped, quoted};

/// Characters of a condition that stands before what it leads to.
const CONDITION_WIDTH: usize = 44;

/// Characters of the list of a `for`.
const ITEMS_WIDTH: usize = 32;

/// After the step's label. A step that has another label than its name says its name, too.
pub fn of(outline: &Outline<'_>, branch: Branch<'_>) -> String {
    let step = branch.step;
    let text = match branch.role {
        Role::Member if step.name.is_none() && step.verb == "ask" => step.model.clone().unwrap_or_default(),
        _ => act(outline, step, true),
    };
    let named = match (branch.role, &step.name) {
        (Role::Input | Role::Member | Role::Body, _) | (_, None) => text,
        (Role::Named(label), Some(name)) if label == name => text,
        (_, Some(name)) => format!("{name} = {text}"),
    };
    match branch.role {
        Role::Arm(arm) => match &arm.when {
            Some(when) => format!("{} -> {named}", clipped(when, CONDITION_WIDTH)),
            None => named,
        },
        _ => named,
    }
}

/// The same without names of models and of the step itself.
pub fn without_models(outline: &Outline<'_>, step: &Step) -> String {
    act(outline, step, false)
}

fn act(outline: &Outline<'_>, step: &Step, models: bool) -> String {
    let lists: Vec<String> = step.lists.iter().map(|id| outline.called(id)).collect();
    let lists = lists.join(", ");
    let model = step.model.as_deref().filter(|_| models).unwrap_or_default();
    let by = |model: &str| match models && !model.is_empty() {
        true => format!(" by {model}"),
        false => String::new(),
    };
    let text = match step.verb.as_str() {
        "ask" => format!("ask {model}"),
        "parallel" | "sample" => group(outline, step, models),
        "score" => format!("score {lists}{}", by(&step.judges.join(", "))),
        "pick" => {
            let count = step.count.map(|count| format!("{count} of ")).unwrap_or_default();
            let judge = step.model.clone().unwrap_or_else(|| judge(outline, step));
            format!("pick {count}{lists}{}", by(&judge))
        }
        "cascade" => format!("cascade of {}{}", step.rungs.len(), by(&judge(outline, step))),
        "race" => format!("race of {}", step.starters.len()),
        "repeat" => format!("repeat {} up to {}", outline.held(step), step.rounds.len()),
        "stop" | "items" => clipped(step.expression.as_deref().unwrap_or_default(), CONDITION_WIDTH),
        "inline" => step.of.clone().unwrap_or_default(),
        "conversation" => conversation(outline, step),
        "text" => format!("text {}", quoted(step.text.as_deref().unwrap_or_default())),
        "judge" => format!("asked of {model}"),
        "route" => format!("route{}", by(model)),
        "merge" | "vote" => format!("{} {lists}{}", step.verb, by(model)),
        _ if is_list_function(step) => outline.written(step),
        verb => format!("{verb} {lists}{}", by(model)),
    };
    text.trim_end().to_owned()
}

fn is_list_function(step: &Step) -> bool {
    is_transparent(&Step { name: None, fallback: None, ..step.clone() })
}

/// The model of the calls that a step makes to decide.
fn judge(outline: &Outline<'_>, step: &Step) -> String {
    let calls = step.calls.iter().chain(step.matches.iter().flatten()).chain(&step.graders);
    calls.take(1).filter_map(|id| outline.get(id)?.model.clone()).collect()
}

fn group(outline: &Outline<'_>, step: &Step, models: bool) -> String {
    let of = step.members.len();
    let mut text = match (step.verb.as_str(), step.form.as_deref()) {
        ("sample", Some("choices")) => {
            let by = repeated(outline, step).filter(|_| models).map(|model| format!(" by {model}"));
            return format!("{of} answers{}, one is enough", by.unwrap_or_default());
        }
        ("sample", _) => match repeated(outline, step).filter(|_| models) {
            Some(what) => format!("sample {of} of {what}"),
            None => format!("sample {of}"),
        },
        (verb, Some("over")) => format!("{verb} over {}", over(outline, step)),
        (verb, Some("for")) => {
            let items = step
                .items
                .as_deref()
                .and_then(|id| outline.get(id))
                .and_then(|items| items.expression.as_deref());
            return format!(
                "{verb} for each of {} up to {of}",
                clipped(items.unwrap_or_default(), ITEMS_WIDTH)
            );
        }
        (verb, _) => verb.to_owned(),
    };
    text.push_str(&format!(", need {} of {of}", step.need.unwrap_or(0)));
    text
}

/// What each of a sample is: a model, or what is used inline.
fn repeated(outline: &Outline<'_>, step: &Step) -> Option<String> {
    let first = outline.get(step.members.first()?)?;
    let same = step.members.len() == 1 || outline.alike(&step.members);
    same.then(|| first.of.clone().or_else(|| first.model.clone())).flatten()
}

/// The list whose answers each member of an `over` has one of.
fn over(outline: &Outline<'_>, step: &Step) -> String {
    let inputs = outline.steps(&step.members).flat_map(|member| &member.inputs);
    let own = inputs
        .filter_map(|input| outline.get(&input.node))
        .find(|input| matches!(input.verb.as_str(), "mine" | "others"));
    own.and_then(|own| own.lists.first()).map_or_else(|| "a list".to_owned(), |list| outline.called(list))
}

/// `last turn + 2–3 drafts`, for the calls inside.
fn conversation(outline: &Outline<'_>, step: &Step) -> String {
    let Some(conversation) = &step.conversation else { return String::new() };
    let mut seen = history(&conversation.history);
    seen.extend(conversation.system.as_ref().map(|_| "a system text of its own".to_owned()));
    seen.extend((!conversation.prompt.is_empty()).then(|| "a prompt of its own".to_owned()));
    seen.extend(outline.sources(step).into_iter().map(|id| counted(outline, id)));
    if seen.is_empty() { "nothing".to_owned() } else { seen.join(" + ") }
}

/// What `history` keeps, in words; nothing for nothing.
pub fn history(word: &str) -> Vec<String> {
    match word {
        "none" => Vec::new(),
        "full" => vec!["conversation".to_owned()],
        "last" => vec!["last turn".to_owned()],
        last => vec![format!("{last} turns")],
    }
}

/// `2–3 drafts` for a list, the name for one answer.
pub fn counted(outline: &Outline<'_>, id: &str) -> String {
    let name = outline.called(id);
    match outline.count(id) {
        Some((least, most)) if least == most => format!("{most} {name}"),
        Some((least, most)) => format!("{least}–{most} {name}"),
        None => name,
    }
}

/// What happens without the decider although nobody wrote it, as a line below the step: label and words.
pub fn built_in_else(outline: &Outline<'_>, step: &Step) -> Option<(&'static str, String)> {
    let lists: Vec<String> = step.lists.iter().map(|id| outline.called(id)).collect();
    let count = step.count.map(|count| format!("{count}, ")).unwrap_or_default();
    let text = match step.built_in_else.as_deref()? {
        "first" => format!("first({count}{})", lists.join(", ")),
        "0" => "score 0".to_owned(),
        "else arm" => "the arm under else".to_owned(),
        "next rung" => "the next rung".to_owned(),
        other => other.to_owned(),
    };
    // Such a step may have an `else` of another kind below it.
    let label = if matches!(step.verb.as_str(), "route" | "cascade") { "if lost" } else { "else" };
    Some((label, format!("{text} · built in")))
}

/// How the answer of the client's step comes when all is well.
pub fn manner_of_answer<'a>(outline: &Outline<'a>, step: &'a Step) -> &'static str {
    match streams(outline, step) {
        (true, false) => "streams",
        (true, true) => "streams, but not on every way",
        (false, _) => "in one piece",
    }
}

/// Whether it can come as it is written, and whether it can come in one piece.
fn streams<'a>(outline: &Outline<'a>, step: &'a Step) -> (bool, bool) {
    let ways: Vec<&str> = match step.verb.as_str() {
        "inline" => step.reply.as_deref().into_iter().collect(),
        "alias" => step.lists.first().map(String::as_str).into_iter().collect(),
        "route" => step.arms.iter().map(|arm| arm.node.as_str()).collect(),
        "cascade" => step.rungs.iter().map(String::as_str).collect(),
        "race" => step.starters.iter().map(|starter| starter.node.as_str()).collect(),
        _ => return (step.streams, !step.streams),
    };
    let ways = ways.into_iter().filter_map(|id| outline.get(id)).map(|way| streams(outline, way));
    ways.fold((false, false), |all, way| (all.0 || way.0, all.1 || way.1))
}
