//! Diagnostics as SARIF 2.1.0, which code scanning and many editors read. Lines and columns count from 1, columns in
//! characters.

use serde_json::{Value, json};

use super::{Diagnostic, Fix, SHOWN_MAX, Severity};
use crate::source::{FileId, Sources, Span};

/// A log of one run with the first [`SHOWN_MAX`]. `paths[i]` is where file `i` lies in the repository.
#[must_use]
pub fn to_sarif(sources: &Sources, diagnostics: &[Diagnostic], paths: &[String]) -> Value {
    let writer = Writer { sources, paths };
    let shown = &diagnostics[..diagnostics.len().min(SHOWN_MAX)];
    let mut codes: Vec<&str> = shown.iter().map(|diagnostic| diagnostic.code.0).collect();
    codes.sort_unstable();
    codes.dedup();
    let rules: Vec<Value> = codes.iter().map(|code| json!({ "id": code })).collect();
    let results: Vec<Value> = shown.iter().map(|diagnostic| writer.result(diagnostic)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "ensc", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

struct Writer<'a> {
    sources: &'a Sources,
    paths: &'a [String],
}

// === impl Writer ===

impl Writer<'_> {
    fn result(&self, diagnostic: &Diagnostic) -> Value {
        let mut text = diagnostic.message.clone();
        for help in &diagnostic.help {
            text.push_str("\nhelp: ");
            text.push_str(help);
        }
        let related: Vec<Value> = diagnostic
            .related
            .iter()
            .map(|label| {
                let mut location = self.location(label.span);
                location["message"] = json!({ "text": label.text });
                location
            })
            .collect();
        let mut result = json!({
            "ruleId": diagnostic.code.0,
            "level": match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            "message": { "text": text },
            "locations": [self.location(diagnostic.span)],
        });
        if !related.is_empty() {
            result["relatedLocations"] = related.into();
        }
        if let Some(fix) = &diagnostic.fix {
            result["fixes"] = json!([self.fix(fix)]);
        }
        result
    }

    fn fix(&self, fix: &Fix) -> Value {
        json!({
            "artifactChanges": [{
                "artifactLocation": self.artifact(fix.span.file),
                "replacements": [{
                    "deletedRegion": self.region(fix.span),
                    "insertedContent": { "text": fix.replacement },
                }],
            }],
        })
    }

    fn location(&self, span: Span) -> Value {
        json!({
            "physicalLocation": {
                "artifactLocation": self.artifact(span.file),
                "region": self.region(span),
            },
        })
    }

    fn artifact(&self, file: FileId) -> Value {
        json!({ "uri": uri(&self.paths[file.0 as usize]) })
    }

    fn region(&self, span: Span) -> Value {
        let file = self.sources.file(span.file);
        let (start, end) = (file.position(span.start), file.position(span.end));
        json!({
            "startLine": start.line,
            "startColumn": start.column,
            "endLine": end.line,
            "endColumn": end.column,
        })
    }
}

/// A path as a relative reference: what has a meaning in one is escaped.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte as char);
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;

    #[test]
    fn a_finding_carries_its_place_its_level_and_its_fix() {
        let mut sources = Sources::default();
        let file = sources.add(SourceFile::new("a.ens", "ü = x\n"));
        let span = Span::new(file, 5, 6);
        let found = Diagnostic::warning("L002", span, "no `x`").help("add it").fix(span, "y");
        let log = to_sarif(&sources, &[found], &["my files/ä.ens".to_owned()]);
        let result = &log["runs"][0]["results"][0];
        assert_eq!(log["runs"][0]["tool"]["driver"]["rules"][0]["id"], "L002");
        assert_eq!((&result["ruleId"], &result["level"]), (&"L002".into(), &"warning".into()));
        assert_eq!(result["message"]["text"], "no `x`\nhelp: add it");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "my%20files/%C3%A4.ens");
        assert_eq!((&place["region"]["startColumn"], &place["region"]["endColumn"]), (&5.into(), &6.into()));
        let change = &result["fixes"][0]["artifactChanges"][0]["replacements"][0];
        assert_eq!(change["insertedContent"]["text"], "y");
    }
}
