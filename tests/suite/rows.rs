//! The table of bounds, row by row: calls and waves of every verb, from the plan alone.

use crate::stage::{HEAD, plan};

/// A body, its calls and its waves.
const ROWS: &[(&str, u32, u32)] = &[
    ("reply = ask a", 1, 1),
    (r#"reply = text """hello""""#, 0, 0),
    ("d = parallel panel, reply = first(d)", 3, 1),
    ("d = parallel panel, reply = best(d)", 3, 1),
    // A tie may want a step of its own.
    ("d = parallel panel, t = ask b, reply = vote d { ties: t }", 4, 2),
    ("d = parallel panel, reply = vote d", 3, 1),
    ("d = parallel { x = ask a, y = sample 2 of b, z = pair(x: a, y: b) }, reply = merge d by c", 7, 3),
    (
        r#"d = parallel panel, e = parallel panel over d { prompt: """{{ mine }} {{ others }}""" }, reply = first(e)"#,
        6,
        2,
    ),
    ("d = sample 4 of a, reply = first(d)", 4, 1),
    ("d = sample 2 of pair(x: a, y: b), reply = first(d)", 6, 2),
    (
        r#"d = parallel for p in ["u", "v"] up to 5 { n = ask a { prompt: """{{ p }}""" }, m = ask b { prompt: """{{ n }}""" } }, reply = first(d)"#,
        10,
        2,
    ),
    ("d = parallel panel, reply = merge d by a", 4, 2),
    ("d = parallel panel, reply = pick d by a", 4, 2),
    ("d = parallel panel, e = pick 2 of d by a, reply = first(e)", 4, 2),
    ("d = parallel panel, e = score d by a, reply = best(e)", 6, 2),
    ("d = parallel panel, e = score d by [a, b], reply = best(e)", 9, 2),
    ("d = parallel panel, e = score d by panel { method: rank }, reply = best(e)", 6, 2),
    ("d = parallel panel, reply = pick d by a { method: score }", 6, 2),
    ("d = parallel panel, reply = pick d by a { method: pairwise }", 5, 3),
    ("d = sample 5 of b, reply = pick d by a { method: pairwise }", 9, 4),
    // The dearest arm, and one call for the labels.
    (
        r#"reply = route by a { small "a small one" -> ask b, large "a large one" -> pair(x: a, y: b), else -> ask c }"#,
        4,
        3,
    ),
    ("reply = route { when request.tools -> ask a, else -> pair(x: a, y: b) }", 3, 2),
    // A step that only one arm needs is counted with that arm.
    (
        r#"f = ask c, reply = route { when request.tools -> ask a { prompt: """{{ f }}""" }, else -> ask b }"#,
        2,
        2,
    ),
    ("reply = cascade [a, b, c] by a { accept: 0.8 }", 5, 5),
    ("reply = cascade [a, pair(x: b, y: c)] { accept when it.tokens > 3 }", 4, 3),
    ("reply = race [a, b after 2s, c after 5s]", 3, 1),
    ("reply = race [a, pair(x: b, y: c)]", 4, 2),
    (
        r#"d = ask a, reply = repeat d up to 3 { v = ask b { prompt: """{{ d }}""" }, stop when v.text == "x", d = ask a { prompt: """{{ v }}""" } }"#,
        7,
        7,
    ),
    // What stands above the `stop when` runs beside it.
    (
        r#"d = ask a, reply = repeat d up to 2 { w = ask c { prompt: """{{ d }}""" }, v = ask b { prompt: """{{ d }}""" }, stop when v.text == "x", d = ask a { prompt: """{{ w }}""" } }"#,
        7,
        5,
    ),
    // What stands below it waits.
    (
        r#"d = ask a, reply = repeat d up to 2 { v = ask b { prompt: """{{ d }}""" }, stop when v.text == "x", w = ask c { prompt: """{{ d }}""" }, d = ask a { prompt: """{{ w }}""" } }"#,
        7,
        7,
    ),
    ("reply = ask a else ask b else ask c", 3, 3),
    ("reply = pair(x: a, y: b) else ask c", 4, 3),
    // Both arms and the loop mention it; it runs once.
    (
        r#"f = ask c, d = ask a { prompt: """{{ f }}""" }, reply = repeat d up to 2 { d = ask b { prompt: """{{ d }} {{ f }}""" } }"#,
        4,
        4,
    ),
];

#[test]
fn every_row_of_the_table_of_bounds_is_what_the_plan_says() {
    for (body, calls, waves) in ROWS {
        let bounds = plan(&format!("{HEAD}ensemble x {{ {body} }}")).bounds.clone();
        assert_eq!((bounds.calls, bounds.waves), (*calls, *waves), "{body}");
    }
}

#[test]
fn attempts_count_retries_the_repair_and_the_soft_chance() {
    let of = |options: &str| {
        plan(&format!("{HEAD}ensemble x {{ reply = ask a {{ {options} }} }}")).bounds.attempts
    };
    assert_eq!(of("retries: 0"), 1);
    assert_eq!(of("retries: 2"), 3);
    assert_eq!(of("retries: 1, returns: one_of [yes, no]"), 3);
    assert_eq!(of("retries: 1, soft: [reasoning_effort], reasoning_effort: low"), 3);
}

#[test]
fn time_is_the_longest_path_of_deadlines_or_the_handles_own() {
    let of =
        |body: &str| plan(&format!("{HEAD}ensemble x {{ timeout: 1m, {body} }}")).bounds.time.as_seconds();
    let near =
        |found: f64, expected: f64| assert!((found - expected).abs() < 0.01, "{found} is not {expected}");
    near(of("reply = ask a { timeout: 10s }"), 10.0);
    near(of("reply = ask a { timeout: 10s } else ask b { timeout: 5s }"), 15.0);
    near(of("reply = cascade [a, b] by c { timeout: 10s, accept: 0.5 }"), 60.0);
    near(of("d = parallel panel { timeout: 20s }, reply = merge d by a { timeout: 10s }"), 30.0);
    near(of("reply = ask a"), 60.0);
}
