//! "Did you mean": the nearest of some names, if one is near enough.

/// The candidate nearest to `word`, if it is near: at most a third of the longer word's letters apart, and
/// always at least one. A candidate that differs only in `-` and `_` or in case is always near.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let fold = |s: &str| s.replace('_', "-").to_lowercase();
    let folded = fold(word);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        .filter_map(|candidate| {
            let other = fold(candidate);
            let distance = strsim::damerau_levenshtein(&folded, &other);
            let most = (folded.chars().count().max(other.chars().count()) / 3).max(1);
            (distance <= most).then_some((distance, candidate))
        })
        .min_by_key(|(distance, candidate)| (*distance, *candidate))
        .map(|(_, candidate)| candidate)
}

/// `did you mean `x`?` for the nearest candidate.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, candidates).map(|name| format!("did you mean `{name}`?"))
}

/// The candidate that was meant beyond doubt: it differs only in `-` and `_` or in case, or by one slip in a word of at
/// least four letters, two in one of at least eight; and no other candidate is as near.
pub fn sure<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let fold = |s: &str| s.replace('_', "-").to_lowercase();
    let folded = fold(word);
    let most = match folded.chars().count() {
        0..4 => 0,
        4..8 => 1,
        _ => 2,
    };
    let mut near: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        .map(|candidate| (strsim::damerau_levenshtein(&folded, &fold(candidate)), candidate))
        .filter(|(distance, _)| *distance <= most)
        .collect();
    near.sort_unstable();
    near.dedup();
    match near.as_slice() {
        [(_, only)] => Some(only),
        [(first, candidate), (second, _), ..] if first < second => Some(candidate),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        assert_eq!(nearest("temprature", ["temperature", "timeout"]), Some("temperature"));
        assert_eq!(nearest("max-tokens", ["max_tokens"]), Some("max_tokens"));
        assert_eq!(nearest("zebra", ["temperature", "timeout"]), None);
        assert_eq!(nearest("b", ["a"]), Some("a"));
    }

    #[test]
    fn only_what_is_near_and_alone_is_sure() {
        assert_eq!(sure("temprature", ["temperature", "timeout"]), Some("temperature"));
        assert_eq!(sure("max-tokens", ["max_tokens"]), Some("max_tokens"));
        assert_eq!(sure("High", ["high", "l"]), Some("high"));
        assert_eq!(sure("drafs", ["drafts", "draft"]), None);
        assert_eq!(sure("fist", ["first"]), Some("first"));
        assert_eq!(sure("b", ["a"]), None);
        assert_eq!(sure("alpa-lare", ["alpha-large", "alpha-large"]), Some("alpha-large"));
    }
}
