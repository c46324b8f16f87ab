//! Every handle as one model of an OpenAI-compatible service on localhost.
//!
//! ```text
//! listen ─▶ pace ─▶ hyper ─▶ routes ─▶ guard ─▶ chat ─▶ flight ─▶ run
//!                                        │        └▶ stream, wire ─▶ respond
//!                                        └▶ models, runs, metrics, health
//!                                        books ─▶ log, metrics, runs, spans
//! ```
//!
//! Knows plans and runs. Knows nothing of source text, of configuration files, or of how a model is called.

mod body;
mod books;
mod catalog;
mod chat;
mod composer;
mod current;
mod errors;
mod flight;
mod guard;
mod health;
mod hop;
mod join;
mod limits;
mod listen;
mod load;
mod metrics;
mod models;
mod pace;
mod respond;
mod routes;
mod runs;
mod served;
mod spans;
mod status;
mod stream;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use crate::approach::Approaches;
use crate::plan::Plan;
use crate::run::host::Host;
use crate::upstream::secret::Secret;

use books::Books;
use catalog::Catalog;
use composer::Composer;
use current::Current;
use flight::HostRunner;
use health::Health;
use load::Load;
use metrics::Now;
use spans::Spans;

pub use flight::{Runner, Running};
pub use health::Liveliness;
pub use limits::{Allowed, CHOICES_MAX};
pub use listen::{Ending, serve};
pub use spans::Collector;

/// What the operator decides.
pub struct Settings {
    /// Asked of callers; without one the port is open to everybody on this host.
    pub key: Option<Secret>,
    /// Asks the upstream whether it is alive; never called more than once at a time.
    pub liveliness: Liveliness,
    /// Request fields that are sent on with final calls, beside those that always are; none that is reserved
    /// ([`crate::upstream::wire::is_reserved`]).
    pub pass_fields: Vec<String>,
}

/// Says how many there are of something that is counted elsewhere.
type Counting = Box<dyn Fn() -> u64 + Send + Sync>;

/// All that the handlers share. One for the life of the daemon.
pub struct State {
    current: Current,
    runner: Arc<dyn Runner>,
    /// What is said in runs is recorded.
    records: bool,
    key: Option<Secret>,
    pass_fields: Vec<String>,
    load: Load,
    health: Health,
    books: Arc<Books>,
    /// Where calls are made; `None` if runs are not real.
    host: Option<Arc<Host>>,
    /// Counts the log lines that nobody took.
    lost_lines: Counting,
    /// Since 1970.
    clock: fn() -> Duration,
    /// Seconds since 1970; `created` of every handle.
    started_s: u64,
}

/// Whether a request field of this name is read by the daemon itself.
#[must_use]
pub fn reads(name: &str) -> bool {
    name == "ensc" || name == composer::FIELD
}

// === impl State ===

impl State {
    /// Plans are listed in this order. Handles and selectors are unique: the checker sees to it.
    #[must_use]
    pub fn new(plans: Vec<Arc<Plan>>, host: Arc<Host>, settings: Settings) -> Self {
        let runner = Arc::new(HostRunner { host: Arc::clone(&host), records: false });
        Self { host: Some(host), ..Self::with_runner(plans, runner, settings) }
    }

    /// The same with another way to run a plan.
    #[must_use]
    pub fn with_runner(plans: Vec<Arc<Plan>>, runner: Arc<dyn Runner>, settings: Settings) -> Self {
        Self {
            current: Current::new(Catalog::new(plans, Composer::default())),
            runner,
            records: false,
            key: settings.key,
            pass_fields: settings.pass_fields,
            load: Load::default(),
            health: Health::new(settings.liveliness),
            books: Arc::default(),
            host: None,
            lost_lines: Box::new(|| 0),
            clock: since_1970,
            started_s: since_1970().as_secs(),
        }
    }

    /// Spans of runs are told to a collector; without this, to nobody.
    #[must_use]
    pub fn with_collector(mut self, collector: Collector) -> Self {
        self.books = Arc::new(Books { spans: Some(Spans::new(collector)), ..Books::default() });
        self
    }

    /// Keeps what is said in runs, prompts and answers, as long as the runs are remembered, for whoever may read `/v1/runs`.
    #[must_use]
    pub fn with_recorded_text(mut self) -> Self {
        if let Some(host) = &self.host {
            self.runner = Arc::new(HostRunner { host: Arc::clone(host), records: true });
            self.records = true;
        }
        self
    }

    /// Other limits than the usual ones.
    #[must_use]
    pub fn with_limits(mut self, allowed: Allowed) -> Self {
        self.load = Load::new(allowed);
        self
    }

    /// Lines of the log may be lost; `count` says how many were.
    #[must_use]
    pub fn with_lost_lines(self, count: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self { lost_lines: Box::new(count), ..self }
    }

    /// Techniques may be asked for on what is served; without this, none is known.
    #[must_use]
    pub fn with_approaches(self, approaches: Approaches) -> Self {
        self.current.swap(Catalog::new(self.plans(), Composer::new(approaches)));
        self
    }

    /// Serves `plans` from the next request on, all at once, and techniques on them by `approaches`. What runs ends with the
    /// plan that it began with.
    pub fn reload(&self, plans: Vec<Arc<Plan>>, approaches: Approaches) {
        self.current.swap(Catalog::new(plans, Composer::new(approaches)));
        self.books.metrics.reloaded(true);
    }

    /// Says that the files have changed and cannot be served, in one line of `why`; what was served is served on.
    pub fn keep(&self, why: &str) {
        self.current.keep(why);
        self.books.metrics.reloaded(false);
    }

    /// What is served now, in the order in which it was given.
    #[must_use]
    pub fn plans(&self) -> Vec<Arc<Plan>> {
        self.current.catalog().plans().cloned().collect()
    }

    /// What is counted by looking at it.
    fn now(&self) -> Now {
        Now {
            runs: self.load.runs_in_flight(),
            calls: self.host.as_ref().map_or(0, |host| host.slots.in_flight()),
            slots: self.host.as_ref().map(|host| host.slots.uses()).unwrap_or_default(),
            queued: self.host.as_ref().map_or(0, |host| host.slots.queued()),
            open: self.host.as_ref().map(|host| host.breakers.open()).unwrap_or_default(),
            is_alive: self.health.is_ready(),
            is_stale: self.current.stale().is_some(),
            lost_lines: (self.lost_lines)(),
        }
    }

    /// Seconds since 1970.
    fn now_s(&self) -> u64 {
        (self.clock)().as_secs()
    }
}

#[expect(clippy::disallowed_methods, reason = "`created` is a date; nothing is decided by it")]
fn since_1970() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests;
