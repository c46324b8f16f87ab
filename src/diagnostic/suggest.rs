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
}
