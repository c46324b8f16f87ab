//! Making one answer of many: pure functions, decided here, acted on by the interpreter.

mod alike;
pub mod pick;
pub mod score;
pub mod vote;
