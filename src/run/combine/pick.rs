//! Choosing one of several: the order they are shown in, and the choice read from the decider's words.

/// The order in which `count` answers are shown: `order[i]` is the index of the one shown as number `i + 1`.
pub fn order(count: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    fastrand::Rng::with_seed(seed).shuffle(&mut order);
    order
}

/// The number that a decider names, from 1 to `count`: of the JSON it was asked for, else the first number that fits.
pub fn choice(text: &str, count: usize) -> Option<usize> {
    let fits = |n: u64| (1..=count as u64).contains(&n).then_some(n as usize);
    let json = crate::template::find_json(text);
    let named = json.as_ref().and_then(|json| json.get("choice")).and_then(|choice| match choice {
        serde_json::Value::String(text) => text.trim().parse().ok(),
        other => other.as_u64(),
    });
    if let Some(n) = named {
        return fits(n);
    }
    let mut words = text.split(|c: char| !c.is_ascii_digit()).filter(|word| !word.is_empty());
    words.find_map(|word| word.parse().ok().and_then(fits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_read_from_json_or_from_words() {
        assert_eq!(choice(r#"{"choice": 2}"#, 3), Some(2));
        assert_eq!(choice("```json\n{\"choice\": \"3\"}\n```", 3), Some(3));
        assert_eq!(choice("Answer 2 is best.", 3), Some(2));
        assert_eq!(choice(r#"{"choice": 4}"#, 3), None);
        assert_eq!(choice("none of them", 3), None);
    }

    #[test]
    fn the_order_depends_on_the_seed_alone() {
        assert_eq!(order(5, 7), order(5, 7));
        let mut shown = order(5, 7);
        shown.sort_unstable();
        assert_eq!(shown, [0, 1, 2, 3, 4]);
    }
}
