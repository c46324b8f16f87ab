//! Spans of runs, on their way to an OpenTelemetry collector: OTLP over HTTP, as JSON.
//!
//! A run is queued when it is over; one future sends what has gathered, every few seconds. If the collector is away or too
//! slow, spans are lost and counted, and nothing waits for it.

pub mod otlp;
mod post;

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::metrics::Metrics;
use super::runs::Past;

pub use post::Collector;

/// Runs that wait to be sent.
const QUEUE_MAX: usize = 1024;

/// Runs sent at once.
const BATCH_MAX: usize = 256;

/// How long runs gather.
const GATHER: Duration = Duration::from_secs(2);

/// Longest wait for the collector to take a batch.
const SEND_WAIT: Duration = Duration::from_secs(10);

/// What is told to the collector.
pub struct Spans {
    queue: Mutex<Option<mpsc::Sender<Arc<Past>>>>,
    /// Taken by whoever sends.
    waiting: Mutex<Option<mpsc::Receiver<Arc<Past>>>>,
    collector: Collector,
}

// === impl Spans ===

impl Spans {
    #[must_use]
    pub fn new(collector: Collector) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_MAX);
        Self { queue: Mutex::new(Some(queue)), waiting: Mutex::new(Some(waiting)), collector }
    }

    /// Queues a run that is over, if its spans are wanted and there is room.
    pub fn offer(&self, past: &Arc<Past>, metrics: &Metrics) {
        if past.span.is_none_or(|span| !span.is_sampled) {
            return;
        }
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = queue.as_ref().is_some_and(|queue| queue.try_send(Arc::clone(past)).is_ok());
        if !taken {
            metrics.spans(false, otlp::count(past));
        }
    }

    /// Sends what is queued, as it comes. Ends when [`Self::close`] was called and nothing is left.
    pub async fn send(&self, metrics: &Metrics) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut waiting) = waiting else { return };
        let mut is_away = false;
        loop {
            let mut batch = Vec::new();
            if waiting.recv_many(&mut batch, BATCH_MAX).await == 0 {
                return;
            }
            gather(&mut waiting, &mut batch).await;
            let sent =
                timeout(SEND_WAIT, self.collector.post(otlp::export(&batch, self.collector.service())));
            let problem = sent.await.map_err(|_| "it does not answer".to_owned()).flatten().err();
            metrics.spans(problem.is_none(), batch.iter().map(|past| otlp::count(past)).sum());
            match problem {
                Some(problem) if !is_away => {
                    tracing::warn!(problem, "spans are lost: the collector does not take them");
                    is_away = true;
                }
                None if is_away => {
                    tracing::info!("the collector takes spans again");
                    is_away = false;
                }
                _ => {}
            }
        }
    }

    /// Nothing is queued from now on.
    pub fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Adds what comes for a while, or until nothing more can come.
async fn gather(waiting: &mut mpsc::Receiver<Arc<Past>>, batch: &mut Vec<Arc<Past>>) {
    let mut over = pin!(sleep(GATHER));
    while batch.len() < BATCH_MAX {
        let room = BATCH_MAX - batch.len();
        tokio::select! {
            count = waiting.recv_many(batch, room) => if count == 0 { return },
            () = &mut over => return,
        }
    }
}
