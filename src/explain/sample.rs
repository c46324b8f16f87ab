//! Plans made by hand, for the tests of what takes plans. Built without the language, so that those tests fail for
//! their own reasons only.

use std::sync::Arc;

use crate::plan::act::{
    Arm, ArmHead, Cascade, Conversation, Knockout, Part, PartKind, Repeat, Round, Route, Score, Starter,
};
use crate::plan::{
    Act, Ask, Bounds, Frame, FrameId, Group, GroupKind, History, Inherits, Input, InputBound, Limit,
    Matching, Model, ModelId, Node, NodeId, Plan, Returns, ScoreMethod, Select, Setting, StreamMode, Ties,
    Tools, Vote,
};
use crate::source::Span;
use crate::template::{Data, Expression};
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

/// Every verb that the two plans above lack, each once, in one plan that nobody would write.
pub(crate) fn everything() -> Plan {
    let mut b = Builder::new("everything", "high", "m", "refine-everything-high-m");
    let (small, big) = (b.model("small-one", 10), b.model("large-one", 60));
    let mut named = |id: &str, wave: u32, act: Act| b.node(id, Some(id), wave, act);
    let quick = named("quick", 1, Act::Ask(ask(small)));
    let pair = Group {
        names: vec!["quick".to_owned(), "slow".to_owned()],
        ..group(GroupKind::Named, vec![quick], None)
    };
    let slow = named("slow", 1, Act::Ask(ask(big)));
    let views = named("views", 1, Act::Group(Group { members: vec![quick, slow], ..pair }));
    let revised = over(&mut b, views, [small, big]);
    let graded = score(&mut b, revised, [small, big]);
    let best = b.node("best", Some("best"), 3, Act::Select(Select::Best { count: Some(1), list: graded }));
    let parts = for_each(&mut b, small);
    let matches: Vec<Vec<NodeId>> = [2, 1]
        .map(|n| {
            (0..n)
                .map(|i| b.node(&format!("champion.round{}[{i}]", 3 - n), None, 4, Act::Judge(ask(big))))
                .collect()
        })
        .to_vec();
    let champion =
        b.node("champion", Some("champion"), 5, Act::Knockout(Knockout { list: parts, rounds: matches }));
    let raced = race(&mut b, small, big);
    let climbed = cascade(&mut b, small, big);
    let routed = route(&mut b, small, vec![raced, climbed, champion, best]);
    let reply = repeat(&mut b, routed, small, big);
    b.bounds = Bounds { calls: 30, attempts: 90, waves: 12, time: Millis(300_000), ..Bounds::default() };
    let mut plan = b.plan(reply);
    let conversation = plan.ids().find(|id| matches!(plan.node(*id).act, Act::Conversation(_)));
    let constants = [("panel".to_owned(), Data::List(vec![Data::Text("small-one".into())]))];
    plan.frames.push(Frame { constants: Arc::new(constants), conversation });
    plan
}

/// Each model looks at its own answer and at the others.
fn over(b: &mut Builder, list: NodeId, models: [ModelId; 2]) -> NodeId {
    let mut members = Vec::new();
    for (place, model) in models.into_iter().enumerate() {
        let id = format!("revised[{place}]");
        let mine =
            b.node(&format!("{id}.mine"), None, 1, Act::Select(Select::Mine { place: place as u32, list }));
        let others = b.node(
            &format!("{id}.others"),
            None,
            1,
            Act::Select(Select::Others { place: place as u32, list }),
        );
        let member = b.node(&id, None, 2, Act::Ask(ask(model)));
        b.nodes[member.0 as usize].inputs = vec![input("mine", mine), input("others", others)];
        members.push(member);
    }
    b.node("revised", Some("revised"), 2, Act::Group(group(GroupKind::Over, members, None)))
}

fn score(b: &mut Builder, list: NodeId, judges: [ModelId; 2]) -> NodeId {
    let calls = (0..4)
        .map(|at| b.node(&format!("graded.judge[{at}]"), None, 3, Act::Judge(ask(judges[at % 2]))))
        .collect();
    let score = Score { list, method: ScoreMethod::Grade, judges: judges.to_vec(), calls, skips_own: true };
    b.node("graded", Some("graded"), 3, Act::Score(score))
}

/// A body of two calls for each of at most three lines.
fn for_each(b: &mut Builder, model: ModelId) -> NodeId {
    let list = Expression::compile("lines(request.last)").expect("it can be compiled");
    let items = b.node("parts.items", None, 0, Act::Items { list, most: 3 });
    let mut members = Vec::new();
    for index in 0..3 {
        let item = b.node(&format!("parts[{index}].part"), Some("part"), 0, Act::Item { items, index });
        let notes = b.node(&format!("parts[{index}].notes"), Some("notes"), 1, Act::Ask(ask(model)));
        b.nodes[notes.0 as usize].inputs = vec![input("part", item)];
        let member = b.node(&format!("parts[{index}]"), Some("text"), 2, Act::Ask(ask(model)));
        b.nodes[member.0 as usize].inputs = vec![input("notes", notes)];
        members.push(member);
    }
    let group = Group { items: Some(items), need: None, ..group(GroupKind::For, members, None) };
    b.node("parts", Some("parts"), 2, Act::Group(group))
}

fn race(b: &mut Builder, small: ModelId, big: ModelId) -> NodeId {
    let starters = [(small, 0), (big, 2_000)].map(|(model, wait)| {
        let node = b.node(&format!("raced[{wait}]"), None, 1, Act::Ask(ask(model)));
        Starter { node, wait: Millis(wait) }
    });
    let race = b.node("raced", Some("raced"), 1, Act::Race(starters.to_vec()));
    for (place, starter) in starters.into_iter().enumerate() {
        b.nodes[starter.node.0 as usize].contests = vec![(race, place as u32)];
    }
    race
}

/// Two rungs, the first of them a technique.
fn cascade(b: &mut Builder, small: ModelId, big: ModelId) -> NodeId {
    let conversation = Conversation { history: History::Last(1), system: None, prompt: Vec::new() };
    let conversation = b.node("climbed[0].conversation", None, 0, Act::Conversation(conversation));
    let draft = b.node("climbed[0].draft", Some("draft"), 1, Act::Ask(ask(small)));
    let body = b.node("climbed[0].reply", Some("reply"), 2, Act::Ask(ask(small)));
    b.nodes[body.0 as usize].inputs = vec![input("draft", draft)];
    for id in [draft, body] {
        (b.nodes[id.0 as usize].frame, b.nodes[id.0 as usize].after) = (FrameId(1), vec![conversation]);
    }
    let inline = b.node("climbed[0]", None, 2, Act::Inline { of: "polish".to_owned(), reply: body });
    let grader = b.node("climbed[0].grade", None, 3, Act::Judge(ask(big)));
    let last = b.node("climbed[1]", None, 4, Act::Ask(ask(big)));
    let accept_when = Expression::compile("it.text | length > 20").ok();
    let cascade = Cascade { rungs: vec![inline, last], graders: vec![grader], accept: 0.8, accept_when };
    b.node("climbed", Some("climbed"), 4, Act::Cascade(cascade))
}

/// Free, labelled and else.
fn route(b: &mut Builder, small: ModelId, arms: Vec<NodeId>) -> NodeId {
    let when = Expression::compile("request.images > 0").expect("it can be compiled");
    let label =
        |label: &str, meaning: &str| ArmHead::Label { label: label.to_owned(), meaning: meaning.to_owned() };
    let heads = [
        ArmHead::When(when),
        label("code", "writing or mending code"),
        label("essay", "prose of any length"),
        ArmHead::Else,
    ];
    let arms = heads.into_iter().zip(arms).map(|(head, node)| Arm { head, node }).collect();
    let returns = Some(Returns::OneOf(["code", "essay", "else"].map(str::to_owned).to_vec()));
    let ask = Ask { returns, ..ask(small) };
    b.node("draft", Some("draft"), 6, Act::Route(Route { arms, ask: Some(ask) }))
}

/// Two rounds of a check and a new version.
fn repeat(b: &mut Builder, first: NodeId, small: ModelId, big: ModelId) -> NodeId {
    let mut held = first;
    let mut rounds = Vec::new();
    for round in 1..=2 {
        let check =
            b.node(&format!("reply.round{round}.check"), Some("check"), 5 + 2 * round, Act::Ask(ask(small)));
        b.nodes[check.0 as usize].inputs = vec![input("draft", held)];
        let when = Expression::compile("\"fine\" in check.text").expect("it can be compiled");
        let stop = b.node(&format!("reply.round{round}.stop"), None, 5 + 2 * round, Act::Stop(when));
        b.nodes[stop.0 as usize].inputs = vec![input("check", check)];
        let next =
            b.node(&format!("reply.round{round}.draft"), Some("draft"), 6 + 2 * round, Act::Ask(ask(big)));
        b.nodes[next.0 as usize].inputs = vec![input("draft", held), input("check", check)];
        b.nodes[next.0 as usize].after = vec![stop];
        let part = |what, beside| Part { what, beside };
        rounds.push(Round {
            parts: vec![part(PartKind::Stop(stop), vec![check]), part(PartKind::Next(next), vec![])],
        });
        held = next;
    }
    let reply = b.node("reply", Some("reply"), 10, Act::Repeat(Repeat { first, rounds }));
    b.nodes[reply.0 as usize].is_final = true;
    reply
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
            name: name.into(),
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
            handle: format!("opt-{}-{}-{}", self.ensemble, self.profile, self.tier).into(),
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
            choices: 1,
            frames: vec![Frame { constants: Arc::new([]), conversation: None }],
            settings: settings().into(),
            timeout,
            limit: Limit::default(),
            stream: StreamMode::Answer,
            bounds: self.bounds,
            hash: "7f3a1c".to_owned().into(),
            memory: Some(Bytes(200_000_000_000)),
        }
    }
}

fn settings() -> Vec<Setting> {
    let panel = "[mlx-gpt-oss-120b-mxfp4-q4, mlx-qwen3-next-80b-a3b-instruct-mxfp4, \
                 mlx-llama-3-1-70b-instruct-4bit]";
    let row = |name: &str, value: &str, layer: &str, place: &str, role| Setting {
        name: name.into(),
        value: value.into(),
        layer: layer.into(),
        place: place.into(),
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
