//! Quantities with their unit in the type, and how they are printed.
//!
//! Integers throughout, so that sums are exact and do not depend on their order.

use std::fmt;

/// A number of tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tokens(pub u64);

/// Money in millionths of a US dollar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MicroUsd(pub u64);

/// A length of time in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u64);

/// A size in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

/// A price in millionths of a US dollar per million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Price {
    pub input: MicroUsd,
    pub output: MicroUsd,
}

// === impl Tokens ===

impl Tokens {
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self(self.0.saturating_mul(count))
    }
}

/// `90k` for whole thousands, digits otherwise: what a person would write in an `.ens` file.
impl fmt::Display for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            n if n >= 10_000 => write!(f, "{}k", n.div_ceil(1000)),
            n => write!(f, "{n}"),
        }
    }
}

// === impl MicroUsd ===

impl MicroUsd {
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The cost of `tokens` at this price per million, rounded up.
    #[must_use]
    pub fn per_million(self, tokens: Tokens) -> Self {
        let exact = u128::from(self.0) * u128::from(tokens.0);
        Self(u64::try_from(exact.div_ceil(1_000_000)).unwrap_or(u64::MAX))
    }

    #[must_use]
    pub fn as_usd(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl fmt::Display for MicroUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (dollars, micros) = (self.0 / 1_000_000, self.0 % 1_000_000);
        if micros % 10_000 == 0 {
            write!(f, "${dollars}.{:02}", micros / 10_000)
        } else {
            write!(f, "${dollars}.{micros:06}")
        }
    }
}

// === impl Millis ===

impl Millis {
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    #[must_use]
    pub fn as_duration(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.0)
    }

    #[must_use]
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl From<std::time::Duration> for Millis {
    fn from(duration: std::time::Duration) -> Self {
        Self(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }
}

/// The largest unit that loses nothing: `5m`, `90s`, `1500ms`.
impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("0s"),
            n if n % 3_600_000 == 0 => write!(f, "{}h", n / 3_600_000),
            n if n % 60_000 == 0 => write!(f, "{}m", n / 60_000),
            n if n % 1000 == 0 => write!(f, "{}s", n / 1000),
            n => write!(f, "{n}ms"),
        }
    }
}

// === impl Bytes ===

impl Bytes {
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            n if n >= 1_000_000_000 && n % 1_000_000_000 == 0 => write!(f, "{}GB", n / 1_000_000_000),
            n if n >= 1_000_000 => write!(f, "{:.1}GB", n as f64 / 1e9),
            n => write!(f, "{n}B"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_print_as_a_person_would_write_them() {
        assert_eq!(Millis(300_000).to_string(), "5m");
        assert_eq!(Millis(90_000).to_string(), "90s");
        assert_eq!(Millis(1_500).to_string(), "1500ms");
        assert_eq!(Tokens(90_000).to_string(), "90k");
        assert_eq!(Tokens(8_192).to_string(), "8192");
        assert_eq!(MicroUsd(750_000).to_string(), "$0.75");
        assert_eq!(MicroUsd(1).to_string(), "$0.000001");
        assert_eq!(Bytes(65_000_000_000).to_string(), "65GB");
    }

    #[test]
    fn a_cost_is_rounded_up() {
        assert_eq!(MicroUsd(3_000_000).per_million(Tokens(1)), MicroUsd(3));
        assert_eq!(MicroUsd(1).per_million(Tokens(1)), MicroUsd(1));
        assert_eq!(MicroUsd(0).per_million(Tokens(1_000)), MicroUsd(0));
    }
}
