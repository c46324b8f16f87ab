//! Decides when a group has heard enough, and stops everything that is still talking.
//!
//! Owns the calls of a group while they run: returning, or being dropped, drops them.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use super::errors::Why;
use super::outcome::Reply;

/// One member's end.
pub type MemberEnd = (usize, Result<Arc<Reply>, Why>);

/// What a group needs to know of its plan.
pub struct Quorum {
    pub members: usize,
    pub need: usize,
    /// How long stragglers still get once `need` is met.
    pub grace: Option<std::time::Duration>,
}

/// Why members were stopped before they ended.
pub const STOPPED_GRACE: &str = "grace is over";
pub const STOPPED_DECIDED: &str = "the vote is decided";
pub const STOPPED_LOST: &str = "the quorum cannot be met any more";

/// Results by place; `None` for members that were stopped, with the reason why.
pub struct Gathered {
    pub results: Vec<Option<Result<Arc<Reply>, Why>>>,
    pub stopped: Option<&'static str>,
}

/// Runs all members at once until every one has ended, grace is over, `decided` says so, or `need` is out of reach.
///
/// `decided` is asked after each success, with the results so far. Members that have not ended are dropped before this
/// returns.
pub async fn gather(
    quorum: &Quorum,
    members: Vec<BoxFuture<'_, MemberEnd>>,
    decided: impl Fn(&[Option<Result<Arc<Reply>, Why>>]) -> bool,
) -> Gathered {
    assert!(quorum.need <= quorum.members, "lowering never asks for more answers than members");
    let mut results: Vec<Option<Result<Arc<Reply>, Why>>> = (0..quorum.members).map(|_| None).collect();
    let mut flights: FuturesUnordered<_> = members.into_iter().collect();
    let mut enough_since: Option<Instant> = None;
    loop {
        let next = match (enough_since, quorum.grace) {
            (Some(since), Some(grace)) => {
                match tokio::time::timeout_at(since + grace, flights.next()).await {
                    Ok(next) => next,
                    Err(_) => return Gathered { results, stopped: Some(STOPPED_GRACE) },
                }
            }
            _ => flights.next().await,
        };
        let Some((place, result)) = next else { return Gathered { results, stopped: None } };
        let success = result.is_ok();
        results[place] = Some(result);
        let successes = results.iter().flatten().filter(|result| result.is_ok()).count();
        if success && !flights.is_empty() && decided(&results) {
            return Gathered { results, stopped: Some(STOPPED_DECIDED) };
        }
        if successes >= quorum.need {
            enough_since.get_or_insert_with(Instant::now);
        } else if successes + flights.len() < quorum.need && !flights.is_empty() {
            return Gathered { results, stopped: Some(STOPPED_LOST) };
        }
    }
}
