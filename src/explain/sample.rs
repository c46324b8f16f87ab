//! Plans made by hand, for the tests of what takes plans. Built without the language, so that those tests fail for
//! their own reasons only.

use std::sync::Arc;

use crate::plan::{
    Act, Ask, Bounds, Frame, Group, GroupKind, History, Inherits, Input, InputBound, Limit, Matching, Model,
    ModelId, Node, NodeId, Plan, Setting, StreamMode, Ties, Tools, Vote,
};
use crate::source::Span;
use crate::units::{Bytes, MicroUsd, Millis, Price, Tokens};

/// A panel of three and one that writes the answer from theirs.
pub(crate) fn architect() -> Plan {
    let mut b = Builder::new("architect", "high", "xl", "moa-architect-high-xl");
    b.doc = "Architecture, planning, trade-offs: three independent designs, one synthesis.";
    let big = b.model("mlx-gpt-oss-120b-mxfp4-q4", 65);
    let middle = b.model("mlx-qwen3-next-80b-a3b-instruct-mxfp4", 45);
    let third = b.model("mlx-llama-3-1-70b-instruct-4bit", 40);
    let members: Vec<NodeId> = [big, middle, third]
        .into_iter()
        .enumerate()
        .map(|(index, model)| b.node(&format!("drafts[{index}]"), None, 1, Act::Ask(ask(model))))
        .collect();
    let group = group(GroupKind::Parallel, members, None);
    let drafts = b.node("drafts", Some("drafts"), 1, Act::Group(group));
    let merge = Act::Merge { list: drafts, ask: last_word(big) };
    let reply = b.node("reply", Some("reply"), 2, merge);
    b.nodes[reply.0 as usize].inputs = vec![input("drafts", drafts)];
    b.nodes[reply.0 as usize].is_final = true;
    b.nodes[reply.0 as usize].is_live = true;
    b.bounds = Bounds {
        calls: 4,
        attempts: 12,
        waves: 2,
        tokens_out: Tokens(90_000),
        tokens_in: InputBound { conversations: 4, constant: Tokens(25_000) },
        cost: MicroUsd(0),
        time: Millis(300_000),
        request_max: Tokens(65_536),
    };
    b.plan(reply)
}

/// Three samples and a vote; the tie is decided by a fourth call.
pub(crate) fn extract() -> Plan {
    let mut b = Builder::new("extract", "fast", "s", "self-consistency-extract-fast-s");
    let mistral = b.model("ov-mistral-7b-instruct-v0-3-fp16", 15);
    let phi = b.model("ov-phi-4-mini-instruct-fp16", 8);
    let members: Vec<NodeId> =
        (0..3).map(|index| b.node(&format!("reads[{index}]"), None, 1, Act::Ask(ask(mistral)))).collect();
    let group = group(GroupKind::Sample, members, Some(Millis(20_000)));
    let reads = b.node("reads", Some("reads"), 1, Act::Group(group));
    let judge = b.node("judge", Some("judge"), 2, Act::Ask(ask(phi)));
    let vote = Vote {
        list: reads,
        key: None,
        matching: Matching::Text,
        ties: Ties::Step(judge),
        min_share: 0.0,
        weights: Vec::new(),
    };
    let reply = b.node("reply", Some("reply"), 2, Act::Vote(vote));
    b.nodes[reply.0 as usize].inputs = vec![input("reads", reads)];
    let backup = b.node("reply.else", None, 3, Act::Ask(ask(phi)));
    b.nodes[reply.0 as usize].fallback = Some(backup);
    b.bounds = Bounds { calls: 5, attempts: 15, waves: 3, time: Millis(30_000), ..Bounds::default() };
    b.plan(reply)
}

fn group(kind: GroupKind, members: Vec<NodeId>, grace: Option<Millis>) -> Group {
    Group { kind, members, names: Vec::new(), items: None, need: Some(2), grace, decided_by: None }
}

fn input(name: &str, node: NodeId) -> Input {
    Input { name: name.to_owned(), node, printed: false }
}

/// A call with nothing set.
pub(crate) fn ask(model: ModelId) -> Ask {
    Ask {
        model,
        prompt: Vec::new(),
        system: None,
        history: History::Full,
        fields: Vec::new(),
        max_tokens: Tokens(8_000),
        max_tokens_own: false,
        first_token: None,
        retries: 2,
        tools: Tools::Show,
        tools_own: false,
        returns: None,
        accept_when: None,
        soft: Vec::new(),
        inherits: Inherits::Sampling,
        input_max: InputBound::default(),
        number: 0,
    }
}

fn last_word(model: ModelId) -> Ask {
    Ask { tools: Tools::Pass, inherits: Inherits::All, max_tokens: Tokens(65_536), ..ask(model) }
}

/// Collects models and nodes in order.
pub(crate) struct Builder {
    pub(crate) ensemble: &'static str,
    pub(crate) profile: &'static str,
    pub(crate) tier: &'static str,
    pub(crate) selector: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) models: Vec<Model>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) bounds: Bounds,
}

impl Builder {
    pub(crate) fn new(
        ensemble: &'static str,
        profile: &'static str,
        tier: &'static str,
        selector: &'static str,
    ) -> Self {
        let bounds = Bounds::default();
        Self { ensemble, profile, tier, selector, doc: "", models: Vec::new(), nodes: Vec::new(), bounds }
    }

    pub(crate) fn model(&mut self, name: &str, gigabytes: u64) -> ModelId {
        self.models.push(Model {
            name: name.to_owned(),
            runtime: name.split('-').next().unwrap_or_default().to_owned(),
            memory: Some(Bytes(gigabytes * 1_000_000_000)),
            context: Tokens(131_072),
            max_output: Tokens(65_536),
            price: Price::default(),
            concurrency: 64,
        });
        ModelId(self.models.len() as u32 - 1)
    }

    pub(crate) fn node(&mut self, id: &str, name: Option<&str>, wave: u32, act: Act) -> NodeId {
        let name = name.map(str::to_owned);
        self.nodes.push(Node { name, waves_left: 1, wave, ..Node::blank(id, Span::default(), act) });
        NodeId(self.nodes.len() as u32 - 1)
    }

    pub(crate) fn plan(self, reply: NodeId) -> Plan {
        let timeout = Millis(300_000);
        Plan {
            handle: format!("opt-{}-{}-{}", self.ensemble, self.profile, self.tier),
            selector: self.selector.to_owned(),
            ensemble: self.ensemble.to_owned(),
            profile: self.profile.to_owned(),
            tier: self.tier.to_owned(),
            doc: self.doc.to_owned(),
            place: format!("{}.ens:2", self.ensemble),
            span: Span::default(),
            models: self.models,
            nodes: self.nodes,
            reply,
            frames: vec![Frame { constants: Arc::new([]), conversation: None }],
            settings: settings(),
            timeout,
            limit: Limit::default(),
            stream: StreamMode::Answer,
            bounds: self.bounds,
            hash: "7f3a1c".to_owned(),
            memory: Some(Bytes(200_000_000_000)),
        }
    }
}

fn settings() -> Vec<Setting> {
    let panel = "[mlx-gpt-oss-120b-mxfp4-q4, mlx-qwen3-next-80b-a3b-instruct-mxfp4, \
                 mlx-llama-3-1-70b-instruct-4bit]";
    let row = |name: &str, value: &str, layer: &str, place: &str, role| Setting {
        name: name.to_owned(),
        value: value.to_owned(),
        layer: layer.to_owned(),
        place: place.to_owned(),
        role,
    };
    vec![
        row("timeout", "5m", "profile high", "profiles.ens:4", false),
        row("panel", panel, "tier xl", "tiers/xl.ens:7", true),
        row("retries", "2", "defaults", "defaults.ens:3", false),
        row("need", "half of the members", "built in", "", false),
        row("history", "full", "built in", "", false),
    ]
}
