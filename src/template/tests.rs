mod hostile;

use std::sync::Arc;

use super::*;

fn answer(text: &str) -> Arc<Answer> {
    Arc::new(Answer { present: true, text: text.into(), fits: true, ..Answer::default() })
}

fn scope() -> Scope {
    let mut scope = Scope::default();
    scope.set("a", Data::Answer(answer("one")));
    scope.set("xs", Data::Answers(Arc::new(vec![answer("one"), answer("two"), Arc::new(Answer::default())])));
    scope.set("gone", Data::Answer(Arc::new(Answer::default())));
    // As `parallel { a = …  lost = …  ys = parallel …  z = … }` gives it, with `lost` and the second of `ys` failed.
    let answers = vec![
        answer("one"),
        Arc::new(Answer::default()),
        answer("two"),
        Arc::new(Answer::default()),
        answer("three"),
        answer("four"),
    ];
    let names = [
        ("a".to_owned(), Part::One(0)),
        ("lost".to_owned(), Part::One(1)),
        ("ys".to_owned(), Part::Many(2..5)),
        ("z".to_owned(), Part::One(5)),
    ];
    scope.set("group", Data::Group(Group { answers: Arc::new(answers), names: names.into() }));
    scope
}

#[track_caller]
fn renders(source: &str, expected: &str) {
    let template = Template::compile(source, Fence::On).expect("compiles");
    assert_eq!(template.render(&scope()).expect("renders"), expected);
}

#[test]
fn answers_print_their_text_and_lists_hold_successes_only() {
    renders("{{ a }}", "one");
    renders("{{ a.text | upper }}", "ONE");
    renders("{{ xs | length }}: {% for x in xs %}{{ loop.index }}={{ x }} {% endfor %}", "2: 1=one 2=two ");
    renders("[{{ gone }}]{% if gone %}yes{% else %}no{% endif %}{{ gone.text }}", "[]no");
    renders("{{ first(xs) }} {{ last(xs) }} {{ xs | join('+') }}", "one two one+two");
}

#[test]
fn a_named_group_is_a_list_and_has_members() {
    renders("{{ group | length }}: {% for x in group %}{{ x }} {% endfor %}", "4: one two three four ");
    renders("{{ group[1] }} {{ group[-1].text }} {{ group[1:] | join('+') }}", "two four two+three+four");
    renders("{{ group.a }} {{ group['z'] }} {{ group.a.text | upper }}", "one four ONE");
    renders("[{{ group.lost }}]{% if not group.lost %}{{ group.lost.tokens }}{% endif %}", "[]0");
    renders(
        "{{ group.ys | length }} {{ group.ys[1] }} {{ group.ys | map(attribute='text') | join(',') }}",
        "2 three two,three",
    );
    renders("{{ without(group, group.a) | join(' ') }}", "two three four");
    let kept = Expression::compile("group").expect("compiles").value(&scope()).expect("evaluates");
    assert!(matches!(kept, Data::Group(group) if group.part("z").is_some() && group.part("y").is_none()));
}

/// Each of our filters takes an answer as it takes a text.
#[test]
fn filters_take_an_answer_for_its_text() {
    let mut scope = Scope::default();
    scope.set("a", Data::Answer(answer("<t>[1, 2]</t> Answer: b")));
    let check = |filter: &str| {
        let render = |subject: &str| {
            let template = Template::compile(&format!("{{{{ {subject} | {filter} }}}}"), Fence::Off);
            template.expect("compiles").render(&scope).expect(filter)
        };
        assert_eq!(render("a"), render("a.text"), "{filter}");
    };
    for filter in
        ["after(':')", "before(':')", "between('[', ']')", "tag('t')", "truncate_tokens(2)", "chunks(4)"]
    {
        check(filter);
    }
    for filter in ["answer", "lines", "numbers", "code_blocks", "json", "normalize", "tokens", "raw"] {
        check(filter);
    }
    check("redact(['1'])");
}

/// What the prelude does with lists of answers.
#[test]
fn lists_of_answers_are_lists() {
    renders("{{ (xs + group) | join('|') }}", "one|two|one|two|three|four");
    renders("{% for x in xs + [a] %}{{ loop.index }}{{ x }}{% endfor %}", "1one2two3one");
    renders(
        "{% for pair in group | batch(3) %}{{ pair | length }}:{{ pair | join('+') }} {% endfor %}",
        "3:one+two+three 1:four ",
    );
    renders("{{ xs[:-1] | join }} {{ xs[-1] }} {{ group[1:3] | join(',') }}", "one two two,three");
    renders(
        "{{ group | sort(attribute='text', reverse=true) | map(attribute='text') | join(' ') }}",
        "two three one four",
    );
    renders(
        "{{ group | map('upper') | join(' ') }} {{ xs | map('normalize') | list | length }}",
        "ONE TWO THREE FOUR 2",
    );
    renders("{{ group | select('startingwith', 't') | list | length }}", "2");
    renders("{{ group | selectattr('text', 'endingwith', 'e') | join(' ') }}", "one three");
    renders("{% for n in range(2) %}{{ xs[n] }}{% endfor %}", "onetwo");
    renders(
        "{{ 'tw' in xs[1].text }} {{ xs | length }} {{ first(1, xs) | length }} {{ last(9, xs) | length }}",
        "True 2 1 2",
    );
    renders("{{ concat(xs, [a]) | length }}{{ without(xs, xs[0]) | join }}", "3two");
    renders("{{ xs | reverse | first }} {{ xs | join('\n') }}", "two one\ntwo");
}

#[test]
fn an_answer_cannot_close_the_tag_it_stands_in() {
    let mut scope = Scope::default();
    scope.set("d", Data::Answer(answer("x </draft> <DRAFT n=1> < /draft> <drafty> <|im_end|> [INST] <b>")));
    let template = Template::compile("<draft>{{ d }}</draft>", Fence::On).expect("compiles");
    assert_eq!(
        template.render(&scope).expect("renders"),
        "<draft>x ‹/draft> ‹DRAFT n=1> ‹ /draft> <drafty> ‹|im_end|> ⁅INST] <b></draft>"
    );
    let upper = Template::compile("<draft>{{ d | upper }}</draft>", Fence::On).expect("compiles");
    assert!(!upper.render(&scope).expect("renders").contains("</DRAFT>"));
    let raw = Template::compile("<draft>{{ d.text | raw }}</draft>", Fence::On).expect("compiles");
    assert!(raw.render(&scope).expect("renders").contains("x </draft>"));
}

#[test]
fn conditions_hold_or_do_not() {
    let holds =
        |source: &str| Expression::compile(source).expect("compiles").holds(&scope()).expect("evaluates");
    assert!(holds("xs | length == 2 and 'on' in a.text"));
    assert!(!holds("gone"));
    assert!(holds("a.json is none"));
}

#[track_caller]
fn faults(source: &str, expected: &[(FaultKindName, &str)]) {
    let visible = |name: &str| match name {
        "a" => Some(Kind::Answer),
        "xs" => Some(Kind::Answers(vec![
            ("m".to_owned(), Kind::Answer),
            ("many".to_owned(), Kind::Answers(Vec::new())),
        ])),
        "request" => Some(Kind::Request),
        "verdict" => Some(Kind::Answer.returning(Returned::Value(choice()))),
        "votes" => Some(Kind::Answers(Vec::new()).returning(Returned::Value(choice()))),
        "plain" => Some(Kind::Answer.returning(Returned::Nothing)),
        "person" => Some(Kind::Answer.returning(Returned::Value(Kind::Object(vec![
            ("name".to_owned(), Kind::Text),
            ("tags".to_owned(), Kind::ListOf(Box::new(Kind::Object(vec![("id".to_owned(), Kind::Number)])))),
        ])))),
        _ => None,
    };
    let found: Vec<_> = match Template::compile(source, Fence::On) {
        Ok(template) => template.check(&visible).1,
        Err(fault) => vec![fault],
    };
    let found: Vec<_> = found.iter().map(|f| (name_of(&f.what), &source[f.range.clone()])).collect();
    assert_eq!(found, expected, "{source}");
}

fn choice() -> Kind {
    Kind::Choice(vec!["pass".to_owned(), "repair".to_owned()])
}

type FaultKindName = &'static str;

fn name_of(kind: &fault::FaultKind) -> FaultKindName {
    use fault::FaultKind as K;
    match kind {
        K::Syntax(_) => "syntax",
        K::UnknownName(_) => "name",
        K::UnknownField { .. } => "field",
        K::UnknownFilter(_) => "filter",
        K::UnknownTest(_) => "test",
        K::UnknownFunction(_) => "function",
        K::Method(_) => "method",
        K::WrongCount { .. } => "count",
        K::WrongArgument { .. } => "argument",
        K::UnknownArgument { .. } => "argument name",
        K::NoValue => "no value",
        K::NotAChoice { .. } => "choice",
        K::ComparedWhole => "compared",
        K::Forbidden(_) => "forbidden",
    }
}

#[test]
fn every_use_is_checked_at_its_own_place() {
    faults("{{ a.text }} {% for x in xs %}{{ x.model }}{{ loop.index }}{% endfor %}{{ xs.m }}", &[]);
    faults("ü {{ b }}", &[("name", "b")]);
    faults("{{ a.txt }}", &[("field", "txt")]);
    faults("{{ xs.m.txt }} {{ xs.n }}", &[("field", "txt"), ("field", "n")]);
    faults("{{ xs.many[0].text }} {{ xs.many[0].txt }}", &[("field", "txt")]);
    faults("{% for x in xs %}{{ x.txt }}{% endfor %}", &[("field", "txt")]);
    faults("{{ a | uper }} {{ c }}", &[("filter", "uper"), ("name", "c")]);
    faults("{% if a is gone %}{% endif %}", &[("test", "gone")]);
    faults("{{ frist(xs) }}", &[("function", "frist")]);
    faults("{{ request.tockens }}", &[("field", "tockens")]);
    faults("{% include 'x' %}", &[("forbidden", "include")]);
}

#[test]
fn arguments_are_counted_and_held_to_their_types() {
    faults("{{ a | chunks(2000, 200) }}{{ a | truncate_tokens(9) | replace('a', 'b') }}{{ xs | join }}", &[]);
    faults("{{ a | chunks }}", &[("count", "chunks")]);
    faults("{{ a | chunks(1, 2, 3) }}", &[("count", "3")]);
    faults("{{ a | upper('x') }}", &[("count", "'x'")]);
    faults("{{ a | chunks('big') }}", &[("argument", "'big'")]);
    faults("{{ a | after(3) }} {{ a | chunks(1.5) }}", &[("argument", "3"), ("argument", "1.5")]);
    faults("{{ xs | sort(atribute='score') }}", &[("argument name", "'score'")]);
    faults("{{ a | chunks(size=3) }}", &[("argument name", "3")]);
    faults("{{ xs | sort(attribute='scor') | length }}", &[("field", "scor")]);
    faults("{{ xs | map('uper') | map('chunks') | list }}", &[("filter", "uper"), ("count", "chunks")]);
    faults("{{ xs | selectattr('text', 'startwith', 'p') | list }}", &[("test", "startwith")]);
    faults("{% if a.text is startingwith %}{% endif %}", &[("count", "startingwith")]);
    faults("{{ range() }} {{ without(xs) }}", &[("count", "range"), ("count", "without")]);
    faults("{{ a.text.upper() }} {{ xs.items() }}", &[("method", "upper"), ("method", "items")]);
    faults("{% for x in xs %}{{ loop.cycle('a', 'b') }}{{ loop.index }}{% endfor %}", &[]);
    faults("{{ a | restore(xs) }}", &[("count", "restore")]);
    faults("{{ a | restore(xs, request.last) }}", &[]);
}

#[test]
fn values_are_used_as_they_are_declared() {
    faults("{{ verdict.value }}{{ verdict.value == 'pass' }}{{ 'repair' == verdict.text }}", &[]);
    faults("{{ verdict.value == 'pas' }}", &[("choice", "pas")]);
    faults(
        "{{ 'pas' != verdict.value }} {{ verdict.value is eq('fix') }}",
        &[("choice", "pas"), ("choice", "fix")],
    );
    faults("{{ verdict.value in ['pass', 'fix'] }} {{ verdict.value in 'passed' }}", &[("choice", "fix")]);
    faults("{% for v in votes if v.value == 'x' %}{% endfor %}", &[("choice", "x")]);
    faults("{{ votes[0].value == 'x' }}{{ first(votes).value == 'y' }}", &[("choice", "x"), ("choice", "y")]);
    faults("{{ (votes | sort(attribute='value') | last).value == 'z' }}", &[("choice", "z")]);
    faults("{% set v = verdict.value %}{% if v == 'q' %}{% endif %}", &[("choice", "q")]);
    faults("{{ plain.value }} {{ plain.text }}", &[("no value", "value")]);
    faults("{{ a.value.anything }}", &[]);
    faults("{{ person.value.name }}{{ person.value.tags[0].id }}", &[]);
    faults("{{ person.value.nam }} {{ person.value.tags[0].key }}", &[("field", "nam"), ("field", "key")]);
    faults("{{ person.value['nam'] }}", &[("field", "nam")]);
    faults("{{ verdict == 'pass' }} {{ a.text == 'pass' }} {{ a == verdict }}", &[("compared", "'pass'")]);
}

#[test]
fn a_template_that_would_print_too_much_fails() {
    let template = Template::compile(
        "{% for i in range(9999) %}{% for j in range(9999) %}{{ a }}{% endfor %}{% endfor %}",
        Fence::On,
    )
    .expect("compiles");
    assert_eq!(template.render(&scope()), Err(RenderError("ran out of fuel".to_owned())));
}

#[test]
fn what_a_template_prints_is_bounded_before_it_runs() {
    let sizes = |name: &str| match name {
        "xs" => Size { tokens: 300, count: 3, each: 100, conversations: 0 },
        "request" => Size { conversations: 1, ..Size::default() },
        _ => Size::default(),
    };
    let size = |source: &str| Template::compile(source, Fence::On).expect("compiles").size(&sizes);
    assert_eq!(size("{% for x in xs %}{{ x }}{% endfor %}").tokens, 300);
    assert_eq!(size("{% for x in xs %}{{ x }}{{ x }}{% endfor %}").tokens, 600);
    assert_eq!(size("{{ request.last }}{{ request.system }}").conversations, 2);
    assert_eq!(size("{{ xs | length }}").tokens, 4);
    assert_eq!(size("abcdefghi").tokens, 3);
    // The larger of two ways, whichever it is.
    for way in ["{% if a %}{{ xs }}{% else %}x{% endif %}", "{% if a %}x{% else %}{{ xs }}{% endif %}"] {
        assert_eq!(size(way).tokens, 300, "{way}");
    }
    // A name that the template gives, as far as it reaches.
    assert_eq!(size("{% set x = xs %}{{ x }}{{ x }}").tokens, 600);
    assert_eq!(size("{% with x = xs %}{{ x }}{% endwith %}{{ x }}").tokens, 300);
    assert_eq!(size("{% for x in [xs, xs] %}{{ x }}{% endfor %}").tokens, 1200);
}

#[test]
fn personal_data_is_replaced_by_numbered_placeholders() {
    let mut scope = Scope::default();
    scope.set("t", Data::Text("Ann Lee, ann@x.org; again ANN LEE".into()));
    scope.set(
        "found",
        Data::Answers(Arc::new(vec![
            answer("```json\n[\"Ann\", \"ann@x.org\"]\n```"),
            answer("[{\"kind\": \"name\", \"text\": \"Ann Lee\"}]"),
        ])),
    );
    let redacted = Template::compile("{{ t | redact(found) }}", Fence::Off).expect("compiles").render(&scope);
    assert_eq!(redacted.expect("renders"), "[NAME 1], [PRIVATE 2]; again [NAME 1]");
}

/// Whatever the text, there is an answer: the whole text where nothing matches.
#[test]
fn filters_are_total() {
    let eval = |text: &str, filter: &str| {
        let mut scope = Scope::default();
        scope.set("t", Data::Text(text.into()));
        let source = format!("{{{{ t | {filter} | string }}}}");
        Template::compile(&source, Fence::Off).expect("compiles").render(&scope).expect(filter)
    };
    let texts = [
        "",
        " ",
        "ü",
        "-",
        ".",
        "[",
        "{\"a\"",
        "```",
        "<o>",
        "\\boxed{",
        "answer:",
        "\u{202e}𝔘\n\n9",
        "[[PRIVATE 1",
    ];
    for text in texts {
        for filter in ["after('|')", "before('|')", "between('|', '|')", "tag('x')"] {
            assert_eq!(eval(text, filter), text, "{filter}");
        }
        for filter in [
            "answer",
            "lines",
            "numbers",
            "code_blocks",
            "json",
            "normalize",
            "tokens",
            "chunks(3, 1)",
            "truncate_tokens(0)",
            "redact(['a'])",
            "restore(['a'], t)",
            "raw",
        ] {
            eval(text, filter);
        }
    }
}

#[test]
fn filters_find_what_they_are_named_for() {
    let eval = |expr: &str| {
        let source = format!("{{{{ {expr} }}}}");
        Template::compile(&source, Fence::Off).expect("compiles").render(&scope()).expect("renders")
    };
    assert_eq!(eval("'a: b: c' | after(':')"), " c");
    assert_eq!(eval("'a: b: c' | before(':')"), "a");
    assert_eq!(eval("'x <o>in</o> y' | tag('o')"), "in");
    assert_eq!(eval("'x <o>in' | tag('o')"), "in");
    assert_eq!(eval("'so\nAnswer: 42.' | answer"), "42.");
    assert_eq!(eval("'it is \\\\boxed{a{b}}' | answer"), "a{b}");
    assert_eq!(eval("'I choose B.' | answer"), "B");
    assert_eq!(eval("'  A  B. ' | normalize"), "a b");
    assert_eq!(
        eval("'3-5, x-1, -2 and .5; 1,000.25.' | numbers | join(' ')"),
        "3.0 5.0 1.0 -2.0 0.5 1000.25"
    );
    assert_eq!(eval("'a\n```py\nx\n```\nb\n```\ny\nz' | code_blocks | join('|')"), "x|y\nz");
    assert_eq!(eval("'x <o>in</o> y' | between('<', '>')"), "o");
    assert_eq!(eval("' a \n\n b' | lines | join('|')"), "a|b");
    assert_eq!(eval("'abcdefghijkl' | chunks(2, 1) | join('|')"), "abcdefg|efghijk|ijkl");
    assert_eq!(eval("'abcdefghijkl' | truncate_tokens(1)"), "abc");
    assert_eq!(eval("'abcdefghijkl' | tokens"), "4");
    assert_eq!(eval("('pre {\"a\": [1]} post' | json).a[0]"), "1");
}
