//! Counting ballots.

use crate::upstream::{Completion, ToolCall};

/// What an answer votes for: white space and case folded; tool calls by name and arguments. `None` abstains.
pub fn key(completion: &Completion) -> Option<String> {
    if !completion.tool_calls.is_empty() {
        return Some(completion.tool_calls.iter().map(tool_key).collect::<Vec<_>>().join("\n"));
    }
    let folded = completion.text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    (!folded.is_empty()).then_some(folded)
}

/// Arguments in canonical form: serde_json's maps are sorted.
fn tool_key(call: &ToolCall) -> String {
    let arguments = match serde_json::from_str::<serde_json::Value>(&call.arguments) {
        Ok(value) => value.to_string(),
        Err(_) => call.arguments.clone(),
    };
    format!("{} {arguments}", call.name)
}

/// Votes so far. `choices[i]` holds the key of choice `i`, in order of its first ballot by place; `votes[i]` its votes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub choices: Vec<String>,
    pub votes: Vec<u32>,
}

impl Tally {
    /// Counts `(key, weight)` in the order given.
    pub fn of<'a>(ballots: impl IntoIterator<Item = (&'a str, u32)>) -> Self {
        let mut tally = Self::default();
        for (key, weight) in ballots {
            match tally.choices.iter().position(|choice| choice == key) {
                Some(at) => tally.votes[at] += weight,
                None => {
                    tally.choices.push(key.to_owned());
                    tally.votes.push(weight);
                }
            }
        }
        tally
    }

    /// Choices with the most votes, in order; one if there is no tie.
    pub fn leaders(&self) -> Vec<usize> {
        let most = self.votes.iter().copied().max().unwrap_or(0);
        (0..self.votes.len()).filter(|&at| self.votes[at] == most && most > 0).collect()
    }

    /// Share of all votes cast that choice `at` has, 0–1.
    pub fn share(&self, at: usize) -> f64 {
        let cast: u32 = self.votes.iter().sum();
        if cast == 0 { 0.0 } else { f64::from(self.votes[at]) / f64::from(cast) }
    }
}

/// The choice that can no longer be overtaken or tied, if there is one.
///
/// `votes[i]` counts the votes for choice `i`; `left` is the sum of the weights still out. It must also keep `min_share`
/// of all votes if every one of those goes to somebody else.
pub fn settled(votes: &[u32], left: u32, min_share: f64) -> Option<usize> {
    let (winner, most) = votes.iter().copied().enumerate().max_by_key(|&(at, n)| (n, usize::MAX - at))?;
    let second = votes.iter().enumerate().filter(|&(at, _)| at != winner).map(|(_, &n)| n).max().unwrap_or(0);
    let cast: u32 = votes.iter().sum::<u32>() + left;
    (most > second + left && f64::from(most) >= min_share * f64::from(cast)).then_some(winner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(votes: &[u32], left: u32, min_share: f64, expected: Option<usize>) {
        assert_eq!(settled(votes, left, min_share), expected, "{votes:?} with {left} out");
    }

    #[test]
    fn a_lead_larger_than_the_ballots_left_is_settled() {
        check(&[3, 1], 1, 0.0, Some(0));
        check(&[3, 1], 2, 0.0, None);
        check(&[2, 2], 0, 0.0, None);
        check(&[], 5, 0.0, None);
        check(&[1, 4], 2, 0.0, Some(1));
        check(&[3, 0], 1, 0.8, None);
        check(&[4, 0], 1, 0.8, Some(0));
    }

    #[test]
    fn answers_that_say_the_same_vote_together() {
        let text = |text: &str| Completion { text: text.to_owned(), ..Completion::default() };
        assert_eq!(key(&text(" Yes\n")), key(&text("yes")));
        assert_eq!(key(&text("  ")), None);
        let tool = |arguments: &str| Completion {
            tool_calls: vec![ToolCall { id: "x".into(), name: "f".into(), arguments: arguments.into() }],
            ..Completion::default()
        };
        assert_eq!(key(&tool(r#"{"a":1,"b":2}"#)), key(&tool(r#"{ "b": 2, "a": 1 }"#)));
        assert_ne!(key(&tool(r#"{"a":1}"#)), key(&tool(r#"{"a":2}"#)));
    }

    #[test]
    fn a_tie_has_several_leaders() {
        let tally = Tally::of([("a", 1), ("b", 2), ("a", 1), ("c", 1)]);
        assert_eq!(tally.leaders(), [0, 1]);
        assert!((tally.share(0) - 0.4).abs() < 1e-9);
        assert!(Tally::default().leaders().is_empty());
    }
}
