//! The report as JUnit's XML: one suite a file, one case a test. Times are those of the tests' own clocks.

use std::fmt::Write;

use super::Report;
use crate::diagnostic::render::pictures;
use crate::source::{FileId, Sources};
use crate::test::{Test, Verdict};

/// A whole XML document.
#[must_use]
pub fn to_junit(sources: &Sources, report: &Report<'_>) -> String {
    let all: Vec<&(&Test, Verdict)> = report.tests.iter().collect();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites{}>", counts(&all));
    let mut files: Vec<FileId> = all.iter().map(|(test, _)| test.span.file).collect();
    files.sort_unstable();
    files.dedup();
    for file in files {
        let cases: Vec<_> = all.iter().filter(|(test, _)| test.span.file == file).copied().collect();
        let name = escaped(&sources.file(file).name);
        let _ = writeln!(out, "  <testsuite name=\"{name}\"{}>", counts(&cases));
        for (test, verdict) in cases {
            case(sources, test, verdict, &mut out);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn counts(cases: &[&(&Test, Verdict)]) -> String {
    let failed = cases.iter().filter(|(_, verdict)| !verdict.passed()).count();
    let seconds: f64 = cases.iter().map(|(_, verdict)| verdict.finished.receipt.totals.seconds).sum();
    format!(" tests=\"{}\" failures=\"{failed}\" errors=\"0\" time=\"{seconds:.3}\"", cases.len())
}

fn case(sources: &Sources, test: &Test, verdict: &Verdict, out: &mut String) {
    let _ = write!(
        out,
        "    <testcase name=\"{}\" classname=\"{}\" file=\"{}\" line=\"{}\" time=\"{:.3}\"",
        escaped(&test.title),
        escaped(&test.plan.handle),
        escaped(&sources.file(test.span.file).name),
        sources.position(test.span).line,
        verdict.finished.receipt.totals.seconds,
    );
    if verdict.passed() {
        out.push_str("/>\n");
        return;
    }
    out.push_str(">\n");
    for failure in &verdict.failures {
        let shown = pictures(sources, std::slice::from_ref(failure), false);
        let _ = writeln!(
            out,
            "      <failure type=\"{}\" message=\"{}\">{}</failure>",
            failure.code.0,
            escaped(&failure.message),
            escaped(&shown),
        );
    }
    out.push_str("    </testcase>\n");
}

/// Text as it may stand in an element or an attribute. Characters that XML cannot hold at all are replaced.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_escaped_or_replaced() {
        assert_eq!(
            escaped("<a b=\"1\" & 'x'>\u{1}ü"),
            "&lt;a b=&quot;1&quot; &amp; &apos;x&apos;&gt;\u{FFFD}ü"
        );
    }
}
