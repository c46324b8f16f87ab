//! Chance that is the same every time: hashes, and delays drawn by them.

use std::time::Duration;

use crate::upstream::sim::script::Delay;

/// FNV-1a over the parts, each ended by a byte that is in no text. Stable over releases, unlike the standard one.
#[must_use]
pub(super) fn hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        for &byte in part.iter().chain(&[0xFF]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

/// A delay as the dice have it.
#[must_use]
pub(super) fn draw(delay: Delay, dice: &mut fastrand::Rng) -> Duration {
    let millis = match delay {
        Delay::Fixed(millis) => return Duration::from_millis(millis),
        Delay::Even { min, max } => min as f64 + dice.f64() * (max - min) as f64,
        Delay::LogNormal { median, p95 } => {
            // 95 % of a normal distribution lie below 1.645 standard deviations.
            let sigma = (p95 as f64 / median as f64).ln() / 1.645;
            let normal = (-2.0 * (1.0 - dice.f64()).ln()).sqrt() * (std::f64::consts::TAU * dice.f64()).cos();
            median as f64 * (sigma * normal).exp()
        }
    };
    Duration::from_micros((millis * 1000.0) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_delays() {
        let draw_all = || {
            let mut dice = fastrand::Rng::with_seed(7);
            (0..100).map(|_| draw(Delay::LogNormal { median: 100, p95: 400 }, &mut dice)).collect::<Vec<_>>()
        };
        assert_eq!(draw_all(), draw_all());
    }

    #[test]
    fn drawn_delays_keep_to_their_distribution() {
        let mut dice = fastrand::Rng::with_seed(1);
        let mut all: Vec<_> =
            (0..2001).map(|_| draw(Delay::LogNormal { median: 100, p95: 400 }, &mut dice)).collect();
        all.sort();
        assert!((90..110).contains(&all[1000].as_millis()), "median {:?}", all[1000]);
        assert!((340..460).contains(&all[1900].as_millis()), "p95 {:?}", all[1900]);
        for _ in 0..100 {
            let drawn = draw(Delay::Even { min: 5, max: 9 }, &mut dice);
            assert!((5..=9).contains(&drawn.as_millis()), "{drawn:?}");
        }
    }

    #[test]
    fn parts_are_told_apart() {
        assert_ne!(hash([&b"ab"[..], b"c"]), hash([&b"a"[..], b"bc"]));
    }
}
