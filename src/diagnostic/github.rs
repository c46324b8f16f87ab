//! Diagnostics as the lines that a GitHub workflow turns into annotations.

use super::{Diagnostic, SHOWN_MAX, Severity};
use crate::source::Sources;

/// One line for each of the first [`SHOWN_MAX`]. `paths[i]` is where file `i` lies in the repository.
#[must_use]
pub fn annotations(sources: &Sources, diagnostics: &[Diagnostic], paths: &[String]) -> String {
    diagnostics.iter().take(SHOWN_MAX).map(|diagnostic| line(sources, diagnostic, paths)).collect()
}

fn line(sources: &Sources, diagnostic: &Diagnostic, paths: &[String]) -> String {
    let file = sources.file(diagnostic.span.file);
    let (start, end) = (file.position(diagnostic.span.start), file.position(diagnostic.span.end));
    let word = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let path = property(&paths[diagnostic.span.file.0 as usize]);
    let code = diagnostic.code.0;
    let (line, column) = (start.line, start.column);
    // GitHub takes an end column only where the end is on the same line.
    let until = match end.line == line {
        true => format!(",endColumn={}", end.column),
        false => String::new(),
    };
    let mut text = diagnostic.message.clone();
    for help in &diagnostic.help {
        text.push_str("\nhelp: ");
        text.push_str(help);
    }
    format!(
        "::{word} file={path},line={line},endLine={},col={column}{until},title={code}::{}\n",
        end.line,
        message(&text)
    )
}

/// What would end the message.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What would end a property, too.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceFile, Span};

    #[test]
    fn what_would_end_a_line_or_a_property_is_escaped() {
        let mut sources = Sources::default();
        let file = sources.add(SourceFile::new("a.ens", "ü = x\n"));
        let found = Diagnostic::warning("L003", Span::new(file, 5, 6), "50% of `x`").help("vote\non three");
        assert_eq!(
            annotations(&sources, &[found], &["my, files/a.ens".to_owned()]),
            "::warning file=my%2C files/a.ens,line=1,endLine=1,col=5,endColumn=6,title=L003::50%25 of `x`%0Ahelp: vote%0Aon three\n"
        );
    }
}
