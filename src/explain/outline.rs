//! What of a document is drawn: every round of a loop, every item of a `for` and every copy of a body are in it, and
//! a reader wants to see one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::explain::json::Document;
use crate::explain::json::call::CallOut;
use crate::explain::json::node::{ArmOut, Step};
use crate::units::Millis;

/// A document with its nodes at hand, and what is alike in it.
pub struct Outline<'a> {
    nodes: BTreeMap<&'a str, &'a Step>,
    /// Equal for nodes that do the same with the same, places in a list aside.
    marks: BTreeMap<&'a str, u64>,
    order: Vec<&'a Step>,
    reply: &'a str,
}

/// A step below another, and what it is to it.
#[derive(Clone, Copy)]
pub struct Branch<'a> {
    pub step: &'a Step,
    pub role: Role<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role<'a> {
    /// What it works on or names.
    Input,
    /// One of a group.
    Member,
    /// One of a group, with its name.
    Named(&'a str),
    /// Any one of a group whose members are alike.
    Each,
    /// What the loop starts from.
    Start,
    /// The condition that ends the loop.
    Stop,
    /// What each round makes.
    Next,
    Arm(&'a ArmOut),
    /// Of a cascade, from 1.
    Rung(usize),
    /// Of a race, with milliseconds after which it starts.
    Starter(u64),
    /// The `reply` of what is used inline.
    Body,
    /// What the calls of a body see instead of the client's messages.
    Conversation,
    Tie,
    Else,
}

impl<'a> Outline<'a> {
    #[must_use]
    pub fn of(doc: &'a Document) -> Self {
        let nodes = doc.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        Self { nodes, marks: marks(doc), order: doc.nodes.iter().collect(), reply: &doc.reply }
    }

    /// Id of the step that the client gets.
    #[must_use]
    pub fn reply(&self) -> &'a str {
        self.reply
    }

    #[must_use]
    pub fn get(&self, id: &str) -> Option<&'a Step> {
        self.nodes.get(id).copied()
    }

    pub fn steps(&self, ids: &[String]) -> impl Iterator<Item = &'a Step> {
        ids.iter().filter_map(|id| self.get(id))
    }

    /// Whether all of these do the same.
    #[must_use]
    pub fn alike(&self, ids: &[String]) -> bool {
        let mut marks = ids.iter().map(|id| self.marks.get(id.as_str()));
        let first = marks.next();
        ids.len() > 1 && marks.all(|mark| Some(mark) == first)
    }

    /// The model of a `sample` or of another group of equal calls: one line says it all.
    #[must_use]
    pub fn same_model(&self, group: &'a Step) -> Option<&'a str> {
        let first = self.steps(&group.members).next()?;
        let is_plain = first.verb == "ask" && first.fallback.is_none() && first.name.is_none();
        let alone = group.members.len() == 1;
        let same = group.verb == "sample" && is_plain && (alone || self.alike(&group.members));
        first.model.as_deref().filter(|_| same)
    }

    /// The call of a group's members, if they all say the same but for the model.
    #[must_use]
    pub fn shared_call(&self, group: &'a Step) -> Option<(&'a Step, &'a CallOut)> {
        let first = self.steps(&group.members).next().filter(|first| first.verb == "ask")?;
        let call = first.call.as_ref()?;
        let wanted = call.alike();
        let sources = self.sources(first);
        self.steps(&group.members)
            .all(|member| {
                member.verb == "ask"
                    && self.sources(member) == sources
                    && member.deadline_ms == first.deadline_ms
                    && member.call.as_ref().is_some_and(|call| call.alike() == wanted)
            })
            .then_some((first, call))
    }

    /// In the order of the plan.
    pub fn all(&self) -> impl Iterator<Item = &'a Step> {
        self.order.iter().copied()
    }

    /// What a loop is about.
    #[must_use]
    pub fn held(&self, step: &'a Step) -> &'a str {
        let next = step.rounds.first().and_then(|round| round.iter().find_map(|part| part.next.as_deref()));
        next.and_then(|id| self.get(id)).map(Step::label).unwrap_or_default()
    }

    /// First and last wave of the calls that a step makes or starts.
    #[must_use]
    pub fn span(&self, step: &'a Step) -> Option<(u32, u32)> {
        let inner = self.inner(step);
        let calls = inner.iter().filter_map(|id| self.get(id)).filter(|inner| inner.call.is_some());
        let own = step.call.as_ref().map(|_| step.wave);
        let all: Vec<u32> = calls.map(|call| call.wave).chain(own).collect();
        let is_silent = step.free || step.verb == "inline";
        // All that it starts is used elsewhere, too.
        let end = (!is_silent).then_some(step.wave);
        Some((all.iter().min().copied().or(end)?, all.iter().max().copied().or(end)?))
    }

    /// Everything below a step: what it works on, what it starts, what breaks its tie, its `else`; each once.
    #[must_use]
    pub fn branches(&self, step: &'a Step) -> Vec<Branch<'a>> {
        let mut ids: Vec<(&'a str, Role<'a>)> = Vec::new();
        ids.extend(step.first.as_deref().map(|id| (id, Role::Start)));
        ids.extend(self.sources(step).into_iter().map(|id| (id, Role::Input)));
        ids.extend(self.shared_sources(step).into_iter().map(|id| (id, Role::Input)));
        ids.extend(self.parts(step));
        ids.extend(step.ties.as_deref().map(|id| (id, Role::Tie)));
        ids.extend(step.fallback.as_deref().map(|id| (id, Role::Else)));
        let mut seen = BTreeSet::new();
        ids.retain(|(id, _)| seen.insert(*id));
        let branch = |(id, role): (&'a str, Role<'a>)| self.get(id).map(|step| Branch { step, role });
        ids.into_iter().filter_map(branch).collect()
    }

    /// What it starts itself, copies once.
    #[must_use]
    pub fn parts(&self, step: &'a Step) -> Vec<(&'a str, Role<'a>)> {
        let mut ids: Vec<(&'a str, Role<'a>)> = self.members(step);
        ids.extend(step.arms.iter().map(|arm| (arm.node.as_str(), Role::Arm(arm))));
        let rungs = step.rungs.iter().enumerate();
        ids.extend(rungs.map(|(at, id)| (id.as_str(), Role::Rung(at + 1))));
        ids.extend(step.starters.iter().map(|s| (s.node.as_str(), Role::Starter(s.after_ms))));
        for part in step.rounds.first().into_iter().flatten() {
            ids.extend(part.stop.as_deref().map(|id| (id, Role::Stop)));
            ids.extend(part.next.as_deref().map(|id| (id, Role::Next)));
        }
        if let Some(reply) = step.reply.as_deref() {
            ids.extend(self.conversation(reply).map(|id| (id, Role::Conversation)));
            ids.push((reply, Role::Body));
        }
        ids
    }

    fn members(&self, step: &'a Step) -> Vec<(&'a str, Role<'a>)> {
        let all = step.members.iter().map(String::as_str);
        if self.same_model(step).is_some() {
            return Vec::new();
        }
        if step.form.as_deref() == Some("for") || self.alike(&step.members) {
            return all.take(1).map(|id| (id, Role::Each)).collect();
        }
        let role = |at: usize| step.names.get(at).map_or(Role::Member, |name| Role::Named(name));
        all.enumerate().map(|(at, id)| (id, role(at))).collect()
    }

    /// The conversation that the body of `reply` sees, if it is one of its own.
    fn conversation(&self, reply: &str) -> Option<&'a str> {
        let reply = self.get(reply)?;
        let is_one = |id: &&'a String| self.get(id).is_some_and(|step| step.verb == "conversation");
        reply.after.iter().find(is_one).map(String::as_str)
    }

    /// Ids of the named steps that a step works on or mentions, seen through lists and list functions without a name.
    #[must_use]
    pub fn sources(&self, step: &'a Step) -> Vec<&'a str> {
        let mut ids = Vec::new();
        for id in step.lists.iter().chain(step.inputs.iter().map(|input| &input.node)) {
            self.see_through(id, &mut ids);
        }
        for items in step.items.iter().filter_map(|id| self.get(id)) {
            ids.extend(self.sources(items));
        }
        let mut seen = BTreeSet::new();
        ids.retain(|id| seen.insert(*id));
        ids
    }

    /// Ids of the lists that a step is shown, those that are written out in their parts, and of what else it names.
    #[must_use]
    pub fn shown(&self, step: &'a Step) -> Vec<&'a str> {
        let mut ids = Vec::new();
        let mut within = Vec::new();
        for id in &step.lists {
            self.spread(id, &mut ids);
            self.see_through(id, &mut within);
        }
        let named = step.inputs.iter().map(|input| input.node.as_str());
        ids.extend(named.filter(|id| !within.contains(id)));
        ids
    }

    fn spread(&self, id: &'a str, ids: &mut Vec<&'a str>) {
        match self.get(id) {
            Some(list) if list.verb == "list" && is_transparent(list) => {
                list.lists.iter().for_each(|id| self.spread(id, ids));
            }
            _ => ids.push(id),
        }
    }

    fn see_through(&self, id: &'a str, ids: &mut Vec<&'a str>) {
        match self.get(id) {
            // The loop variable is drawn with its group.
            Some(step) if step.verb == "item" => {}
            Some(step) if is_transparent(step) => {
                step.lists.iter().for_each(|id| self.see_through(id, ids));
            }
            _ => ids.push(id),
        }
    }

    /// What every member of a group waits for: drawn once, at the group.
    #[must_use]
    pub fn shared_sources(&self, step: &'a Step) -> Vec<&'a str> {
        let mut members = self.steps(&step.members);
        let first = members.next().map(|member| self.sources(member)).unwrap_or_default();
        members.fold(first, |shared, member| {
            let own = self.sources(member);
            shared.into_iter().filter(|id| own.contains(id)).collect()
        })
    }

    /// Ids of all that runs only because of what a step starts.
    #[must_use]
    pub fn inner(&self, step: &'a Step) -> BTreeSet<&'a str> {
        self.inner_of(step, step.parts())
    }

    /// The same for some of its parts.
    #[must_use]
    pub fn inner_of(&self, step: &'a Step, parts: Vec<&'a str>) -> BTreeSet<&'a str> {
        let mut outer = self.closure(vec![self.reply], Some(&step.id));
        outer.extend(self.closure(step.needs().into_iter().chain(self.shared_sources(step)).collect(), None));
        let mut inner = self.closure(parts, None);
        inner.retain(|id| !outer.contains(id));
        inner
    }

    /// Ids of a step and of all that it needs or starts.
    #[must_use]
    pub fn reached(&self, id: &'a str) -> BTreeSet<&'a str> {
        self.closure(vec![id], None)
    }

    /// Everything that these need or start, themselves included; nothing that `closed` starts.
    fn closure(&self, from: Vec<&'a str>, closed: Option<&str>) -> BTreeSet<&'a str> {
        let mut open = from;
        let mut seen = BTreeSet::new();
        while let Some(id) = open.pop() {
            if let Some(step) = self.get(id).filter(|_| seen.insert(id)) {
                open.extend(step.needs());
                open.extend(step.parts().into_iter().filter(|_| closed != Some(id)));
                open.extend(step.ties.as_deref().filter(|id| self.nodes.contains_key(id)));
                open.extend(step.fallback.as_deref());
            }
        }
        seen
    }

    /// A list as its step is called, or as it is written.
    #[must_use]
    pub fn called(&self, id: &str) -> String {
        let Some(step) = self.get(id) else { return id.to_owned() };
        match step.verb.as_str() {
            "mine" | "others" => step.verb.clone(),
            // The loop variable: the last part of its id.
            "item" => id.rsplit('.').next().unwrap_or(id).to_owned(),
            _ if is_transparent(step) => self.written(step),
            // Written inside another step.
            "score" if step.name.is_none() => self.written(step),
            _ => step.label().to_owned(),
        }
    }

    /// A list or a list function as it is written.
    #[must_use]
    pub fn written(&self, step: &Step) -> String {
        let lists: Vec<String> = step.lists.iter().map(|id| self.called(id)).collect();
        let lists = lists.join(", ");
        match step.verb.as_str() {
            "list" => format!("[{lists}]"),
            "index" => format!("{lists}[{}]", step.index.unwrap_or(0)),
            "member" => format!("{lists}.{}", step.member.as_deref().unwrap_or_default()),
            "alias" => lists,
            "score" => format!("score {lists}"),
            verb => {
                let count = step.count.map(|count| format!("{count}, ")).unwrap_or_default();
                format!("{verb}({count}{lists})")
            }
        }
    }

    /// Fewest and most answers of a list; nothing for what is one answer.
    #[must_use]
    pub fn count(&self, id: &str) -> Option<(u32, u32)> {
        let step = self.get(id)?;
        let of = |id: Option<&String>| self.count(id?);
        let sum = |ids: &[String]| {
            ids.iter().map(|id| self.count(id).unwrap_or((0, 1))).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
        };
        let most = |(least, most): (u32, u32), count: u32| (least.min(count), most.min(count));
        match step.verb.as_str() {
            "parallel" | "sample" => Some((step.need.unwrap_or(0), sum(&step.members).1)),
            "list" | "concat" => Some(sum(&step.lists)),
            "alias" | "score" => of(step.lists.first()),
            "repeat" => of(step.first.as_ref()),
            "inline" => of(step.reply.as_ref()),
            "without" | "others" => of(step.lists.first()).map(|(least, most)| {
                (least.saturating_sub(1), most.saturating_sub(u32::from(step.verb == "others")))
            }),
            "first" | "last" | "best" | "pick" => Some(most(of(step.lists.first())?, step.count?)),
            _ => None,
        }
    }
}

impl Role<'_> {
    /// What stands before a step that is this to the step above; empty where its own name does.
    #[must_use]
    pub fn word(self) -> String {
        let word = match self {
            Self::Input | Self::Member | Self::Body => "",
            Self::Else => "else",
            Self::Tie => "on a tie",
            Self::Each => "each",
            Self::Start => "start",
            Self::Stop => "stop when",
            Self::Next => "next",
            Self::Conversation => "sees",
            Self::Named(name) => name,
            Self::Arm(arm) => match (&arm.when, &arm.label) {
                (Some(_), _) => "when",
                (None, Some(label)) => label,
                (None, None) => "else",
            },
            Self::Rung(n) => return format!("rung {n}"),
            Self::Starter(0) => "at once",
            Self::Starter(after_ms) => return format!("after {}", Millis(after_ms)),
        };
        word.to_owned()
    }
}

/// Written inside another step, without a name of its own.
#[must_use]
pub fn is_transparent(step: &Step) -> bool {
    match step.verb.as_str() {
        "mine" | "others" => true,
        "list" | "first" | "last" | "without" | "concat" | "best" | "index" | "member" | "alias" => {
            step.name.is_none() && step.fallback.is_none()
        }
        _ => false,
    }
}

/// In one pass, since what a node uses stands before it.
fn marks(doc: &Document) -> BTreeMap<&str, u64> {
    let mut marks: BTreeMap<&str, u64> = BTreeMap::new();
    for step in &doc.nodes {
        let is_place = matches!(step.verb.as_str(), "item" | "mine" | "others");
        let plain = Step {
            id: String::new(),
            wave: 0,
            waves_left: 0,
            frame: 0,
            index: step.index.filter(|_| !is_place),
            call: step.call.as_ref().map(|call| CallOut { number: 0, ..call.clone() }),
            ..step.with_ids(|id| marks.get(id).map_or_else(|| id.to_owned(), |mark| format!("{mark:x}")))
        };
        let mut hasher = DefaultHasher::new();
        serde_json::to_string(&plain).expect("a node holds nothing that JSON cannot").hash(&mut hasher);
        marks.insert(&step.id, hasher.finish());
    }
    marks
}
