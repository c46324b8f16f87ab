//! Taking a part out of a text together with what only stood there for it.

use crate::source::{Sources, Span};

/// The span of an entry or pair with the comma that parted it from its neighbour; with its whole line if nothing else
/// stands there.
#[must_use]
pub fn whole(sources: &Sources, part: Span) -> Span {
    let text = &*sources.file(part.file).text;
    let range = part.range();
    let blank = |c: char| c == ' ' || c == '\t';
    let before = text[..range.start].trim_end_matches(blank);
    let after = text[range.end..].trim_start_matches(blank);
    let start_of_line = before.is_empty() || before.ends_with('\n');
    if let Some(rest) = after.strip_prefix(',') {
        let rest = rest.trim_start_matches(blank);
        let end = text.len() - rest.len();
        return match rest.strip_prefix('\r').unwrap_or(rest).strip_prefix('\n') {
            Some(next) if start_of_line => Span::new(part.file, before.len(), text.len() - next.len()),
            _ => Span::new(part.file, range.start, end),
        };
    }
    if let Some(kept) = before.strip_suffix(',') {
        return Span::new(part.file, kept.trim_end_matches(blank).len(), range.end);
    }
    match after.strip_prefix('\r').unwrap_or(after).strip_prefix('\n') {
        Some(next) if start_of_line => Span::new(part.file, before.len(), text.len() - next.len()),
        _ => part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;

    #[track_caller]
    fn check(text: &str, part: &str, left: &str) {
        let mut sources = Sources::default();
        let file = sources.add(SourceFile::new("a.ens", text));
        let start = text.find(part).expect("the part is there");
        let cut = whole(&sources, Span::new(file, start, start + part.len()));
        assert_eq!(format!("{}{}", &text[..cut.range().start], &text[cut.range().end..]), left);
    }

    #[test]
    fn a_comma_or_a_line_goes_with_its_part() {
        check("{ x, y, z }", "x", "{ y, z }");
        check("{ x, y, z }", "y", "{ x, z }");
        check("{ x, y, z }", "z", "{ x, y }");
        check("{ x }", "x", "{  }");
        check("{\n  x\n  y\n}", "x", "{\n  y\n}");
        check("{\n  x,\r\n  y\n}", "x", "{\n  y\n}");
        check("{\n  x // why\n}", "x", "{\n   // why\n}");
    }
}
