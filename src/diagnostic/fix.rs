//! Making the changes that diagnostics are sure of.

use super::Fix;

/// The text with the changes made, and how many were: one that touches an earlier one is left for another time.
///
/// All spans lie in this text.
#[must_use]
pub fn apply(text: &str, fixes: &[&Fix]) -> (String, usize) {
    let mut fixes = fixes.to_vec();
    fixes.sort_by_key(|fix| (fix.span.start, fix.span.end));
    let (mut changed, mut at, mut made) = (String::with_capacity(text.len() + 64), 0, 0);
    for (index, fix) in fixes.iter().enumerate() {
        let range = fix.span.range();
        // Two changes at one place: nobody says in which order.
        let repeats = index > 0 && range.is_empty() && fixes[index - 1].span == fix.span;
        if range.start < at || repeats {
            continue;
        }
        changed.push_str(&text[at..range.start]);
        changed.push_str(&fix.replacement);
        at = range.end;
        made += 1;
    }
    changed.push_str(&text[at..]);
    (changed, made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, Span};

    #[track_caller]
    fn check(text: &str, fixes: &[(usize, usize, &str)], changed: &str, made: usize) {
        let fixes: Vec<Fix> = fixes
            .iter()
            .map(|&(start, end, new)| Fix {
                span: Span::new(FileId(0), start, end),
                replacement: new.to_owned(),
            })
            .collect();
        let fixes: Vec<&Fix> = fixes.iter().collect();
        assert_eq!(apply(text, &fixes), (changed.to_owned(), made));
    }

    #[test]
    fn changes_are_made_from_the_front_whatever_their_order() {
        check("a b c", &[(4, 5, "C"), (0, 1, "A")], "A b C", 2);
        check("ü;x", &[(2, 3, "")], "üx", 1);
    }

    #[test]
    fn changes_that_touch_each_other_are_not_both_made() {
        check("abc", &[(0, 2, "x"), (1, 3, "y")], "xc", 1);
        check("ab", &[(1, 1, ", "), (1, 1, ", ")], "a, b", 1);
        check("ab", &[(0, 1, "x"), (1, 2, "y")], "xy", 2);
    }
}
