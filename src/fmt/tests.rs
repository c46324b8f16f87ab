//! What formatting promises, and that its proof would notice.

use super::{Refusal, format, prove};
use crate::source::FileId;
use crate::syntax::parse;

/// Formats what is said to be formatted, and this to it.
#[track_caller]
fn check(text: &str, expected: &str) {
    for text in [text, expected] {
        match format(FileId(0), text) {
            Ok(formatted) => assert_eq!(formatted, expected, "{text}"),
            Err(refusal) => panic!("{refusal:?}: {text}"),
        }
    }
}

#[test]
fn line_ends_and_the_byte_order_mark_are_made_plain() {
    check("\u{FEFF}model a { }\r\n// b\r\n", "model a { }\n// b\n");
    check("model a { } // no line end", "model a { } // no line end\n");
    check("", "");
    check(" \n\n", "");
    check("\n// alone", "// alone\n");
    check(
        "test \"t\" { expect (a // why\r\n    or b) }\r\n",
        "test \"t\" {\n  expect (a // why\n    or b)\n}\n",
    );
}

#[test]
fn a_template_moves_and_says_the_same() {
    // The closer's column is what is cut; what is left of it stays.
    check(
        "prompt p() \"\"\"\n   a\n    b\n   \n\n  c\n   \"\"\"\n",
        "prompt p() \"\"\"\n  a\n   b\n\n\n  c\n  \"\"\"\n",
    );
    // Without a line of its own the closer takes the column of the last line.
    check("prompt p() \"\"\" a\n  b\n    c\"\"\"\n", "prompt p() \"\"\" a\n  b\n  c\"\"\"\n");
    check("prompt p() \"\"\"  \n\t\tx\n\t\"\"\"\n", "prompt p() \"\"\"\n  \tx\n  \"\"\"\n");
    // Blanks at the end of a line of text are text, and so is a carriage return that no line end follows.
    check("prompt p() \"\"\"\na  \nb\r\r\n\"\"\"\n", "prompt p() \"\"\"\n  a  \n  b\r\r\n  \"\"\"\n");
}

#[test]
fn the_meaning_of_a_tree_is_all_but_its_layout() {
    let meaning = |text: &str| parse(FileId(7), text).0.meaning();
    let base = meaning("model a { memory: 5GB }\nensemble e { x = ask m { accept when (a\n or b) } }");
    for same in [
        "// why\nmodel a {\n  memory: 5GB,\n}\nensemble e { x = ask m { accept when (a\r\n or b) } }",
        "model   a { memory:5GB }\n  ensemble e { x=ask m {accept when (a\n or b)\n} }",
    ] {
        assert_eq!(meaning(same), base, "{same}");
    }
    for other in [
        "model b { memory: 5GB }\nensemble e { x = ask m { accept when (a\n or b) } }",
        "model a { memory: 6GB }\nensemble e { x = ask m { accept when (a\n or b) } }",
        "model a { memory: 5MB }\nensemble e { x = ask m { accept when (a\n or b) } }",
        "model a { memory: 5GB }\nensemble e { x = ask m { accept when (a or b) } }",
        "model a { memory: 5GB }\nensemble e { x = ask m }",
        "/// Doc\nmodel a { memory: 5GB }\nensemble e { x = ask m { accept when (a\n or b) } }",
        "model a { memory: 5GB }\nensemble e { x = ask m { accept when (a\n or b) } else ask n }",
    ] {
        assert_ne!(meaning(other), base, "{other}");
    }
}

#[test]
fn the_proof_notices_what_is_lost() {
    let text = "// one\nmodel a { memory: 5GB } // two\n/// b\nmodel b { price: $0 / $0 }\n";
    let tree = parse(FileId(0), text).0;
    let verdict = |formatted: &str| prove(&tree, text, formatted);
    assert_eq!(verdict(text), Ok(()));
    let wrong = |from: &str, to: &str| verdict(&text.replace(from, to)).expect_err("this is noticed");
    assert_eq!(wrong("5GB", "6GB"), "it would say something else");
    assert_eq!(wrong("/// b\n", ""), "it would say something else");
    assert_eq!(wrong("model b { price: $0 / $0 }\n", ""), "it would say something else");
    assert_eq!(wrong("// two", ""), "a comment would be lost or moved past another");
    assert_eq!(wrong("// two", "// three"), "a comment would be lost or moved past another");
    assert_eq!(wrong("}\n", "\n"), "it could not be read any more");
    assert_eq!(wrong("5GB", " 5GB"), "it would change again the next time");
    assert_eq!(verdict(&format!("{text}{}", "\n".repeat(1 << 20))), Err("it would be larger than 1 MiB"));
}

#[test]
fn a_text_with_mistakes_is_refused_and_one_with_warnings_is_not() {
    let Err(Refusal::Mistakes(found)) = format(FileId(0), "model a {\n\n\nmodel b { }") else { panic!() };
    assert!(found.iter().any(|diagnostic| diagnostic.code.0 == "S001"), "{found:?}");
    // Documentation of nothing is a warning; it stays where nothing follows it.
    check("model a {\n/// of nothing\n}\n", "model a {\n  /// of nothing\n}\n");
}
