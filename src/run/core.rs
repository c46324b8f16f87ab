//! What everything in one run shares.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use tokio::time::Instant;

use crate::plan::{NodeId, Plan};
use crate::template::{Data, Scope};
use crate::upstream::{Delta, Message, Role};

use super::host::Host;
use super::ledger::Ledger;
use super::outcome::Outcome;
use super::record::Recorder;
use super::request::Request;

/// Most text that waits for a slow reader, in bytes.
const OUTBOX_SIZE_MAX: usize = 64 << 10;

pub struct Core {
    pub plan: Arc<Plan>,
    pub request: Arc<Request>,
    pub host: Arc<Host>,
    pub began: Instant,
    pub deadline: Instant,
    pub outbox: Outbox,
    /// For those who want to know afterwards what every node was asked and gave.
    pub recorder: Option<Recorder>,
    ledger: Mutex<Ledger>,
    memos: Mutex<Vec<Memo>>,
    request_data: OnceLock<Data>,
    /// Seeded by the run's id: the waits of a run that is told again are the same.
    random: Mutex<fastrand::Rng>,
}

/// A node runs at most once; who mentions it while it runs waits for the same end.
enum Memo {
    Idle,
    /// Held weakly: when nobody waits any longer, its calls are dropped.
    Running(WeakShared<BoxFuture<'static, Outcome>>),
    Done(Outcome),
}

/// Deltas on their way to the client.
#[derive(Default)]
pub struct Outbox {
    queue: Mutex<VecDeque<Delta>>,
    sent: std::sync::atomic::AtomicBool,
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
            plan,
            request,
            host,
            began,
            deadline,
            outbox: Outbox::default(),
            recorder: None,
            memos: Mutex::new(memos),
            request_data: OnceLock::new(),
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
    pub fn node(self: &Arc<Self>, id: NodeId) -> BoxFuture<'static, Outcome> {
        self.node_after(id, 0)
    }

    /// The same for a place that is reached after `before` waves: a node that starts there starts behind them.
    pub fn node_after(self: &Arc<Self>, id: NodeId, before: u32) -> BoxFuture<'static, Outcome> {
        let mut memos = self.memos.lock().expect("nobody panics while holding the memos");
        let running = match &memos[id.0 as usize] {
            Memo::Done(outcome) => return futures_util::future::ready(outcome.clone()).boxed(),
            Memo::Running(weak) => weak.upgrade(),
            Memo::Idle => None,
        };
        let shared: Shared<_> = running.unwrap_or_else(|| {
            let core = Arc::clone(self);
            let shared = async move {
                let outcome = super::interpreter::evaluate(&core, id, before).await;
                core.memos.lock().expect("nobody panics while holding the memos")[id.0 as usize] =
                    Memo::Done(outcome.clone());
                outcome
            }
            .boxed()
            .shared();
            if let Some(weak) = shared.downgrade() {
                memos[id.0 as usize] = Memo::Running(weak);
            }
            shared
        });
        shared.boxed()
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
        let memos = self.memos.lock().expect("nobody panics while holding the memos");
        for input in &node.inputs {
            if let Memo::Done(outcome) = &memos[input.node.0 as usize] {
                scope.set(input.name.clone(), outcome.output.data());
            }
        }
        drop(memos);
        if mentions_request {
            scope.set("request", self.request_data.get_or_init(|| request_data(&self.request)).clone());
        }
        scope.set("elapsed", Data::Number(self.elapsed()));
        scope
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

fn request_data(request: &Request) -> Data {
    let text = |text: &str| Data::Text(text.into());
    let message = |message: &Message| {
        Data::Map(vec![
            ("role".to_owned(), text(message.role.word())),
            ("text".to_owned(), Data::Text(Arc::clone(&message.text))),
        ])
    };
    let mut turns: Vec<Vec<Data>> = Vec::new();
    for each in request.messages.iter().filter(|m| !matches!(m.role, Role::System | Role::Developer)) {
        match turns.last_mut() {
            Some(turn) if each.role != Role::User => turn.push(message(each)),
            _ => turns.push(vec![message(each)]),
        }
    }
    let systems: Vec<&str> = request
        .messages
        .iter()
        .filter(|m| matches!(m.role, Role::System | Role::Developer))
        .map(|m| &*m.text)
        .collect();
    let last = request.messages.iter().rev().find(|m| m.role == Role::User);
    let tools = request.field("tools").and_then(|tools| serde_json::from_str(tools.get()).ok());
    let user = request.field("user").and_then(|user| serde_json::from_str::<String>(user.get()).ok());
    Data::Map(vec![
        ("messages".to_owned(), Data::List(request.messages.iter().map(message).collect())),
        ("turns".to_owned(), Data::List(turns.into_iter().map(Data::List).collect())),
        ("system".to_owned(), text(&systems.join("\n\n"))),
        ("last".to_owned(), last.map_or_else(|| text(""), |m| Data::Text(Arc::clone(&m.text)))),
        ("tokens".to_owned(), Data::Int(request.tokens() as i64)),
        ("images".to_owned(), Data::Int(request.messages.iter().map(|m| i64::from(m.images)).sum())),
        ("tools".to_owned(), tools.as_ref().map_or(Data::List(Vec::new()), Data::from_json)),
        ("model".to_owned(), text(&request.model)),
        ("user".to_owned(), text(user.as_deref().unwrap_or_default())),
    ])
}

// === impl Outbox ===

impl Outbox {
    /// Adds a delta; text is joined to text that already waits.
    pub fn push(&self, delta: Delta) {
        self.sent.store(true, std::sync::atomic::Ordering::Relaxed);
        let mut queue = self.queue.lock().expect("nobody panics while holding the outbox");
        if let Some(last) = queue.back_mut()
            && is_plain(last)
            && is_plain(&delta)
            && last.text.is_empty() == delta.text.is_empty()
            && last.reasoning.is_empty() == delta.reasoning.is_empty()
        {
            last.text.push_str(&delta.text);
            last.reasoning.push_str(&delta.reasoning);
            return;
        }
        queue.push_back(delta);
    }

    pub fn take(&self) -> Option<Delta> {
        self.queue.lock().expect("nobody panics while holding the outbox").pop_front()
    }

    pub fn is_waiting(&self) -> bool {
        !self.queue.lock().expect("nobody panics while holding the outbox").is_empty()
    }

    /// Whether anything was ever sent: from then on no other call may answer.
    pub fn has_sent(&self) -> bool {
        self.sent.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Resolves when there is room. No waker is kept: the run is polled again by whoever takes a delta.
    pub async fn room(&self) {
        std::future::poll_fn(|_| {
            let queue = self.queue.lock().expect("nobody panics while holding the outbox");
            let waiting: usize = queue.iter().map(|delta| delta.text.len() + delta.reasoning.len()).sum();
            if waiting < OUTBOX_SIZE_MAX { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    }
}

/// Nothing but text or reasoning.
fn is_plain(delta: &Delta) -> bool {
    delta.tool_calls.is_empty()
        && delta.logprobs.is_none()
        && delta.extra.is_empty()
        && delta.finish_reason.is_none()
}
