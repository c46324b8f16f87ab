//! What one question to a model is made of, once it has been checked.

use crate::template::{Data, Expression, Template};
use crate::units::{Millis, Tokens};

pub use super::returns::{Returns, Schema};

/// One call, as far as the program says it. Bounds and ids come later.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub model: String,
    pub role: CallRole,
    /// Turns appended after the conversation. Empty: the conversation alone (or the verb's own prompt).
    pub prompt: Vec<Turn>,
    /// Added after the client's system text.
    pub system: Option<Turn>,
    pub history: History,
    /// Request fields that the program sets.
    pub fields: Vec<Field>,
    pub max_tokens: Option<MaxTokens>,
    pub timeout: Option<Millis>,
    pub first_token: Option<Millis>,
    /// Attempts after the first.
    pub retries: u32,
    /// As written; the built-in depends on whether the call is final.
    pub tools: Option<Tools>,
    pub returns: Option<Returns>,
    pub accept_when: Option<Expression>,
    pub soft: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallRole {
    Plain,
    /// One of `sample`.
    Sampled,
    /// Chooses among answers.
    Decider,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxTokens {
    pub tokens: Tokens,
    /// Written in the step itself.
    pub own: bool,
}

/// A request field that the plan sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    /// JSON text.
    pub json: String,
    /// Written in the step itself: the client's own value never replaces it.
    pub own: bool,
}

/// A turn of a prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    pub role: TurnRole,
    pub template: Template,
    /// For a shared `prompt`: what its parameters are. It sees nothing else.
    pub binds: Option<Vec<(String, Operand)>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnRole {
    System,
    User,
    Assistant,
}

#[derive(Clone, Debug)]
pub enum Operand {
    Constant(Data),
    Expression(Expression),
    /// A text that sees what the step sees.
    Template(Template),
    /// The list that the verb is shown: of `merge` and `pick`.
    Shown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    Full,
    /// The last so many user turns with what follows each.
    Last(u32),
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tools {
    Pass,
    Show,
    None,
}

// === impl Operand ===

impl PartialEq for Operand {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Expression(a), Self::Expression(b)) => a == b,
            (Self::Template(a), Self::Template(b)) => a == b,
            (Self::Shown, Self::Shown) => true,
            (Self::Constant(a), Self::Constant(b)) => format!("{a:?}") == format!("{b:?}"),
            _ => false,
        }
    }
}
