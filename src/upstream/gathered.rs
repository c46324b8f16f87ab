//! Between a whole answer and its pieces.

use std::sync::Arc;

use crate::upstream::{Completion, Delta, ToolCall, ToolCallDelta};

impl Completion {
    /// Adds a piece to the answer so far.
    pub fn add(&mut self, delta: &Delta) {
        self.text.push_str(&delta.text);
        self.reasoning.push_str(&delta.reasoning);
        for piece in &delta.tool_calls {
            self.add_to_tool_call(piece);
        }
        if let Some(reason) = &delta.finish_reason {
            self.finish_reason.clone_from(reason);
        }
        self.usage = delta.usage.or(self.usage);
        if delta.logprobs.is_some() {
            self.logprobs.clone_from(&delta.logprobs);
        }
        self.extra.extend(delta.extra.iter().map(|(name, value)| (name.clone(), Arc::clone(value))));
    }

    fn add_to_tool_call(&mut self, piece: &ToolCallDelta) {
        let index = piece.index as usize;
        // An index far ahead is a broken stream, not a reason to make room for it.
        if index > self.tool_calls.len() {
            return;
        }
        if index == self.tool_calls.len() {
            self.tool_calls.push(ToolCall::default());
        }
        let call = &mut self.tool_calls[index];
        if let Some(id) = &piece.id {
            call.id.clone_from(id);
        }
        if let Some(name) = &piece.name {
            call.name.push_str(name);
        }
        call.arguments.push_str(&piece.arguments);
    }
}

/// A whole answer in one piece: it is never cut up to look like a stream. Finish and usage are left out, since they
/// are said at the end of the whole.
impl From<&Completion> for Delta {
    fn from(completion: &Completion) -> Self {
        let call = |(index, call): (usize, &ToolCall)| ToolCallDelta {
            index: u32::try_from(index).unwrap_or(u32::MAX),
            id: Some(call.id.clone()),
            name: Some(call.name.clone()),
            arguments: call.arguments.clone(),
        };
        Self {
            text: completion.text.clone(),
            reasoning: completion.reasoning.clone(),
            tool_calls: completion.tool_calls.iter().enumerate().map(call).collect(),
            logprobs: completion.logprobs.clone(),
            extra: completion.extra.clone(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_add_up_to_what_they_were_cut_from() {
        let whole = Completion {
            text: "ab".to_owned(),
            tool_calls: vec![ToolCall { id: "1".into(), name: "f".into(), arguments: "{}".into() }],
            ..Completion::default()
        };
        let mut gathered = Completion::default();
        gathered.add(&Delta { text: "a".to_owned(), ..Delta::default() });
        gathered.add(&Delta { text: "b".to_owned(), ..Delta::default() });
        gathered.add(&Delta { text: String::new(), ..Delta::from(&whole) });
        assert_eq!((gathered.text, gathered.tool_calls), (whole.text, whole.tool_calls));
    }

    #[test]
    fn a_tool_call_far_ahead_is_passed_over() {
        let mut gathered = Completion::default();
        let far = ToolCallDelta { index: 4_000_000_000, ..ToolCallDelta::default() };
        gathered.add(&Delta { tool_calls: vec![far], ..Delta::default() });
        assert!(gathered.tool_calls.is_empty());
    }
}
