//! The OpenAI JSON, as clients write and read it. The only part of `serve` that knows it.

mod answer;
mod chunk;
mod envelope;
mod failure;
mod kind;
mod message;
mod question;
mod tool;

pub use answer::{Head, probe, whole};
pub use chunk::Chunks;
pub use failure::error;
pub use question::{Question, decode};
