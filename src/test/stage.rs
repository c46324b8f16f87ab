//! Who answers in a test: the mocks, by way of the simulated gateway, so that bytes are made and read as always.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::plan::{NodeId, Plan};
use crate::upstream::sim::script::{Behaviour, Reply, Script, Trouble};
use crate::upstream::sim::{Sim, SimUpstream};
use crate::upstream::{Call, CallError, Fault, Incoming, Retry, Upstream};

use super::Test;

/// How often a call steps back for others that start at the same moment: they are counted in the order of the plan, not
/// in that in which the runtime happens to come by.
const STEPS_BACK: usize = 16;

/// What changes from how a test is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change {
    /// This call fails, whatever its mock says.
    pub lost: Option<NodeId>,
    /// A call without a mock is answered instead of refused.
    pub lenient: bool,
}

/// The upstream of one test's run.
pub struct Stage {
    plan: Arc<Plan>,
    /// Replies by mock.
    replies: Vec<Vec<Reply>>,
    /// The mock that answers a call, and whether it answers no other.
    cast: BTreeMap<NodeId, (usize, bool)>,
    change: Change,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// First attempts that wait for their number, by mock.
    waiting: BTreeMap<usize, Vec<NodeId>>,
    /// Calls that have their number, by mock.
    counts: BTreeMap<usize, usize>,
    /// Which reply a call has: the same for each of its attempts.
    given: BTreeMap<NodeId, usize>,
    attempts: BTreeMap<NodeId, usize>,
    /// Calls that nobody was there for, in the order in which they came.
    unmocked: Vec<NodeId>,
}

// === impl Stage ===

impl Stage {
    pub fn new(test: &Test, change: Change) -> Arc<Self> {
        let cast = test.mocks.iter().enumerate().flat_map(|(index, mock)| {
            let alone = mock.covers.len() == 1;
            mock.covers.iter().map(move |node| (*node, (index, alone)))
        });
        Arc::new(Self {
            plan: Arc::clone(&test.plan),
            replies: test.mocks.iter().map(|mock| mock.replies.clone()).collect(),
            cast: cast.collect(),
            change,
            state: Mutex::default(),
        })
    }

    pub fn unmocked(&self) -> Vec<NodeId> {
        self.state().unmocked.clone()
    }

    /// The reply to the attempt that `step` makes now.
    async fn reply(&self, step: &str) -> Option<Reply> {
        let node = self.plan.ids().find(|id| self.plan.node(*id).id.as_ref() == step)?;
        let cast = self.cast.get(&node).copied();
        if self.change.lost == Some(node) {
            // It keeps its number: the others say what they said before.
            if let Some((mock, false)) = cast {
                self.number(mock, node).await;
            }
            return Some(Reply { fault: Some(Trouble::Unavailable), ..Reply::default() });
        }
        let Some((mock, alone)) = cast else {
            let mut state = self.state();
            if !state.unmocked.contains(&node) {
                state.unmocked.push(node);
            }
            let text = format!("[{step} is not mocked]");
            return self.change.lenient.then(|| Reply { text: Some(text), ..Reply::default() });
        };
        let replies = &self.replies[mock];
        let index = if alone { self.attempt(node) } else { self.number(mock, node).await };
        Some(replies[index.min(replies.len() - 1)].clone())
    }

    /// How many attempts the call has made before.
    fn attempt(&self, node: NodeId) -> usize {
        let mut state = self.state();
        let attempts = state.attempts.entry(node).or_insert(0);
        *attempts += 1;
        *attempts - 1
    }

    /// How many calls of the mock began before this one.
    async fn number(&self, mock: usize, node: NodeId) -> usize {
        if let Some(given) = self.state().given.get(&node) {
            return *given;
        }
        self.state().waiting.entry(mock).or_default().push(node);
        for _ in 0..STEPS_BACK {
            tokio::task::yield_now().await;
        }
        let mut state = self.state();
        // Whoever comes first numbers all that wait with it.
        let mut waiting = state.waiting.remove(&mock).unwrap_or_default();
        waiting.sort_unstable();
        for node in waiting {
            let count = state.counts.entry(mock).or_insert(0);
            let number = *count;
            *count += 1;
            state.given.insert(node, number);
        }
        state.given[&node]
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stage that runs share with whoever asks it afterwards.
pub struct Cast(pub Arc<Stage>);

impl Upstream for Cast {
    fn start(&self, call: Arc<Call>) -> BoxFuture<'static, Result<Incoming, CallError>> {
        let stage = Arc::clone(&self.0);
        async move {
            let Some(reply) = stage.reply(&call.attribution.step).await else {
                return Err(CallError::new(Fault::UnknownModel, Retry::Never, "not mocked"));
            };
            let one = Behaviour { reply: vec![reply], ..Behaviour::default() };
            let script = Script { model: [("*".to_owned(), one)].into(), ..Script::default() };
            SimUpstream::new(Sim::new(Vec::new(), script)).start(call).await
        }
        .boxed()
    }
}
