//! How long to wait before another attempt.

use std::time::Duration;

use crate::upstream::Retry;

/// The first wait is at most this long; each next one at most twice the one before.
pub const BASE: Duration = Duration::from_millis(500);

pub const WAIT_MAX: Duration = Duration::from_secs(8);

/// Longest `Retry-After` that is waited for.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);

/// The wait before attempt `number` (the first retry is 1), `share` being a random number in 0–1: full jitter, so
/// that calls which failed together do not come back together. `None`: no further attempt.
pub fn wait(retry: Retry, number: u32, share: f64) -> Option<Duration> {
    match retry {
        Retry::Never => None,
        Retry::After(wait) if wait > RETRY_AFTER_MAX => None,
        // A little later than told, so that a herd that was told the same is spread.
        Retry::After(wait) => Some(wait + Duration::from_millis(250).mul_f64(share)),
        Retry::Soon => {
            let most = BASE.saturating_mul(1 << number.saturating_sub(1).min(10)).min(WAIT_MAX);
            Some(most.mul_f64(share))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_are_spread_and_end() {
        let ms = |n| Some(Duration::from_millis(n));
        assert_eq!(wait(Retry::Soon, 1, 1.0), ms(500));
        assert_eq!(wait(Retry::Soon, 3, 0.5), ms(1000));
        assert_eq!(wait(Retry::Soon, 30, 1.0), ms(8000));
        assert_eq!(wait(Retry::After(Duration::from_secs(4)), 1, 0.0), ms(4000));
        assert_eq!(wait(Retry::After(Duration::from_secs(61)), 1, 0.0), None);
        assert_eq!(wait(Retry::Never, 1, 0.5), None);
    }
}
