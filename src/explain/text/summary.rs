//! What a step is, in a few words: `merge drafts by m`, `parallel, need 2 of 3`.

use crate::explain::json::node::Step;
use crate::explain::outline::{Branch, Outline, Role, is_transparent};
use crate::explain::text::line::{clipped, quoted};

/// Characters of a condition that stands before what it leads to.
const CONDITION_WIDTH: usize = 44;

/// After the step's label. A step that has another label than its name says its name, too.
pub(super) fn of(outline: &Outline<'_>, branch: Branch<'_>) -> String {
    let step = branch.step;
    let text = match branch.role {
        Role::Member if step.name.is_none() && step.verb == "ask" => step.model.clone().unwrap_or_default(),
        _ => act(outline, step),
    };
    let named = match (branch.role, &step.name) {
        (Role::Input | Role::Member | Role::Body, _) | (_, None) => text,
        (Role::Named(label), Some(name)) if label == name => text,
        (_, Some(name)) => format!("{name} = {text}"),
    };
    let named = match branch.role {
        Role::Arm(arm) => match &arm.when {
            Some(when) => format!("{} -> {named}", clipped(when, CONDITION_WIDTH)),
            None => named,
        },
        _ => named,
    };
    if step.built_in { format!("{named} · built in") } else { named }
}

fn act(outline: &Outline<'_>, step: &Step) -> String {
    let lists: Vec<String> = step.lists.iter().map(|id| outline.called(id)).collect();
    let lists = lists.join(", ");
    let model = step.model.as_deref().unwrap_or_default();
    let by = if model.is_empty() { String::new() } else { format!(" by {model}") };
    match step.verb.as_str() {
        "ask" => format!("ask {model}"),
        "parallel" | "sample" => group(outline, step),
        "score" => format!("score {lists} by {}", step.judges.join(", ")),
        "pick" => {
            let count = step.count.map(|count| format!("{count} of ")).unwrap_or_default();
            format!("pick {count}{lists} by {}", step.model.clone().unwrap_or_else(|| judge(outline, step)))
        }
        "cascade" => {
            let by =
                if step.graders.is_empty() { String::new() } else { format!(" by {}", judge(outline, step)) };
            format!("cascade of {}{by}", step.rungs.len())
        }
        "race" => format!("race of {}", step.starters.len()),
        "repeat" => {
            let held =
                step.rounds.first().and_then(|round| round.iter().find_map(|part| part.next.as_deref()));
            let name = held.and_then(|id| outline.get(id)).map(Step::label).unwrap_or_default();
            format!("repeat {name} up to {}", step.rounds.len())
        }
        "stop" | "items" => clipped(step.expression.as_deref().unwrap_or_default(), CONDITION_WIDTH),
        "inline" => step.of.clone().unwrap_or_default(),
        "conversation" => conversation(outline, step),
        "text" => format!("text {}", quoted(step.text.as_deref().unwrap_or_default())),
        "judge" => format!("asked of {model}"),
        "route" => format!("route{by}"),
        "merge" | "vote" => format!("{} {lists}{by}", step.verb),
        _ if is_list_function(step) => outline.written(step),
        verb => format!("{verb} {lists}{by}").trim_end().to_owned(),
    }
}

fn is_list_function(step: &Step) -> bool {
    is_transparent(&Step { name: None, fallback: None, ..step.clone() })
}

/// The model of the calls that a step makes to decide.
fn judge(outline: &Outline<'_>, step: &Step) -> String {
    let calls = step.calls.iter().chain(step.matches.iter().flatten()).chain(&step.graders);
    calls.take(1).filter_map(|id| outline.get(id)?.model.clone()).collect()
}

fn group(outline: &Outline<'_>, step: &Step) -> String {
    let of = step.members.len();
    let mut text = match (step.verb.as_str(), step.form.as_deref()) {
        ("sample", _) => match repeated(outline, step) {
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
            format!("{verb} for each of {} up to {of}", clipped(items.unwrap_or_default(), CONDITION_WIDTH))
        }
        (verb, _) => verb.to_owned(),
    };
    match (step.need, step.form.as_deref()) {
        (Some(need), _) => text.push_str(&format!(", need {need} of {of}")),
        (None, _) => text.push_str(", need half of them"),
    }
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
pub(super) fn history(word: &str) -> Vec<String> {
    match word {
        "none" => Vec::new(),
        "full" => vec!["conversation".to_owned()],
        "last" => vec!["last turn".to_owned()],
        last => vec![format!("{last} turns")],
    }
}

/// `2–3 drafts` for a list, the name for one answer.
pub(super) fn counted(outline: &Outline<'_>, id: &str) -> String {
    let name = outline.called(id);
    match outline.count(id) {
        Some((least, most)) if least == most => format!("{most} {name}"),
        Some((least, most)) => format!("{least}–{most} {name}"),
        None => name,
    }
}

/// What happens without the decider although nobody wrote it, as a line below the step: label and words.
pub(super) fn built_in_else(outline: &Outline<'_>, step: &Step) -> Option<(&'static str, String)> {
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
