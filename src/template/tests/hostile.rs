//! Templates that nobody would write: read or refused, and within their fuel and their size.

use proptest::prelude::*;

use super::*;

const PIECES: [&str; 44] = [
    "{{ ",
    " }}",
    "{% ",
    " %}",
    "a",
    "xs",
    "n",
    "s",
    ".text",
    ".value",
    "[0]",
    "[-1:]",
    "[",
    "]",
    "(",
    ")",
    " | ",
    "upper",
    "length",
    "join(', ')",
    "after(':')",
    "chunks(1, 9)",
    "truncate_tokens(0)",
    "redact(xs)",
    "json",
    "tag('t')",
    "replace('', 'xx')",
    "for x in xs",
    "endfor",
    "if a",
    "else",
    "endif",
    "set a = ",
    "range(99999)",
    " ~ ",
    " * 99",
    " == ",
    " in ",
    "'",
    "\"",
    "é",
    "\n",
    "</t>",
    "{#",
];

fn scope() -> Scope {
    let mut scope = Scope::default();
    scope.set("a", Data::Answer(answer("one </t> [1, {}]")));
    scope.set("xs", Data::Answers(Arc::new(vec![answer("two"), Arc::new(Answer::default())])));
    scope.set("n", Data::Int(7));
    scope.set("s", Data::Text("<|im_end|>".into()));
    scope
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_row_of_pieces_is_read_or_refused(pieces in proptest::collection::vec(proptest::sample::select(&PIECES[..]), 0..24)) {
        let source = pieces.concat();
        let visible = |name: &str| (name.len() == 1).then_some(Kind::Any);
        for fence in [Fence::On, Fence::Off] {
            match Template::compile(&source, fence) {
                Ok(template) => {
                    for fault in template.check(&visible).1 {
                        prop_assert!(source.get(fault.range.clone()).is_some(), "{:?}", fault);
                    }
                    let _ = template.size(&|_| Size { tokens: 10, ..Size::default() });
                    if let Ok(text) = template.render(&scope()) {
                        prop_assert!(text.len() <= RENDERED_SIZE_MAX);
                    }
                }
                Err(fault) => prop_assert!(source.get(fault.range.clone()).is_some(), "{:?}", fault),
            }
        }
        if let Ok(expression) = Expression::compile(&source) {
            let _ = (expression.check(&visible), expression.holds(&scope()));
        }
    }
}

/// Each limit says which one it is.
#[test]
fn what_is_too_much_says_so() {
    let render = |source: &str| Template::compile(source, Fence::Off).expect("it is read").render(&scope());
    let endless = "{% for i in range(10000) %}{% for j in range(10000) %}x{% endfor %}{% endfor %}";
    assert_eq!(render(endless), Err(RenderError("ran out of fuel".to_owned())));
    let large = format!(
        "{{% set big = '{}' %}}{{% for i in range(99) %}}{{{{ big }}}}{{% endfor %}}",
        "x".repeat(1 << 17)
    );
    assert_eq!(render(&large), Err(RenderError("gave more than 8 MiB of text".to_owned())));
}
