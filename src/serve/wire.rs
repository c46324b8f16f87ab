//! The OpenAI JSON, as clients write and read it. The only part of `serve` that knows it.

mod answer;
mod envelope;
mod kind;
mod message;
mod question;

pub use answer::{Chunks, Head, error, probe, whole};
pub use question::{Question, decode};
