//! Deltas on their way to the client, and who has spoken so far.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use tokio::sync::Notify;

use crate::upstream::Delta;

/// Most text that waits for a slow reader, in bytes.
const SIZE_MAX: usize = 64 << 10;

/// A run of the reply: see [`crate::plan::Node::lane`].
pub type Lane = Option<u32>;

#[derive(Default)]
pub struct Outbox {
    waiting: Mutex<Waiting>,
    /// Something was taken out.
    taken: Notify,
}

#[derive(Default)]
struct Waiting {
    /// Each with the choice that it belongs to.
    queue: VecDeque<(u32, Delta)>,
    /// By choice: the lane whose answer it is. Who speaks first is the first choice.
    spoken: Vec<Lane>,
}

// === impl Outbox ===

impl Outbox {
    /// Adds a delta of the call that speaks in this lane; text is joined to text that already waits.
    pub fn push(&self, lane: Lane, delta: Delta) {
        let mut waiting = self.waiting();
        let choice = waiting.choice_of(lane).unwrap_or_else(|| {
            waiting.spoken.push(lane);
            waiting.spoken.len() as u32 - 1
        });
        waiting.push(choice, delta);
    }

    /// Adds an answer whole. `choice` is behind those of who has spoken.
    pub fn push_whole(&self, choice: u32, delta: Delta) {
        self.waiting().push(choice, delta);
    }

    pub fn take(&self) -> Option<(u32, Delta)> {
        let taken = self.waiting().queue.pop_front();
        if taken.is_some() {
            self.taken.notify_waiters();
        }
        taken
    }

    pub fn is_waiting(&self) -> bool {
        !self.waiting().queue.is_empty()
    }

    /// Whether a call in this lane has spoken, or any where there is no lane: from then on no other may answer there.
    pub fn has_sent(&self, lane: Lane) -> bool {
        match lane {
            None => self.choices() > 0,
            lane => self.choice_of(lane).is_some(),
        }
    }

    /// Choices whose answers were heard, at least in part, before the end.
    pub fn choices(&self) -> u32 {
        self.waiting().spoken.len() as u32
    }

    /// The choice that is heard from this lane.
    pub fn choice_of(&self, lane: Lane) -> Option<u32> {
        self.waiting().choice_of(lane)
    }

    /// Resolves when there is room.
    pub async fn room(&self) {
        loop {
            let taken = self.taken.notified();
            if self.waiting().size() < SIZE_MAX {
                return;
            }
            taken.await;
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("nobody panics while holding the outbox")
    }
}

// === impl Waiting ===

impl Waiting {
    fn push(&mut self, choice: u32, delta: Delta) {
        if let Some((last_choice, last)) = self.queue.back_mut()
            && *last_choice == choice
            && is_plain(last)
            && is_plain(&delta)
            && last.text.is_empty() == delta.text.is_empty()
            && last.reasoning.is_empty() == delta.reasoning.is_empty()
        {
            last.text.push_str(&delta.text);
            last.reasoning.push_str(&delta.reasoning);
            return;
        }
        self.queue.push_back((choice, delta));
    }

    fn choice_of(&self, lane: Lane) -> Option<u32> {
        self.spoken.iter().position(|spoken| *spoken == lane).map(|choice| choice as u32)
    }

    fn size(&self) -> usize {
        self.queue.iter().map(|(_, delta)| delta.text.len() + delta.reasoning.len()).sum()
    }
}

/// Nothing but text or reasoning.
fn is_plain(delta: &Delta) -> bool {
    delta.tool_calls.is_empty()
        && delta.logprobs.is_none()
        && delta.extra.is_empty()
        && delta.finish_reason.is_none()
}
