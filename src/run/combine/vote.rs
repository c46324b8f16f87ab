//! Counting ballots.

use crate::plan::Matching;
use crate::template::{Data, number};
use crate::upstream::{Completion, ToolCall};

use super::alike;

/// What one answer votes for, and how much it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ballot {
    pub key: Key,
    pub weight: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// White space and case folded; compared as the vote says.
    Text(String),
    /// Tool calls, or a value with parts: the same only if they are equal.
    Exact(String),
}

/// Votes so far, choices in order of their first ballot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// By choice.
    pub votes: Vec<u32>,
    /// By choice: the index of its first ballot, which stands for it.
    pub first: Vec<usize>,
    /// By ballot: its choice.
    pub choices: Vec<usize>,
}

/// What is known of one who may vote, while some are still at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot {
    Cast(Ballot),
    /// Failed, or has no key.
    Abstains,
    /// Still at work; its ballot will count so much.
    Out(u32),
}

// === impl Key ===

impl Key {
    /// Of an answer: what `key:` rendered for it, else its value, its tool calls or its text. `None` abstains.
    pub fn of(rendered: Option<&str>, completion: &Completion, value: Option<&Data>) -> Option<Self> {
        match (rendered, value) {
            (Some(rendered), _) => Self::text(rendered),
            (None, Some(value)) => Self::value(value),
            (None, None) if !completion.tool_calls.is_empty() => {
                Some(Self::Exact(completion.tool_calls.iter().map(tool).collect::<Vec<_>>().join("\n")))
            }
            (None, None) => Self::text(&completion.text),
        }
    }

    fn text(text: &str) -> Option<Self> {
        let folded = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        (!folded.is_empty()).then_some(Self::Text(folded))
    }

    /// Texts and numbers as they are written, lists and maps whole.
    fn value(value: &Data) -> Option<Self> {
        match value.to_json() {
            serde_json::Value::Null => None,
            serde_json::Value::String(text) => Self::text(&text),
            json @ (serde_json::Value::Array(_) | serde_json::Value::Object(_)) => {
                Some(Self::Exact(json.to_string()))
            }
            plain => Self::text(&plain.to_string()),
        }
    }

    fn is_same_as(&self, other: &Self, matching: Matching) -> bool {
        match (self, other, matching) {
            (Self::Text(a), Self::Text(b), Matching::Similarity(least)) => alike::are_alike(a, b, least),
            _ => self == other,
        }
    }

    /// In the form in which equal keys are equal: numbers where they are compared.
    fn canonical(&self, matching: Matching) -> Self {
        match (self, matching) {
            (Self::Text(text), Matching::Number) => {
                Self::Text(number::canonical(text).unwrap_or_else(|| text.clone()))
            }
            _ => self.clone(),
        }
    }
}

/// Arguments in canonical form: serde_json's maps are sorted.
fn tool(call: &ToolCall) -> String {
    let arguments = match serde_json::from_str::<serde_json::Value>(&call.arguments) {
        Ok(value) => value.to_string(),
        Err(_) => call.arguments.clone(),
    };
    format!("{} {arguments}", call.name)
}

// === impl Tally ===

impl Tally {
    /// Counts the ballots in the order given. Where keys need only be alike, each joins the first choice whose first
    /// ballot it is alike to.
    pub fn of(ballots: &[Ballot], matching: Matching) -> Self {
        let mut tally = Self::default();
        let mut keys: Vec<Key> = Vec::new();
        for (index, ballot) in ballots.iter().enumerate() {
            let key = ballot.key.canonical(matching);
            let choice = match keys.iter().position(|first| key.is_same_as(first, matching)) {
                Some(choice) => choice,
                None => {
                    keys.push(key);
                    tally.first.push(index);
                    tally.votes.push(0);
                    keys.len() - 1
                }
            };
            tally.votes[choice] = tally.votes[choice].saturating_add(ballot.weight);
            tally.choices.push(choice);
        }
        tally
    }

    /// Votes cast.
    pub fn cast(&self) -> u32 {
        self.votes.iter().fold(0, |sum, votes| sum.saturating_add(*votes))
    }

    /// Choices with the most votes, in order; one if there is no tie.
    pub fn leaders(&self) -> Vec<usize> {
        let most = self.votes.iter().copied().max().unwrap_or(0);
        (0..self.votes.len()).filter(|&at| self.votes[at] == most && most > 0).collect()
    }

    /// All choices, those with the most votes first; of equals the first.
    pub fn ranked(&self) -> Vec<usize> {
        let mut ranked: Vec<usize> = (0..self.votes.len()).collect();
        ranked.sort_by_key(|&at| std::cmp::Reverse(self.votes[at]));
        ranked
    }

    /// The choice that a ballot with this key would be for; `ballots` are those that were counted.
    pub fn choice_of(&self, key: &Key, ballots: &[Ballot], matching: Matching) -> Option<usize> {
        let key = key.canonical(matching);
        let first = |choice: &usize| ballots[self.first[*choice]].key.canonical(matching);
        (0..self.first.len()).find(|choice| key.is_same_as(&first(choice), matching))
    }

    /// Share of all votes cast that choice `at` has, 0–1.
    pub fn share(&self, at: usize) -> f64 {
        match self.cast() {
            0 => 0.0,
            cast => f64::from(self.votes[at]) / f64::from(cast),
        }
    }
}

/// Whether those who are still at work can change nothing any more. `slots` in plan order.
///
/// Where keys need only be alike, a ballot that stands before others can draw them into another choice: then only those
/// before the first that is still out are certain.
pub fn is_settled(slots: &[Slot], matching: Matching, min_share: f64) -> bool {
    let certain = match matching {
        Matching::Text | Matching::Number => slots.len(),
        Matching::Similarity(_) => {
            slots.iter().position(|slot| matches!(slot, Slot::Out(_))).unwrap_or(slots.len())
        }
    };
    let mut ballots = Vec::new();
    let mut left: u32 = 0;
    for (place, slot) in slots.iter().enumerate() {
        match slot {
            Slot::Cast(ballot) if place < certain => ballots.push(ballot.clone()),
            Slot::Cast(Ballot { weight, .. }) | Slot::Out(weight) => left = left.saturating_add(*weight),
            Slot::Abstains => (),
        }
    }
    settled(&Tally::of(&ballots, matching).votes, left, min_share).is_some()
}

/// The choice that can no longer be overtaken or tied, if there is one.
///
/// `votes[i]` counts the votes for choice `i`; `left` is the sum of the weights still out. It must also keep `min_share`
/// of all votes if every one of those goes to somebody else.
pub fn settled(votes: &[u32], left: u32, min_share: f64) -> Option<usize> {
    let (winner, most) = votes.iter().copied().enumerate().max_by_key(|&(at, n)| (n, usize::MAX - at))?;
    let second = votes.iter().enumerate().filter(|&(at, _)| at != winner).map(|(_, &n)| n).max().unwrap_or(0);
    let cast = votes.iter().fold(left, |sum, n| sum.saturating_add(*n));
    let is_ahead = most > second.saturating_add(left);
    (is_ahead && f64::from(most) >= min_share * f64::from(cast)).then_some(winner)
}

#[cfg(test)]
mod tests;
