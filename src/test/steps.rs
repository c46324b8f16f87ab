//! How a test names the steps of a plan: by their names, and by the ids of what lies in them.

use crate::plan::{Act, FrameId, Node, NodeId, Plan, Select};

/// The nodes of this name, as ids: those of the handle's own body, in whatever round they stand; a name that it does not
/// have is looked for in the techniques and ensembles that it uses.
pub fn named<'p>(plan: &'p Plan, name: &str) -> Vec<&'p str> {
    let bears = |node: &&Node| node.id.as_ref() == name || node.name.as_deref() == Some(name);
    let all: Vec<&Node> = plan.nodes.iter().filter(bears).collect();
    let home = home(plan);
    let is_own = |node: &&&Node| node.frame == home;
    let has_own = all.iter().any(|node| is_own(&node));
    all.iter().filter(|node| !has_own || is_own(node)).map(|node| node.id.as_ref()).collect()
}

/// The body whose steps a test speaks of: the handle's own, or that of the technique which is all that the handle is.
pub fn home(plan: &Plan) -> FrameId {
    let mut home = FrameId(0);
    for _ in &plan.frames {
        let mut named = plan.nodes.iter().filter(|node| node.frame == home && node.name.is_some());
        match (named.next().map(|node| &node.act), named.next()) {
            (Some(Act::Inline { reply, .. }), None) => home = plan.node(*reply).frame,
            _ => break,
        }
    }
    home
}

/// What is left of an id that lies in `base`: empty for `base` itself, `[0]` or `.a` for its parts.
pub fn within<'i>(id: &'i str, base: &str) -> Option<&'i str> {
    let rest = id.strip_prefix(base)?;
    (rest.is_empty() || rest.starts_with(['.', '['])).then_some(rest)
}

/// The first word of `.round2.notes`; none for `[0]`, and none for an `else`, which is no part of what it stands in for.
pub fn word(rest: &str) -> Option<&str> {
    let word = rest.strip_prefix('.')?.split(['.', '[']).next()?;
    (!is_else(word) && !word.is_empty()).then_some(word)
}

/// `else`, `else2`: what runs in the place of a step.
fn is_else(word: &str) -> bool {
    word.strip_prefix("else").is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()))
}

/// Whether `id` is `base` or a part of it. What runs in the place of a step is no part of the step.
pub fn is_part(id: &str, base: &str) -> bool {
    within(id, base).is_some_and(|rest| !rest.split(['.', '[']).any(is_else))
}

/// Whether any node is called `base`, or lies in it.
pub fn is_known(plan: &Plan, base: &str) -> bool {
    plan.nodes.iter().any(|node| within(&node.id, base).is_some())
}

/// Every name that a test can begin with, each once, in the order of the plan.
pub fn names(plan: &Plan) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for name in plan.nodes.iter().filter_map(|node| node.name.as_deref()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Whether a node gives a list of answers, also where there are none.
pub fn gives_several(plan: &Plan, id: NodeId) -> bool {
    match &plan.node(id).act {
        Act::Group(_) | Act::Score(_) | Act::List(_) => true,
        Act::Pick { count, .. } => count.is_some(),
        Act::Select(select) => match select {
            Select::First { count, .. } | Select::Last { count, .. } | Select::Best { count, .. } => {
                count.is_some()
            }
            Select::Without { .. } | Select::Concat(_) | Select::Others { .. } => true,
            Select::Index { .. } | Select::Mine { .. } | Select::Member { .. } => false,
        },
        Act::Alias(of) => gives_several(plan, *of),
        Act::Inline { reply, .. } => gives_several(plan, *reply),
        Act::Repeat(repeat) => gives_several(plan, repeat.first),
        Act::Route(route) => route.arms.first().is_some_and(|arm| gives_several(plan, arm.node)),
        _ => false,
    }
}
