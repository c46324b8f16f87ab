//! From text to tree. Total: any text gives a tree, and diagnostics for what could not be read.

pub mod ast;
