//! What must come of each fault in each place. Written by hand from what is promised (`docs/daemon.md`, `docs/language.md`),
//! not from what was seen.

/// The ensemble that a fault is met in: which of its calls has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// One of three whose answers are merged; two are enough.
    Member,
    /// Who picks the best of three.
    Decider,
    /// Who merges three, with an `else`.
    Aggregator,
    /// The only call.
    Sole,
}

/// Something that the upstream does, and all that must come of it.
#[derive(Debug)]
pub struct Fault {
    pub title: &'static str,
    /// Replies of the model that has it, in the simulator's words.
    pub replies: &'static str,
    /// The call is asked for as a stream, with `first_token: 10s`.
    pub streamed: bool,
    /// Runs one after the other on the same upstream; each must go as the table says.
    pub runs: u32,
    /// Why the call failed for good; `None` if it went well.
    pub why: Option<&'static str>,
    pub attempts: u32,
    /// An attempt reached a model, or may have, and did not say what it used.
    pub unknown: bool,
    /// The whole run on the virtual clock, from and to, in milliseconds. Nothing else in it takes time.
    pub takes_ms: (u64, u64),
    pub member: Comes,
    pub decider: Comes,
    pub aggregator: Comes,
    pub sole: Comes,
}

/// What the client gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comes {
    /// 200, whole or streamed.
    Answer { degraded: bool },
    /// This status and code, or, streamed, an event with the code. Always degraded.
    Error { status: u16, code: &'static str, retry_after: Option<&'static str> },
    /// Whole, the degraded answer of the `else`; streamed, the beginning of the answer and an event: nobody else may speak.
    AnswerOrBrokenOff,
    /// Whole, 424; streamed, the same after the beginning of the answer.
    ErrorOrBrokenOff,
}

const ANSWER: Comes = Comes::Answer { degraded: false };
const DEGRADED: Comes = Comes::Answer { degraded: true };
const FAILED: Comes = Comes::Error { status: 424, code: "ensemble_failed", retry_after: None };

/// The longest first wait before another attempt, in milliseconds.
const BACKOFF_MS: u64 = 500;

/// The call fails for good: whoever can go on without it does.
const LOST: Fault = Fault {
    title: "",
    replies: "",
    streamed: false,
    runs: 1,
    why: None,
    attempts: 1,
    unknown: true,
    takes_ms: (0, 0),
    member: DEGRADED,
    decider: DEGRADED,
    aggregator: DEGRADED,
    sole: FAILED,
};

/// The call goes well in the end.
const FINE: Fault =
    Fault { unknown: false, member: ANSWER, decider: ANSWER, aggregator: ANSWER, sole: ANSWER, ..LOST };

/// It fails after its first token: a client that has heard that hears nobody else.
const BROKEN_OFF: Fault =
    Fault { streamed: true, aggregator: Comes::AnswerOrBrokenOff, sole: Comes::ErrorOrBrokenOff, ..LOST };

pub const FAULTS: &[Fault] = &[
    Fault {
        title: "429 without `Retry-After`",
        replies: r#"{ fault = "429" }"#,
        why: Some("busy"),
        attempts: 2,
        unknown: false,
        takes_ms: (0, BACKOFF_MS),
        sole: Comes::Error { status: 429, code: "members_busy", retry_after: Some("1") },
        ..LOST
    },
    Fault {
        title: "429 with `Retry-After: 3`",
        replies: r#"{ fault = "429", retry_after = "3" }"#,
        why: Some("busy"),
        attempts: 2,
        unknown: false,
        takes_ms: (3_000, 3_250),
        sole: Comes::Error { status: 429, code: "members_busy", retry_after: Some("3") },
        ..LOST
    },
    Fault {
        title: "500, once",
        replies: r#"{ fault = "500" }, {}"#,
        attempts: 2,
        unknown: true,
        takes_ms: (0, BACKOFF_MS),
        ..FINE
    },
    Fault {
        title: "503",
        replies: r#"{ fault = "503" }"#,
        why: Some("answered with a server error"),
        attempts: 2,
        takes_ms: (0, BACKOFF_MS),
        ..LOST
    },
    Fault {
        title: "the connection is refused",
        replies: r#"{ fault = "refused" }"#,
        why: Some("refused the connection"),
        attempts: 2,
        unknown: false,
        takes_ms: (0, BACKOFF_MS),
        sole: Comes::Error { status: 503, code: "upstream_unreachable", retry_after: Some("5") },
        ..LOST
    },
    Fault {
        title: "the connection is reset before an answer",
        replies: r#"{ fault = "reset" }"#,
        why: Some("dropped the connection"),
        attempts: 2,
        takes_ms: (0, BACKOFF_MS),
        ..LOST
    },
    Fault {
        title: "silence",
        replies: r#"{ fault = "silence" }"#,
        why: Some("timed out"),
        takes_ms: (90_000, 90_000),
        ..LOST
    },
    Fault {
        title: "a slow first token",
        replies: "{ first_token_ms = 20000 }",
        streamed: true,
        why: Some("sent no first token in time"),
        // The limit is one of each attempt, so that another may be quicker.
        attempts: 2,
        takes_ms: (20_000, 20_000 + BACKOFF_MS),
        ..LOST
    },
    Fault {
        title: "the stream is cut",
        replies: r#"{ text = "one two three", fault = "cut", after_tokens = 2 }"#,
        why: Some("cut its answer short"),
        ..BROKEN_OFF
    },
    Fault {
        title: "the stream falls silent",
        replies: r#"{ text = "one two three", fault = "stall", after_tokens = 2 }"#,
        why: Some("fell silent in mid-answer"),
        takes_ms: (60_000, 60_000),
        ..BROKEN_OFF
    },
    Fault {
        title: "a malformed chunk",
        replies: r#"{ text = "one two three", fault = "malformed-chunk", after_tokens = 2 }"#,
        why: Some("answered what is not a completion"),
        ..BROKEN_OFF
    },
    Fault { title: "no end marker", replies: r#"{ fault = "no-end-marker" }"#, streamed: true, ..FINE },
    Fault {
        title: "the prompt is too long for the model",
        replies: r#"{ fault = "context-full" }"#,
        why: Some("context full"),
        unknown: false,
        sole: Comes::Error { status: 400, code: "context_length_exceeded", retry_after: None },
        ..LOST
    },
    Fault {
        title: "a content filter",
        replies: r#"{ fault = "filtered" }"#,
        why: Some("withheld its answer"),
        ..LOST
    },
    Fault {
        title: "empty text",
        replies: r#"{ fault = "empty" }"#,
        why: Some("answered empty text"),
        attempts: 2,
        // It said what it used.
        unknown: false,
        takes_ms: (0, BACKOFF_MS),
        ..LOST
    },
    Fault {
        title: "an answer of 9 MiB",
        replies: r#"{ fault = "too-long" }"#,
        why: Some("answered more than is taken"),
        streamed: false,
        ..BROKEN_OFF
    },
    Fault {
        title: "every other call fails",
        replies: r#"{ fault = "503" }, {}, { fault = "503" }, {}, { fault = "503" }, {}"#,
        runs: 3,
        attempts: 2,
        unknown: true,
        takes_ms: (0, BACKOFF_MS),
        ..FINE
    },
];

// === impl Fault ===

impl Fault {
    pub fn comes(&self, place: Place) -> Comes {
        match place {
            Place::Member => self.member,
            Place::Decider => self.decider,
            Place::Aggregator => self.aggregator,
            Place::Sole => self.sole,
        }
    }
}

// === impl Place ===

impl Place {
    pub const ALL: [Self; 4] = [Self::Member, Self::Decider, Self::Aggregator, Self::Sole];

    pub fn handle(self) -> &'static str {
        match self {
            Self::Member => "opt-member-high-s",
            Self::Decider => "opt-decider-high-s",
            Self::Aggregator => "opt-aggregator-high-s",
            Self::Sole => "opt-sole-high-s",
        }
    }

    /// The step whose call has the fault.
    pub fn step(self) -> &'static str {
        match self {
            Self::Member => "drafts[0]",
            Self::Decider | Self::Aggregator | Self::Sole => "reply",
        }
    }

    /// Attempts of the other calls; they go well.
    pub fn others(self) -> u32 {
        match self {
            // Two drafts and the merge; or three drafts.
            Self::Member | Self::Decider | Self::Aggregator => 3,
            Self::Sole => 0,
        }
    }
}
