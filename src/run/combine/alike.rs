//! How alike two texts are.

use std::collections::BTreeMap;

/// Characters of a text that are compared: beyond this, texts are taken for what they begin with.
const COMPARED_MAX: usize = 32 << 10;

const WORD_BITS: usize = 64;

/// Twice the longest common subsequence over both lengths, 0–1: order counts, places do not. Two empty texts are alike.
///
/// Bit-parallel (Hyyrö 2004): 64 characters a step, so two answers of 8 KiB take about a million steps.
pub fn ratio(a: &str, b: &str) -> f64 {
    let a: Vec<char> = a.chars().take(COMPARED_MAX).collect();
    let b: Vec<char> = b.chars().take(COMPARED_MAX).collect();
    match a.len() + b.len() {
        0 => 1.0,
        both => 2.0 * common(&a, &b) as f64 / both as f64,
    }
}

/// Whether [`ratio`] is at least `least`; texts of too different a length are not even compared.
pub fn are_alike(a: &str, b: &str, least: f64) -> bool {
    let (short, long) = {
        let (a, b) = (a.chars().take(COMPARED_MAX).count(), b.chars().take(COMPARED_MAX).count());
        (a.min(b), a.max(b))
    };
    let most = if long == 0 { 1.0 } else { 2.0 * short as f64 / (short + long) as f64 };
    most >= least && (a == b || ratio(a, b) >= least)
}

/// Length of the longest common subsequence.
fn common(a: &[char], b: &[char]) -> usize {
    let words = a.len().div_ceil(WORD_BITS);
    let mut places: BTreeMap<char, Vec<u64>> = BTreeMap::new();
    for (at, c) in a.iter().enumerate() {
        places.entry(*c).or_insert_with(|| vec![0; words])[at / WORD_BITS] |= 1 << (at % WORD_BITS);
    }
    // A zero bit is a place of `a` where a common subsequence grew.
    let mut row = vec![u64::MAX; words];
    for c in b {
        let Some(matches) = places.get(c) else { continue };
        let mut carry = false;
        for (word, matching) in row.iter_mut().zip(matches) {
            let hit = *word & matching;
            let (sum, over) = word.overflowing_add(hit);
            let (sum, again) = sum.overflowing_add(u64::from(carry));
            carry = over || again;
            *word = sum | (*word & !matching);
        }
    }
    let grown = |(at, word): (usize, &u64)| {
        let used = (a.len() - at * WORD_BITS).min(WORD_BITS);
        let mask = if used == WORD_BITS { u64::MAX } else { (1 << used) - 1 };
        (!word & mask).count_ones() as usize
    };
    row.iter().enumerate().map(grown).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn likeness_goes_from_nothing_to_the_same() {
        let check = |a: &str, b: &str, expected: f64| {
            assert!((ratio(a, b) - expected).abs() < 1e-9, "{a:?} {b:?}: {}", ratio(a, b));
        };
        check("", "", 1.0);
        check("", "abc", 0.0);
        check("abc", "abc", 1.0);
        check("abcd", "bcde", 0.75);
        check("größe", "grösse", 8.0 / 11.0);
        check(&"x".repeat(200), &"x".repeat(100), 200.0 / 300.0);
    }

    #[test]
    fn a_small_change_in_a_long_text_leaves_it_alike() {
        let long = "Use a token bucket for each client, and refill it by the clock. ".repeat(120);
        let changed = long.replacen("clock", "timer", 40);
        assert!(are_alike(&long, &changed, 0.8));
        assert!(!are_alike(&long, &long[..long.len() / 3], 0.8));
        let other: String = long.chars().rev().collect();
        assert!(!are_alike(&long, &other, 0.8));
    }

    /// The textbook's way, a cell at a time.
    fn slowly(a: &[char], b: &[char]) -> usize {
        let mut row = vec![0; b.len() + 1];
        for x in a {
            let mut diagonal = 0;
            for (at, y) in b.iter().enumerate() {
                let above = row[at + 1];
                row[at + 1] = if x == y { diagonal + 1 } else { above.max(row[at]) };
                diagonal = above;
            }
        }
        row[b.len()]
    }

    proptest! {
        #[test]
        fn the_fast_way_finds_what_the_slow_way_finds(a in "[abcü]{0,200}", b in "[abcü]{0,200}") {
            let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            prop_assert_eq!(common(&a, &b), slowly(&a, &b));
        }
    }
}
