//! The service manager that started us, if one did: it is told when we are ready, reload, stop, and that we live.
//!
//! The protocol is systemd's `sd_notify`; without `NOTIFY_SOCKET` nothing is said to anybody.

use std::time::Duration;

use sd_notify::NotifyState;
use tracing::warn;

/// Told once the port answers.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// Told before a reload; [`ready`] follows when it is over, whatever became of it.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => warn!(%error, "the service manager is not told of the reload: no clock"),
    }
}

/// Told when no new request is taken any more.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Says that the daemon lives, twice in each period in which the manager wants to hear it. Never ends. What it is polled
/// with must be what serves: if that hangs, so does this.
pub async fn keep_alive() {
    let Some(period) = sd_notify::watchdog_enabled() else { return std::future::pending().await };
    let mut beat = tokio::time::interval((period / 2).max(Duration::from_millis(1)));
    loop {
        beat.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn!(%error, "the service manager cannot be told");
    }
}
