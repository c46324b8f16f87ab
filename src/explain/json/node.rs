//! One node of the document: what happens, with what, when, and what if it fails.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::plan::{
    Act, Ask, Group, History, Inherits, Node, NodeId, Plan, Returns, Select, Ties, Tools, Turn, TurnRole,
    Vote,
};

/// A node. What does not apply to its verb is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Step {
    /// Unique: `drafts`, `drafts[0]`, `reply.else`.
    pub id: String,
    /// What templates call it.
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
    /// It makes no call itself and starts none.
    pub free: bool,
    /// Ids of named steps that must have ended before.
    pub inputs: Vec<String>,
    /// Ids of what it starts at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// Ids of the list or lists that it works on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<String>,
    /// Id of what runs if it fails or is skipped.
    #[serde(rename = "else", skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
    /// Its answer can reach the client unchanged.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// Its tokens are passed on as they come.
    pub streams: bool,
    /// A default made visible.
    pub built_in: bool,
    /// Its own time limit. Without one it gets the time left divided by `waves_left`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    pub waves_left: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_ms: Option<u64>,
    /// For `first`, `last`: how many; for `index`: which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
    /// `first`, `longest`, or the id of the step that decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ties: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_share: Option<f64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rubric: Option<String>,
    /// The template of a `text`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_when: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<CallOut>,
}

/// The one call that a node makes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallOut {
    /// The client's seed is raised by this.
    pub number: u32,
    /// `full`, `none`, `last`, `last 4`.
    pub history: String,
    /// `pass`, `show`, `none`.
    pub tools: String,
    /// `all`, `all without temperature`, `sampling`, `sampling without temperature`, `nothing`.
    pub client_parameters: String,
    pub max_tokens: u64,
    pub retries: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_token_ms: Option<u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub soft: Vec<String>,
    /// What its answer must be read as, as it is written: `number(0, 10)`, `json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returns: Option<String>,
    /// The choices of `returns: one_of […]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_when: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prompt: Vec<TurnOut>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnOut {
    pub role: String,
    pub text: String,
}

// === impl Step ===

impl Step {
    #[must_use]
    pub fn of(plan: &Plan, node: &Node) -> Self {
        let step = Self {
            id: node.id.clone(),
            name: node.name.clone(),
            doc: node.doc.clone(),
            verb: node.act.verb().to_owned(),
            model: node.act.ask().map(|ask| plan.model(ask.model).name.clone()),
            wave: node.wave,
            free: node.act.ask().is_none() && !matches!(node.act, Act::Group(_)),
            inputs: node.inputs.iter().map(|input| plan.node(input.node).id.clone()).collect(),
            fallback: node.fallback.map(|id| plan.node(id).id.clone()),
            is_final: node.is_final,
            streams: node.is_live,
            built_in: node.built_in,
            deadline_ms: node.timeout.map(|timeout| timeout.0),
            waves_left: node.waves_left,
            skip_when: node.skip_when.as_ref().map(|when| when.source().to_owned()),
            call: node.act.ask().map(CallOut::of),
            ..Self::default()
        };
        step.with_act(plan, &node.act)
    }

    fn with_act(self, plan: &Plan, act: &Act) -> Self {
        let id = |node: NodeId| plan.node(node).id.clone();
        match act {
            Act::Ask(_) => self,
            Act::Group(group) => self.with_group(plan, group),
            Act::Merge { list, .. } => Self { lists: vec![id(*list)], ..self },
            Act::Pick { list, rubric, .. } => {
                Self { lists: vec![id(*list)], rubric: (!rubric.is_empty()).then(|| rubric.clone()), ..self }
            }
            Act::Vote(vote) => self.with_vote(plan, vote),
            Act::Text(template) => Self { text: Some(template.source().to_owned()), ..self },
            Act::List(nodes) => Self { lists: nodes.iter().map(|&node| id(node)).collect(), ..self },
            Act::Select(select) => self.with_select(plan, select),
            Act::Alias(node) => Self { lists: vec![id(*node)], ..self },
            _ => unreachable!("no program is lowered to this yet"),
        }
    }

    fn with_group(self, plan: &Plan, group: &Group) -> Self {
        Self {
            members: group.members.iter().map(|&id| plan.node(id).id.clone()).collect(),
            need: Some(group.need_of(group.members.len())),
            grace_ms: group.grace.map(|grace| grace.0),
            ..self
        }
    }

    fn with_vote(self, plan: &Plan, vote: &Vote) -> Self {
        let ties = match vote.ties {
            Ties::First => "first".to_owned(),
            Ties::Longest => "longest".to_owned(),
            Ties::Step(id) => plan.node(id).id.clone(),
        };
        Self {
            lists: vec![plan.node(vote.list).id.clone()],
            ties: Some(ties),
            min_share: (vote.min_share > 0.0).then_some(vote.min_share),
            weights: vote.weights.iter().map(|(model, w)| (plan.model(*model).name.clone(), *w)).collect(),
            ..self
        }
    }

    fn with_select(self, plan: &Plan, select: &Select) -> Self {
        let id = |node: &NodeId| plan.node(*node).id.clone();
        match select {
            Select::First { count, list } | Select::Last { count, list } => {
                Self { lists: vec![id(list)], count: count.map(i64::from), ..self }
            }
            Select::Without { list, item } => Self { lists: vec![id(list), id(item)], ..self },
            Select::Concat(lists) => Self { lists: lists.iter().map(id).collect(), ..self },
            Select::Index { index, list } => Self { lists: vec![id(list)], count: Some(*index), ..self },
            _ => unreachable!("no program is lowered to this yet"),
        }
    }

    /// What people call it: its name, else its id.
    #[must_use]
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}

// === impl CallOut ===

impl CallOut {
    fn of(ask: &Ask) -> Self {
        Self {
            number: ask.number,
            history: history_word(ask.history),
            tools: tools_word(ask.tools).to_owned(),
            client_parameters: inherits_words(ask.inherits).to_owned(),
            max_tokens: ask.max_tokens.0,
            retries: ask.retries,
            first_token_ms: ask.first_token.map(|wait| wait.0),
            fields: ask.fields.iter().map(|field| (field.name.clone(), super::value(&field.json))).collect(),
            soft: ask.soft.clone(),
            returns: ask.returns.as_ref().map(ToString::to_string),
            one_of: one_of(ask.returns.as_ref()),
            accept_when: ask.accept_when.as_ref().map(|when| when.source().to_owned()),
            system: ask.system.as_ref().map(|turn| turn.template.source().to_owned()),
            prompt: ask.prompt.iter().map(TurnOut::of).collect(),
        }
    }
}

impl TurnOut {
    fn of(turn: &Turn) -> Self {
        let role = match turn.role {
            TurnRole::System => "system",
            TurnRole::User => "user",
            TurnRole::Assistant => "assistant",
        };
        Self { role: role.to_owned(), text: turn.template.source().to_owned() }
    }
}

fn one_of(returns: Option<&Returns>) -> Vec<String> {
    match returns {
        Some(Returns::OneOf(choices)) => choices.clone(),
        _ => Vec::new(),
    }
}

fn history_word(history: History) -> String {
    match history {
        History::Full => "full".to_owned(),
        History::None => "none".to_owned(),
        History::Last(1) => "last".to_owned(),
        History::Last(turns) => format!("last {turns}"),
    }
}

fn tools_word(tools: Tools) -> &'static str {
    match tools {
        Tools::Pass => "pass",
        Tools::Show => "show",
        Tools::None => "none",
    }
}

fn inherits_words(inherits: Inherits) -> &'static str {
    match inherits {
        Inherits::All => "all",
        Inherits::AllCool => "all without temperature",
        Inherits::Sampling => "sampling",
        Inherits::SamplingCool => "sampling without temperature",
        Inherits::Nothing => "nothing",
    }
}
