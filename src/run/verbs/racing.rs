//! `race`: the first that succeeds, or, where tokens are passed on as they come, the first that speaks.

use std::collections::VecDeque;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

use crate::plan::{NodeId, Starter};
use crate::run::errors::Why;
use crate::run::outcome::{Outcome, Output};
use crate::run::work::Work;

pub const STOPPED_LOST: &str = "it lost the race";

/// A starter on its way.
type Flight<'a> = BoxFuture<'a, (u32, Outcome)>;

/// What happens next in a race.
enum Next {
    /// It was won by a first token.
    Won(u32),
    /// A starter has ended.
    Ended(u32, Outcome),
    /// The next one may start.
    Due,
}

/// Each starts after its wait, or as soon as all that have started have failed. Who loses is dropped.
pub async fn race(work: &Work<'_>, starters: &[Starter]) -> Outcome {
    let began = Instant::now();
    let mut waiting: VecDeque<(u32, &Starter)> = (0..).zip(starters).collect();
    waiting.make_contiguous().sort_by_key(|(_, starter)| starter.wait);
    let mut flights: FuturesUnordered<Flight<'_>> = FuturesUnordered::new();
    let mut waves = work.ready;
    loop {
        let is_due = |(_, starter): &(u32, &Starter)| began + starter.wait.as_duration() <= Instant::now();
        while let Some((place, starter)) = waiting.pop_front_if(|next| flights.is_empty() || is_due(next)) {
            flights.push(run(work, place, starter.node));
        }
        if flights.is_empty() {
            return Outcome::new(Output::Failed(Why::AllFailed("starters")), waves);
        }
        let due = waiting.front().map(|(_, starter)| began + starter.wait.as_duration());
        match next(work, &mut flights, due).await {
            Next::Due => (),
            Next::Won(place) => {
                let winner = starters[place as usize].node;
                // Held before the others are let go, so that it goes on.
                let speaking = work.core.node_after(winner, work.ready);
                drop(flights);
                work.note("won", format!("{}: its first token came first", id(work, winner)));
                let stopped = work.core.ledger().stopped(STOPPED_LOST);
                let outcome = speaking.await;
                let waves = waves.max(stopped).max(outcome.waves);
                return work.passes_on(winner, Outcome::new(outcome.output, waves));
            }
            Next::Ended(place, outcome) => {
                waves = waves.max(outcome.waves);
                if !outcome.output.is_success() {
                    continue;
                }
                work.core.contests.claim(&[(work.id, place)]);
                drop(flights);
                work.note("won", id(work, starters[place as usize].node).to_owned());
                let stopped = work.core.ledger().stopped(STOPPED_LOST);
                return Outcome::new(outcome.output, waves.max(stopped));
            }
        }
    }
}

fn run<'a>(work: &'a Work<'_>, place: u32, node: NodeId) -> Flight<'a> {
    let running = work.core.node_after(node, work.ready);
    Box::pin(async move { (place, running.await) })
}

async fn next(work: &Work<'_>, flights: &mut FuturesUnordered<Flight<'_>>, due: Option<Instant>) -> Next {
    let wait = async {
        match due {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        // Flights first: a first token is their doing. What the client has heard counts before what has ended.
        biased;
        ended = flights.next() => {
            let (place, outcome) = ended.expect("there is a flight");
            match work.core.contests.winner(work.id) {
                Some(winner) => Next::Won(winner),
                None => Next::Ended(place, outcome),
            }
        }
        place = work.core.contests.won(work.id) => Next::Won(place),
        () = wait => Next::Due,
    }
}

fn id<'a>(work: &'a Work<'_>, node: NodeId) -> &'a str {
    &work.core.plan.node(node).id
}
