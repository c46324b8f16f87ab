//! Rules, on plans made by hand. What each rule finds in a program is tested by its page.

use crate::diagnostic::Diagnostic;
mod programs;

use crate::explain::sample;
use crate::lint::{Level, Policy, RULES, Subject, review};
use crate::plan::{Limit, Plan};
use crate::source::{SourceFile, Sources};
use crate::units::Tokens;

/// What the rules say, without trees.
fn look(sources: &Sources, plans: &[Plan], policy: &Policy) -> Vec<Diagnostic> {
    review(&Subject { sources, files: &[], plans, sound: true }, policy)
}

#[track_caller]
fn check(plans: &[Plan], codes: &[&str]) {
    let found = look(&Sources::default(), plans, &Policy::default());
    let found: Vec<&str> = found.iter().map(|diagnostic| diagnostic.code.0).collect();
    assert_eq!(found, codes);
}

#[track_caller]
fn check_text(text: &str, codes: &[&str]) {
    let mut sources = Sources::default();
    sources.add(SourceFile::new("a.ens", text));
    let found = look(&sources, &[], &Policy::default());
    let found: Vec<&str> = found.iter().map(|diagnostic| diagnostic.code.0).collect();
    assert_eq!(found, codes);
}

#[test]
fn a_sound_handle_passes() {
    check(&[sample::architect(), sample::extract()], &[]);
}

#[test]
fn a_fallback_is_no_second_model() {
    let mut plan = sample::architect();
    let backup = plan.ids().nth(1).expect("three drafts");
    plan.nodes[3].act = crate::plan::Act::List(vec![crate::plan::NodeId(0)]);
    plan.nodes[4].fallback = Some(backup);
    check(&[plan], &["L101"]);
}

#[test]
fn a_member_that_is_a_handle_is_a_loop() {
    let mut plan = sample::architect();
    plan.models[1].name = "opt-extract-fast-s".into();
    plan.models[2].name = "moa-anything".into();
    check(&[plan, sample::extract()], &["L102", "L102"]);
}

#[test]
fn a_model_that_is_named_like_an_ensemble_is_told_another_name() {
    let mut plan = sample::architect();
    plan.models[1].name = "race-engineer-7b".into();
    let found = look(&Sources::default(), &[plan], &Policy::default());
    assert_eq!(found.len(), 1, "{found:?}");
    let advice = &found[0].help[0];
    assert!(advice.contains("another name here and as its `model_name` in LiteLLM"), "{advice}");
}

#[test]
fn a_name_with_an_underscore_is_not_kebab_case() {
    let mut plan = sample::architect();
    plan.handle = "opt_architect".into();
    check(&[plan], &["L103"]);
}

#[test]
fn two_ensembles_cannot_share_a_selector() {
    let mut plan = sample::architect();
    plan.selector = sample::extract().selector;
    check(&[plan, sample::extract()], &["L104"]);
}

#[test]
fn a_handle_named_after_a_family_is_refused() {
    let mut plan = sample::architect();
    plan.handle = "opt-gpt-5-panel".into();
    plan.selector = "o1".into();
    check(&[plan], &["L105", "L105"]);
}

#[test]
fn a_name_like_a_rate_limit_is_found_wherever_litellm_would() {
    for (name, is_found) in [
        ("rate-limit", true),
        ("RateLimiter-7b", true),
        ("a_rate_-_limit", true),
        ("separatelimits", true),
        ("rate-the-limit", false),
        ("rates-limit", false),
        ("limit-rate", false),
    ] {
        let mut plan = sample::architect();
        plan.handle = name.into();
        let mut policy = Policy::default();
        assert!(policy.set("kebab-case", Level::Allow));
        let found = look(&Sources::default(), &[plan], &policy);
        let codes: Vec<&str> = found.iter().map(|diagnostic| diagnostic.code.0).collect();
        assert_eq!(codes, if is_found { vec!["L016"] } else { vec![] }, "{name}");
    }
}

#[test]
fn members_must_fit_their_tier() {
    let mut plan = sample::architect();
    plan.memory = Some(crate::units::Bytes(149_000_000_000));
    check(&[plan], &["L106"]);
}

#[test]
fn keys_are_found_and_model_names_are_not() {
    check_text("// sk-abcdEFGH1234abcdEFGH1234", &["L107"]);
    check_text("params: { api_key: \"c2VjcmV0LXZhbHVlLTEyMzQ1Njc4OTA\" }", &["L107"]);
    check_text("token = mlx-qwen3-next-80b-a3b-instruct-mxfp4", &[]);
    check_text("say that task-oriented work is fine; max_tokens: 8000", &[]);
}

#[test]
fn a_limit_may_be_reached_but_not_passed() {
    let limited = |limit: Limit| Plan { limit, ..sample::architect() };
    let bounds = sample::architect().bounds;
    let sent = bounds.tokens_in.constant.plus(bounds.request_max.times(4));
    let tokens = sent.plus(bounds.tokens_out);
    let calls = |calls| limited(Limit { calls: Some(calls), ..Limit::default() });
    let tokens = |less| limited(Limit { tokens: Some(Tokens(tokens.0 - less)), ..Limit::default() });
    check(&[calls(4)], &[]);
    check(&[tokens(0)], &[]);
    check(&[calls(3)], &["L108"]);
    check(&[tokens(1)], &["L108"]);
}

#[test]
fn a_policy_can_lower_a_rule() {
    let mut plan = sample::architect();
    plan.handle = "opt_architect".into();
    let mut policy = Policy::default();
    assert!(policy.set("L103", Level::Warn));
    assert!(!policy.set("L999", Level::Warn));
    let found = look(&Sources::default(), &[plan], &policy);
    assert!(found.iter().all(|diagnostic| !diagnostic.is_error()));
}

#[test]
fn every_rule_has_its_own_code_and_a_page_that_names_it() {
    let codes: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
    let sense = (1..=16).chain([99]).map(|number| format!("L{number:03}"));
    let policy = (101..=109).map(|number| format!("L{number}"));
    assert_eq!(codes, sense.chain(policy).collect::<Vec<_>>());
    for rule in RULES {
        let level = if rule.code < "L100" { Level::Warn } else { Level::Forbid };
        assert_eq!(rule.level, level, "{}", rule.code);
        assert!(rule.page.starts_with(&format!("# {} {}\n", rule.code, rule.name)), "{}", rule.page);
        let headings =
            ["## What it does", "## Why it matters", "## Example", "## Instead", "## When to allow it"];
        for heading in headings {
            assert!(rule.page.contains(heading), "{} lacks {heading}", rule.code);
        }
    }
}
