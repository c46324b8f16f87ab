//! The OpenAI JSON, as clients write and read it. The only part of `serve` that knows it.

mod answer;
mod chunk;
mod envelope;
mod kind;
mod message;
mod question;

pub use answer::{Head, error, probe, whole};
pub use chunk::Chunks;
pub use question::{Question, decode};
