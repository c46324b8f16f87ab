//! Texts of every form of the language, badly laid out. They are read, not checked: names need not exist.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

type Text = BoxedStrategy<String>;

/// Several items, with whatever stands between them.
pub fn programs() -> Text {
    let between = select(vec!["\n", "\n\n\n", "\n// between\n", "\n\n/// said of it\n", "\r\n\t// odd \r\n"]);
    let parts = prop::collection::vec((item(), between), 1..4);
    parts
        .prop_map(|parts| parts.into_iter().flat_map(|(item, between)| [item, between.to_owned()]).collect())
        .boxed()
}

fn item() -> Text {
    one_of(vec![
        join(vec![word("model mlx-a"), block(layer())]),
        join(vec![word("tier xl"), block(layer())]),
        join(vec![word("profile high"), block(layer())]),
        join(vec![word("defaults"), block(layer())]),
        join(vec![word("prompt p"), listed("(", param(), ")"), one_of(vec![template(), turns()])]),
        join(vec![word("technique t"), listed("(", param(), ")"), block(step())]),
        join(vec![
            select_text(&["ensemble e", "ensemble e at high-xl, *-m,\n  fast-*", "ensemble e at *"]),
            block(step()),
        ]),
        join(vec![word("ensemble e at high ="), member(), block(layer())]),
        join(vec![word("test \"it works\""), block(trial())]),
    ])
}

// === Entries ===

fn layer() -> Text {
    one_of(vec![
        option(value()),
        join(vec![word("panel ="), value()]),
        word("allow: { L001: \"on purpose\" }"),
    ])
}

fn call_entry() -> Text {
    let clauses = ["accept when", "skip when", "stop when"];
    one_of(vec![
        option(value()),
        option(template()),
        join(vec![word("returns: one_of"), listed("[", value(), "]")]),
        join(vec![select_text(&clauses), expr()]),
    ])
}

fn step() -> Text {
    let step = join(vec![name(), word("="), rhs()]);
    one_of(vec![step.clone(), step.prop_map(|step| format!("/// Says why.\n{step}")).boxed(), call_entry()])
}

fn trial() -> Text {
    let reply = one_of(vec![
        template(),
        word("fail timeout"),
        word("fail 429(retry_after: 3s)"),
        join(vec![word("tool \"name\""), template()]),
        word("\"late\" after 2s"),
    ]);
    let commas = select(vec![", ", ",\n", " , // between\n"]);
    let replies =
        (prop::collection::vec(reply, 1..4), commas).prop_map(|(replies, comma)| replies.join(comma));
    one_of(vec![
        join(vec![word("run"), member(), select_text(&["at high-xl", ""])]),
        join(vec![select_text(&["user", "system", "assistant"]), template()]),
        join(vec![word("mock a.b"), select_text(&["->", "->\n"]), replies.boxed()]),
        join(vec![word("expect"), expr()]),
        option(value()),
    ])
}

// === Right-hand sides ===

fn rhs() -> Text {
    let nested = alt(member()).prop_recursive(2, 12, 3, |inner| {
        let named = (name(), inner).prop_map(|(name, alt)| format!("{name} = {alt}")).boxed();
        one_of(vec![
            alt(member()),
            join(vec![word("parallel"), block(named.clone())]),
            join(vec![
                word("parallel for x in xs | chunks(3, (4 + 5)) up to"),
                count(),
                block(named.clone()),
            ]),
            join(vec![word("repeat draft up to"), count(), block(named)]),
        ])
    });
    let fallbacks =
        select(vec![" else ", "\n  else ", "\n\n// why\nelse ", " // why\n else ", " else // why\n "]);
    (prop::collection::vec(nested, 1..3), fallbacks).prop_map(|(alts, or)| alts.join(or)).boxed()
}

fn alt(member: Text) -> Text {
    let answers = one_of(vec![member.clone(), listed("[", member.clone(), "]")]);
    let by = || join(vec![word("by"), member.clone()]);
    let heads = one_of(vec![
        join(vec![word("ask"), member.clone()]),
        join(vec![word("parallel"), answers.clone()]),
        join(vec![word("parallel"), answers.clone(), word("over"), answers.clone()]),
        join(vec![word("sample"), count(), word("of"), member.clone()]),
        join(vec![word("merge"), answers.clone(), by()]),
        join(vec![word("score"), answers.clone(), by()]),
        join(vec![word("pick"), answers.clone(), by()]),
        join(vec![word("pick 2 of"), answers.clone(), by()]),
        join(vec![word("vote"), answers.clone()]),
        join(vec![word("cascade"), answers, by()]),
        join(vec![word("race"), listed("[", join(vec![member.clone(), word("after 2s")]), "]")]),
        member.clone(),
    ]);
    let route = Just(()).prop_flat_map(|()| {
        let arms = one_of(vec![
            join(vec![word("when"), expr(), word("->"), word("a")]),
            join(vec![name(), template(), select_text(&["->", "   ->"]), word("ask m")]),
            word("else -> ask m else text \"\"\"none\"\"\""),
        ]);
        block(arms)
    });
    one_of(vec![
        heads.clone(),
        join(vec![heads, block(call_entry())]),
        join(vec![word("text"), template()]),
        join(vec![word("route by m"), route.boxed()]),
    ])
}

// === Values ===

fn value() -> Text {
    let plain = || {
        one_of(vec![
            word("131_072"),
            word("-0.5"),
            word("$0.15  /  $0.60"),
            word("\"a // text, with \\\" in it\""),
            word("last 4"),
            template(),
            member(),
        ])
    };
    plain()
        .prop_recursive(2, 8, 3, move |inner| {
            let pairs = join(vec![select_text(&["top_k:", "\"x-y\" :", "z:"]), inner.clone()]);
            one_of(vec![plain(), listed("[", inner, "]"), listed("{", pairs, "}")])
        })
        .boxed()
}

fn member() -> Text {
    select_text(&[
        "chief",
        "openai/gpt-4o",
        "drafts.b[-1]",
        "solver@high-xl",
        "solver (writer : chief,n:3)@fast",
        "solver@fast ( first(2, xs) )",
        "concat(\nfirst(2, a-rather-long-name-of-a-step), // the first\n  last(xs),\n)",
        "mlx-a-very-long-name-of-a-model-that-takes-its-place-instruct-2507-4bit",
    ])
}

fn turns() -> Text {
    listed("[", join(vec![select_text(&["user", "assistant"]), template()]), "]")
}

fn template() -> Text {
    select_text(&[
        "\"\"\"Improve: {{ draft }}\"\"\"",
        "\"plain\"",
        "\"\"\"\"\"\"",
        "\"\"\"\n      six\n        eight // no comment\n\n  two\n   \n      \"\"\"",
        "\"\"\" first\n\tsecond\r\n  third \"quoted\"\"\"\"",
        "\"\"\"\"\n  \"\"\"three\"\"\"\n  \"\"\"\"",
        "\"\"\"\n\"\"\"",
        "\"\"\"  \n\n   a\r\r\n    \"\"\"",
        "\"\"\"a template on one line that is long enough to make the line that it stands on too long for all of it\"\"\"",
    ])
}

fn expr() -> Text {
    select_text(&[
        "request.tokens > 60_000",
        "it.text | length > 5 and \"a, b\" in it.text",
        "not it.text is startingwith('it\\'s')",
        "(a\n      or {\"a\": [1, // one\n 2]}.a\n\n   and b)",
        "(x\r\n  or \"\"\"\r\n  y\"\"\" in z)  ",
    ])
}

fn count() -> Text {
    select_text(&["3", "width", "request.turns[0]"])
}

fn param() -> Text {
    select_text(&["a", "writer :model", "width: int=3", "write: prompt = synthesize", "xs = [1,2]"])
}

fn option(value: Text) -> Text {
    let name = select_text(&["temperature:", "params :", "prompt:", "stop:"]);
    join(vec![name, value])
}

fn name() -> Text {
    select_text(&["reply", "first_draft", "x"])
}

// === Layout ===

/// Entries in braces, apart by commas, lines and comments.
fn block(entry: Text) -> Text {
    let apart = select(vec!["\n", "\n\n", ",\n", " // said\n", "\n\n\n   // above\n\n", "\r\n"]);
    let around =
        select(vec![("{", "}"), ("{\n", "\n}"), ("{ // opens\n", "\n// closes\n}"), ("{\n\n", "\n\n\n }")]);
    let many =
        (prop::collection::vec((entry.clone(), apart), 0..4), around).prop_map(|(entries, (open, close))| {
            let inside: String =
                entries.into_iter().flat_map(|(entry, apart)| [entry, apart.to_owned()]).collect();
            format!("{open} {inside}{close}")
        });
    let short = prop::collection::vec(entry, 0..3).prop_map(|entries| format!("{{{}}}", entries.join(",")));
    one_of(vec![many.boxed(), short.boxed()])
}

/// Elements between brackets.
fn listed(open: &'static str, element: Text, close: &'static str) -> Text {
    let apart = select(vec![", ", ",", ",\n", "\n", ", // said\n", " // said\n , ", "\n// above\n"]);
    prop::collection::vec((element, apart), 0..4)
        .prop_map(move |elements| {
            let inside: String =
                elements.into_iter().flat_map(|(element, apart)| [element, apart.to_owned()]).collect();
            let inside = inside.trim_end_matches([',', ' ']).to_owned();
            format!("{open}{inside}{close}")
        })
        .boxed()
}

fn join(parts: Vec<Text>) -> Text {
    let blanks = select(vec![" ", "  ", " \t"]);
    (parts, blanks).prop_map(|(parts, blanks)| parts.join(blanks)).boxed()
}

fn one_of(texts: Vec<Text>) -> Text {
    Union::new(texts).boxed()
}

fn word(text: &'static str) -> Text {
    Just(text.to_owned()).boxed()
}

fn select_text(texts: &[&'static str]) -> Text {
    select(texts.to_vec()).prop_map(str::to_owned).boxed()
}
