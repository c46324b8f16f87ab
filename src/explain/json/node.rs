//! One node of the document: what happens, with what, when, and what if it fails.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::explain::json::call::{CallOut, TurnOut};

/// A node. What does not apply to its verb is left out, and so is what is false, zero or empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Step {
    /// Unique: `drafts`, `drafts[0]`, `reply.else`.
    pub id: String,
    /// What templates call it. The nodes that a loop or a `for` makes of one step bear the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub doc: String,
    /// `ask`, `parallel`, `merge`, …
    pub verb: String,
    /// The model that it calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Its first call is in this wave; what makes no call waits for the end of this one.
    pub wave: u32,
    pub waves_left: u32,
    /// It makes no call itself and starts none.
    #[serde(skip_serializing_if = "is_false")]
    pub free: bool,
    /// Number of the body that it stands in; 0 is the handle's own.
    #[serde(skip_serializing_if = "is_zero")]
    pub frame: u32,
    /// What its templates and conditions name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<InputOut>,
    /// Ids of what must have ended before although it is not named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// Id of what runs if it fails or is skipped.
    #[serde(rename = "else", skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    /// What stands in for a lost decider although nobody wrote it: `first`, `else arm`, `next rung`, `0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub built_in_else: Option<String>,
    /// Its answer can reach the client unchanged.
    #[serde(rename = "final", skip_serializing_if = "is_false")]
    pub is_final: bool,
    /// Its tokens are passed on as they come.
    #[serde(skip_serializing_if = "is_false")]
    pub streams: bool,
    /// The races that it must win before its tokens are passed on, the outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contests: Vec<ContestOut>,
    /// Its own time limit. Without one it gets the time left divided by `waves_left`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_when: Option<String>,
    /// What its answer must satisfy; of a call, see there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_when: Option<String>,

    /// Ids of the list or lists that it works on, and of what is taken out of one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<String>,
    /// `first`, `last`, `best`, `pick`: how many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// `index`, `item`, `mine`, `others`: which, from 0; from the end if negative.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<i64>,
    /// `member`: its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,

    /// `parallel`: `list`, `named`, `over` or `for`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// `parallel`, `sample`: ids of what it starts at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// `parallel { … }`: what each member is called.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// `parallel for`, `item`: id of what gives the items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<String>,
    /// Successes that are enough; of a `for`, absent where it is half of the items that there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_ms: Option<u64>,
    /// Id of the vote that ends the group as soon as it is decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,

    /// `score`: `grade` or `rank`; `pick`: `choose` or `pairwise`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// `score`: the models that judge.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub judges: Vec<String>,
    /// `score`: ids of its calls; of `grade`, all judges of the first answer, then those of the second, ….
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<String>,
    /// `score`: a judge's word on what it wrote itself does not count.
    #[serde(skip_serializing_if = "is_false")]
    pub skips_own: bool,
    /// `pick` pairwise: ids of the calls of each round, one a match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rubric: Option<String>,

    /// `vote`: `text`, `number` or `similarity`.
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    pub matching: Option<String>,
    /// `vote`: how alike is the same, 0–1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub similarity: Option<f64>,
    /// `vote`: what an answer votes for, as a template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// `vote`: `first`, `longest`, or the id of the step that decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ties: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_share: Option<f64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, u32>,

    /// `route`: the ways, as written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arms: Vec<ArmOut>,
    /// `cascade`: ids of the rungs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rungs: Vec<String>,
    /// `cascade … by`: ids of the calls that grade each rung but the last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub graders: Vec<String>,
    /// `cascade … by`: the grade that is good enough, 0–1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept: Option<f64>,
    /// `race`: who starts when.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub starters: Vec<StarterOut>,

    /// `repeat`: id of what the name holds before the first round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// `repeat`: its rounds, each in the order of its parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rounds: Vec<Vec<PartOut>>,
    /// `stop`: when; `items`: of what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// `items`: how many there may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,

    /// `inline`: which ensemble or technique.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// `inline`: id of its `reply`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationOut>,

    /// `text`: the template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<CallOut>,
}

/// A name and the node that it means there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InputOut {
    pub name: String,
    pub node: String,
    /// A prompt or text prints it: if it has failed, so has what prints it.
    #[serde(skip_serializing_if = "is_false")]
    pub printed: bool,
}

/// A race, and the place among its starters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContestOut {
    pub race: String,
    pub place: u32,
}

/// A way that `route` can go: with `when`, with `label` and `meaning`, or else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ArmOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
    pub node: String,
}

/// One of a `race`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StarterOut {
    pub node: String,
    /// How long after the race began it starts.
    #[serde(skip_serializing_if = "is_zero_ms")]
    pub after_ms: u64,
}

/// A part of a round: either the loop may `stop` there, or its name gets its `next` answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PartOut {
    /// Steps that run beside it for those below.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What the calls of an inlined ensemble or technique see of the conversation around it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConversationOut {
    /// `full`, `none`, `last`, `last 4`.
    pub history: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prompt: Vec<TurnOut>,
}

// === impl Step ===

impl Step {
    /// What people call it: its name, else its id.
    #[must_use]
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }

    /// The same node with other names for all nodes that it refers to; its own id stays.
    #[must_use]
    pub fn with_ids(&self, new: impl Fn(&str) -> String) -> Self {
        let mut step = self.clone();
        for list in [
            &mut step.after,
            &mut step.lists,
            &mut step.members,
            &mut step.calls,
            &mut step.rungs,
            &mut step.graders,
        ] {
            list.iter_mut().for_each(|id| *id = new(id));
        }
        let single = [
            &mut step.fallback,
            &mut step.items,
            &mut step.decided_by,
            &mut step.ties,
            &mut step.first,
            &mut step.reply,
        ];
        single.into_iter().flatten().for_each(|id| *id = new(id));
        step.matches.iter_mut().flatten().for_each(|id| *id = new(id));
        step.inputs.iter_mut().for_each(|input| input.node = new(&input.node));
        step.contests.iter_mut().for_each(|contest| contest.race = new(&contest.race));
        step.arms.iter_mut().for_each(|arm| arm.node = new(&arm.node));
        step.starters.iter_mut().for_each(|starter| starter.node = new(&starter.node));
        for part in step.rounds.iter_mut().flatten() {
            part.beside.iter_mut().chain(&mut part.stop).chain(&mut part.next).for_each(|id| *id = new(id));
        }
        step
    }

    /// Ids of all that it starts itself, at once or when that place is reached, in order.
    #[must_use]
    pub fn parts(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = Vec::new();
        ids.extend(self.members.iter().map(String::as_str));
        ids.extend(self.calls.iter().map(String::as_str));
        ids.extend(self.matches.iter().flatten().map(String::as_str));
        ids.extend(self.arms.iter().map(|arm| arm.node.as_str()));
        ids.extend(self.rungs.iter().chain(&self.graders).map(String::as_str));
        ids.extend(self.starters.iter().map(|starter| starter.node.as_str()));
        for part in self.rounds.iter().flatten() {
            ids.extend(part.beside.iter().chain(&part.stop).chain(&part.next).map(String::as_str));
        }
        ids.extend(self.reply.as_deref());
        ids
    }

    /// Ids of all that must have ended before it starts.
    #[must_use]
    pub fn needs(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.lists.iter().map(String::as_str).collect();
        ids.extend(self.inputs.iter().map(|input| input.node.as_str()));
        ids.extend(self.after.iter().chain(&self.items).chain(&self.first).map(String::as_str));
        ids
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_zero_ms(number: &u64) -> bool {
    *number == 0
}
