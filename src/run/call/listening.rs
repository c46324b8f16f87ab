//! An answer as it arrives, and the tokens that go to the client while it lasts.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::time::{Instant, timeout_at};

use crate::run::errors::Why;
use crate::upstream::{Call, CallError, Completion, Delta, Fault, Incoming, Retry};

use super::{Failed, Making, is_strict_lost};

/// Longest silence in mid-stream.
pub const IDLE_MAX: Duration = Duration::from_secs(60);

// === impl Making ===

impl Making<'_> {
    /// One attempt's answer, whole or gathered from its stream, within its deadlines.
    pub(super) async fn answer(&self, call: Arc<Call>, began: Instant) -> Result<Completion, Failed> {
        let first = self.ask.first_token.map(|wait| began + wait.as_duration());
        let head_by = first.unwrap_or(self.deadline).min(self.deadline);
        let starting = self.core.host.upstream.start(call);
        let incoming = match timeout_at(head_by, starting).await {
            Ok(incoming) => incoming?,
            Err(_) => return Err(late(head_by < self.deadline).into()),
        };
        match incoming {
            Incoming::Whole(completion) => {
                self.used(completion.usage);
                if self.live {
                    self.forward(Delta::from(&*completion)).await?;
                }
                Ok(*completion)
            }
            Incoming::Stream(deltas) => self.gather(deltas, head_by).await,
        }
    }

    async fn gather(
        &self,
        mut deltas: BoxStream<'static, Result<Delta, CallError>>,
        first_by: Instant,
    ) -> Result<Completion, Failed> {
        let mut completion = Completion::default();
        let mut is_first = true;
        loop {
            let idle_by = Instant::now() + IDLE_MAX;
            let by = if is_first { first_by } else { idle_by.min(self.deadline) };
            let delta = match timeout_at(by, deltas.next()).await {
                Ok(Some(delta)) => delta?,
                Ok(None) => return Ok(completion),
                Err(_) if is_first => return Err(late(first_by < self.deadline).into()),
                Err(_) if by < self.deadline => {
                    return Err(CallError::new(Fault::Stalled, Retry::Never, "no byte in mid-stream").into());
                }
                Err(_) => return Err(late(false).into()),
            };
            is_first = false;
            self.used(delta.usage);
            let done = delta.finish_reason.is_some();
            completion.add(&delta);
            if self.live {
                self.forward(delta).await?;
            }
            if done {
                return Ok(completion);
            }
        }
    }

    /// Passes a delta on to the client, without what only the end of the run knows.
    async fn forward(&self, mut delta: Delta) -> Result<(), Failed> {
        delta.finish_reason = None;
        delta.usage = None;
        let has_content = !delta.text.is_empty()
            || !delta.reasoning.is_empty()
            || !delta.tool_calls.is_empty()
            || delta.logprobs.is_some()
            || !delta.extra.is_empty();
        if !has_content {
            return Ok(());
        }
        self.may_speak().await?;
        self.core.outbox.push(self.core.plan.node(self.node).lane, delta);
        self.core.outbox.room().await;
        Ok(())
    }

    /// Before each token: nobody else may have spoken in the races that this call takes part in.
    async fn may_speak(&self) -> Result<(), Failed> {
        let is_first = !self.has_spoken();
        // In a race, the run may have become degraded since the call began.
        if !self.core.outbox.has_sent(None) && is_strict_lost(self.core) {
            return Err(Failed::of(Why::Strict));
        }
        if !self.core.contests.claim(&self.core.plan.node(self.node).contests) {
            // The race is over and drops this call at once; if it stands elsewhere, too, its time ends it.
            tokio::time::sleep_until(self.deadline).await;
            return Err(late(false).into());
        }
        if is_first {
            self.core.ledger().note(self.node, "streams", "first token");
        }
        Ok(())
    }
}

fn late(first_token: bool) -> CallError {
    let fault = if first_token { Fault::SlowStart } else { Fault::TimedOut };
    let retry = if first_token { Retry::Soon } else { Retry::Never };
    CallError::new(fault, retry, "our deadline")
}
