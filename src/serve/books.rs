//! What is written down of all that was asked: each run at its end, once, and each request that did not become one.

use std::sync::Arc;

use super::metrics::Metrics;
use super::respond::Refused;
use super::runs::{Past, Runs};
use super::spans::Spans;

/// One for the life of the daemon.
#[derive(Default)]
pub struct Books {
    pub metrics: Metrics,
    pub runs: Runs,
    /// Who is told of spans, if anybody is.
    pub spans: Option<Spans>,
}

// === impl Books ===

impl Books {
    /// Enters a run that is over: a line in the log, its numbers, its spans, and itself among the last.
    pub fn close(&self, past: Past) {
        past.log();
        self.metrics.observe(&past);
        let past = Arc::new(past);
        if let Some(spans) = &self.spans {
            spans.offer(&past, &self.metrics);
        }
        self.runs.push(past);
    }

    /// Enters a request that did not become a run.
    pub fn refused(&self, refused: &Refused) {
        self.metrics.refused(refused.code);
        if let Some(limit) = refused.limit {
            self.metrics.reached(limit);
        }
    }
}
