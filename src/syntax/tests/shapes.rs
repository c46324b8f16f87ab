//! How what is written looks in the tree.

use super::super::ast::{Access, ArmHead, Count, Entry, Item, Member, Setting, Value, Verb};
use super::{steps, tree};

fn verb(rhs: &str) -> Verb {
    let step = steps(&format!("a = {rhs}")).remove(0);
    step.rhs.alts[0].verb.clone()
}

fn plain(rhs: &str) -> Value {
    match verb(rhs) {
        Verb::Plain { value } => value,
        other => panic!("{other:?}"),
    }
}

fn member(value: Value) -> Member {
    match value {
        Value::Name(member) => member,
        other => panic!("{other:?}"),
    }
}

/// The value of an option of a call.
fn option(written: &str) -> Value {
    let step = steps(&format!("a = ask m {{ {written} }}")).remove(0);
    match step.rhs.alts[0].block.as_ref().map(|block| block.entries.as_slice()) {
        Some([Entry::Option(Setting { value, .. })]) => value.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn calls_paths_and_lists_are_plain_values() {
    let call = member(plain("first(2, xs)"));
    assert_eq!((call.path.head.text.as_str(), call.args.map(|args| args.len())), ("first", Some(2)));
    let path = member(plain("drafts.b[-1]"));
    assert!(matches!(path.path.tail.as_slice(), [Access::Field(_), Access::Index { index: -1, .. }]));
    assert!(matches!(plain("[a, b]"), Value::List(list) if list.items.len() == 2));
    assert!(matches!(plain("{ calls: 3 }"), Value::Map(map) if map.pairs.len() == 1));
    let cell = member(plain("solver(x: 1)@high-xl")).cell.expect("a cell");
    assert_eq!(cell.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>(), ["high", "xl"]);
}

#[test]
fn a_word_with_something_after_it_is_tagged() {
    for (written, word) in [
        ("history: last 4", "last"),
        ("returns: one_of [a, b]", "one_of"),
        ("returns: json \"\"\"{}\"\"\"", "json"),
    ] {
        assert!(
            matches!(option(written), Value::Tagged { word: w, .. } if w.path.head.text == word),
            "{written}"
        );
    }
    assert!(matches!(option("match: similarity(0.8)"), Value::Name(member) if member.args.is_some()));
    assert!(matches!(option("prompt: [user \"a\", assistant \"b\"]"), Value::List(list)
        if list.items.iter().all(|turn| matches!(turn, Value::Tagged { .. }))));
}

#[test]
fn quantities_keep_what_stood_around_them() {
    let Value::Quantity(money) = option("cost: $0.75") else { panic!() };
    assert!(money.dollar && !money.whole && (money.number - 0.75).abs() < 1e-9);
    let Value::Quantity(size) = option("tokens: 131_072") else { panic!() };
    assert!(size.whole && size.unit.is_empty() && (size.number - 131_072.0).abs() < 1e-9);
    let Value::Quantity(wait) = option("x: -5min") else { panic!() };
    assert_eq!((wait.number, wait.unit.as_str()), (-5.0, "min"));
    assert!(matches!(option("price: $0 / $1.5"), Value::Price { .. }));
}

#[test]
fn names_are_taken_whole() {
    for name in ["claude-4.5", "openai/gpt-4o", "mlx-gpt-oss-120b-mxfp4-q4", "a_b"] {
        assert!(
            matches!(verb(&format!("ask {name}")), Verb::Ask { model } if model.path.head.text == name),
            "{name}"
        );
    }
}

#[test]
fn fallbacks_stand_in_order() {
    let steps = steps("a = ask m { seed: 1 }\n  // why\n  else ask n else first(xs)\nb = ask o");
    assert_eq!(steps.len(), 2);
    assert_eq!(steps[0].rhs.alts.len(), 3);
    assert!(steps[0].rhs.alts[0].block.is_some());
}

#[test]
fn arms_have_their_heads() {
    let step = steps("a = route by m {\nwhen x > 3 -> b else c\ncode \"c\" -> b\nelse -> c\n}").remove(0);
    let block = step.rhs.alts[0].block.clone().expect("a block");
    let heads: Vec<&ArmHead> = block
        .entries
        .iter()
        .map(|entry| match entry {
            Entry::Arm(arm) => &arm.head,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(
        matches!(heads.as_slice(), [ArmHead::When(expr), ArmHead::Label { .. }, ArmHead::Else(_)] if expr.text == "x > 3")
    );
}

#[test]
fn counts_are_numbers_or_names() {
    assert!(matches!(verb("sample 3 of m"), Verb::Sample { count: Count::Number(_), .. }));
    assert!(matches!(verb("pick width of xs by m"), Verb::Pick { count: Some(Count::Name(_)), .. }));
    assert!(matches!(verb("pick xs by [m, n]"), Verb::Pick { count: None, by: Some(Value::List(_)), .. }));
}

#[test]
fn documentation_belongs_to_what_follows() {
    let file = tree("/// One\n///  two\n\nmodel m { }\n");
    let [Item::Model(model)] = file.items.as_slice() else { panic!() };
    assert_eq!(model.doc.as_ref().map(|doc| doc.text.as_str()), Some("One\n two"));
    assert!(steps("/// Why\na = ask m")[0].doc.is_some());
}

#[test]
fn a_comment_inside_an_expression_becomes_blanks() {
    let step = steps("a = ask m {\n  accept when (x // why (\n    or y)\n}").remove(0);
    let Some(Entry::Clause(clause)) = step.rhs.alts[0].block.as_ref().and_then(|block| block.entries.first())
    else {
        panic!()
    };
    assert_eq!(clause.expr.text, "(x         \n    or y)");
}
