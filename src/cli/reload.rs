//! The ensembles are read again while the daemon serves: on SIGHUP, and when files change if that is wanted.
//!
//! All or nothing: the whole set is checked, and only a set without errors takes the place of the one before.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::sleep;
use tracing::{error, info, warn};

use crate::approach::Approaches;
use crate::cli::config::{Loaded, Place, ServeConfig};
use crate::cli::manager;
use crate::cli::output::Stop;
use crate::cli::signal::Hangups;
use crate::cli::world::Look;
use crate::plan::Plan;
use crate::run::host::Host;
use crate::serve::State;

/// Between two looks at the files; what has changed must look the same twice before it is read.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// Errors that are logged one by one.
const LOGGED_MAX: usize = 10;

/// Reads the ensembles again.
pub struct Reloader {
    pub place: Place,
    /// `[serve]` as it was when the daemon started.
    pub settings: ServeConfig,
    pub state: Arc<State>,
    pub host: Arc<Host>,
    /// Whether changes of files count, too.
    pub watch: bool,
    /// The files before they were read for what is served now.
    pub seen: Look,
}

// === impl Reloader ===

impl Reloader {
    /// Never ends. `hangups` were caught since before the port was opened.
    pub async fn run(mut self, mut hangups: Hangups) {
        let mut resizing = FuturesUnordered::new();
        loop {
            tokio::select! {
                () = hangups.next() => (),
                () = self.change(), if self.watch => (),
                Some(()) = resizing.next() => continue,
            }
            // Before reading: what changes while we read is seen as a change again.
            self.seen = self.look().await;
            manager::reloading();
            if self.reload().await {
                resizing.extend(self.resize());
            }
            manager::ready();
        }
    }

    /// Ends when the files look different from when they were read, and have come to rest.
    async fn change(&self) {
        let mut last = self.seen.clone();
        loop {
            sleep(LOOK_EVERY).await;
            let now = self.look().await;
            if now == last && now != self.seen {
                return;
            }
            last = now;
        }
    }

    async fn look(&self) -> Look {
        let place = self.place.clone();
        tokio::task::spawn_blocking(move || place.look()).await.unwrap_or_default()
    }

    /// Whether another set is served now.
    async fn reload(&self) -> bool {
        let place = self.place.clone();
        let loading = tokio::task::spawn_blocking(move || {
            let loaded = place.load().map_err(sentence)?;
            // Read here: on a thread that serves, others would wait for it.
            let approaches = Approaches::new(loaded.sources.clone(), loaded.policy.clone());
            Ok::<_, String>((loaded, approaches))
        });
        match loading.await {
            Ok(Ok((loaded, approaches))) => self.take(loaded, approaches),
            Ok(Err(problem)) => self.keep(&problem),
            Err(_) => self.keep("a bug in ensc ended the check"),
        }
    }

    fn take(&self, loaded: Loaded, approaches: Approaches) -> bool {
        let errors: Vec<String> = complaints(&loaded).collect();
        if let Some(first) = errors.first() {
            errors.iter().take(LOGGED_MAX).for_each(|complaint| error!("{complaint}"));
            return self.keep(&match errors.len() {
                1 => first.clone(),
                n => format!("{first}; and {} more", n - 1),
            });
        }
        if loaded.compiled.plans.is_empty() {
            return self.keep("there is no ensemble to serve");
        }
        if loaded.config.serve != self.settings {
            warn!("[serve] in the settings has changed: that counts after a restart");
        }
        let plans: Vec<Arc<Plan>> = loaded.compiled.plans.into_iter().map(Arc::new).collect();
        let change = Change::between(&self.state.plans(), &plans);
        self.state.reload(plans, approaches);
        let Change { added, removed, changed } = change;
        info!(added, removed, changed, "ensembles reloaded");
        true
    }

    fn keep(&self, why: &str) -> bool {
        self.state.keep(why);
        error!("ensembles are not reloaded, the last good ones are served on: {why}");
        false
    }

    /// Gives each model the `concurrency` that it has now. Where that is less, the future waits for calls to end.
    fn resize(&self) -> impl Iterator<Item = impl Future<Output = ()> + use<>> + use<> {
        let plans = self.state.plans();
        let models = plans.iter().flat_map(|plan| &plan.models);
        let widths: BTreeMap<String, u32> =
            models.map(|model| (model.name.to_string(), model.concurrency)).collect();
        let host = Arc::clone(&self.host);
        widths.into_iter().map(move |(model, width)| {
            let host = Arc::clone(&host);
            async move { host.slots.resize(&model, width).await }
        })
    }
}

/// Handles that came, went, or do something else now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Change {
    added: usize,
    removed: usize,
    changed: usize,
}

// === impl Change ===

impl Change {
    fn between(before: &[Arc<Plan>], after: &[Arc<Plan>]) -> Self {
        let by_name = |plans: &[Arc<Plan>]| -> BTreeMap<String, String> {
            plans.iter().map(|plan| (plan.handle.to_string(), plan.short_hash().to_owned())).collect()
        };
        let (before, after) = (by_name(before), by_name(after));
        let differs = |(name, hash): &(&String, &String)| before.get(*name).is_some_and(|old| old != *hash);
        Self {
            added: after.keys().filter(|name| !before.contains_key(*name)).count(),
            removed: before.keys().filter(|name| !after.contains_key(*name)).count(),
            changed: after.iter().filter(differs).count(),
        }
    }
}

/// `chat.ens:3: …`, errors only.
fn complaints(loaded: &Loaded) -> impl Iterator<Item = String> {
    let errors = loaded.compiled.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    errors.map(|error| format!("{}: {}", loaded.sources.place(error.span), error.message))
}

fn sentence(stop: Stop) -> String {
    match stop {
        Stop::Failed(problem) | Stop::Usage(problem) => problem,
        _ => "the ensembles cannot be read".to_owned(),
    }
}
