//! Scores from what judges say: grades and rankings.

use serde_json::{Value, json};

use crate::run::typed;
use crate::template::number;

use super::pick;

/// The grade for "nothing to correct"; the prompts ask for 0 to this.
const GRADE_MAX: f64 = 10.0;

/// What one judge said about all answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranking {
    /// Indices of answers, the best first, each at most once. Those that are missing share the places left.
    pub order: Vec<usize>,
    /// Answers that this judge's word does not count for: its own, with `own: skip`.
    pub skips: Vec<usize>,
}

/// The score that a judge gives, 0–1: of the JSON it was asked for, else as a number such as `8/10`.
pub fn grade(text: &str) -> Option<f64> {
    let json = crate::template::find_json(text);
    let said = json.as_ref().and_then(|json| json.get("score"));
    let number = match said {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => number::in_range(text, 0.0, GRADE_MAX),
        Some(_) => None,
        None => number::in_range(text, 0.0, GRADE_MAX),
    };
    number.filter(|number| (0.0..=GRADE_MAX).contains(number)).map(|number| number / GRADE_MAX)
}

/// The mean of the grades of one answer by those judges who gave one; `None` if nobody did.
pub fn mean(grades: impl IntoIterator<Item = Option<f64>>) -> Option<f64> {
    let grades: Vec<f64> = grades.into_iter().flatten().collect();
    (!grades.is_empty()).then(|| grades.iter().sum::<f64>() / grades.len() as f64)
}

/// The numbers of `count` answers, the best first, each at most once: of the JSON that the judge was asked for (which may
/// leave some out), else of a line that names every one, else of a numbered list with one in each line.
pub fn ranking(text: &str, count: usize) -> Option<Vec<usize>> {
    let json = crate::template::find_json(text);
    if let Some(list) = json.as_ref().and_then(|json| json.get("ranking").unwrap_or(json).as_array()) {
        let order = apart(list.iter().filter_map(|item| pick::whole(item, count)));
        return (!order.is_empty()).then_some(order);
    }
    let whole = |order: &Vec<usize>| order.len() == count;
    let in_a_line = text.lines().rev().map(|line| apart(pick::numbers(line, count))).find(whole);
    let a_line_each = || apart(text.lines().filter_map(|line| pick::numbers(line, count).next_back()));
    in_a_line.or_else(|| Some(a_line_each()).filter(whole))
}

/// Borda points over the most possible, 0–1, for each of `count` answers; `None` for one that no judge's word counts for.
///
/// Among `n` answers the best has `n - 1` points, the last none; those that a judge left out share the points of the places
/// left. An answer that stood alone before a judge has all that was possible.
pub fn borda(count: usize, rankings: &[Ranking]) -> Vec<Option<f64>> {
    let mut points = vec![0.0; count];
    let mut most = vec![0.0; count];
    let mut judged = vec![false; count];
    for ranking in rankings {
        let counted: Vec<usize> = (0..count).filter(|answer| !ranking.skips.contains(answer)).collect();
        let named = apart(ranking.order.iter().copied().filter(|answer| counted.contains(answer)));
        let last = counted.len().saturating_sub(1) as f64;
        // The places left are numbered from `named.len()` to `last`; their mean is what each of the others gets.
        let shared = last - (named.len() as f64 + last) / 2.0;
        for answer in counted {
            let place = named.iter().position(|&other| other == answer);
            points[answer] += place.map_or(shared, |place| last - place as f64);
            most[answer] += last;
            judged[answer] = true;
        }
    }
    (0..count)
        .map(|answer| {
            judged[answer].then(|| if most[answer] > 0.0 { points[answer] / most[answer] } else { 1.0 })
        })
        .collect()
}

/// The `response_format` of [`grade`].
pub fn grade_format() -> Value {
    typed::object("grade", json!({ "score": { "type": "number", "minimum": 0, "maximum": GRADE_MAX } }))
}

/// The `response_format` of [`ranking`].
pub fn ranking_format(count: usize) -> Value {
    typed::object("ranking", json!({ "ranking": pick::numbers_schema(count, count) }))
}

/// Each once, at its first place.
fn apart(numbers: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut order = Vec::new();
    for number in numbers {
        if !order.contains(&number) {
            order.push(number);
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grade_is_read_from_json_or_from_words() {
        let check = |text: &str, expected: Option<f64>| assert_eq!(grade(text), expected, "{text}");
        check(r#"{"score": 8}"#, Some(0.8));
        check("```json\n{\"score\": \"7.5\"}\n```", Some(0.75));
        check("**9/10**", Some(0.9));
        check("0", Some(0.0));
        check(r#"{"score": 80}"#, None);
        check("good", None);
    }

    #[test]
    fn a_score_is_the_mean_of_those_who_gave_one() {
        assert_eq!(mean([Some(0.25), None, Some(0.75)]), Some(0.5));
        assert_eq!(mean([None, None]), None);
    }

    #[test]
    fn a_ranking_is_read_from_json_or_from_words() {
        let check = |text: &str, count: usize, expected: Option<&[usize]>| {
            assert_eq!(ranking(text, count).as_deref(), expected, "{text}");
        };
        check(r#"{"ranking": [3, 1, 2]}"#, 3, Some(&[3, 1, 2]));
        check(r#"{"ranking": ["2", 1, 2, 9]}"#, 3, Some(&[2, 1]));
        check("[2, 1]", 2, Some(&[2, 1]));
        check("Of the 3 answers:\n3 > 1 > 2", 3, Some(&[3, 1, 2]));
        check("1. Answer 3\n2. Answer 1\n3. Answer 2", 3, Some(&[3, 1, 2]));
        check("Answer 2 is best.", 3, None);
        check(r#"{"ranking": []}"#, 3, None);
    }

    fn ranked(order: &[usize], skips: &[usize]) -> Ranking {
        Ranking { order: order.to_vec(), skips: skips.to_vec() }
    }

    #[test]
    fn rankings_give_points_over_the_most_possible() {
        assert_eq!(borda(3, &[ranked(&[2, 0, 1], &[])]), [Some(0.5), Some(0.0), Some(1.0)]);
        let two = [ranked(&[2, 0, 1], &[]), ranked(&[0, 2, 1], &[])];
        assert_eq!(borda(3, &two), [Some(0.75), Some(0.0), Some(0.75)]);
        assert_eq!(borda(2, &[]), [None, None]);
        assert_eq!(borda(1, &[ranked(&[0], &[])]), [Some(1.0)]);
    }

    /// Points are never lost or made: a judge gives away as many with gaps as without.
    #[test]
    fn answers_left_out_share_the_places_left() {
        assert_eq!(borda(3, &[ranked(&[1], &[])]), [Some(0.25), Some(1.0), Some(0.25)]);
        assert_eq!(borda(3, &[ranked(&[], &[])]), [Some(0.5), Some(0.5), Some(0.5)]);
    }

    #[test]
    fn a_judge_says_nothing_about_its_own() {
        let rankings = [ranked(&[0, 1, 2], &[0]), ranked(&[1, 2, 0], &[1]), ranked(&[2, 0, 1], &[2])];
        assert_eq!(borda(3, &rankings), [Some(0.5), Some(0.5), Some(0.5)]);
        assert_eq!(borda(2, &[ranked(&[0, 1], &[0])]), [None, Some(1.0)]);
    }
}
