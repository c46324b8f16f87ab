//! Any text gives a tree: no panic, and every place of a complaint lies inside the text, on character boundaries.

#![no_main]

use ensc::source::{FileId, Span};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (tree, found) = ensc::syntax::parse(FileId(0), text);
    for diagnostic in &found {
        inside(text, diagnostic.span);
        diagnostic.related.iter().for_each(|label| inside(text, label.span));
        diagnostic.fix.iter().for_each(|fix| inside(text, fix.span));
    }
    assert!(tree.items.len() <= text.len() + 1);
});

fn inside(text: &str, span: Span) {
    assert!(text.get(span.range()).is_some(), "{span:?} of {}", text.len());
}
