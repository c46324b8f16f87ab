//! Races that are won by the first token: who has spoken, and who must be silent from then on.

use std::collections::BTreeMap;
use std::sync::Mutex;

use tokio::sync::Notify;

use crate::plan::NodeId;

/// By race: the place of the starter that won.
#[derive(Default)]
pub struct Contests {
    winners: Mutex<BTreeMap<NodeId, u32>>,
    changed: Notify,
}

// === impl Contests ===

impl Contests {
    /// Whether who takes part in these races may speak: all of them are won by it, or are now.
    pub fn claim(&self, races: &[(NodeId, u32)]) -> bool {
        let mut winners = self.winners.lock().expect("nobody panics while holding the contests");
        if races.iter().any(|(race, place)| winners.get(race).is_some_and(|winner| winner != place)) {
            return false;
        }
        winners.extend(races.iter().copied());
        drop(winners);
        self.changed.notify_waiters();
        true
    }

    /// The place of who won the race, if it is won.
    pub fn winner(&self, race: NodeId) -> Option<u32> {
        self.winners.lock().expect("nobody panics while holding the contests").get(&race).copied()
    }

    /// Resolves when the race is won, with the place of who won it.
    pub async fn won(&self, race: NodeId) -> u32 {
        loop {
            let changed = self.changed.notified();
            match self.winner(race) {
                Some(place) => return place,
                None => changed.await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_lost_one_race_wins_none() {
        let (outer, inner) = (NodeId(7), NodeId(3));
        let contests = Contests::default();
        assert!(contests.claim(&[(outer, 0)]));
        assert!(contests.claim(&[(outer, 0)]), "who has won may go on");
        assert!(!contests.claim(&[(outer, 1), (inner, 0)]));
        assert!(contests.claim(&[(outer, 0), (inner, 1)]), "the loser has not taken the inner one");
        assert!(!contests.claim(&[(outer, 0), (inner, 0)]));
    }
}
