//! One attempt that failed.

use crate::run::errors::Why;
use crate::upstream::{CallError, Fault, Retry};

/// One attempt's failure, and whether another may follow.
pub struct Failed {
    pub why: Why,
    pub retry: Retry,
    pub error: Option<CallError>,
    /// The answer that could not be read, for the repair round.
    pub unread: Option<Box<Unread>>,
}

pub struct Unread {
    pub text: String,
    /// What is wrong with it.
    pub wrong: String,
}

// === impl Failed ===

impl Failed {
    pub fn of(why: Why) -> Self {
        Self { why, retry: Retry::Never, error: None, unread: None }
    }
}

impl From<CallError> for Failed {
    fn from(error: CallError) -> Self {
        Self { why: Why::Fault(error.fault), retry: error.retry, error: Some(error), unread: None }
    }
}

/// Failures that no model worked for: nothing was used that we do not know of.
pub fn never_ran(error: &CallError) -> bool {
    use Fault::{Busy, ContextFull, KeyRefused, Redirected, Refused, Rejected, UnknownModel};
    matches!(error.fault, Busy | ContextFull | KeyRefused | Redirected | Refused | Rejected | UnknownModel)
}
