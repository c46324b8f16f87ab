//! How a test names the steps of a plan: by their names, and by the ids of what lies in them.

use crate::plan::{NodeId, Plan};

/// The nodes of these names, in whatever loop, technique or round they stand, as ids.
pub fn named<'p>(plan: &'p Plan, name: &str) -> Vec<&'p str> {
    let bears = |id: &NodeId| {
        let node = plan.node(*id);
        node.id == name || node.name.as_deref() == Some(name)
    };
    plan.ids().filter(bears).map(|id| plan.node(id).id.as_str()).collect()
}

/// What is left of an id that lies in `base`: empty for `base` itself, `[0]` or `.a` for its parts.
pub fn within<'i>(id: &'i str, base: &str) -> Option<&'i str> {
    let rest = id.strip_prefix(base)?;
    (rest.is_empty() || rest.starts_with(['.', '['])).then_some(rest)
}

/// The first word of `.round2.notes`; none for `[0]`, and none for an `else`, which is no part of what it stands in for.
pub fn word(rest: &str) -> Option<&str> {
    let word = rest.strip_prefix('.')?.split(['.', '[']).next()?;
    (word != "else" && !word.is_empty()).then_some(word)
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
