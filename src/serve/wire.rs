//! The OpenAI JSON, as clients write and read it. The only part of `serve` that knows it.

pub mod answer;
pub mod message;
pub mod question;

pub use answer::{Chunks, Head, error, probe, whole};
pub use question::{Question, decode};
