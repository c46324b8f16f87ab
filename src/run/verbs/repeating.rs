//! `repeat`: the only loop, round after round.

use std::pin::pin;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;

use crate::plan::{NodeId, Part, PartKind, Repeat};
use crate::run::core::NodeEnd;
use crate::run::outcome::{Outcome, Output};
use crate::run::receipt::Cause;
use crate::run::work::Work;
use crate::template::Data;

pub const STOPPED_OVER: &str = "the loop is over";

/// What a part says about the loop.
enum Step {
    GoesOn,
    /// `stop when` holds.
    Stops,
    /// It failed.
    Breaks(NodeId),
}

/// What the name holds, and where the loop stands.
struct Loop<'a> {
    work: &'a Work<'a>,
    held: Output,
    waves: u32,
    /// Steps that run beside the parts; a later one waits for them.
    beside: FuturesUnordered<NodeEnd>,
}

/// A round that fails ends the loop with what the name held before it.
pub async fn repeat(work: &Work<'_>, rule: &Repeat) -> Outcome {
    let first = work.input(rule.first).await;
    if let Output::Failed(_) = first {
        return work.fails(work.needs(rule.first));
    }
    let mut state = Loop { work, held: first, waves: work.ready, beside: FuturesUnordered::new() };
    let most = rule.rounds.len();
    'rounds: for (number, round) in (1..).zip(&rule.rounds) {
        work.note("round", format!("{number} of at most {most}"));
        for part in &round.parts {
            match state.part(part).await {
                Step::GoesOn => (),
                Step::Stops => {
                    work.note("stopped", format!("stop when holds in round {number}"));
                    break 'rounds;
                }
                Step::Breaks(node) => {
                    let node = &work.core.plan.node(node).id;
                    work.note("stopped", format!("{node} failed in round {number}"));
                    work.degraded(Cause::Loop, &format!("ended in round {number}, since `{node}` failed"));
                    break 'rounds;
                }
            }
        }
    }
    state.end()
}

// === impl Loop ===

impl Loop<'_> {
    async fn part(&mut self, part: &Part) -> Step {
        for &node in &part.beside {
            self.beside.push(self.work.core.node_after(node, self.waves));
        }
        let (PartKind::Stop(node) | PartKind::Next(node)) = part.what;
        let outcome = self.run(node).await;
        self.waves = self.waves.max(outcome.waves);
        match (part.what, outcome.output) {
            (_, Output::Failed(_)) => Step::Breaks(node),
            (PartKind::Stop(_), Output::Data(value)) if matches!(value.data, Data::Bool(true)) => Step::Stops,
            (PartKind::Stop(_), _) => Step::GoesOn,
            (PartKind::Next(_), Output::Skipped) => {
                self.work.core.keeps(node, self.held.clone());
                Step::GoesOn
            }
            (PartKind::Next(_), output) => {
                self.held = output;
                Step::GoesOn
            }
        }
    }

    /// A node to its end, while what stands beside it goes on.
    async fn run(&mut self, node: NodeId) -> Outcome {
        let mut running = pin!(self.work.core.node_after(node, self.waves));
        loop {
            if self.beside.is_empty() {
                return running.await;
            }
            match select(running.as_mut(), self.beside.next()).await {
                Either::Left((outcome, _)) => return outcome,
                Either::Right(_) => (),
            }
        }
    }

    /// Whatever still stands beside is no longer needed.
    fn end(self) -> Outcome {
        let Self { work, held, waves, beside } = self;
        drop(beside);
        let stopped = work.core.ledger().stopped(STOPPED_OVER);
        Outcome::new(held, waves.max(stopped))
    }
}
