//! Rules and allowances on whole programs, beyond what the pages show.

use crate::diagnostic::Diagnostic;
use crate::lint::Policy;
use crate::source::{SourceFile, Sources};

/// What the programs stand on: three large models, a small one, two tiers and two profiles.
const PLATFORM: &str = r#"
model a-large { memory: 60GB, context: 128k, max_output: 8k }
model b-large { memory: 50GB, context: 128k, max_output: 8k }
model c-large { memory: 40GB, context: 128k, max_output: 8k }
model s-small { memory: 10GB, context: 128k, max_output: 8k }
tier xl { memory: 200GB, panel = [a-large, b-large, c-large] }
tier l { memory: 200GB, panel = [a-large, b-large] }
profile high { timeout: 5m }
profile fast { timeout: 1m }
"#;

fn found(program: &str) -> Vec<Diagnostic> {
    found_on(PLATFORM, program)
}

fn found_on(platform: &str, program: &str) -> Vec<Diagnostic> {
    let mut sources = Sources::default();
    sources.add(SourceFile::new("platform.ens", platform));
    sources.add(SourceFile::new("program.ens", program));
    crate::compile(&sources, &Policy::default()).diagnostics
}

/// The codes that are found, in the order of the source.
#[track_caller]
fn check(program: &str, codes: &[&str]) {
    let found = found(program);
    let told: Vec<&str> = found.iter().map(|it| it.code.0).collect();
    assert_eq!(told, codes, "{program}\n{found:#?}");
}

/// One ensemble in cell high-xl.
#[track_caller]
fn steps(steps: &str, codes: &[&str]) {
    check(&format!("ensemble e at high-xl {{\n{steps}\n}}"), codes);
}

#[test]
fn a_judge_is_known_whatever_it_decides_with() {
    let drafts = "drafts = parallel [a-large, b-large]\n";
    let with = |rest: &str, codes: &[&str]| steps(&format!("{drafts}{rest}"), codes);
    with("reply = pick drafts by a-large { method: pairwise }", &["L001"]);
    with("marks = score drafts by a-large\nreply = best(marks)", &["L001"]);
    with("marks = score drafts by [a-large, b-large]\nreply = best(marks)", &["L001"]);
    with("marks = score drafts by [a-large, b-large] { own: skip }\nreply = best(marks)", &[]);
    with("reply = pick drafts by c-large { method: pairwise }", &[]);
    steps("reply = cascade [c-large, a-large] by c-large { accept: 0.8 }", &["L001"]);
    // The last rung is not graded.
    steps("reply = cascade [c-large, a-large] by a-large { accept: 0.8 }", &[]);
    // Behind names and list functions, too.
    with("two = first(2, drafts)\nall = concat(two)\nreply = pick all by b-large", &["L001"]);
    steps("d = ask b-large else ask a-large\nreply = pick [d] by a-large", &[]);
}

#[test]
fn a_cascade_rises_in_price_and_without_prices_in_memory() {
    let rungs = |list: &str| {
        format!("ensemble e at high-xl {{ reply = cascade [{list}] {{ accept when it.fits }} }}")
    };
    check(&rungs("s-small, c-large, a-large"), &[]);
    check(&rungs("c-large, s-small, a-large"), &["L005"]);
    let priced = PLATFORM
        .replace("model s-small { ", "model s-small { price: $3 / $9, ")
        .replace("model a-large { ", "model a-large { price: $1 / $2, ");
    let codes =
        |program: String| -> Vec<&str> { found_on(&priced, &program).iter().map(|it| it.code.0).collect() };
    assert_eq!(codes(rungs("a-large, s-small")), Vec::<&str>::new());
    assert_eq!(codes(rungs("s-small, a-large")), ["L005"]);
}

#[test]
fn only_groups_of_one_kind_are_panels() {
    steps(
        "d = parallel [a-large]\ne = parallel [b-large] over d\nreply = merge e by b-large",
        &["L004", "L004"],
    );
    steps("d = parallel { x = ask a-large }\nreply = merge d by b-large", &[]);
    steps(
        "d = parallel for x in [\"one\"] up to 1 { y = ask a-large { prompt: \"\"\"{{ x }}\"\"\" } }\nreply = merge d by b-large",
        &[],
    );
    steps("d = sample 1 of a-large\nreply = merge d by b-large", &["L004"]);
}

#[test]
fn what_stands_behind_a_group_may_catch_its_loss() {
    let all = "d = parallel [a-large, b-large] { need: 2 }\n";
    let with = |rest: &str, codes: &[&str]| steps(&format!("{all}{rest}"), codes);
    with("reply = merge d by c-large", &["L006"]);
    with("reply = merge d by c-large else ask c-large", &[]);
    // In a list it only drops out.
    with("reply = merge [d, d2] by c-large\nd2 = ask c-large", &[]);
    with("e = first(d)\nreply = ask c-large { prompt: \"\"\"{{ e }}\"\"\" }", &["L006"]);
    with("e = first(d) else text \"\"\"none\"\"\"\nreply = ask c-large { prompt: \"\"\"{{ e }}\"\"\" }", &[]);
}

#[test]
fn arms_and_starters_are_no_panel_and_answer_for_themselves() {
    steps(
        "reply = route by s-small {\n  when request.tools -> ask a-large { timeout: 10m }\n  small \"a small question\" -> ask s-small\n  else -> ask b-large\n}",
        &["L007"],
    );
    steps("reply = race [a-large, s-small after 2s]", &[]);
    // Proposers of unequal size are the business of what judges them, not of a route.
    steps(
        "d = route { when request.tools -> ask a-large, else -> ask s-small }\nreply = ask b-large { prompt: \"\"\"{{ d }}\"\"\" }",
        &[],
    );
}

#[test]
fn a_name_like_a_rate_limit_is_told_at_its_own_place() {
    let platform = PLATFORM.replace("c-large", "rate-limiter");
    let program = "ensemble rate-limits at high-xl {\n  rate_limit = parallel [a-large, rate-limiter]\n  reply = merge rate_limit by rate-limiter\n}";
    let found = found_on(&platform, program);
    let told: Vec<(&str, &str)> = found.iter().map(|it| (it.code.0, it.message.as_str())).collect();
    let handle = "the handle `opt-rate-limits-high-xl` is named like a rate limit";
    let selector = "the selector `moa-rate-limits-high-xl` is named like a rate limit";
    let step = "the step `rate_limit` is named like a rate limit";
    let model = "the model `rate-limiter` is named like a rate limit";
    assert_eq!(told, [model, handle, selector, step].map(|message| ("L016", message)));
    assert_eq!(found[0].span.start as usize, platform.find("rate-limiter").expect("it is there"));
    assert_eq!(found[3].span.start as usize, program.find("parallel").expect("it is there"));
}

#[test]
fn a_step_of_a_loop_is_told_of_once() {
    let text = "draft = ask a-large\nreply = repeat draft up to 3 {\n  v = sample 3 of b-large { temperature: 0, prompt: \"\"\"{{ draft }}\"\"\" }\n  draft = merge v by a-large\n}";
    steps(text, &["L002"]);
}

#[test]
fn a_technique_is_looked_at_where_it_is_used() {
    let technique =
        "technique duo(panel: models, chief: model) {\n  d = parallel panel\n  reply = vote d\n}\n";
    check(&format!("{technique}ensemble e at high-l = duo(chief: c-large)"), &["L003"]);
    check(&format!("{technique}ensemble e at high-xl = duo(chief: c-large)"), &[]);
    let allowed = technique.replace("vote d", "vote d { allow: { L003: \"a sketch\" } }");
    check(&format!("{allowed}ensemble e at high-l = duo(chief: c-large)"), &[]);
}

#[test]
fn the_prelude_is_blamed_where_it_is_used() {
    let program = "ensemble e at high-xl = moa(panel: [a-large], chief: b-large)";
    let found = found(program);
    let [finding] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!(
        (finding.code.0, finding.span.start),
        ("L004", program.find("moa").expect("it is there") as u32)
    );
}

#[test]
fn the_same_finding_in_several_handles_is_told_once() {
    let found = found("ensemble e {\n  d = parallel [a-large, b-large]\n  reply = vote d\n}");
    let [finding] = found.as_slice() else { panic!("{found:#?}") };
    let also = finding.help.last().expect("there is help");
    assert_eq!(also, "the same in `opt-e-fast-xl`, `opt-e-high-l`, `opt-e-fast-l`");
}

#[test]
fn an_allowance_holds_in_its_block_only() {
    let vote = "ensemble e at high-* {\n  d = parallel panel\n  reply = vote d\n}";
    let codes =
        |platform: &str| -> Vec<&str> { found_on(platform, vote).iter().map(|it| it.code.0).collect() };
    assert_eq!(codes(PLATFORM), ["L003"], "two in tier l, three in tier xl");
    let allowed = |at: &str| PLATFORM.replace(at, &format!("{at}allow: {{ L003: \"as we know\" }}, "));
    assert_eq!(codes(&allowed("tier l { ")), Vec::<&str>::new());
    assert_eq!(codes(&allowed("tier xl { ")), ["L099", "L003"]);
    assert_eq!(codes(&allowed("profile high { ")), Vec::<&str>::new());
    assert_eq!(codes(&allowed("profile fast { ")), ["L099", "L003"]);
    assert_eq!(
        codes(&format!("{PLATFORM}defaults {{ allow: {{ L003: \"as we know\" }} }}")),
        Vec::<&str>::new()
    );
}

#[test]
fn an_allowance_of_a_model_holds_for_what_is_said_of_it() {
    let program =
        "ensemble e at high-xl {\n  d = parallel [a-large, s-small]\n  reply = merge d by b-large\n}";
    check(program, &["L010"]);
    let platform =
        PLATFORM.replace("model s-small { ", "model s-small { allow: { L010: \"made for this\" }, ");
    assert_eq!(found_on(&platform, program), []);
}

#[test]
fn two_findings_of_one_rule_at_one_place_are_both_told() {
    check(
        "ensemble e at high-xl {\n  limit: { calls: 1, tokens: 1k }\n  d = parallel panel\n  reply = merge d by b-large\n}",
        &["L108", "L108"],
    );
}
