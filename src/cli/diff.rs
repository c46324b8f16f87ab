//! Two texts as a unified diff.

/// Lines that are shown before and after a change.
const CONTEXT: usize = 3;

/// Most lines that differ before a diff is given up and everything between the first and the last of them is shown as
/// changed: the work grows with the square of it.
const CHANGES_MAX: usize = 2_000;

/// One line of the way from the old text to the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edit {
    Keep,
    Delete,
    Insert,
}

/// `--- path`, `+++ path` and the hunks; empty if the texts are equal.
#[must_use]
pub fn unified(path: &str, old: &str, new: &str) -> String {
    let (old, new) = (lines(old), lines(new));
    let edits = edits(&old, &new);
    let mut out = String::new();
    for hunk in hunks(&edits) {
        if out.is_empty() {
            out.push_str(&format!("--- {path}\n+++ {path}\n"));
        }
        out.push_str(&printed(&old, &new, &edits, hunk));
    }
    out
}

/// With their ends.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// The shortest way from `old` to `new` (Myers), equal lines at both ends put aside first.
fn edits(old: &[&str], new: &[&str]) -> Vec<Edit> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (middle_old, middle_new) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let mut edits = vec![Edit::Keep; head];
    edits.extend(shortest(middle_old, middle_new));
    edits.extend(std::iter::repeat_n(Edit::Keep, tail));
    edits
}

fn shortest(old: &[&str], new: &[&str]) -> Vec<Edit> {
    let (n, m) = (old.len(), new.len());
    let most = (n + m).min(CHANGES_MAX);
    // `reach[k + most]` is how far in `old` the way along diagonal `k` has come; one row for each number of changes.
    let mut reach = vec![0_usize; 2 * most + 2];
    let mut rows = Vec::new();
    for changes in 0..=most {
        rows.push(reach.clone());
        for k in (-(changes as isize)..=changes as isize).step_by(2) {
            let at = (k + most as isize) as usize;
            let down = k == -(changes as isize) || (k != changes as isize && reach[at - 1] < reach[at + 1]);
            let mut x = if down { reach[at + 1] } else { reach[at - 1] + 1 };
            let mut y = (x as isize - k) as usize;
            while x < n && y < m && old[x] == new[y] {
                (x, y) = (x + 1, y + 1);
            }
            reach[at] = x;
            if x >= n && y >= m {
                return back(&rows, most, n, m);
            }
        }
    }
    let gone = std::iter::repeat_n(Edit::Delete, n);
    gone.chain(std::iter::repeat_n(Edit::Insert, m)).collect()
}

/// The way that led to the ends of both.
fn back(rows: &[Vec<usize>], most: usize, n: usize, m: usize) -> Vec<Edit> {
    let (mut x, mut y) = (n as isize, m as isize);
    let mut edits = Vec::new();
    for (changes, reach) in rows.iter().enumerate().rev() {
        let (changes, k) = (changes as isize, x - y);
        let at = |k: isize| reach[(k + most as isize) as usize] as isize;
        let down = k == -changes || (k != changes && at(k - 1) < at(k + 1));
        let before = if down { k + 1 } else { k - 1 };
        let (from_x, from_y) = match changes {
            0 => (0, 0),
            _ => (at(before), at(before) - before),
        };
        while x > from_x && y > from_y {
            edits.push(Edit::Keep);
            (x, y) = (x - 1, y - 1);
        }
        if changes > 0 {
            edits.push(if down { Edit::Insert } else { Edit::Delete });
            (x, y) = (from_x, from_y);
        }
    }
    edits.reverse();
    edits
}

/// Ranges of edits that are shown together.
fn hunks(edits: &[Edit]) -> Vec<std::ops::Range<usize>> {
    let mut hunks: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, _) in edits.iter().enumerate().filter(|(_, edit)| **edit != Edit::Keep) {
        let (start, end) = (at.saturating_sub(CONTEXT), (at + CONTEXT + 1).min(edits.len()));
        match hunks.last_mut() {
            Some(last) if start <= last.end => last.end = end,
            _ => hunks.push(start..end),
        }
    }
    hunks
}

fn printed(old: &[&str], new: &[&str], edits: &[Edit], hunk: std::ops::Range<usize>) -> String {
    let count = |edits: &[Edit], not: Edit| edits.iter().filter(|edit| **edit != not).count();
    let (before, inside) = (&edits[..hunk.start], &edits[hunk]);
    let (mut x, mut y) = (count(before, Edit::Insert), count(before, Edit::Delete));
    let place = |start: usize, length: usize| match length {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        _ => format!("{},{length}", start + 1),
    };
    let mut out = format!(
        "@@ -{} +{} @@\n",
        place(x, count(inside, Edit::Insert)),
        place(y, count(inside, Edit::Delete))
    );
    for edit in inside {
        let (sign, line) = match edit {
            Edit::Keep => (' ', old[x]),
            Edit::Delete => ('-', old[x]),
            Edit::Insert => ('+', new[y]),
        };
        x += usize::from(*edit != Edit::Insert);
        y += usize::from(*edit != Edit::Delete);
        out.push(sign);
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(old: &str, new: &str, hunks: &str) {
        let diff = unified("a.ens", old, new);
        let head = if hunks.is_empty() { "" } else { "--- a.ens\n+++ a.ens\n" };
        assert_eq!(diff, format!("{head}{hunks}"));
    }

    #[test]
    fn only_what_differs_is_shown_with_what_stands_around_it() {
        check("a\nb\n", "a\nb\n", "");
        check("a\nb\nc\n", "a\nx\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
        check("", "a\n", "@@ -0,0 +1 @@\n+a\n");
        check("a", "a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        check(
            old,
            &old.replace('1', "x").replace('9', "y"),
            "@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+y\n",
        );
    }

    #[test]
    fn every_diff_leads_from_the_old_text_to_the_new_one() {
        let mut random = 7_u64;
        let mut next = |most: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % most
        };
        for _ in 0..500 {
            let mut text = |most| -> String { (0..next(most)).map(|_| format!("{}\n", next(4))).collect() };
            let (old, new) = (text(12), text(12));
            let (before, after) = (lines(&old), lines(&new));
            let (mut x, mut rebuilt) = (0, String::new());
            let mut y = 0;
            for edit in edits(&before, &after) {
                match edit {
                    Edit::Keep => {
                        assert_eq!(before[x], after[y]);
                        rebuilt.push_str(before[x]);
                        (x, y) = (x + 1, y + 1);
                    }
                    Edit::Delete => x += 1,
                    Edit::Insert => {
                        rebuilt.push_str(after[y]);
                        y += 1;
                    }
                }
            }
            assert_eq!((rebuilt.as_str(), x), (new.as_str(), before.len()));
        }
    }
}
