//! Making one answer of many: pure functions, decided here, acted on by the interpreter.

pub mod pick;
pub mod vote;
