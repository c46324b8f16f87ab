//! Deltas that wait together are sent together. Pure.

use crate::upstream::{Delta, ToolCallDelta};

/// What a delta adds to, if it adds to one thing only.
#[derive(PartialEq, Eq)]
enum Place {
    Text,
    Reasoning,
    Tool(u32),
}

/// Appends `next` to `held` if both add to the same field and nothing is lost; otherwise says false and does nothing.
#[must_use]
pub fn join(held: &mut Delta, next: &Delta) -> bool {
    let same = place(held).is_some_and(|place_held| place(next) == Some(place_held));
    if !same || begins_call(next) {
        return false;
    }
    held.text.push_str(&next.text);
    held.reasoning.push_str(&next.reasoning);
    if let (Some(into), Some(more)) = (held.tool_calls.first_mut(), next.tool_calls.first()) {
        into.arguments.push_str(&more.arguments);
    }
    true
}

/// It says nothing at all.
#[must_use]
pub fn is_empty(delta: &Delta) -> bool {
    delta.text.is_empty()
        && delta.reasoning.is_empty()
        && delta.tool_calls.is_empty()
        && delta.logprobs.is_none()
        && delta.extra.is_empty()
}

fn place(delta: &Delta) -> Option<Place> {
    if delta.logprobs.is_some() || !delta.extra.is_empty() {
        return None;
    }
    match (delta.text.is_empty(), delta.reasoning.is_empty(), &delta.tool_calls[..]) {
        (false, true, []) => Some(Place::Text),
        (true, false, []) => Some(Place::Reasoning),
        (true, true, [ToolCallDelta { index, .. }]) => Some(Place::Tool(*index)),
        _ => None,
    }
}

fn begins_call(delta: &Delta) -> bool {
    delta.tool_calls.iter().any(|call| call.id.is_some() || call.name.is_some())
}
