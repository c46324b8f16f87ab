//! How much a body becomes when it is written out: loops, samples and the bodies of `for` count as often as they may run.

use std::collections::BTreeMap;

use super::{Alt, Inline, Line, List, Member, PickMethod, ScoreMethod, Step, Verb};

/// Most nodes of one handle.
pub const NODES_MAX: u64 = 10_000;

/// How many nodes something becomes, and how many answers it gives at most.
#[derive(Clone, Copy, Debug)]
struct Extent {
    nodes: u64,
    width: u64,
}

/// What is known of the names so far.
type Names<'s> = BTreeMap<&'s str, u64>;

/// The nodes of a handle with these steps, about.
pub fn of(steps: &[Step]) -> u64 {
    body(steps, &Names::new()).nodes
}

/// A body; its width is that of its last step.
fn body<'s>(steps: &'s [Step], around: &Names<'s>) -> Extent {
    let mut names = around.clone();
    let mut sum = Extent { nodes: 0, width: 1 };
    // A step may stand before what it mentions: then the mention counts as one, and the second pass knows better.
    for pass in 0..2 {
        sum.nodes = 0;
        for step in steps {
            let extent = alternatives(&step.alts, &names);
            names.insert(&step.name, extent.width);
            sum.nodes = sum.nodes.saturating_add(extent.nodes);
            if pass == 1 || step.name == "reply" {
                sum.width = extent.width;
            }
        }
    }
    if let Some(width) = names.get("reply").filter(|_| steps.iter().any(|step| step.name == "reply")) {
        sum.width = *width;
    }
    sum
}

fn alternatives<'s>(alts: &'s [Alt], names: &Names<'s>) -> Extent {
    alts.iter().map(|alt| verb(&alt.verb, names)).fold(Extent { nodes: 0, width: 1 }, |sum, extent| Extent {
        nodes: sum.nodes.saturating_add(extent.nodes).saturating_add(1),
        width: sum.width.max(extent.width),
    })
}

/// What stands under a verb's own node.
fn verb<'s>(verb: &'s Verb, names: &Names<'s>) -> Extent {
    let one = |nodes: u64| Extent { nodes, width: 1 };
    match verb {
        Verb::Ask(_) | Verb::Text(_) => one(0),
        Verb::Merge { list, .. } => one(list_nodes(list)),
        Verb::Vote(vote) => one(list_nodes(&vote.list)),
        Verb::Value(list) => Extent { nodes: list_nodes(list), width: width(list, names) },
        Verb::Parallel { members, .. } => all(members, names),
        Verb::Over { calls, .. } => Extent { nodes: 3 * calls.len() as u64, width: calls.len() as u64 },
        Verb::Sample { member, count, .. } => all(std::slice::from_ref(member), names).times(*count),
        Verb::Named { steps, .. } => {
            let members = steps.iter().map(|step| alternatives(&step.alts, names));
            members.fold(Extent { nodes: 0, width: 0 }, Extent::plus)
        }
        Verb::For { name, most, body: steps, .. } => {
            let mut inner = names.clone();
            inner.insert(name, 1);
            let body = body(steps, &inner);
            Extent { nodes: body.nodes.saturating_add(1), width: 1 }.times(*most)
        }
        Verb::Score(score) => {
            let answers = width(&score.list, names);
            let calls = if score.method == ScoreMethod::Grade { answers } else { 1 };
            Extent { nodes: calls.saturating_mul(score.judges.len() as u64), width: answers }
        }
        Verb::Pick(pick) => {
            let answers = width(&pick.list, names);
            let nodes = match pick.method {
                PickMethod::Choose => 0,
                PickMethod::Score => answers.saturating_mul(pick.judges.len() as u64).saturating_add(1),
                PickMethod::Pairwise => answers,
            };
            Extent { nodes, width: pick.count.map_or(1, u64::from).min(answers) }
        }
        Verb::Route { arms, .. } => {
            let arms = arms.iter().map(|arm| alternatives(&arm.alts, names));
            arms.fold(one(0), |sum, arm| Extent {
                nodes: sum.nodes.saturating_add(arm.nodes),
                width: sum.width.max(arm.width),
            })
        }
        Verb::Cascade(cascade) => {
            let rungs = all(&cascade.rungs, names);
            one(rungs.nodes.saturating_add(cascade.rungs.len() as u64))
        }
        Verb::Race(starters) => {
            let members = starters.iter().map(|(member, _)| self::member(member, names));
            one(members.fold(Extent { nodes: 0, width: 0 }, Extent::plus).nodes)
        }
        Verb::Repeat { name, most, body: lines } => {
            let mut inner = names.clone();
            let mut sum = one(0);
            for line in lines {
                let Line::Step(step) = line else { continue };
                let extent = alternatives(&step.alts, &inner);
                inner.insert(&step.name, extent.width);
                sum.nodes = sum.nodes.saturating_add(extent.nodes).saturating_add(1);
            }
            let width = names.get(name.as_str()).copied().unwrap_or(1).max(inner[name.as_str()]);
            Extent { nodes: sum.nodes.saturating_mul(u64::from(*most)), width }
        }
        Verb::Inline(inline) => unit(inline),
    }
}

fn unit(inline: &Inline) -> Extent {
    let body = body(&inline.unit.steps, &Names::new());
    Extent { nodes: body.nodes.saturating_add(inline.given.len() as u64 + 1), width: body.width }
}

fn member<'s>(member: &'s Member, names: &Names<'s>) -> Extent {
    match member {
        Member::Call(_) => Extent { nodes: 1, width: 1 },
        Member::List(list) => Extent { nodes: list_nodes(list).saturating_add(1), width: width(list, names) },
        Member::Inline(inline) => {
            let unit = unit(inline);
            Extent { nodes: unit.nodes.saturating_add(1), ..unit }
        }
    }
}

fn all<'s>(members: &'s [Member], names: &Names<'s>) -> Extent {
    members.iter().map(|each| member(each, names)).fold(Extent { nodes: 0, width: 0 }, Extent::plus)
}

fn list_nodes(list: &List) -> u64 {
    match list {
        List::Step(_) => 0,
        List::Index { list, .. }
        | List::Member { list, .. }
        | List::First { list, .. }
        | List::Last { list, .. }
        | List::Best { list, .. } => list_nodes(list) + 1,
        List::Without { list, item } => list_nodes(list) + list_nodes(item) + 1,
        List::Literal(lists) | List::Concat(lists) => lists.iter().map(list_nodes).sum::<u64>() + 1,
    }
}

fn width(list: &List, names: &Names<'_>) -> u64 {
    match list {
        List::Step(name) => names.get(name.as_str()).copied().unwrap_or(1),
        List::Member { list, .. } | List::Without { list, .. } => width(list, names),
        List::First { count: Some(count), list }
        | List::Last { count: Some(count), list }
        | List::Best { count: Some(count), list } => width(list, names).min(u64::from(*count)),
        List::Index { .. } | List::First { .. } | List::Last { .. } | List::Best { .. } => 1,
        List::Literal(lists) | List::Concat(lists) => {
            lists.iter().map(|list| width(list, names)).fold(0, u64::saturating_add)
        }
    }
}

// === impl Extent ===

impl Extent {
    fn plus(self, other: Self) -> Self {
        Self { nodes: self.nodes.saturating_add(other.nodes), width: self.width.saturating_add(other.width) }
    }

    fn times(self, count: u32) -> Self {
        Self {
            nodes: self.nodes.saturating_mul(u64::from(count)),
            width: self.width.saturating_mul(u64::from(count)),
        }
    }
}
