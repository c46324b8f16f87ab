//! Quoted texts and the way back to their places.

use super::super::ast::{Text, Value};
use super::tree;
use crate::syntax::ast::Item;

/// The text of `prompt p() …`.
fn text(written: &str) -> Text {
    match tree(&format!("prompt p() {written}\n")).items.as_slice() {
        [Item::Prompt(prompt)] => match &prompt.body {
            Value::Text(text) => text.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn templates_lose_what_stands_left_of_their_closer() {
    for (written, value) in [
        ("\"\"\"one line\"\"\"", "one line"),
        ("\"\"\"\n  a\n    b\n\n  c\n  \"\"\"", "a\n  b\n\nc"),
        ("\"\"\"\r\n  a\r\n  b\r\n  \"\"\"", "a\nb"),
        ("\"\"\"first\n  second\n  third\"\"\"", "first\nsecond\nthird"),
        ("\"\"\"\n a\n  \"\"\"", "a"),
        ("\"\"\"\"\n \"\"\"three\"\"\"\n \"\"\"\"", "\"\"\"three\"\"\""),
        ("\"\"\"says \"yes\"\"\"\"", "says \"yes\""),
        ("\"\"\"\"\"\"", ""),
        ("\"\"\"\n  \"\"\"", ""),
        ("\"\"\"no \\n escape\"\"\"", "no \\n escape"),
    ] {
        assert_eq!(text(written).value, value, "{written}");
    }
}

#[test]
fn plain_texts_have_escapes() {
    assert_eq!(text(r#""a\tb\n\\\"\u{e9}""#).value, "a\tb\n\\\"é");
}

#[test]
fn every_byte_leads_back_to_where_it_was_written() {
    let written = "prompt p() \"\"\"\r\n    ü {{ a }}\r\n      b\r\n    \"\"\"\r\n";
    let file = tree(written);
    let [Item::Prompt(prompt)] = file.items.as_slice() else { panic!() };
    let Value::Text(text) = &prompt.body else { panic!() };
    assert_eq!(text.value, "ü {{ a }}\n  b");
    for (at, c) in text.value.char_indices().filter(|(_, c)| *c != '\n') {
        let place = text.place(at..at + c.len_utf8());
        assert_eq!(&written[place.range()], c.to_string());
    }
    let whole = text.place(0..text.value.len());
    assert!(written[whole.range()].starts_with('ü') && written[whole.range()].ends_with('b'));
}

#[test]
fn the_end_of_an_escape_is_its_own() {
    let written = "prompt p() \"a\\nb\"\n";
    let file = tree(written);
    let [Item::Prompt(prompt)] = file.items.as_slice() else { panic!() };
    let Value::Text(text) = &prompt.body else { panic!() };
    assert_eq!(&written[text.place(2..3).range()], "b");
    assert_eq!(&written[text.place(0..1).range()], "a");
}
