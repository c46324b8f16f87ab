//! One simulated answer, decided before its first byte: how long to wait, what to send, how to end.
//!
//! Pure: from a request, its scripted reply and dice. Over a socket and in process the same act is played.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use crate::upstream::sim::asked::Asked;
use crate::upstream::sim::body::{self, Said};
use crate::upstream::sim::chance;
use crate::upstream::sim::script::{Delay, Reply, Trouble};
use crate::upstream::sim::speech;

/// Size of the answer that is too long, in bytes.
const TOO_LONG_SIZE: usize = 9 << 20;

#[derive(Debug)]
pub(super) struct Act {
    /// Before the head.
    pub wait: Duration,
    pub opening: Opening,
    pub pieces: VecDeque<Piece>,
    pub ending: Ending,
    /// A model works for it.
    pub reached: bool,
}

#[derive(Debug)]
pub(super) enum Opening {
    Head(Head),
    Refuse,
    Reset,
    Silence,
}

#[derive(Debug)]
pub(super) struct Head {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    /// Of a body that is not streamed.
    pub length: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Piece {
    pub wait: Duration,
    pub bytes: Bytes,
    /// A token gate counts it.
    pub is_token: bool,
    /// The usage that stands in it.
    pub usage: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Clean,
    /// The connection breaks.
    Broken,
    Silence,
}

// === impl Act ===

impl Act {
    /// `reply` has all its delays filled in.
    pub(super) fn compose(asked: &Asked, reply: &Reply, dice: &mut fastrand::Rng) -> Self {
        let reached = reply.fault.is_none_or(Trouble::reaches_a_model);
        Self { reached, ..Self::composed(asked, reply, dice) }
    }

    fn composed(asked: &Asked, reply: &Reply, dice: &mut fastrand::Rng) -> Self {
        let wait = drawn(reply.delay_ms, dice);
        let act = |opening| Self { opening, ..Self::new(wait) };
        match reply.fault {
            Some(Trouble::Refused) => return act(Opening::Refuse),
            Some(Trouble::Reset) => return act(Opening::Reset),
            Some(Trouble::Silence) => return act(Opening::Silence),
            Some(Trouble::Garbage) => {
                return Self::whole(wait, 200, vec![], "<html>not a completion</html>".into());
            }
            Some(Trouble::Redirect) => {
                let location = vec![("location", "/v1/chat/completions/elsewhere".to_owned())];
                return Self::whole(wait, 307, location, String::new());
            }
            Some(trouble) => {
                let in_stream = asked.stream || trouble != Trouble::BrokeOff;
                let trouble = if in_stream { trouble } else { Trouble::Unwell };
                if let Some((status, error)) = body::error(trouble, &asked.model) {
                    let after = reply.retry_after.clone().map(|text| ("retry-after", text));
                    return Self::whole(wait, status, after.into_iter().collect(), error);
                }
            }
            None => {}
        }
        let said = say(asked, reply);
        let headers = headers(asked, reply);
        if asked.stream && reply.fault != Some(Trouble::JsonForStream) {
            Self::streamed(wait, headers, asked, &said, reply, dice)
        } else {
            Self::unstreamed(wait, headers, asked, &said, reply)
        }
    }

    fn new(wait: Duration) -> Self {
        let (opening, ending) = (Opening::Silence, Ending::Clean);
        Self { wait, opening, pieces: VecDeque::new(), ending, reached: false }
    }

    /// An answer to what is no sound request.
    pub(super) fn rejected(message: &str) -> Self {
        Self::whole(Duration::ZERO, 400, vec![], body::rejected(message))
    }

    /// An answer to a call for a model that nobody has.
    pub(super) fn unknown(model: &str) -> Self {
        let (status, error) =
            body::error(Trouble::UnknownModel, model).expect("it is an error with a status");
        Self::whole(Duration::ZERO, status, vec![], error)
    }

    fn whole(wait: Duration, status: u16, mut headers: Vec<(&'static str, String)>, body: String) -> Self {
        headers.push(("content-type", "application/json".to_owned()));
        let opening = Opening::Head(Head { status, headers, length: Some(body.len()) });
        Self { opening, pieces: [Piece::plain(body)].into(), ..Self::new(wait) }
    }

    fn unstreamed(
        wait: Duration,
        headers: Vec<(&'static str, String)>,
        asked: &Asked,
        said: &Said,
        reply: &Reply,
    ) -> Self {
        let body = match reply.fault {
            Some(Trouble::NoChoices) => body::no_choices(asked, said),
            Some(Trouble::MalformedChunk) => "{\"choices\":[{\"mess".to_owned(),
            _ => body::completion(asked, said),
        };
        let mut act = Self::whole(wait, 200, headers, body);
        act.ending = match reply.fault {
            Some(Trouble::Cut) => Ending::Broken,
            Some(Trouble::Stall) => Ending::Silence,
            _ => Ending::Clean,
        };
        if act.ending != Ending::Clean || reply.fault == Some(Trouble::EndedEarly) {
            let whole = &mut act.pieces[0].bytes;
            whole.truncate(whole.len() / 2);
        } else if reply.fault != Some(Trouble::MalformedChunk) {
            act.pieces[0].usage.clone_from(&said.usage);
        }
        if let (Opening::Head(head), Some(Trouble::EndedEarly)) = (&mut act.opening, reply.fault) {
            head.length = None;
        }
        act
    }

    fn streamed(
        wait: Duration,
        mut headers: Vec<(&'static str, String)>,
        asked: &Asked,
        said: &Said,
        reply: &Reply,
        dice: &mut fastrand::Rng,
    ) -> Self {
        headers.push(("content-type", "text/event-stream; charset=utf-8".to_owned()));
        let chunk = |delta| body::chunk(asked, &delta, None);
        let mut pieces = VecDeque::from([Piece::plain(chunk(body::role_delta()))]);
        let mut first = true;
        for delta in body::deltas(said, if reply.fault == Some(Trouble::TooLong) { 512 << 10 } else { 0 }) {
            let delay = if std::mem::take(&mut first) { reply.first_token_ms } else { reply.token_ms };
            let wait = drawn(delay, dice);
            pieces.push_back(Piece { wait, is_token: true, ..Piece::plain(chunk(delta)) });
        }
        let opening = Opening::Head(Head { status: 200, headers, length: None });
        let mut act = Self { opening, pieces, ..Self::new(wait) };
        act.end_stream(asked, said, reply);
        act
    }

    /// The finish, or what comes in its place.
    fn end_stream(&mut self, asked: &Asked, said: &Said, reply: &Reply) {
        let keep = 1 + reply.after_tokens.unwrap_or(1);
        let (ending, last) = match reply.fault {
            Some(Trouble::Cut) => (Ending::Broken, String::new()),
            Some(Trouble::Stall) => (Ending::Silence, String::new()),
            Some(Trouble::EndedEarly) => (Ending::Clean, String::new()),
            Some(Trouble::MalformedChunk) => (Ending::Clean, "data: {\"choices\":[{\"del\n\n".to_owned()),
            Some(Trouble::BrokeOff) => (Ending::Clean, body::error_event()),
            Some(Trouble::NoChoices) => {
                self.pieces.clear();
                (Ending::Clean, body::end(asked, None, true))
            }
            fault => {
                let last = body::end(asked, Some(said), fault != Some(Trouble::NoEndMarker));
                // In one piece, so that who has read the finish has not left anything unread.
                let usage = said.usage.clone().filter(|_| asked.include_usage);
                self.pieces.push_back(Piece { usage, ..Piece::plain(last) });
                return;
            }
        };
        self.pieces.truncate(keep);
        if !last.is_empty() {
            self.pieces.push_back(Piece::plain(last));
        }
        self.ending = ending;
    }
}

// === impl Piece ===

impl Piece {
    /// At once.
    fn plain(text: String) -> Self {
        Self { wait: Duration::ZERO, bytes: text.into(), is_token: false, usage: None }
    }
}

fn drawn(delay: Option<Delay>, dice: &mut fastrand::Rng) -> Duration {
    chance::draw(delay.unwrap_or_default(), dice)
}

/// LiteLLM's headers.
fn headers(asked: &Asked, reply: &Reply) -> Vec<(&'static str, String)> {
    let fell_back = reply.fault == Some(Trouble::OtherModel);
    let group = reply.answered_by.clone().unwrap_or_else(|| asked.model.clone());
    vec![
        ("x-litellm-model-group", group),
        ("x-litellm-attempted-fallbacks", String::from(if fell_back { "1" } else { "0" })),
    ]
}

fn say(asked: &Asked, reply: &Reply) -> Said {
    let mut text = match (&reply.text, reply.fault) {
        (_, Some(Trouble::Empty)) => String::new(),
        (_, Some(Trouble::TooLong)) => "simulated ".repeat(TOO_LONG_SIZE / 10 + 1),
        (Some(text), _) => text.clone(),
        (None, _) if !reply.tool_calls.is_empty() || asked.tool.is_some() => String::new(),
        (None, _) => speech::text(asked),
    };
    let tool_calls = match &asked.tool {
        _ if reply.fault == Some(Trouble::Empty) => Vec::new(),
        Some(tool) if reply.tool_calls.is_empty() && reply.text.is_none() => {
            vec![body::called(tool, asked.hash)]
        }
        _ => reply.tool_calls.iter().enumerate().map(body::scripted).collect(),
    };
    let mut finish = if tool_calls.is_empty() { "stop" } else { "tool_calls" };
    if let Some(most) = asked.max_tokens.filter(|&most| most < speech::count(&text))
        && reply.fault != Some(Trouble::TooLong)
    {
        text.truncate(speech::first(&text, most).len());
        finish = "length";
    }
    let reasoning = reply.reasoning.clone().unwrap_or_default();
    let finish = reply.finish_reason.clone().unwrap_or_else(|| finish.to_owned());
    let usage =
        if reply.no_usage { None } else { Some(body::usage(asked, reply, &text, &reasoning, &tool_calls)) };
    Said { text, reasoning, tool_calls, finish, usage }
}
