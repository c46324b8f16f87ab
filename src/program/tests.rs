mod docs;

use super::*;
use crate::source::SourceFile;

const BASE: &str = r#"
model a { context: 32k, max_output: 4k }
model b { context: 32k, max_output: 4k }
model c { context: 32k, max_output: 4k }
tier xl { panel = [a, b, c], chief = a }
tier s { panel = [a, b], chief = b, small = c }
profile high { width = 3 }
profile fast { panel = first(1, panel), width = 2 }
"#;

fn check_text(text: &str) -> (Option<Program>, Vec<String>) {
    let mut sources = Sources::default();
    let base = sources.add(SourceFile::new("base.ens", BASE));
    let own = sources.add(SourceFile::new("own.ens", text));
    let (base, mut diagnostics) = crate::syntax::parse(base, BASE);
    let (own, more) = crate::syntax::parse(own, text);
    diagnostics.extend(more);
    let (program, more) = check(&sources, &[base, own]);
    diagnostics.extend(more);
    let shown = diagnostics
        .iter()
        .map(|d| format!("{} {}: {}", d.code.0, &sources.text(d.span), d.message))
        .collect();
    (program, shown)
}

#[track_caller]
fn complains(text: &str, expected: &[&str]) {
    assert_eq!(check_text(text).1, expected, "{text}");
}

#[track_caller]
fn program(text: &str) -> Program {
    let (program, complaints) = check_text(text);
    assert_eq!(complaints, Vec::<String>::new(), "{text}");
    program.expect("no complaint, so a program")
}

#[test]
fn a_panel_and_a_chief_make_one_handle_a_cell() {
    let text = "ensemble x { d = parallel panel, reply = merge d by chief }";
    let program = program(text);
    let names: Vec<&str> = program.handles.iter().map(|handle| handle.name.as_str()).collect();
    assert_eq!(names, ["opt-x-high-xl", "opt-x-fast-xl", "opt-x-high-s", "opt-x-fast-s"]);
    let Verb::Parallel { members, .. } = &program.handles[1].steps[0].alts[0].verb else {
        panic!("a parallel")
    };
    assert_eq!(members.len(), 1, "profile `fast` narrows the tier's panel");
}

#[test]
fn names_that_do_not_resolve_are_named() {
    complains(
        "ensemble x at high-xl { reply = ask cheif }",
        &["N001 cheif: no model, role or step named `cheif`"],
    );
    complains(
        "ensemble x { reply = ask small }",
        &["C003 small: role `small` has no value in cell `high-xl`, `fast-xl`"],
    );
    complains("ensemble x at hgih-xl { reply = ask a }", &["C001 hgih: no profile named `hgih`"]);
    complains(
        "ensemble x at high-xl { d = parallel panel, reply = merge dd by chief }",
        &["N001 dd: no step named `dd`"],
    );
}

#[test]
fn options_units_and_templates_are_judged_at_their_place() {
    complains(
        "ensemble x at high-xl { reply = ask a { temprature: 0.2, timeout: 5min } }",
        &[
            "T002 temprature: a call has no option `temprature`",
            "T015 5min: `timeout` is a duration, and the unit `min` does not say one",
        ],
    );
    complains(
        "ensemble x at high-xl { d = ask a, reply = ask b { prompt: \"\"\"{{ d }} {{ e | uper }}\"\"\" } }",
        &["T004 e: nothing here is named `e`", "T005 uper: no filter named `uper`"],
    );
    complains(
        "ensemble x at high-xl { temperature = 0.7\n reply = ask a }",
        &["T012 temperature: `temperature` is an option: set it with `:`"],
    );
}

#[test]
fn the_graph_has_one_reply_no_circle_and_nothing_unused() {
    complains("ensemble x at high-xl { d = ask a }", &["G001 x: ensemble `x` has no step called `reply`"]);
    complains("ensemble x at high-xl { d = ask a, reply = ask b }", &["G003 d: step `d` is never used"]);
    complains(
        "ensemble x at high-xl { d = ask a { prompt: \"\"\"{{ e }}\"\"\" }, e = ask a { prompt: \"\"\"{{ d }}\"\"\" }, reply = merge [d, e] by b }",
        &["G002 d: steps wait for each other: d → e → d"],
    );
    complains(
        "ensemble x at high-xl { d = ask a, d = ask b, reply = merge [d] by b }",
        &["N002 d: step `d` is defined twice"],
    );
    complains(
        "ensemble x at high-xl { reply = parallel panel }",
        &["T010 reply: this must be one answer: it is what the client gets, not a list of answers"],
    );
}

#[test]
fn a_program_has_limits_and_says_so() {
    let steps: String = (0..300).map(|n| format!("  s{n} = ask a\n")).collect();
    complains(&format!("ensemble x at high-xl {{\n{steps}}}"), &["G007 x: ensemble `x` has 300 steps"]);
    let grid: String = (0..130).map(|n| format!("tier t{n} {{ }}\nprofile p{n} {{ }}\n")).collect();
    let text = format!("{grid}ensemble x {{ reply = ask a }}");
    complains(&text, &["G008 x: from here on there would be more than 16384 handles"]);
    let grown = |rounds: u32, items: u32| {
        let body =
            format!("n = parallel for i in range({items}) up to {items} {{ one = ask a }}, d = merge n by a");
        format!("ensemble x at high-xl {{ d = ask a, reply = repeat d up to {rounds} {{ {body} }} }}")
    };
    complains(&grown(100, 100), &["G010 x: written out, this has more than 10000 steps"]);
    complains(&grown(10, 100), &[]);
    let nested = |depth: usize| -> String {
        let techniques = (1..=depth).map(|n| match n {
            1 => "technique t1(m: model) { reply = ask m }\n".to_owned(),
            n => format!("technique t{n}(m: model) {{ reply = t{}(m: m) }}\n", n - 1),
        });
        format!("{}ensemble x at high-xl {{ reply = t{depth}(m: a) }}", techniques.collect::<String>())
    };
    complains(&nested(15), &[]);
    // A few that each use another a few times: the last would have a million steps, and nobody waits for them.
    let wide = |n: usize| -> String {
        let uses: String = (0..30).map(|k| format!("p{k} = t{}(m: m)\n", n - 1)).collect();
        let list: Vec<String> = (0..30).map(|k| format!("p{k}")).collect();
        format!("technique t{n}(m: model) {{\n{uses}reply = vote [{}] }}\n", list.join(", "))
    };
    let wide: String = (1..=4).map(wide).collect();
    let text = format!(
        "technique t0(m: model) {{ reply = ask m }}\n{wide}ensemble x at high-xl {{ reply = t3(m: a) }}"
    );
    let found = check_text(&text).1;
    assert!(found.iter().all(|text| text.starts_with("G010 ")) && !found.is_empty(), "{found:?}");
    let deep = check_text(&nested(17)).1;
    assert!(deep.iter().all(|text| text.starts_with("G009 ")) && !deep.is_empty(), "{deep:?}");
}

/// Looked at once per way to it, each would take longer than anyone waits.
#[test]
fn steps_that_many_ways_lead_to_are_looked_at_once() {
    let chain = |first: &str, link: &dyn Fn(usize) -> String, reply: &str| -> String {
        let links: String = (1..60).map(link).collect();
        format!("ensemble x at high-xl {{\n{first}\n{links}reply = {reply}\n}}")
    };
    let group = |n: usize| format!("g{n} = parallel {{\na{n} = g{}\nb{n} = g{}\n}}\n", n - 1, n - 1);
    complains(&chain("g0 = parallel panel", &group, "merge g59 by a"), &[]);
    let member = |n: usize| match n {
        1 => group(1),
        n => format!("g{n} = parallel {{\na{n} = g{m}.a{m}\nb{n} = g{m}.b{m}\n}}\n", m = n - 1),
    };
    complains(&chain("g0 = parallel panel", &member, "merge g59 by a"), &[]);
    let vote = |n: usize| format!("s{n} = vote [s{m}, t{m}]\nt{n} = vote [t{m}, s{m}]\n", m = n - 1);
    let first = "s0 = ask a { returns: one_of [x, y] }\nt0 = ask a { returns: one_of [x, y] }";
    complains(&chain(first, &vote, r#"text """{{ s59.value }} {{ t59.value }}""""#), &[]);
}

#[test]
fn an_ensemble_in_several_pieces_is_used_by_its_piece_of_the_cell() {
    let program = program(
        "ensemble solver at high-xl { reply = ask a }
         ensemble solver at high-s { reply = ask b }
         ensemble user at high-xl, high-s { draft = solver, reply = merge [draft, draft] by chief }",
    );
    let models = program.handles.iter().filter(|handle| handle.ensemble == "user").map(|handle| {
        let Verb::Inline(inline) = &handle.steps[0].alts[0].verb else { panic!("the step is an ensemble") };
        let Verb::Ask(call) = &inline.unit.steps[0].alts[0].verb else { panic!("it asks a model") };
        (handle.tier.as_str(), call.model.as_str())
    });
    assert_eq!(models.collect::<Vec<_>>(), [("xl", "a"), ("s", "b")]);
}
