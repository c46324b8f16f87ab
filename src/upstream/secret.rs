//! A key: can be used and compared, not printed or serialized.
//!
//! Knows nothing of where keys come from. It has no `Display`, no `Serialize` and no `PartialEq` on purpose.

use std::fmt;
use std::sync::Arc;

use subtle::ConstantTimeEq;

/// Text that stays out of logs, errors and answers.
#[derive(Clone)]
pub struct Secret(Arc<str>);

// === impl Secret ===

impl Secret {
    #[must_use]
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text itself. Every caller of this is a place to review.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `candidate` is the secret. Takes as long for a near miss as for a far one; only a difference in
    /// length shows.
    #[must_use]
    pub fn matches(&self, candidate: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(candidate).into()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print() {
        let secret = Secret::new("sk-very-secret");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(format!("{:#?}", Some(&secret)).matches("very").count(), 0);
        assert_eq!(secret.expose(), "sk-very-secret");
    }

    #[test]
    fn only_the_same_bytes_match() {
        let secret = Secret::new("sk-1");
        assert!(secret.matches(b"sk-1"));
        for other in ["sk-2", "sk-", "sk-11", ""] {
            assert!(!secret.matches(other.as_bytes()), "{other}");
        }
        assert!(Secret::new("").is_empty());
    }
}
