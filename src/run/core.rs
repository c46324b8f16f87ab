//! What everything in one run shares.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Either, Ready, Shared, WeakShared, ready};
use tokio::time::Instant;

use crate::plan::{FrameId, NodeId, Plan, paths};
use crate::template::{Data, Expression, Scope};
use crate::upstream::Message;

use super::contest::Contests;
use super::errors::Why;
use super::host::Host;
use super::ledger::Ledger;
use super::outbox::Outbox;
use super::outcome::{Outcome, Output};
use super::record::Recorder;
use super::request::{self, Request};
use super::shape::{Shape, shapes};

pub struct Core {
    pub plan: Arc<Plan>,
    pub request: Arc<Request>,
    pub host: Arc<Host>,
    pub began: Instant,
    pub deadline: Instant,
    pub outbox: Outbox,
    pub contests: Contests,
    /// For those who want to know afterwards what every node was asked and gave.
    pub recorder: Option<Recorder>,
    /// Deciders are shown answers in the order of the plan.
    pub is_ordered: bool,
    ledger: Mutex<Ledger>,
    memos: Mutex<Vec<Memo>>,
    shapes: Vec<Shape>,
    /// By node: needed from the beginning, whoever asks for it first.
    early: Vec<bool>,
    /// What templates call `request`, by frame.
    request_data: Vec<OnceLock<Data>>,
    /// Seeded by the run's id: the waits of a run that is told again are the same.
    random: Mutex<fastrand::Rng>,
}

/// A node runs at most once; who mentions it while it runs waits for the same end.
enum Memo {
    Idle,
    /// Held weakly: when nobody waits any longer, its calls are dropped, and it is over.
    Running(WeakShared<BoxFuture<'static, Outcome>>),
    Done(Outcome),
}

/// The end of a node: known already, or waited for.
pub type NodeEnd = Either<Ready<Outcome>, Shared<BoxFuture<'static, Outcome>>>;

fn ended(outcome: Outcome) -> NodeEnd {
    NodeEnd::Left(ready(outcome))
}

// === impl Core ===

impl Core {
    pub fn new(plan: Arc<Plan>, request: Arc<Request>, host: Arc<Host>) -> Self {
        let began = Instant::now();
        let patience = request.patience.unwrap_or(Duration::MAX);
        let deadline = began + plan.timeout.as_duration().min(patience);
        let memos = plan.ids().map(|_| Memo::Idle).collect();
        Self {
            ledger: Mutex::new(Ledger::new(Arc::clone(&plan))),
            shapes: shapes(&plan),
            early: paths::early(&plan),
            request_data: plan.frames.iter().map(|_| OnceLock::new()).collect(),
            plan,
            request,
            host,
            began,
            deadline,
            outbox: Outbox::default(),
            contests: Contests::default(),
            recorder: None,
            is_ordered: false,
            memos: Mutex::new(memos),
            random: Mutex::new(fastrand::Rng::new()),
        }
        .seeded()
    }

    fn seeded(self) -> Self {
        *self.random.lock().expect("nobody panics while drawing") = fastrand::Rng::with_seed(self.seed());
        self
    }

    /// Never held across an await.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("nobody panics while writing the books")
    }

    /// The end of a node: started on first mention, shared afterwards.
    pub fn node(self: &Arc<Self>, id: NodeId) -> NodeEnd {
        self.node_after(id, 0)
    }

    /// The same for a place that is reached after `before` waves: a node that starts there starts behind them.
    ///
    /// A node that was stopped half-way is not started again: its calls would be made twice.
    pub fn node_after(self: &Arc<Self>, id: NodeId, before: u32) -> NodeEnd {
        let mut memos = self.memos();
        match &memos[id.0 as usize] {
            Memo::Done(outcome) => ended(outcome.clone()),
            Memo::Running(weak) => match weak.upgrade() {
                Some(shared) => NodeEnd::Right(shared),
                None => {
                    drop(memos);
                    self.ledger().late(id);
                    let outcome = Outcome::new(Output::Failed(Why::Stopped), before);
                    self.memos()[id.0 as usize] = Memo::Done(outcome.clone());
                    ended(outcome)
                }
            },
            Memo::Idle => {
                let shared = self.started(id, before);
                if let Some(weak) = shared.downgrade() {
                    memos[id.0 as usize] = Memo::Running(weak);
                }
                NodeEnd::Right(shared)
            }
        }
    }

    fn started(self: &Arc<Self>, id: NodeId, before: u32) -> Shared<BoxFuture<'static, Outcome>> {
        let core = Arc::clone(self);
        let before = if self.early[id.0 as usize] { 0 } else { before };
        async move {
            let outcome = super::interpreter::evaluate(&core, id, before).await;
            core.memos()[id.0 as usize] = Memo::Done(outcome.clone());
            outcome
        }
        .boxed()
        .shared()
    }

    /// Never held across an await.
    fn memos(&self) -> MutexGuard<'_, Vec<Memo>> {
        self.memos.lock().expect("nobody panics while holding the memos")
    }

    /// What a node gave, if it has ended.
    pub fn ended(&self, id: NodeId) -> Option<Output> {
        match &self.memos()[id.0 as usize] {
            Memo::Done(outcome) => Some(outcome.output.clone()),
            Memo::Idle | Memo::Running(_) => None,
        }
    }

    /// From here on, the node gave this: a name that was skipped keeps what it held before.
    pub fn keeps(&self, id: NodeId, output: Output) {
        if let Memo::Done(outcome) = &mut self.memos()[id.0 as usize] {
            outcome.output = output;
        }
    }

    /// Whatever the node would give, take it that it gave this.
    pub fn pretend(&self, id: NodeId, output: Output) {
        self.memos()[id.0 as usize] = Memo::Done(Outcome::new(output, 0));
    }

    pub fn shape(&self, id: NodeId) -> &Shape {
        &self.shapes[id.0 as usize]
    }

    /// The conversation that was made for a frame; without one its calls see the client's.
    pub fn conversation(&self, frame: FrameId) -> Option<Arc<[Message]>> {
        match self.ended(self.plan.frames[frame.0 as usize].conversation?)? {
            Output::Conversation(messages) => Some(messages),
            _ => None,
        }
    }

    pub fn elapsed(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// When a node must have ended: its own `timeout`, else its share of the time left.
    pub fn deadline_of(&self, id: NodeId) -> Instant {
        let node = self.plan.node(id);
        let now = Instant::now();
        let own = match node.timeout {
            Some(timeout) => timeout.as_duration(),
            None => self.deadline.saturating_duration_since(now) / node.waves_left.max(1),
        };
        (now + own).min(self.deadline)
    }

    /// The names that a node's templates and conditions see. Its inputs must have ended.
    pub fn scope(&self, id: NodeId, mentions_request: bool) -> Scope {
        let mut scope = Scope::default();
        let node = self.plan.node(id);
        for (name, data) in self.plan.frames[node.frame.0 as usize].constants.iter() {
            scope.set(name.clone(), data.clone());
        }
        let memos = self.memos();
        for input in &node.inputs {
            if let Memo::Done(outcome) = &memos[input.node.0 as usize] {
                scope.set(input.name.clone(), outcome.output.data(self.shape(input.node)));
            }
        }
        drop(memos);
        if mentions_request {
            scope.set("request", self.request_data(node.frame));
        }
        scope.set("elapsed", Data::Number(self.elapsed()));
        scope
    }

    /// The scope of a condition of this node.
    pub fn scope_for(&self, id: NodeId, condition: &Expression) -> Scope {
        self.scope(id, condition.source().contains("request"))
    }

    fn request_data(&self, frame: FrameId) -> Data {
        let data = &self.request_data[frame.0 as usize];
        let own = || self.conversation(frame);
        data.get_or_init(|| request::data(&self.request, own().as_deref().unwrap_or(&self.request.messages)))
            .clone()
    }

    /// A number in 0–1, for spreading waits.
    pub fn random(&self) -> f64 {
        self.random.lock().expect("nobody panics while drawing").f64()
    }

    /// The client's seed, else one made from the run's id: the same request shuffles the same way in a test.
    pub fn seed(&self) -> u64 {
        let sent = self.request.field("seed").and_then(|seed| seed.get().parse::<i64>().ok());
        match sent {
            Some(seed) => seed as u64,
            None => self.request.run.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            }),
        }
    }
}
