//! Templates and expressions: compiled once, checked before they run, rendered with fenced answers.
//!
//! The only module that names minijinja. Knows nothing of steps or calls: it is given names and [`Data`].

pub mod data;

pub use data::{Answer, Data};

/// A compiled prompt or text.
#[derive(Clone, Debug)]
pub struct Template;

/// A compiled condition or value.
#[derive(Clone, Debug)]
pub struct Expression;

impl Template {
    /// As it was written, dedented.
    #[must_use]
    pub fn source(&self) -> &str {
        ""
    }
}

impl Expression {
    /// As it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        ""
    }
}
