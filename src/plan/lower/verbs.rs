//! What each verb becomes.

use crate::program::call::Call;
use crate::program::{self, Alt, Line, Step, Verb};
use crate::units::Millis;

use super::super::{
    Act, Arm, ArmHead, Cascade, Group, GroupKind, Input, Knockout, Node, NodeId, Repeat, Route, Score,
    ScoreMethod, Select, Starter, Ties, Vote,
};
use super::{Lowering, inside};

impl Lowering<'_> {
    pub(super) fn act(&mut self, alt: &Alt, id: &str, inputs: &[Input]) -> Act {
        match &alt.verb {
            Verb::Ask(call) => Act::Ask(self.ask(call)),
            Verb::Parallel { members, group } => {
                let members = self.members(members, id, inputs);
                Act::Group(plain(GroupKind::Parallel, members, group))
            }
            Verb::Named { steps, group } => self.named_group(steps, group, id),
            Verb::Over { calls, prev, sees, group } => {
                let list = self.list(prev, id);
                Act::Group(plain(
                    GroupKind::Over,
                    self.each_with_its_own(calls, list, sees, id, inputs),
                    group,
                ))
            }
            Verb::For { name, items, most, body, group } => {
                let items = self.items(items, *most, id, inputs);
                let members = (0..*most).map(|index| self.body(name, items, index, body, id)).collect();
                Act::Group(Group { items: Some(items), ..plain(GroupKind::For, members, group) })
            }
            Verb::Sample { member, count, group } => {
                let members: Vec<program::Member> = (0..*count).map(|_| member.clone()).collect();
                let members = self.members(&members, id, inputs);
                Act::Group(plain(GroupKind::Sample, members, group))
            }
            Verb::Merge { list, call } => Act::Merge { list: self.list(list, id), ask: self.ask(call) },
            Verb::Score(score) => self.score(score, id),
            Verb::Pick(pick) => self.pick(pick, id),
            Verb::Vote(vote) => Act::Vote(Vote {
                list: self.list(&vote.list, id),
                key: vote.key.clone(),
                matching: vote.matching,
                ties: match &vote.ties {
                    program::Ties::First => Ties::First,
                    program::Ties::Longest => Ties::Longest,
                    program::Ties::Step(name) => Ties::Step(self.named(name)),
                },
                min_share: vote.min_share,
                weights: vote.weights.iter().map(|(name, weight)| (self.model(name), *weight)).collect(),
            }),
            Verb::Route { arms, call } => {
                let ask = call.as_ref().map(|call| self.ask(call));
                let arms = arms.iter().enumerate().map(|(index, arm)| self.arm(arm, index, id)).collect();
                Act::Route(Route { arms, ask })
            }
            Verb::Cascade(cascade) => self.cascade(cascade, id, inputs),
            Verb::Race(starters) => {
                let members: Vec<program::Member> =
                    starters.iter().map(|(member, _)| member.clone()).collect();
                let nodes = self.members(&members, id, inputs);
                let starter = |(node, (_, wait)): (NodeId, &(_, Millis))| Starter { node, wait: *wait };
                Act::Race(nodes.into_iter().zip(starters).map(starter).collect())
            }
            Verb::Repeat { name, most, body } => self.repeat(name, *most, body, id),
            Verb::Inline(inline) => self.inline_act(inline, id),
            Verb::Text(template) => Act::Text(template.clone()),
            Verb::Value(list) => self.list_act(list, id),
        }
    }

    fn named_group(&mut self, steps: &[Step], group: &program::Group, id: &str) -> Act {
        let members = steps.iter().map(|step| self.step(step, &inside(id, &step.name))).collect();
        let names = steps.iter().map(|step| step.name.clone()).collect();
        Act::Group(Group { names, ..plain(GroupKind::Named, members, group) })
    }

    fn score(&mut self, score: &program::Score, id: &str) -> Act {
        let list = self.list(&score.list, id);
        self.scores(list, score.method, &score.judges, &score.call, score.skips_own, id)
    }

    fn scores(
        &mut self,
        list: NodeId,
        method: ScoreMethod,
        judges: &[String],
        call: &Call,
        skips_own: bool,
        id: &str,
    ) -> Act {
        let rounds = match method {
            ScoreMethod::Grade => self.width(list),
            ScoreMethod::Rank => 1,
        };
        let mut calls = Vec::new();
        for answer in 0..rounds {
            for (judge, model) in judges.iter().enumerate() {
                let call = Call { model: model.clone(), ..call.clone() };
                let of = match (method, judges.len()) {
                    (ScoreMethod::Grade, 1) => format!("{id}.grade[{answer}]"),
                    (ScoreMethod::Grade, _) => format!("{id}.grade[{answer}][{judge}]"),
                    (ScoreMethod::Rank, _) => format!("{id}.rank[{judge}]"),
                };
                calls.push(self.judge(&call, &of));
            }
        }
        let judges = judges.iter().map(|judge| self.model(judge)).collect();
        Act::Score(Score { list, method, judges, calls, skips_own })
    }

    /// A call that the node around it makes.
    fn judge(&mut self, call: &Call, id: &str) -> NodeId {
        let (ask, id) = (self.ask(call), self.free(id));
        self.push(Node { timeout: call.timeout, ..Node::blank(id, self.span, Act::Judge(ask)) })
    }

    fn pick(&mut self, pick: &program::Pick, id: &str) -> Act {
        let list = self.list(&pick.list, id);
        let call = Call { model: pick.judges[0].clone(), ..pick.call.clone() };
        match pick.method {
            program::PickMethod::Choose => {
                let (rubric, ranking) = (pick.rubric.clone(), pick.ranking.clone());
                Act::Pick { list, ask: self.ask(&call), rubric, count: pick.count, ranking }
            }
            program::PickMethod::Score => {
                let own = self.free(&format!("{id}.scores"));
                let act = self.scores(list, ScoreMethod::Grade, &pick.judges, &pick.call, false, &own);
                let scores = self.push(Node::blank(own, self.span, act));
                Act::Select(Select::Best { count: pick.count, list: scores })
            }
            program::PickMethod::Pairwise => {
                let mut left = self.width(list);
                let mut rounds = Vec::new();
                while left > 1 {
                    let matches = left / 2;
                    let round = rounds.len() + 1;
                    rounds.push(
                        (0..matches).map(|n| self.judge(&call, &format!("{id}.round{round}[{n}]"))).collect(),
                    );
                    left -= matches;
                }
                Act::Knockout(Knockout { list, rounds })
            }
        }
    }

    fn arm(&mut self, arm: &program::Arm, index: usize, id: &str) -> Arm {
        let (head, name) = match &arm.head {
            program::ArmHead::When(condition) => (ArmHead::When(condition.clone()), format!("when{index}")),
            program::ArmHead::Label { label, meaning } => {
                (ArmHead::Label { label: label.clone(), meaning: meaning.clone() }, label.clone())
            }
            program::ArmHead::Else => (ArmHead::Else, "otherwise".to_owned()),
        };
        Arm { head, node: self.alternatives(&arm.alts, &inside(id, &name)) }
    }

    fn cascade(&mut self, cascade: &program::Cascade, id: &str, inputs: &[Input]) -> Act {
        let rungs = self.members(&cascade.rungs, id, inputs);
        let graders = match &cascade.grader {
            Some(call) => {
                (1..rungs.len()).map(|n| self.judge(call, &format!("{id}.grade[{}]", n - 1))).collect()
            }
            None => Vec::new(),
        };
        let accept_when = cascade.accept_when.clone();
        Act::Cascade(Cascade { rungs, graders, accept: cascade.accept, accept_when })
    }

    fn repeat(&mut self, name: &str, most: u32, body: &[Line], id: &str) -> Act {
        let first = self.named(name);
        let mut current = first;
        let mut rounds = Vec::new();
        for number in 1..=most {
            let (round, next) = self.round(name, current, body, &format!("{id}.round{number}"));
            rounds.push(round);
            current = next;
        }
        Act::Repeat(Repeat { first, rounds })
    }
}

fn plain(kind: GroupKind, members: Vec<NodeId>, group: &program::Group) -> Group {
    Group {
        kind,
        members,
        names: Vec::new(),
        items: None,
        need: group.need,
        grace: group.grace,
        decided_by: None,
    }
}

/// The time limit of the verb's own call.
pub(super) fn timeout(verb: &Verb) -> Option<Millis> {
    match verb {
        Verb::Ask(call) | Verb::Merge { call, .. } | Verb::Route { call: Some(call), .. } => call.timeout,
        Verb::Pick(pick) if pick.method == program::PickMethod::Choose => pick.call.timeout,
        _ => None,
    }
}
