//! The graph that mentions make: one `reply`, no circles, nothing unused.

use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{self, Name};

use super::{Line, Step, errors};

/// Complaints about names: where one stands, what it was to mention is not known.
const ABOUT_NAMES: &[&str] = &["N001", "T004", "T008", "T010", "T013"];

/// One thing of a body, and what it waits for in it.
struct Vertex<'a> {
    name: &'a str,
    span: Span,
    /// Indices of others.
    waits_for: Vec<usize>,
}

/// Reports what is wrong with the graph of an ensemble or technique. Steps that were wrong themselves take part as far as
/// they are known; `partial`: some lines are not.
pub fn judge(
    owner: &Name,
    written: &[&ast::Step],
    steps: &[Option<Step>],
    partial: bool,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if !written.iter().any(|step| step.name.text == "reply") {
        if !partial {
            let names: Vec<&str> = written.iter().map(|step| step.name.text.as_str()).collect();
            diagnostics.push(errors::no_reply(owner, &names));
        }
        return;
    }
    // With a step missing, what it mentions is not known: saying "unused" would be a guess.
    let Some(steps) = steps.iter().cloned().collect::<Option<Vec<Step>>>() else { return };
    judge_body(&steps, written, &["reply".to_owned()], partial, diagnostics);
}

/// The same for any body: `ends` are the steps that it is for.
pub fn judge_body(
    steps: &[Step],
    written: &[&ast::Step],
    ends: &[String],
    partial: bool,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let vertices: Vec<Vertex<'_>> = steps
        .iter()
        .map(|step| Vertex {
            name: &step.name,
            span: step.span,
            waits_for: step.mentions().filter_map(|name| steps.iter().position(|s| s.name == name)).collect(),
        })
        .collect();
    if let Some(path) = cycle(&vertices) {
        diagnostics.push(errors::cycle(vertices[path[0]].span, &names(&vertices, &path)));
        return;
    }
    if partial || diagnostics.iter().any(|d| ABOUT_NAMES.contains(&d.code.0)) {
        return;
    }
    for (step, written) in steps.iter().zip(written) {
        let used = steps.iter().any(|other| other.mentions().any(|name| name == step.name));
        if !ends.contains(&step.name) && !used {
            diagnostics.push(errors::unused(&written.name));
        }
    }
}

/// The lines of a `repeat`: above its binding the name is last round's; below a `stop when`, everything waits for it.
pub fn judge_round(name: &Name, lines: &[Line], partial: bool, diagnostics: &mut Vec<Diagnostic>) {
    let vertices: Vec<Vertex<'_>> = (0..lines.len()).map(|at| vertex(&name.text, lines, at)).collect();
    if let Some(path) = cycle(&vertices) {
        diagnostics.push(errors::cycle(vertices[path[0]].span, &names(&vertices, &path)));
        return;
    }
    if partial || diagnostics.iter().any(|d| ABOUT_NAMES.contains(&d.code.0)) {
        return;
    }
    for (at, line) in lines.iter().enumerate() {
        let Line::Step(step) = line else { continue };
        let used = vertices.iter().any(|vertex| vertex.waits_for.contains(&at));
        if step.name != name.text && !used {
            diagnostics.push(errors::unused_in_round(&step.name, step.span));
        }
    }
}

/// The lines that line `at` of a round waits for: what it mentions, and the `stop when` above it.
fn vertex<'a>(name: &str, lines: &'a [Line], at: usize) -> Vertex<'a> {
    let of_name =
        |wanted: &str| lines.iter().position(|line| matches!(line, Line::Step(step) if step.name == wanted));
    let (label, span, mentioned): (&str, Span, Vec<&str>) = match &lines[at] {
        Line::Step(step) => (&step.name, step.span, step.mentions().collect()),
        Line::Stop { uses, span, .. } => {
            ("stop when", *span, uses.iter().map(|used| used.name.as_str()).collect())
        }
    };
    let mut waits_for: Vec<usize> = mentioned
        .into_iter()
        .filter_map(|wanted| Some((wanted, of_name(wanted)?)))
        // At and above its binding, the name is last round's.
        .filter(|&(wanted, found)| wanted != name || found < at)
        .map(|(_, found)| found)
        .collect();
    let is_stop = |line: &Line| matches!(line, Line::Stop { .. });
    let binds = |line: &Line| matches!(line, Line::Step(step) if step.name == name);
    // The binding and every `stop when` come one after the other; a step only stands behind a `stop when`.
    let orders = |above: &usize| is_stop(&lines[*above]) || (binds(&lines[*above]) && is_stop(&lines[at]));
    waits_for.extend((0..at).rev().find(orders));
    Vertex { name: label, span, waits_for }
}

fn names(vertices: &[Vertex<'_>], path: &[usize]) -> Vec<String> {
    path.iter().map(|&at| vertices[at].name.to_owned()).collect()
}

/// The first circle in the order of the source, its first step repeated at the end.
fn cycle(vertices: &[Vertex<'_>]) -> Option<Vec<usize>> {
    let mut done = vec![false; vertices.len()];
    (0..vertices.len()).find_map(|at| walk(at, vertices, &mut Vec::new(), &mut done))
}

fn walk(at: usize, vertices: &[Vertex<'_>], path: &mut Vec<usize>, done: &mut [bool]) -> Option<Vec<usize>> {
    if let Some(start) = path.iter().position(|&before| before == at) {
        let mut circle = path[start..].to_vec();
        circle.push(at);
        return Some(circle);
    }
    if done[at] {
        return None;
    }
    path.push(at);
    for &next in &vertices[at].waits_for {
        if let Some(circle) = walk(next, vertices, path, done) {
            return Some(circle);
        }
    }
    path.pop();
    done[at] = true;
    None
}
