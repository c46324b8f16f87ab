//! The simulated upstream: a stand-in for LiteLLM that answers by script, in process or as a server.
//!
//! Knows what LiteLLM would send, byte for byte, and nothing of ensembles. Its answers say that they are
//! simulated; the same calls in the same order get the same answers.

mod act;
mod asked;
mod body;
mod chance;
mod gate;
mod ledger;
mod play;
mod schema;
pub mod script;
mod server;
mod speech;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, TryStreamExt};

pub use self::gate::TokenGate;
pub use self::ledger::{Entry, Outcome, Totals};
pub use self::script::Script;
pub use self::server::serve;

use self::act::Act;
use self::asked::Asked;
use self::gate::Gates;
use self::ledger::Ledger;
use self::play::{Broken, Played};
use crate::upstream::answer::{self, Head};
use crate::upstream::{Call, CallError, Fault, Incoming, Retry, Upstream, attribution, wire};

/// A simulated gateway with its script, its book of calls and its gates.
#[derive(Debug, Default)]
pub struct Sim {
    /// The models it has; empty means any.
    catalog: Vec<String>,
    state: Mutex<State>,
    ledger: Ledger,
    gates: Gates,
}

/// Calls to a simulated gateway in the same process, on tokio's clock.
///
/// Requests are encoded and answers decoded as if there was a socket between.
#[derive(Clone, Debug, Default)]
pub struct SimUpstream {
    sim: Arc<Sim>,
}

#[derive(Debug, Default)]
struct State {
    script: Arc<Script>,
    /// Calls so far by the script's entry.
    counts: BTreeMap<String, u64>,
}

/// A request as it arrived.
struct Received {
    /// Names in lower case.
    headers: Vec<(String, String)>,
    body: Bytes,
}

// === impl Sim ===

impl Sim {
    /// A gateway to the models in `catalog` and those that the script names. With an empty catalog it has any.
    #[must_use]
    pub fn new(catalog: Vec<String>, script: Script) -> Arc<Self> {
        let sim = Self { catalog, ..Self::default() };
        sim.set_script(script);
        Arc::new(sim)
    }

    /// From now on, calls are answered by another script, from its first replies. The ledger stays.
    pub fn set_script(&self, script: Script) {
        self.gates.open_all();
        if !script.waves.is_empty() {
            self.gates.expect_waves(&script.waves);
        }
        *self.state() = State { script: Arc::new(script), counts: BTreeMap::new() };
    }

    /// Forgets all calls, begins the script anew and opens the gates.
    pub fn reset(&self) {
        let script = Script::clone(&self.state().script);
        self.set_script(script);
        self.ledger.reset();
    }

    /// From the next call on, no call of a wave is answered before all of its wave have arrived: with `[3, 1]`
    /// the first three wait for each other, then one, and later ones are free.
    pub fn expect_waves(&self, sizes: &[usize]) {
        self.gates.expect_waves(sizes);
    }

    /// From the next call on, streams of the model (`*`: of any) wait at the gate before each token.
    #[must_use]
    pub fn token_gate(&self, model: &str) -> TokenGate {
        self.gates.token_gate(model)
    }

    /// All calls in the order of arrival; of very many, the latest.
    #[must_use]
    pub fn calls(&self) -> Vec<Entry> {
        self.ledger.calls()
    }

    #[must_use]
    pub fn totals(&self) -> Totals {
        self.ledger.totals()
    }

    /// How many calls are being answered now.
    #[must_use]
    pub fn alive(&self) -> u64 {
        self.totals().alive
    }

    /// How many calls were given up by their caller.
    #[must_use]
    pub fn cancelled(&self) -> u64 {
        self.totals().cancelled
    }

    /// The names for `/v1/models`: the catalog, then what the script adds.
    #[must_use]
    pub fn models(&self) -> Vec<String> {
        let script = Arc::clone(&self.state().script);
        let added = script.models.iter().chain(script.model.keys().filter(|name| *name != "*"));
        let mut names: Vec<String> = Vec::new();
        for name in self.catalog.iter().chain(added) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// Takes a request in, and gives its answer when the head is due. Dropping the future or the body cancels.
    async fn answer(&self, received: Received) -> Result<Played, Broken> {
        let asked = Asked::read(&received.body);
        let model = asked.as_ref().map_or("", |asked| &asked.model).to_owned();
        let stream = asked.as_ref().is_ok_and(|asked| asked.stream);
        let step = step(&received.headers);
        let ticket = self.ledger.open(&model, stream, received.headers, received.body);
        let place = self.gates.arrive();
        let act = match &asked {
            Ok(asked) => self.act(asked, &step),
            Err(message) => Act::rejected(message),
        };
        place.wait().await;
        play::play(act, ticket, self.gates.of_tokens(&model)).await
    }

    fn act(&self, asked: &Asked, step: &str) -> Act {
        let mut state = self.state();
        let script = Arc::clone(&state.script);
        let named = |name: &String| *name == asked.model;
        let Some((entry, behaviour)) = script.entry(step, &asked.model) else {
            let known = self.catalog.iter().chain(&script.models).any(named);
            if script.strict || !(self.catalog.is_empty() || known) {
                return Act::unknown(&asked.model);
            }
            return Act::compose(asked, &script::Reply::default(), &mut fastrand::Rng::with_seed(0));
        };
        let count = state.counts.entry(entry.clone()).or_insert(0);
        let index = *count;
        *count += 1;
        drop(state);
        let seed = chance::hash([entry.as_bytes(), &script.seed.to_le_bytes(), &index.to_le_bytes()]);
        Act::compose(asked, &behaviour.reply(index), &mut fastrand::Rng::with_seed(seed))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The step that calls, as the spend-logs metadata tells.
fn step(headers: &[(String, String)]) -> String {
    let metadata = headers.iter().find(|(name, _)| name == "x-litellm-spend-logs-metadata");
    let json: serde_json::Value =
        metadata.and_then(|(_, value)| serde_json::from_str(value).ok()).unwrap_or_default();
    json["role"].as_str().unwrap_or_default().to_owned()
}

// === impl SimUpstream ===

impl SimUpstream {
    #[must_use]
    pub fn new(sim: Arc<Sim>) -> Self {
        Self { sim }
    }

    /// The gateway behind it.
    #[must_use]
    pub fn sim(&self) -> &Arc<Sim> {
        &self.sim
    }
}

impl Upstream for SimUpstream {
    fn start(&self, call: Arc<Call>) -> BoxFuture<'static, Result<Incoming, CallError>> {
        let sim = Arc::clone(&self.sim);
        async move {
            let headers = [("content-type", "application/json".to_owned())].into_iter();
            let headers = headers.chain(attribution::headers(&call.attribution));
            let received = Received {
                headers: headers.map(|(name, value)| (name.to_owned(), value)).collect(),
                body: wire::encode(&call),
            };
            let Played { head, body } = sim.answer(received).await.map_err(broken)?;
            let find = |name: &str| head.headers.iter().find(|(known, _)| *known == name);
            let read =
                Head::read(head.status, &call.model, |name| find(name).map(|(_, value)| value.as_str()));
            answer::read(read, call.stream, body.map_err(broken)).await
        }
        .boxed()
    }
}

fn broken(how: Broken) -> CallError {
    let fault = match how {
        Broken::Refused => Fault::Refused,
        Broken::Reset => Fault::Reset,
    };
    CallError::new(fault, Retry::Soon, "simulated")
}

#[cfg(test)]
pub(super) mod tests;
