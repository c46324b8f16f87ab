//! How many answers a node gives, as far as the plan says: what stands in their place when it gives none depends on it.

use std::sync::Arc;

use crate::plan::{Act, Node, NodeId, Plan, Select};
use crate::template::Part;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    One,
    Many,
    /// Several, of which each has a name: a failed one is still asked for by it.
    Named(Arc<[(String, Part)]>),
}

/// Of every node, in one pass: what a node uses stands before it.
pub fn shapes(plan: &Plan) -> Vec<Shape> {
    let mut shapes = Vec::with_capacity(plan.nodes.len());
    for node in &plan.nodes {
        shapes.push(shape(node, &shapes));
    }
    shapes
}

fn shape(node: &Node, before: &[Shape]) -> Shape {
    let of = |id: NodeId| before.get(id.0 as usize).cloned().unwrap_or(Shape::One);
    if node.gives > 1 {
        return Shape::Many;
    }
    match &node.act {
        Act::Group(group) if group.names.is_empty() => Shape::Many,
        Act::Group(group) => {
            let part = |member: &NodeId| match of(*member) {
                Shape::One => Part::One(0),
                Shape::Many | Shape::Named(_) => Part::Many(0..0),
            };
            Shape::Named(group.names.iter().cloned().zip(group.members.iter().map(part)).collect())
        }
        Act::Score(score) => of(score.list),
        Act::List(_) => Shape::Many,
        Act::Pick { count, .. } => several(count.is_some()),
        Act::Select(select) => match select {
            Select::First { count, .. } | Select::Last { count, .. } | Select::Best { count, .. } => {
                several(count.is_some())
            }
            Select::Without { .. } | Select::Concat(_) | Select::Others { .. } => Shape::Many,
            Select::Index { .. } | Select::Mine { .. } => Shape::One,
            Select::Member { name, list } => match of(*list) {
                Shape::Named(names) => {
                    let part = names.iter().find(|(known, _)| known == name);
                    several(part.is_some_and(|(_, part)| matches!(part, Part::Many(_))))
                }
                Shape::One | Shape::Many => Shape::One,
            },
        },
        Act::Alias(id) | Act::Inline { reply: id, .. } => of(*id),
        Act::Repeat(repeat) => of(repeat.first),
        Act::Route(route) => route.arms.first().map_or(Shape::One, |arm| of(arm.node)),
        Act::Race(starters) => starters.first().map_or(Shape::One, |starter| of(starter.node)),
        Act::Ask(_)
        | Act::Merge { .. }
        | Act::Knockout(_)
        | Act::Judge(_)
        | Act::Vote(_)
        | Act::Cascade(_)
        | Act::Stop(_)
        | Act::Items { .. }
        | Act::Item { .. }
        | Act::Conversation(_)
        | Act::Text(_) => Shape::One,
    }
}

fn several(are: bool) -> Shape {
    if are { Shape::Many } else { Shape::One }
}
