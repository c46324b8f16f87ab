//! Which boxes there are, what stands in which, and who uses whom.

use std::collections::{BTreeMap, BTreeSet};

use crate::explain::json::Document;
use crate::explain::json::node::Step;
use crate::explain::outline::{Branch, Outline, Role};
use crate::explain::picture::{Arrow, Figure, Look, Picture};
use crate::explain::{summary, text};

pub(super) fn picture(doc: &Document) -> Picture {
    let outline = Outline::of(doc);
    let mut nest =
        Nest { outline: &outline, paths: BTreeMap::new(), entries: BTreeMap::new(), frames: BTreeMap::new() };
    nest.fill(doc);
    let mut figures = nest.figures(None);
    let manner = outline.get(&doc.reply).map(|reply| summary::manner_of_answer(&outline, reply));
    let arrows = nest.arrows(&figures);
    number_waves(&outline, &mut figures);
    let mut facts = text::bounds(doc);
    facts.extend(text::memory(doc));
    Picture {
        handle: doc.handle.clone(),
        facts,
        figures,
        arrows,
        reply: doc.reply.clone(),
        manner: manner.unwrap_or_default().to_owned(),
    }
}

/// Where every drawn step stands.
struct Nest<'o, 'a> {
    outline: &'o Outline<'a>,
    /// The boxes around a step, the outermost first.
    paths: BTreeMap<&'a str, Vec<&'a str>>,
    /// How a step was first met.
    entries: BTreeMap<&'a str, Entry<'a>>,
    /// The frames that are inside an inlined body.
    frames: BTreeMap<&'a str, BTreeSet<u32>>,
}

struct Entry<'a> {
    branch: Branch<'a>,
    /// The step that starts it or stands before it, for parts and fallbacks.
    above: Option<&'a str>,
    /// Its place in the plan.
    place: usize,
}

impl<'a> Nest<'_, 'a> {
    /// Users stand behind what they use: in reverse order, where a step stands is known when it is reached.
    fn fill(&mut self, doc: &'a Document) {
        let places: BTreeMap<&str, usize> =
            doc.nodes.iter().enumerate().map(|(at, step)| (step.id.as_str(), at)).collect();
        let Some(reply) = self.outline.get(&doc.reply) else { return };
        self.meet(Branch { step: reply, role: Role::Body }, None, Vec::new(), &places);
        for step in doc.nodes.iter().rev() {
            let Some(path) = self.paths.get(step.id.as_str()).cloned() else { continue };
            for branch in self.outline.branches(step) {
                if !self.is_drawn(step, branch) {
                    continue;
                }
                let (above, path) = match branch.role {
                    Role::Input | Role::Tie | Role::Start | Role::Conversation => (None, path.clone()),
                    Role::Else => (Some(step.id.as_str()), path.clone()),
                    _ => (Some(step.id.as_str()), path.iter().copied().chain([step.id.as_str()]).collect()),
                };
                let path = self.outside(branch.step, path);
                self.meet(branch, above, path, &places);
            }
        }
    }

    fn meet(
        &mut self,
        branch: Branch<'a>,
        above: Option<&'a str>,
        path: Vec<&'a str>,
        places: &BTreeMap<&str, usize>,
    ) {
        let id = branch.step.id.as_str();
        match self.paths.get_mut(id) {
            Some(known) => {
                let same = known.iter().zip(&path).take_while(|(a, b)| a == b).count();
                known.truncate(same);
            }
            None => _ = self.paths.insert(id, path),
        }
        let entry = self.entries.entry(id).or_insert(Entry { branch, above, place: places[id] });
        if entry.above.is_none() && above.is_some() {
            (entry.branch, entry.above) = (branch, above);
        }
    }

    /// Whether a branch has a box of its own: plain calls are lines of their group.
    fn is_drawn(&self, step: &'a Step, branch: Branch<'a>) -> bool {
        let is_condition = matches!(branch.step.verb.as_str(), "conversation");
        let is_part = !matches!(branch.role, Role::Input | Role::Tie | Role::Start | Role::Else);
        !(is_condition || is_part && is_plain(self.outline, step))
    }

    /// The path without the boxes that a step does not stand in, although it is only used there.
    fn outside(&mut self, step: &'a Step, path: Vec<&'a str>) -> Vec<&'a str> {
        let mut kept = Vec::new();
        for id in path {
            if !self.outline.get(id).is_some_and(|around| self.holds(around, step)) {
                break;
            }
            kept.push(id);
        }
        kept
    }

    fn holds(&mut self, around: &'a Step, step: &'a Step) -> bool {
        let outline = self.outline;
        if let Some(reply) = around.reply.as_deref().and_then(|id| outline.get(id)) {
            return self
                .frames
                .entry(&around.id)
                .or_insert_with(|| frames(outline, reply))
                .contains(&step.frame);
        }
        let own = |id: &str| step.id == id;
        if let [first, second, ..] = &around.rounds[..] {
            // Every round uses it: it was there before.
            let held = first.iter().filter_map(|part| part.next.as_deref()).any(own);
            let later = second.iter().flat_map(|part| part.beside.iter().chain(&part.stop).chain(&part.next));
            let later: Vec<&str> = later.map(String::as_str).collect();
            let is_used = |id: &&str| {
                outline.get(id).is_some_and(|user| outline.sources(user).contains(&step.id.as_str()))
            };
            return held || !later.iter().any(is_used);
        }
        if let ([first, second, ..], true) =
            (&around.members[..], outline.alike(&around.members) || around.form.as_deref() == Some("for"))
        {
            let reached = |id: &'a String| outline.reached(id).contains(step.id.as_str());
            return !(reached(first) && reached(second)) || own(first);
        }
        true
    }

    /// The boxes that stand in `around`, or on the sheet.
    fn figures(&self, around: Option<&'a str>) -> Vec<Figure> {
        let here = |path: &&Vec<&'a str>| path.last().copied() == around;
        let mut ids: Vec<&'a str> =
            self.paths.iter().filter(|(_, path)| here(path)).map(|(id, _)| *id).collect();
        ids.sort_by_key(|id| self.entries[id].place);
        ids.retain(|id| !self.is_fallback(id));
        ids.into_iter().map(|id| self.figure(id)).collect()
    }

    /// It stands beside what it stands in for.
    fn is_fallback(&self, id: &'a str) -> bool {
        let entry = &self.entries[id];
        entry.branch.role == Role::Else
            && entry.above.is_some_and(|above| self.paths[above] == self.paths[id])
    }

    fn figure(&self, id: &'a str) -> Figure {
        let entry = &self.entries[id];
        let step = entry.branch.step;
        let is_part = entry.above.is_some() && !matches!(entry.branch.role, Role::Else);
        let around = self.paths[id].last().copied();
        let tag = if is_part && entry.above == around { tag(self.outline, entry) } else { String::new() };
        let mut fallbacks = Vec::new();
        let mut last = step;
        while let Some(next) =
            last.fallback.as_deref().filter(|next| self.paths.contains_key(next) && self.is_fallback(next))
        {
            fallbacks.push(Figure { fallbacks: Vec::new(), ..self.figure(next) });
            let Some(step) = self.outline.get(next) else { break };
            last = step;
        }
        Figure {
            id: id.to_owned(),
            tag,
            title: step.name.clone().unwrap_or_default(),
            what: if step.verb == "stop" {
                String::new()
            } else {
                summary::without_models(self.outline, step)
            },
            lines: lines(self.outline, step),
            look: look(step),
            waves: None,
            parts: self.figures(Some(id)),
            fallbacks,
        }
    }

    /// An arrow for each use, between the boxes that are drawn.
    fn arrows(&self, figures: &[Figure]) -> Vec<Arrow> {
        let drawn: BTreeSet<&str> =
            figures.iter().flat_map(Figure::all).map(|figure| figure.id.as_str()).collect();
        let mut arrows = BTreeSet::new();
        for (id, entry) in &self.entries {
            let step = entry.branch.step;
            let branches = self.outline.branches(step).into_iter();
            let inputs =
                branches.filter(|branch| matches!(branch.role, Role::Input | Role::Start | Role::Tie));
            let mut used: Vec<(&str, String)> = inputs
                .map(|branch| {
                    (
                        branch.step.id.as_str(),
                        if branch.role == Role::Tie { "on a tie".to_owned() } else { String::new() },
                    )
                })
                .collect();
            // What a plain group's members use, the group uses.
            if is_plain(self.outline, step) {
                for part in step.parts().into_iter().filter_map(|id| self.outline.get(id)) {
                    used.extend(self.outline.sources(part).into_iter().map(|id| (id, String::new())));
                }
            }
            // Parts that stand elsewhere because others use them, too.
            let parts = step
                .parts()
                .into_iter()
                .filter(|part| drawn.contains(part) && !self.paths[part].contains(id));
            used.extend(parts.map(|part| (part, String::new())));
            for (from, label) in used.into_iter().filter(|(from, _)| drawn.contains(from) && from != id) {
                arrows.insert(Arrow { from: from.to_owned(), to: (*id).to_owned(), label });
            }
            for pair in step.rungs.windows(2).filter(|pair| pair.iter().all(|id| drawn.contains(id.as_str())))
            {
                let label = "not good enough".to_owned();
                arrows.insert(Arrow { from: pair[0].clone(), to: pair[1].clone(), label });
            }
        }
        let mut arrows: Vec<Arrow> = arrows.into_iter().collect();
        let place = |id: &str| self.entries.get(id).map(|entry| entry.place);
        arrows.sort_by_key(|arrow| (place(&arrow.from), place(&arrow.to)));
        arrows
    }
}

/// All frames of a body and of those used in it.
fn frames(outline: &Outline<'_>, reply: &Step) -> BTreeSet<u32> {
    let mut inside = BTreeSet::from([reply.frame]);
    for step in outline.all().filter(|step| step.verb == "inline") {
        let body = step.reply.as_deref().and_then(|id| outline.get(id));
        if let (true, Some(body)) = (inside.contains(&step.frame), body) {
            inside.insert(body.frame);
        }
    }
    inside
}

/// A step whose parts are all calls that nothing is said about but their model: one box holds them.
fn is_plain(outline: &Outline<'_>, step: &Step) -> bool {
    let parts = step.parts();
    if step.reply.is_some() || !step.rounds.is_empty() || step.form.as_deref() == Some("for") {
        return false;
    }
    parts.into_iter().filter_map(|id| outline.get(id)).all(|part| {
        let is_call = matches!(part.verb.as_str(), "ask" | "judge");
        let is_named = part.name.is_some() && !step.names.iter().any(|name| Some(name) == part.name.as_ref());
        is_call && part.fallback.is_none() && !is_named
    })
}

/// Models, one a line.
fn lines(outline: &Outline<'_>, step: &Step) -> Vec<String> {
    if let ("stop", Some(when)) = (step.verb.as_str(), &step.expression) {
        return vec![when.clone()];
    }
    let model = |id: &String| outline.get(id).and_then(|part| part.model.clone());
    if !is_plain(outline, step) {
        return step.model.clone().into_iter().chain(step.graders.first().and_then(model)).collect();
    }
    if let Some(model) = outline.same_model(step) {
        return vec![format!("{} × {model}", step.members.len())];
    }
    let mut lines: Vec<String> = step.model.clone().into_iter().collect();
    lines.extend(step.judges.iter().cloned());
    lines.extend(step.matches.iter().flatten().take(1).filter_map(model));
    for (id, role) in outline.parts(step) {
        let Some(name) = outline.get(id).and_then(|part| part.model.clone()) else { continue };
        let word = role.word();
        lines.push(if word.is_empty() { name } else { format!("{word}: {name}") });
    }
    lines
}

fn tag(outline: &Outline<'_>, entry: &Entry<'_>) -> String {
    let role = entry.branch.role;
    let copies = entry.above.and_then(|id| outline.get(id)).map_or(0, |around| around.members.len());
    match role {
        Role::Each => format!("each of at most {copies}"),
        Role::Arm(arm) => match &arm.when {
            Some(when) => format!("when {when}"),
            None => arm.label.clone().unwrap_or_else(|| "else".to_owned()),
        },
        Role::Member | Role::Body | Role::Next => String::new(),
        Role::Named(name) if entry.branch.step.name.as_deref() == Some(name) => String::new(),
        role => role.word(),
    }
}

fn look(step: &Step) -> Look {
    match step.verb.as_str() {
        "pick" | "score" | "route" | "judge" => Look::Decider,
        _ if step.free => Look::Free,
        _ => Look::Call,
    }
}

fn number_waves(outline: &Outline<'_>, figures: &mut [Figure]) {
    for figure in figures {
        number_waves(outline, &mut figure.parts);
        number_waves(outline, &mut figure.fallbacks);
        figure.waves = outline.get(&figure.id).and_then(|step| outline.span(step));
    }
}
