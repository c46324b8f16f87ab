//! Plays an act in time: waits, hands out pieces, ends as it was decided.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use crate::upstream::sim::act::{Act, Ending, Head, Opening};
use crate::upstream::sim::gate::TokenGate;
use crate::upstream::sim::ledger::Ticket;

/// The head of an answer with its body in time.
pub(super) struct Played {
    pub head: Head,
    pub body: BoxStream<'static, Result<Bytes, Broken>>,
}

/// The connection was not there, or is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    Refused,
    Reset,
}

/// Resolves when the head is due. Dropping it, or the body before its last piece, cancels the call.
pub(super) async fn play(act: Act, mut ticket: Ticket, gate: Option<TokenGate>) -> Result<Played, Broken> {
    ticket.reached(act.reached);
    wait(act.wait).await;
    match act.opening {
        Opening::Head(head) => {
            ticket.status(head.status);
            let part = Part { pieces: act.pieces, ending: act.ending, ticket, gate };
            Ok(Played { head, body: stream::unfold(part, Part::next).boxed() })
        }
        Opening::Refuse => {
            ticket.finish();
            Err(Broken::Refused)
        }
        Opening::Reset => {
            ticket.finish();
            Err(Broken::Reset)
        }
        Opening::Silence => std::future::pending().await,
    }
}

struct Part {
    pieces: std::collections::VecDeque<crate::upstream::sim::act::Piece>,
    ending: Ending,
    ticket: Ticket,
    gate: Option<TokenGate>,
}

// === impl Part ===

impl Part {
    async fn next(mut self) -> Option<(Result<Bytes, Broken>, Self)> {
        if let Some(piece) = self.pieces.pop_front() {
            if let Some(gate) = self.gate.as_ref().filter(|_| piece.is_token) {
                gate.pass().await;
            }
            wait(piece.wait).await;
            if let Some(usage) = piece.usage {
                self.ticket.reported(usage);
            }
            if self.pieces.is_empty() && self.ending == Ending::Clean {
                self.ticket.finish();
            }
            return Some((Ok(piece.bytes), self));
        }
        match std::mem::replace(&mut self.ending, Ending::Clean) {
            Ending::Clean => None,
            Ending::Broken => {
                self.ticket.finish();
                Some((Err(Broken::Reset), self))
            }
            Ending::Silence => std::future::pending().await,
        }
    }
}

async fn wait(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}
