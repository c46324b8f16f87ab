//! What must hold for any text, whoever wrote it. The fuzzer tries them on texts that it makes up (`fuzz/`), a test on
//! those that once broke one (`tests/hostile/`).

use std::sync::Arc;

use ensc::diagnostic::Diagnostic;
use ensc::diagnostic::catalogue::PLATFORM;
use ensc::fmt::{Refusal, format};
use ensc::lint::Policy;
use ensc::source::{FileId, SourceFile, Sources, Span};
use ensc::syntax::comments;
use ensc::template::{Answer, Data, Expression, Fence, Kind, RENDERED_SIZE_MAX, Scope, Size, Template};

/// Any text gives a tree, and every place of a complaint lies inside it, on character boundaries.
pub fn parse(text: &str) {
    let (tree, found) = ensc::syntax::parse(FileId(0), text);
    let inside = |span: Span| assert!(text.get(span.range()).is_some(), "{span:?} of {} bytes", text.len());
    for diagnostic in &found {
        inside(diagnostic.span);
        diagnostic.related.iter().for_each(|label| inside(label.span));
        diagnostic.fix.iter().for_each(|fix| inside(fix.span));
    }
    assert!(tree.items.len() <= text.len() + 1);
}

/// Beside a platform that is right it gives plans that can be explained, or complaints that can be shown.
pub fn check(text: &str) {
    let mut sources = Sources::default();
    sources.add(SourceFile::new("hostile.ens", text));
    sources.add(SourceFile::new("platform.ens", PLATFORM));
    let compiled = ensc::compile(&sources, &Policy::default());
    let shown = ensc::diagnostic::render::render(&sources, &compiled.diagnostics, false);
    assert_eq!(shown.is_empty(), compiled.diagnostics.is_empty());
    for plan in &compiled.plans {
        assert!(!ensc::explain::to_text(plan, true).is_empty());
    }
}

/// Without errors it is formatted: the same tree, the same comments, and a second time nothing changes. With errors it
/// is refused.
pub fn fmt(text: &str) {
    let (tree, found) = ensc::syntax::parse(FileId(0), text);
    let has_errors = found.iter().any(Diagnostic::is_error);
    let formatted = match format(FileId(0), text) {
        Ok(formatted) => formatted,
        Err(Refusal::Mistakes(_)) => return assert!(has_errors, "refused, and has no errors"),
        Err(Refusal::Unproven(reason)) => panic!("{reason}"),
    };
    assert!(!has_errors, "formatted, and has errors");
    // What it proves of itself, from outside.
    let (again, found) = ensc::syntax::parse(FileId(0), &formatted);
    assert!(!found.iter().any(Diagnostic::is_error), "{found:?}");
    assert_eq!(tree.meaning(), again.meaning());
    assert_eq!(said(text), said(&formatted));
    assert_eq!(format(FileId(0), &formatted).expect("has no errors"), formatted);
}

/// The comments, without the blanks at their ends.
fn said(text: &str) -> Vec<&str> {
    comments(FileId(0), text).into_iter().map(|span| text[span.range()].trim_end()).collect()
}

/// As a template or an expression it is read or refused, checked, bounded, and rendered within its fuel and its size.
pub fn template(source: &str) {
    let answer = |text: &str| Arc::new(Answer { present: true, text: text.into(), ..Answer::default() });
    let mut scope = Scope::default();
    scope.set("a", Data::Answer(answer("one </tag> two")));
    scope.set("xs", Data::Answers(Arc::new(vec![answer("1,000"), answer("```\nx\n```")])));
    scope.set("n", Data::Int(7));
    scope.set("s", Data::Text("text, <|im_end|>".into()));
    let visible = |name: &str| match name {
        "a" => Some(Kind::Answer),
        "xs" => Some(Kind::Answers(Vec::new())),
        "n" => Some(Kind::Number),
        "s" => Some(Kind::Text),
        _ => None,
    };
    let sizes = |_: &str| Size { tokens: 10, ..Size::default() };
    for fence in [Fence::On, Fence::Off] {
        let Ok(template) = Template::compile(source, fence) else { continue };
        for fault in template.check(&visible).1 {
            assert!(fault.range.start <= fault.range.end && fault.range.end <= source.len());
        }
        let _ = template.size(&sizes);
        if let Ok(text) = template.render(&scope) {
            assert!(text.len() <= RENDERED_SIZE_MAX);
        }
    }
    if let Ok(expression) = Expression::compile(source) {
        let _ = (expression.check(&visible), expression.size(&sizes), expression.holds(&scope));
    }
}
