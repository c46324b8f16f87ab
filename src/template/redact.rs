//! Taking what must stay private out of a text, and putting it back.

use minijinja::value::{Value, ValueKind};

/// What a finding is called that does not say what it is.
const KIND_UNSAID: &str = "PRIVATE";

/// Something found: what kind it is of, and its text.
type Finding = (String, String);

/// A stretch of a text, and what stands for it.
struct Hidden {
    from: usize,
    to: usize,
    placeholder: String,
}

/// Replaces every value of `found` by `[KIND n]`, numbered by place. Where values overlap, all that they cover goes,
/// under the longest one's name. Case, kind of blank, dash and quote do not matter: models seldom copy them exactly.
///
/// `found` is a text, a list of texts, of `{kind, text}`, or of answers that hold such lists as JSON.
pub fn redact(text: &str, found: &Value) -> String {
    let mut out = String::new();
    let mut copied = 0;
    for hidden in hide(text, found) {
        out.push_str(&text[copied..hidden.from]);
        out.push_str(&hidden.placeholder);
        copied = hidden.to;
    }
    out.push_str(&text[copied..]);
    out
}

/// Puts back what [`redact`] took out of `original`. A placeholder is known in any case and with any blanks, wherever it
/// stands; one that is not from there stays. What was written in several ways comes back in the first.
pub fn restore(text: &str, found: &Value, original: &str) -> String {
    let hidden = hide(original, found);
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('[') {
        let (before, bracket) = rest.split_at(at);
        out.push_str(before);
        let inner = bracket[1..].split(']').next().unwrap_or_default();
        let closed = bracket.len() > inner.len() + 1;
        match hidden.iter().find(|hidden| closed && is_placeholder(inner, &hidden.placeholder)) {
            Some(hidden) => {
                out.push_str(&original[hidden.from..hidden.to]);
                rest = &bracket[inner.len() + 2..];
            }
            None => {
                out.push('[');
                rest = &bracket[1..];
            }
        }
    }
    out + rest
}

/// Whether the text inside a pair of brackets is that of the placeholder.
fn is_placeholder(inner: &str, placeholder: &str) -> bool {
    let folded = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    folded(inner) == folded(placeholder.trim_matches(['[', ']']))
}

/// What is to go, in order.
fn hide(text: &str, found: &Value) -> Vec<Hidden> {
    let mut findings: Vec<Finding> = Vec::new();
    collect(found, &mut findings);
    findings.retain(|(_, value)| !value.trim().is_empty());
    findings.sort_by(|a, b| b.1.chars().count().cmp(&a.1.chars().count()).then_with(|| a.1.cmp(&b.1)));
    findings.dedup_by(|a, b| a.1 == b.1);
    let folded: Vec<(usize, char)> = text.char_indices().map(|(at, c)| (at, fold(c))).collect();
    let mut hits: Vec<(usize, usize, usize)> = Vec::new();
    for (index, (_, value)) in findings.iter().enumerate() {
        let words: Vec<Vec<char>> = value.split_whitespace().map(|w| w.chars().map(fold).collect()).collect();
        for start in 0..folded.len() {
            if let Some(stop) = match_at(&folded, start, &words) {
                let end = folded.get(stop).map_or(text.len(), |&(at, _)| at);
                hits.push((folded[start].0, end, index));
            }
        }
    }
    number(text, union(hits), &findings)
}

/// Where the words that begin at `start` end, any blanks between them.
fn match_at(text: &[(usize, char)], start: usize, words: &[Vec<char>]) -> Option<usize> {
    let mut at = start;
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            let blanks = text[at..].iter().take_while(|(_, c)| c.is_whitespace()).count();
            if blanks == 0 {
                return None;
            }
            at += blanks;
        }
        let here = text.get(at..at + word.len())?;
        if here.iter().zip(word).any(|((_, a), b)| a != b) {
            return None;
        }
        at += word.len();
    }
    Some(at)
}

/// A text as it is compared: any blanks are one.
fn folded(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(|word| word.chars().map(fold).collect()).collect();
    words.join(" ")
}

/// What stands for `c` when values are looked for.
fn fold(c: char) -> char {
    match c {
        '‘' | '’' | '‚' | 'ʼ' | '`' | '´' => '\'',
        '“' | '”' | '„' | '«' | '»' => '"',
        '‐' | '‑' | '‒' | '–' | '—' | '−' => '-',
        _ => {
            let mut lower = c.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(lower), None) => lower,
                _ => c,
            }
        }
    }
}

/// Overlapping hits made one, which keeps the first finding: the longest.
fn union(mut hits: Vec<(usize, usize, usize)>) -> Vec<(usize, usize, usize)> {
    hits.sort_unstable();
    let mut apart: Vec<(usize, usize, usize)> = Vec::new();
    for (from, to, index) in hits {
        match apart.last_mut() {
            Some(last) if from < last.1 => *last = (last.0, last.1.max(to), last.2.min(index)),
            _ => apart.push((from, to, index)),
        }
    }
    apart
}

/// One number for each text that goes under a finding's name, in the order of their first places: a value that others
/// overlap covers more in one place than in another, and must come back as it was. Numbers that the text has placeholders of
/// itself are passed over: those must not be taken for ours.
fn number(text: &str, hits: Vec<(usize, usize, usize)>, findings: &[Finding]) -> Vec<Hidden> {
    let mut known: Vec<(usize, String, String)> = Vec::new();
    let mut next = 1;
    let mut numbered = Vec::new();
    for (from, to, index) in hits {
        let covered = folded(&text[from..to]);
        let same = known.iter().find(|(finding, text, _)| *finding == index && *text == covered);
        let placeholder = match same {
            Some((.., placeholder)) => placeholder.clone(),
            None => {
                let kind = &findings[index].0;
                let free = (next..).find(|number| !text.contains(&format!("[{kind} {number}]")));
                let placeholder = format!("[{kind} {}]", free.unwrap_or(next));
                next = free.unwrap_or(next) + 1;
                known.push((index, covered, placeholder.clone()));
                placeholder
            }
        };
        numbered.push(Hidden { from, to, placeholder });
    }
    numbered
}

/// Whatever a finder gave.
fn collect(found: &Value, findings: &mut Vec<Finding>) {
    let field = |name: &str| found.get_attr(name).ok().filter(|v| !v.is_undefined() && !v.is_none());
    match found.kind() {
        ValueKind::Seq | ValueKind::Iterable => {
            found.try_iter().into_iter().flatten().for_each(|item| collect(&item, findings));
        }
        ValueKind::String => findings.push((KIND_UNSAID.to_owned(), found.to_string())),
        ValueKind::Map | ValueKind::Plain => match (field("kind"), field("text"), field("json")) {
            (Some(kind), Some(text), _) => {
                let kind = kind.to_string().to_uppercase().replace(['[', ']'], "");
                let kind = kind.split_whitespace().collect::<Vec<_>>().join(" ");
                findings
                    .push((if kind.is_empty() { KIND_UNSAID.to_owned() } else { kind }, text.to_string()));
            }
            // An answer: the list that its text holds.
            (None, Some(_), Some(json)) => collect(&json, findings),
            _ => (),
        },
        _ => (),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(found: &[&str]) -> Value {
        Value::from(found.iter().map(|value| Value::from(*value)).collect::<Vec<_>>())
    }

    /// A value that a model copied almost exactly must not stay, nor the rest of one that overlaps another.
    #[test]
    fn what_was_not_copied_exactly_is_found_all_the_same() {
        let check = |text: &str, found: &[&str], expected: &str| {
            assert_eq!(redact(text, &list(found)), expected);
        };
        check("by Ann\n  Lee.", &["Ann Lee"], "by [PRIVATE 1].");
        check("ÜLI O’Neil–Maß", &["üli o'neil-maß"], "[PRIVATE 1]");
        check("0171 555 1234.", &["0171 555 12", "555 1234"], "[PRIVATE 1].");
        check("Ann, Anna", &["Ann", "Anna"], "[PRIVATE 1], [PRIVATE 2]");
        check("nothing here", &["", "  ", "Ann"], "nothing here");
        check("[PRIVATE 1] Ann", &["Ann"], "[PRIVATE 1] [PRIVATE 2]");
    }

    #[test]
    fn what_was_taken_out_is_put_back_where_its_placeholder_stands() {
        let original = "Ann Lee and Bob live in [Rome]; ANN LEE is 5.";
        let found = list(&["ann lee", "Bob"]);
        assert_eq!(redact(original, &found), "[PRIVATE 1] and [PRIVATE 2] live in [Rome]; [PRIVATE 1] is 5.");
        let check = |text: &str, expected: &str| assert_eq!(restore(text, &found, original), expected);
        check(
            "Dear [PRIVATE 2], [private  1] said [PRIVATE 3] [Rome",
            "Dear Bob, Ann Lee said [PRIVATE 3] [Rome",
        );
        check("[[PRIVATE 1]]", "[Ann Lee]");
        check("", "");
    }

    /// Overlaps, too: that is why the original is needed.
    #[test]
    fn overlapping_findings_come_back_whole() {
        let (original, found) = ("0171 555 1234.", list(&["0171 555 12", "555 1234"]));
        assert_eq!(restore(&redact(original, &found), &found, original), original);
        // The same value, once by itself and once overlapped: two texts, two placeholders.
        let (original, found) = ("aabaa", list(&["ba", "aa"]));
        assert_eq!(redact(original, &found), "[PRIVATE 1][PRIVATE 2]");
        assert_eq!(restore("[PRIVATE 2], [PRIVATE 1]", &found, original), "baa, aa");
    }

    proptest! {
        #[test]
        fn restore_undoes_redact(
            original in "[ab \\[\\]P1]{0,40}",
            found in proptest::collection::vec("[ab]{1,3}( [ab]{1,2})?", 0..4),
        ) {
            let found = Value::from(found);
            let redacted = redact(&original, &found);
            // Between the same words there may be different blanks: then the first of them comes back.
            let folded = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(folded(&restore(&redacted, &found, &original)), folded(&original));
        }
    }
}
