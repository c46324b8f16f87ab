//! The graph that mentions make: one `reply`, no circles, nothing unused.

use crate::diagnostic::Diagnostic;
use crate::syntax::ast::{self, Name};

use super::{Step, Verb, errors};

/// Reports what is wrong with the graph. Steps that were wrong themselves take part as far as they are known.
pub fn judge(
    ensemble: &Name,
    written: &[&ast::Step],
    steps: &[Option<Step>],
    diagnostics: &mut Vec<Diagnostic>,
) {
    if !written.iter().any(|step| step.name.text == "reply") {
        diagnostics.push(errors::no_reply(ensemble));
        return;
    }
    // With a step missing, what it mentions is not known: saying "unused" would be a guess.
    let Some(steps) = steps.iter().map(Option::as_ref).collect::<Option<Vec<&Step>>>() else { return };
    if let Some(path) = cycle(&steps) {
        let span = steps.iter().find(|step| step.name == path[0]).expect("the path is made of steps").span;
        diagnostics.push(errors::cycle(span, &path));
        return;
    }
    for (step, written) in steps.iter().zip(written) {
        let used = steps.iter().any(|other| mentions(other).any(|name| name == step.name));
        if step.name != "reply" && !used {
            diagnostics.push(errors::unused(&written.name));
        }
    }
}

/// Every step that `step` mentions, in any of its alternatives.
pub fn mentions(step: &Step) -> impl Iterator<Item = &str> {
    step.alts.iter().flat_map(|alt| {
        let ties = match &alt.verb {
            Verb::Vote { ties: super::Ties::Step(name), .. } => Some(name.as_str()),
            _ => None,
        };
        alt.uses.iter().map(String::as_str).chain(ties)
    })
}

/// The first circle in the order of the source, its first step repeated at the end.
fn cycle(steps: &[&Step]) -> Option<Vec<String>> {
    let mut done: Vec<&str> = Vec::new();
    steps.iter().find_map(|step| walk(step, steps, &mut Vec::new(), &mut done))
}

fn walk<'a>(
    step: &'a Step,
    steps: &[&'a Step],
    path: &mut Vec<&'a str>,
    done: &mut Vec<&'a str>,
) -> Option<Vec<String>> {
    if let Some(at) = path.iter().position(|name| *name == step.name) {
        let mut circle: Vec<String> = path[at..].iter().map(|name| (*name).to_owned()).collect();
        circle.push(step.name.clone());
        return Some(circle);
    }
    if done.contains(&step.name.as_str()) {
        return None;
    }
    path.push(&step.name);
    for name in mentions(step) {
        if let Some(next) = steps.iter().find(|other| other.name == name)
            && let Some(circle) = walk(next, steps, path, done)
        {
            return Some(circle);
        }
    }
    path.pop();
    done.push(&step.name);
    None
}
