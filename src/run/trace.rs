//! What happened when, as data; stories, `ensc run --trace` and logs print the same text.

use std::borrow::Cow;
use std::sync::Arc;

/// Most events kept of one run; what comes later is counted, not kept.
pub const EVENTS_MAX: usize = 4096;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    pub events: Vec<TraceEvent>,
    /// Events that came after [`EVENTS_MAX`].
    pub dropped: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceEvent {
    /// Since the run began.
    pub at_ms: u64,
    /// The step's id; `run` for what concerns the whole.
    pub step: Arc<str>,
    /// One word: `ask`, `answer`, `failed`, `retry`, `cancelled`, `skipped`, `else`, `quorum`, `picked`, `done`, …
    pub what: &'static str,
    pub detail: Cow<'static, str>,
}

impl std::fmt::Display for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let step_width = self.events.iter().map(|e| e.step.chars().count()).max().unwrap_or(0);
        for event in &self.events {
            let line = format!(
                "{:>8} ms  {:step_width$}  {:9}  {}",
                event.at_ms, event.step, event.what, event.detail
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        if self.dropped > 0 {
            writeln!(f, "{:>8}     {} more events", "", self.dropped)?;
        }
        Ok(())
    }
}
