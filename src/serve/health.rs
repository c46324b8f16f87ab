//! Is the daemon there, and would a question be answered?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Response};
use futures_util::future::BoxFuture;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::load::Load;
use super::{State, guard, respond};

/// Asks the upstream whether it is alive.
pub type Liveliness = Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// Between two questions to the upstream.
const ASK_EVERY: Duration = Duration::from_secs(10);

/// The same while it does not answer: whoever waits for readiness should not wait for us.
const ASK_EVERY_UNREADY: Duration = Duration::from_secs(1);
/// Longest wait for its answer.
const ASK_WAIT: Duration = Duration::from_secs(5);

/// Whether the upstream answered when it was last asked.
pub struct Health {
    alive: AtomicBool,
    liveliness: Liveliness,
}

// === impl Health ===

impl Health {
    #[must_use]
    pub fn new(liveliness: Liveliness) -> Self {
        Self { alive: AtomicBool::new(false), liveliness }
    }

    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.alive.load(Ordering::Relaxed)
    }

    /// Never ends. Asks while nothing else does: a run in flight tells more about the upstream than a question.
    pub async fn watch(&self, load: &Load) {
        loop {
            if load.is_idle() || !self.is_ready() {
                self.ask().await;
            }
            sleep(if self.is_ready() { ASK_EVERY } else { ASK_EVERY_UNREADY }).await;
        }
    }

    /// One question to the upstream.
    pub async fn ask(&self) {
        let alive = timeout(ASK_WAIT, (self.liveliness)()).await.unwrap_or(false);
        if self.alive.swap(alive, Ordering::Relaxed) != alive {
            tracing::info!(alive, "upstream");
        }
    }
}

/// `/health`, `/health/live`; whether the files say something else by now, and to those with the key, what is wrong.
pub fn live(state: &State, headers: &HeaderMap) -> Response<Body> {
    let Some(why) = state.current.stale() else { return respond::found(&json!({"status": "ok"})) };
    match guard::check_key(headers, state.key.as_ref()) {
        Ok(()) => respond::found(&json!({"status": "ok", "stale": true, "reasons": [&*why]})),
        Err(_) => respond::found(&json!({"status": "ok", "stale": true})),
    }
}

/// `/health/ready`; the reason is for those with the key.
pub fn ready(state: &State, headers: &HeaderMap) -> Response<Body> {
    if state.health.is_ready() {
        return respond::found(&json!({"status": "ready"}));
    }
    match guard::check_key(headers, state.key.as_ref()) {
        Ok(()) => {
            respond::not_ready(&json!({"status": "not ready", "reasons": ["the upstream does not answer"]}))
        }
        Err(_) => respond::not_ready(&json!({"status": "not ready"})),
    }
}
