//! What LiteLLM's file must say once, in a mapping that belongs to others.

use super::plans;
use crate::export::lines::Placed;
use crate::export::region::{BEGIN, END};
use crate::export::{DAEMON_URL, litellm};

const LIST: &str = "model_list:\n  - model_name: mlx-a\n";

fn place(old: &str) -> Placed {
    litellm::place(&plans(), DAEMON_URL, old)
}

/// What the file says before its list.
fn head(old: &str) -> String {
    let text = place(old).expect("it can be understood");
    text.split("model_list:").next().unwrap_or_default().to_owned()
}

fn region(indent: &str) -> String {
    format!(
        "{indent}{BEGIN}
{indent}cancel_on_disconnect: true                           # a client who leaves stops the calls that it started
{indent}health_check_skip_disabled_background_models: true   # GET /health does not run every ensemble
{indent}{END}\n"
    )
}

#[test]
fn they_stand_before_the_list_and_leave_its_comments_to_it() {
    let own = format!("general_settings:\n{}", region("  "));
    assert_eq!(head(""), own);
    assert_eq!(head(&format!("a: 1\n# of the list\n{LIST}")), format!("a: 1\n{own}# of the list\n"));
    assert_eq!(head(&format!("# of the file\n{LIST}")), format!("# of the file\n{own}"));
    assert_eq!(head(&format!("\n---\n# of the list\n{LIST}")), format!("\n---\n{own}# of the list\n"));
    let theirs = "a:\n  # BEGIN X AUTO\n  b: 1\n  # END X AUTO\n";
    assert_eq!(head(&format!("{theirs}{LIST}")), format!("{theirs}{own}"));
}

#[test]
fn in_a_mapping_of_others_they_are_indented_as_theirs_are() {
    let old = format!("general_settings:\n    master_key: x\n    a:\n        b: 1\n\n# next\n{LIST}");
    let new =
        format!("general_settings:\n    master_key: x\n    a:\n        b: 1\n{}\n# next\n", region("    "));
    assert_eq!(head(&old), new);
    assert_eq!(head(&format!("{new}{LIST}")), new);
}

#[test]
fn what_others_have_set_is_left_to_them() {
    let old = "general_settings:\n  cancel_on_disconnect: true # ours, by hand\n";
    let new = head(&format!("{old}{LIST}"));
    assert!(new.starts_with(old) && new.matches("cancel_on_disconnect").count() == 1, "{new}");
    assert!(new.contains("  health_check_skip_disabled_background_models: true   #"), "{new}");
    let both = format!("{old}  health_check_skip_disabled_background_models: true\n");
    assert_eq!(head(&format!("{both}{LIST}")), both);
    // Who takes over a key later takes it out of ours.
    let later = format!("general_settings:\n  cancel_on_disconnect: true\n{}", region("  "));
    assert_eq!(head(&format!("{later}{LIST}")).matches("cancel_on_disconnect").count(), 1);
}

#[test]
fn what_contradicts_them_is_named_by_its_line() {
    #[track_caller]
    fn check(old: &str, line: usize, part: &str) {
        let refusals = place(old).expect_err("it cannot be understood");
        assert!(refusals[0].line == line && refusals[0].message.contains(part), "{refusals:?}");
    }
    let with = |settings: &str| format!("{LIST}{settings}");
    check(
        &with("general_settings:\n  cancel_on_disconnect: false\n"),
        4,
        "must be `true`: a client who leaves",
    );
    check(&with("general_settings: {master_key: x}\n"), 3, "no `cancel_on_disconnect: true` in it; add that");
    check(&with("general_settings: null\n"), 3, "its value on the same line");
    check(&with("general_settings:\n  - a: 1\n"), 4, "is a list here");
    check(&with("general_settings:\n  a: 1\n b: 1\n"), 5, "belongs to no key");
    check(&with("general_settings:\n  a: 1\ngeneral_settings:\n"), 5, "a second time");
    check(&with("general_settings: {\n}\n"), 4, "belongs to what begins above");
    check(&with(&format!("general_settings:\n  a: 1\n    {BEGIN}\n    {END}\n")), 5, "indented by 4");
    check(&with(&format!("general_settings:\n{BEGIN}\n{END}\n")), 4, "indent both markers by 2");
    check(
        &with(&format!("general_settings:\n  a:\n  {BEGIN}\n  {END}\n    b: 1\n")),
        5,
        "in the middle of an entry",
    );
    check(&with(&format!("general_settings:\n  {BEGIN}\n")), 4, "has no `# END ENSC AUTO`");
    check(&with(&format!("x:\n  {BEGIN}\n  {END}\n")), 4, "outside of `model_list`");
    let several = "general_settings:\n  cancel_on_disconnect: no\nmodel_list:\n  a: 1\n";
    let lines: Vec<usize> = place(several).expect_err("two mistakes").iter().map(|it| it.line).collect();
    assert_eq!(lines, [2, 4]);
}
