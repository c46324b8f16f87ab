//! Decides when a group has heard enough, and stops everything that is still talking.
//!
//! Owns the calls of a group while they run: returning, or being dropped, drops them.

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use super::outcome::{Outcome, Output};

/// One member's end.
pub type MemberEnd = (usize, Outcome);

/// What a group needs to know of its plan.
pub struct Quorum<'a> {
    pub members: usize,
    /// Successes that are enough when so many members were skipped.
    pub need: &'a (dyn Fn(usize) -> usize + Sync),
    /// How long stragglers still get once `need` is met.
    pub grace: Option<std::time::Duration>,
}

/// Why members were stopped before they ended.
pub const STOPPED_GRACE: &str = "grace is over";
pub const STOPPED_DECIDED: &str = "the vote is decided";
pub const STOPPED_LOST: &str = "the quorum cannot be met any more";

/// By place; `None` for members that were stopped, with the reason why.
pub struct Gathered {
    pub ends: Vec<Option<Outcome>>,
    pub stopped: Option<&'static str>,
}

/// Runs all members at once until every one has ended, grace is over, `decided` says so, or `need` is out of reach.
///
/// `decided` is asked after each success, with the ends so far. Members that have not ended are dropped before this
/// returns.
pub async fn gather(
    quorum: &Quorum<'_>,
    members: Vec<BoxFuture<'_, MemberEnd>>,
    decided: impl Fn(&[Option<Outcome>]) -> bool,
) -> Gathered {
    let mut ends: Vec<Option<Outcome>> = (0..quorum.members).map(|_| None).collect();
    let mut flights: FuturesUnordered<_> = members.into_iter().collect();
    let mut enough_since: Option<Instant> = None;
    loop {
        let next = match (enough_since, quorum.grace) {
            (Some(since), Some(grace)) => {
                match tokio::time::timeout_at(since + grace, flights.next()).await {
                    Ok(next) => next,
                    Err(_) => return Gathered { ends, stopped: Some(STOPPED_GRACE) },
                }
            }
            _ => flights.next().await,
        };
        let Some((place, end)) = next else { return Gathered { ends, stopped: None } };
        let is_success = end.output.is_success();
        ends[place] = Some(end);
        if is_success && !flights.is_empty() && decided(&ends) {
            return Gathered { ends, stopped: Some(STOPPED_DECIDED) };
        }
        let (got, need) = count(quorum, &ends);
        if got >= need {
            enough_since.get_or_insert_with(Instant::now);
        } else if got + flights.len() < need && !flights.is_empty() {
            return Gathered { ends, stopped: Some(STOPPED_LOST) };
        }
    }
}

/// Successes so far, and those that are enough.
pub fn count(quorum: &Quorum<'_>, ends: &[Option<Outcome>]) -> (usize, usize) {
    let ended = || ends.iter().flatten().map(|end| &end.output);
    let skipped = ended().filter(|output| matches!(output, Output::Skipped)).count();
    (ended().filter(|output| output.is_success()).count(), (quorum.need)(skipped))
}
