//! Numbers in words: what `match: number` compares, and what `returns: number` reads.

use super::filters::boxed;

/// The number that a text gives, in one form for each value: `1,000`, `1000.0` and `1e3` are `1000`; `50%` is `0.5`.
///
/// Taken from inside the last `\boxed{…}` if there is one. A text that is more than a number gives its last one; `None` if
/// there is none.
pub fn canonical(text: &str) -> Option<String> {
    let inner = boxed(text).unwrap_or(text).replace("\\%", "%");
    let inner = inner.trim();
    quantity(inner).or_else(|| inner.split_whitespace().rev().find_map(quantity))
}

/// The number that an answer gives where one from `min` to `max` was asked for: as the whole text, as `8/10` or `8 out of
/// 10` (of `max`), or as the only one in range that it mentions.
pub fn in_range(text: &str, min: f64, max: f64) -> Option<f64> {
    let inner = boxed(text).unwrap_or(text).trim();
    let fits = |number: &f64| (min..=max).contains(number);
    let words: Vec<&str> = inner.split_whitespace().collect();
    let of_most = words.iter().enumerate().find_map(|(at, word)| {
        let (over, under) = match word.split_once('/') {
            Some(("", "")) if at > 0 && at + 1 < words.len() => (words[at - 1], words[at + 1]),
            Some((over, "")) if at + 1 < words.len() => (over, words[at + 1]),
            Some(("", under)) if at > 0 => (words[at - 1], under),
            Some(parts) => parts,
            None if words.get(at + 1..at + 3) == Some(&["out", "of"]) => (*word, *words.get(at + 3)?),
            None => return None,
        };
        (plain(under) == Some(max)).then(|| plain(over)).flatten()
    });
    if of_most.is_some() {
        return of_most.filter(fits);
    }
    let mut mentioned = words.into_iter().filter_map(plain).filter(fits);
    let first = mentioned.next()?;
    mentioned.all(|other| other == first).then_some(first)
}

/// A word that is one number, marks around it left out.
fn plain(word: &str) -> Option<f64> {
    let word = word.rsplit_once([':', '=']).map_or(word, |(_, rest)| rest);
    decimal(bare(word), 0)?.parse().ok()
}

/// Without the marks around it that do not change a number's value.
fn bare(word: &str) -> &str {
    let start = |c: char| !(c.is_alphanumeric() || matches!(c, '-' | '+' | '.'));
    let end = |c: char| !(c.is_alphanumeric() || c == '%');
    word.trim_start_matches(start).trim_end_matches(end).trim_start_matches('+')
}

/// A number, a percentage or a fraction, with marks around it that do not change its value.
fn quantity(word: &str) -> Option<String> {
    let word = bare(word);
    if let Some((over, under)) = word.split_once('/') {
        let (over, under): (f64, f64) = (decimal(over, 0)?.parse().ok()?, decimal(under, 0)?.parse().ok()?);
        return (under != 0.0).then(|| decimal(&(over / under).to_string(), 0))?;
    }
    match word.strip_suffix('%') {
        Some(percent) => decimal(percent.trim_end(), -2),
        None => decimal(word, 0),
    }
}

/// `digits × 10^shift` without a needless digit. Decimal throughout: `0.1%` is exactly `0.001`.
fn decimal(word: &str, shift: i32) -> Option<String> {
    let (mantissa, exponent) = match word.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (word, 0),
    };
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let whole = ungrouped(whole)?;
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let point = whole.len() as i64 + i64::from(exponent) + i64::from(shift);
    // Nobody answers with more digits than this, and nothing is to be filled with zeros without a limit.
    if point.abs() > 400 || digits.len() > 400 {
        return None;
    }
    let (whole, fraction) = split_at(&digits, point);
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(match (whole, fraction) {
        ("0", "") => "0".to_owned(),
        (_, "") => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{fraction}"),
    })
}

/// The digits before and after a point that may stand outside them.
fn split_at(digits: &str, point: i64) -> (String, String) {
    let zeros = |count: i64| "0".repeat(count.max(0) as usize);
    let length = digits.len() as i64;
    if point <= 0 {
        return (String::new(), zeros(-point) + digits);
    }
    if point >= length {
        return (digits.to_owned() + &zeros(point - length), String::new());
    }
    let (whole, fraction) = digits.split_at(point as usize);
    (whole.to_owned(), fraction.to_owned())
}

/// `1,000,000` without its commas; `None` if they do not stand between thousands.
fn ungrouped(whole: &str) -> Option<String> {
    let mut groups = whole.split([',', '_']);
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    let grouped = rest.is_empty() || (1..=3).contains(&first.len());
    (grouped && rest.iter().all(|group| group.len() == 3)).then(|| format!("{first}{}", rest.concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_form() {
        let check = |text: &str, expected: &str| {
            assert_eq!(canonical(text).as_deref(), Some(expected), "{text}");
        };
        for same in ["1000", "1,000", "1000.0", " 1_000 ", "1e3", "10.00E2", "$1,000", "**1000**.", "001000"]
        {
            check(same, "1000");
        }
        for same in ["0.5", "50%", ".5", "1/2", "\\boxed{50\\%}", "50 %", "so x = 0.50."] {
            check(same, "0.5");
        }
        check("0.1%", "0.001");
        check("-0.0", "0");
        check("-3", "-3");
        check("first 7, then \\boxed{8}", "8");
        check("\\boxed{\\text{about } 12}", "12");
        check("3/4", "0.75");
        check("123456789012345678901234567890", "123456789012345678901234567890");
    }

    #[test]
    fn a_number_in_range_is_read_as_tolerantly_as_is_safe() {
        let check = |text: &str, expected: Option<f64>| {
            assert_eq!(in_range(text, 0.0, 10.0), expected, "{text}");
        };
        for same in
            ["7.5", "**7.5**", " 7.5.\n", "7.5/10", "7.5 / 10", "Score: 7.5/10", "7.5 out of 10", "score=7.5"]
        {
            check(same, Some(7.5));
        }
        check("It has 3 flaws. Score: **6/10**.", Some(6.0));
        check("I would say 8, yes, 8.", Some(8.0));
        check("between 6 and 8", None);
        check("11", None);
        check("4/5", None);
        check("80%", None);
        check("-1", None);
        check("ten", None);
        assert_eq!(in_range("-1", -5.0, 5.0), Some(-1.0));
    }

    #[test]
    fn what_is_no_number_gives_none() {
        for text in ["", "many", "1,5", "1.2.3", "5/0", "x-1y", "1e999999", "-", "%"] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }
}
