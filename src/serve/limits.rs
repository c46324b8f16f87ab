//! How much is taken on, each limit with its name and its reason (`docs/limits.md`).

use std::time::Duration;

/// What the operator may set, under `[serve.limits]` in `ensc.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// Largest body of one request, in bytes.
    pub body: usize,
    /// All request bodies held at once, in bytes.
    pub bodies: usize,
    /// From the first byte of a head to its end.
    pub head_time: Duration,
    /// Longest silence inside a body.
    pub body_time: Duration,
    /// Longest idle life of a kept connection.
    pub idle: Duration,
    /// Longest time for which a reader may take nothing.
    pub reader: Duration,
    /// Runs in flight.
    pub runs: usize,
    /// Connections open.
    pub connections: usize,
}

impl Default for Allowed {
    fn default() -> Self {
        Self {
            // Some images in base64 fit.
            body: 32 << 20,
            bodies: 512 << 20,
            head_time: Duration::from_secs(10),
            body_time: Duration::from_secs(30),
            // LiteLLM keeps its own for 120 s, so that it is the one who closes.
            idle: Duration::from_secs(150),
            reader: Duration::from_secs(60),
            runs: 4096,
            // Three times the runs: ten thousand may be idle, and health is still answered when all runs are taken.
            connections: 12_288,
        }
    }
}

/// Deepest nesting of a body; the readers behind us recurse.
pub const DEPTH_MAX: usize = 128;

/// Fields at the top of a body.
pub const FIELDS_MAX: usize = 128;

/// Bytes of a request's head, and of what is buffered for a slow reader.
pub const HEAD_MAX: usize = 64 << 10;

/// Choices of one request, its `n`.
pub const CHOICES_MAX: u32 = 8;

/// Longest silence inside a streamed answer before a comment breaks it.
pub const HEARTBEAT: Duration = Duration::from_secs(5);

/// Runs that are remembered when they are over.
pub const PAST_RUNS_MAX: usize = 1000;

/// Bytes that they may take: one with many calls and a long trace takes a megabyte.
pub const PAST_BYTES_MAX: usize = 64 << 20;

/// Bytes of `error.message`.
pub const MESSAGE_MAX: usize = 2 << 10;

/// Bytes of events put into one frame before the reader is asked to take it.
pub const FRAME_MAX: usize = 32 << 10;

/// A limit that somebody can reach, as metrics name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    Body,
    Bodies,
    Depth,
    Fields,
    Head,
    HeadTime,
    BodyTime,
    Idle,
    Reader,
    Runs,
    Connections,
    Message,
}

// === impl Limit ===

impl Limit {
    /// In the order of `docs/limits.md`.
    pub const ALL: [Self; 12] = [
        Self::Body,
        Self::Bodies,
        Self::Depth,
        Self::Fields,
        Self::Head,
        Self::HeadTime,
        Self::BodyTime,
        Self::Idle,
        Self::Reader,
        Self::Runs,
        Self::Connections,
        Self::Message,
    ];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Bodies => "bodies",
            Self::Depth => "depth",
            Self::Fields => "fields",
            Self::Head => "head",
            Self::HeadTime => "head_time",
            Self::BodyTime => "body_time",
            Self::Idle => "idle",
            Self::Reader => "reader",
            Self::Runs => "runs",
            Self::Connections => "connections",
            Self::Message => "message",
        }
    }
}

/// Bytes for people, in the largest unit that leaves a whole number.
#[must_use]
pub fn size(bytes: usize) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let unit = units.iter().find(|(bits, _)| bytes > 0 && bytes.is_multiple_of(1 << bits));
    unit.map_or_else(|| format!("{bytes} bytes"), |(bits, unit)| format!("{} {unit}", bytes >> bits))
}
