//! Choosing some of several: the order they are shown in, and the choice read from the decider's words.

use serde_json::{Value, json};

use crate::run::typed;

/// The order in which `count` answers are shown: `order[i]` is the index of the one shown as number `i + 1`.
pub fn order(count: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    fastrand::Rng::with_seed(seed).shuffle(&mut order);
    order
}

/// The number that a decider names, from 1 to `count`: of the JSON it was asked for, else the first number that fits.
pub fn choice(text: &str, count: usize) -> Option<usize> {
    named(text, "choice", count)
}

/// Of two answers the better, 1 or 2.
pub fn better(text: &str) -> Option<usize> {
    named(text, "better", 2)
}

/// The `wanted` different numbers that a decider names, from 1 to `count`, the best first: of the JSON it was asked for,
/// else the first that fit in its words. `None` if there are fewer.
pub fn choices(text: &str, wanted: usize, count: usize) -> Option<Vec<usize>> {
    let json = crate::template::find_json(text);
    let list = json.as_ref().and_then(|json| json.get("choices").unwrap_or(json).as_array());
    let said: Vec<usize> = match list {
        Some(list) => list.iter().filter_map(|item| whole(item, count)).collect(),
        None => numbers(text, count).collect(),
    };
    let mut apart = Vec::new();
    for number in said {
        if !apart.contains(&number) {
            apart.push(number);
        }
    }
    apart.truncate(wanted);
    (apart.len() == wanted).then_some(apart)
}

/// The `response_format` of [`choice`].
pub fn choice_format(count: usize) -> Value {
    typed::object("choice", json!({ "choice": { "type": "integer", "minimum": 1, "maximum": count } }))
}

/// The `response_format` of [`better`].
pub fn better_format() -> Value {
    typed::object("better", json!({ "better": { "type": "integer", "enum": [1, 2] } }))
}

/// The `response_format` of [`choices`].
pub fn choices_format(wanted: usize, count: usize) -> Value {
    typed::object("choices", json!({ "choices": numbers_schema(wanted, count) }))
}

/// So many different numbers from 1 to `count`.
pub fn numbers_schema(wanted: usize, count: usize) -> Value {
    json!({
        "type": "array",
        "items": { "type": "integer", "minimum": 1, "maximum": count },
        "minItems": wanted,
        "maxItems": wanted,
    })
}

/// Who meets whom in one round among so many, by index; who is left over, the last one, goes on without a match. What goes
/// on stands in the order of the matches, the one left over behind them.
pub fn pairs(contestants: usize) -> Vec<(usize, usize)> {
    (0..contestants / 2).map(|pair| (2 * pair, 2 * pair + 1)).collect()
}

fn named(text: &str, name: &str, count: usize) -> Option<usize> {
    let json = crate::template::find_json(text);
    match json.as_ref().and_then(|json| json.get(name)) {
        Some(said) => whole(said, count),
        None => numbers(text, count).next(),
    }
}

/// A number from 1 to `count`, also if it was written as a text.
pub fn whole(said: &Value, count: usize) -> Option<usize> {
    let number = match said {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_u64(),
    };
    number.and_then(|number| fitting(number, count))
}

/// Those numbers of a text that are from 1 to `count`, in order.
pub fn numbers(text: &str, count: usize) -> impl DoubleEndedIterator<Item = usize> + '_ {
    let words = text.split(|c: char| !c.is_ascii_digit()).filter(|word| !word.is_empty());
    words.filter_map(move |word| word.parse().ok().and_then(|number| fitting(number, count)))
}

fn fitting(number: u64, count: usize) -> Option<usize> {
    (1..=count as u64).contains(&number).then_some(number as usize)
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
        assert_eq!(better(r#"{"better": 2}"#), Some(2));
        assert_eq!(better(r#"{"better": 3}"#), None);
    }

    #[test]
    fn several_choices_are_different_and_in_order() {
        assert_eq!(choices(r#"{"choices": [3, 1]}"#, 2, 4), Some(vec![3, 1]));
        assert_eq!(choices("[4, 4, 2, 1]", 2, 4), Some(vec![4, 2]));
        assert_eq!(choices("I take 2 and then 4.", 2, 4), Some(vec![2, 4]));
        assert_eq!(choices(r#"{"choices": [3]}"#, 2, 4), None);
        assert_eq!(choices(r#"{"choices": [3, 9]}"#, 2, 4), None);
    }

    #[test]
    fn a_knockout_takes_one_match_less_than_contestants() {
        for contestants in 1..40_usize {
            let (mut left, mut rounds, mut matches) = (contestants, 0, 0);
            while left > 1 {
                let met = pairs(left);
                let mut seen: Vec<usize> = met.iter().flat_map(|&(a, b)| [a, b]).collect();
                seen.dedup();
                assert_eq!(seen.len(), 2 * met.len(), "nobody plays twice in a round");
                matches += met.len();
                left -= met.len();
                rounds += 1;
            }
            assert_eq!(matches, contestants - 1);
            assert_eq!(rounds, contestants.next_power_of_two().trailing_zeros());
        }
    }

    #[test]
    fn the_order_depends_on_the_seed_alone() {
        assert_eq!(order(5, 7), order(5, 7));
        let mut shown = order(5, 7);
        shown.sort_unstable();
        assert_eq!(shown, [0, 1, 2, 3, 4]);
    }
}
