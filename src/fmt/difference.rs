//! What formatting would change, as lines taken out and put in.

/// How far ahead the lines are looked for where both texts agree again.
const REACH: usize = 60;

/// Lines of context before and after a change.
const CONTEXT: usize = 2;

/// The lines that differ, `-` as they are and `+` as they would be, with their numbers and the lines around them.
/// Empty if there are none.
///
/// Takes time linear in the length of the texts; what moved farther than [`REACH`] lines is shown as one change.
#[must_use]
pub fn difference(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (lines(old), lines(new));
    let mut out = String::new();
    // The next lines, and the first of the old ones that was not shown.
    let (mut a, mut b, mut shown) = (0, 0, 0);
    while a < old.len() || b < new.len() {
        if old.get(a) == new.get(b) {
            (a, b) = (a + 1, b + 1);
            continue;
        }
        let (gone, come) = next_match(&old[a..], &new[b..]);
        let from = a.saturating_sub(CONTEXT).max(shown);
        if from > shown || shown == 0 {
            out.push_str(&format!("@@ line {} @@\n", from + 1));
        }
        push(&mut out, ' ', &old[from..a]);
        push(&mut out, '-', &old[a..a + gone]);
        push(&mut out, '+', &new[b..b + come]);
        (a, b) = (a + gone, b + come);
        let same = old[a..].iter().zip(&new[b..]).take(CONTEXT).take_while(|(old, new)| old == new).count();
        push(&mut out, ' ', &old[a..a + same]);
        (a, b, shown) = (a + same, b + same, a + same);
    }
    out
}

/// With their ends, so that a difference in them is one.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn push(out: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        let (text, end) = match line.strip_suffix('\n') {
            Some(text) => (text, ""),
            None => (*line, " (no line end)"),
        };
        let text = text.replace('\r', "␍").replace('\u{FEFF}', "(byte order mark)");
        out.push_str(&format!("{sign} {text}{end}\n"));
    }
}

/// How many lines of each to pass over, as few as possible, until both go on alike. A closer alone says little.
fn next_match(old: &[&str], new: &[&str]) -> (usize, usize) {
    let says_something = |line: &str| line.trim().len() > 2;
    for skipped in 1..REACH {
        for gone in 0..=skipped.min(old.len()) {
            let come = skipped - gone;
            if let (Some(a), Some(b)) = (old.get(gone), new.get(come))
                && a == b
                && says_something(a)
            {
                return (gone, come);
            }
        }
    }
    (old.len().min(REACH), new.len().min(REACH))
}
