//! The key that callers must show. Cannot be printed.

use std::fmt;

use subtle::ConstantTimeEq;

pub struct Key(String);

// === impl Key ===

impl Key {
    #[must_use]
    pub fn new(key: String) -> Self {
        Self(key)
    }

    /// Takes the same time however much of `shown` is right.
    #[must_use]
    pub fn matches(&self, shown: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(shown).into()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}
