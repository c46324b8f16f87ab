//! What operators and authors do with findings: set levels, allow, mend, hand them to other programs.

use std::fs;

use super::{SOUND, check, folder, run};

/// Two ballots: L003, in line 10.
fn vote() -> String {
    SOUND.replace("merge drafts by alpha-large", "vote drafts")
}

#[test]
fn a_warning_is_shown_and_does_not_fail() {
    check(&[("plan.ens", &vote())], &["check"], 0, "warning[L003]", "");
    check(&[("plan.ens", &vote())], &["check", "--deny", "warnings"], 1, "error[L003]", "");
}

#[test]
fn levels_are_set_in_the_settings_and_by_flags_and_flags_win() {
    let vote = vote();
    let with = |level: &str| format!("[lints]\nL003 = \"{level}\"\n");
    let at = |level: &str, args: &[&str], code: i32, shown: &str| {
        let settings = with(level);
        let args: Vec<&str> = ["check"].iter().chain(args).copied().collect();
        check(&[("plan.ens", &vote), ("ensc.toml", &settings)], &args, code, shown, "");
    };
    at("allow", &[], 0, "nothing wrong");
    at("warn", &[], 0, "warning[L003]");
    at("deny", &[], 1, "error[L003]");
    at("forbid", &[], 1, "error[L003]");
    at("deny", &["--allow", "L003"], 0, "nothing wrong");
    at("allow", &["--deny", "vote-on-two"], 1, "error[L003]");
    at("deny", &["--warn", "L003", "--allow", "L003"], 0, "warning[L003]");
    check(&[("plan.ens", SOUND)], &["check", "--deny", "vote-on-to"], 2, "", "did you mean `vote-on-two`?");
}

#[test]
fn a_file_may_allow_what_is_denied_but_not_what_is_forbidden() {
    let allowed = vote().replace("vote drafts", "vote drafts { allow: { L003: \"two are enough\" } }");
    let plan = [("plan.ens", allowed.as_str())];
    check(&plan, &["check"], 0, "nothing wrong", "");
    check(&plan, &["check", "--deny", "L003"], 0, "nothing wrong", "");
    let forbids = ("ensc.toml", "[lints]\nL003 = \"forbid\"\n");
    check(&[plan[0], forbids], &["check"], 1, "`allow` does not help", "");
    // To deny what is forbidden would let files allow it.
    check(&[plan[0], forbids], &["check", "--deny", "L003"], 1, "`allow` does not help", "");
    let echo = SOUND.replace("[alpha-large, beta-large]", "[alpha-large, alpha-large]");
    let echo = echo.replace("{\n  drafts", "{\n  allow: { lone-model: \"for now\" }\n  drafts");
    check(&[("plan.ens", &echo)], &["check"], 1, "`L101 = \"deny\"` there would let it", "");
    check(&[("plan.ens", &echo), ("ensc.toml", "[lints]\nL101 = \"deny\"\n")], &["check"], 0, "nothing", "");
}

#[test]
fn an_allowance_of_no_lint_is_an_error_with_advice() {
    let text = vote().replace("vote drafts", "vote drafts { allow: { L0003: \"two are enough\" } }");
    check(&[("plan.ens", &text)], &["check"], 1, "no lint named `L0003`", "");
    check(&[("plan.ens", &text)], &["check"], 1, "did you mean `L003`?", "");
    let idle = SOUND.replace("{\n  drafts", "{\n  allow: { L003: \"two are enough\" }\n  drafts");
    check(&[("plan.ens", &idle)], &["check"], 0, "warning[L099]: nothing here breaks `L003`", "");
    check(&[("plan.ens", &idle)], &["check", "--allow", "L003"], 0, "nothing wrong", "");
    // With an error anywhere nobody knows what else would be found.
    let broken = idle.replace("merge drafts", "merge draft");
    let folder = folder(&[("plan.ens", &broken)]);
    let (_, stdout, _) = run(folder.path(), &["check"]);
    assert!(stdout.contains("N001") && !stdout.contains("L099"), "{stdout}");
}

#[test]
fn what_is_sure_is_mended_and_the_rest_is_told() {
    let text = SOUND
        .replace("timeout: 5m", "timout: 5m")
        .replace("reply = merge", "reply: merge")
        .replace("by alpha-large", "by alpha-larg { temperature: 0,7 }");
    let folder = folder(&[("plan.ens", &text)]);
    let path = folder.path().join("plan.ens");
    let (status, stdout, _) = run(folder.path(), &["check", "--fix", "--diff"]);
    assert_eq!(status, Some(1));
    assert!(stdout.starts_with("--- plan.ens\n+++ plan.ens\n@@ "), "{stdout}");
    assert!(stdout.contains("\n-profile high { timout: 5m }\n+profile high { timeout: 5m }\n"), "{stdout}");
    assert_eq!(fs::read_to_string(&path).expect("it is there"), text, "a diff changes nothing");

    let (status, stdout, stderr) = run(folder.path(), &["check", "--fix"]);
    let mended = SOUND.replace("by alpha-large", "by alpha-large { temperature: 0.7 }");
    assert_eq!(fs::read_to_string(&path).expect("it is there"), mended, "{stdout}{stderr}");
    assert_eq!(status, Some(0), "{stdout}{stderr}");
    assert!(stderr.contains("mended 4 places in 1 file"), "{stderr}");
    let (_, _, stderr) = run(folder.path(), &["check", "--fix"]);
    assert!(stderr.contains("nothing mended"), "{stderr}");
}

#[test]
fn a_fix_that_would_make_something_else_wrong_is_left_out() {
    // Without its `else` nobody would use `spare`, which is an error.
    let text = SOUND.replace(
        "  reply = merge drafts by alpha-large",
        "  spare = ask beta-large\n  note = text \"\"\"short\"\"\" else first([spare])\n  reply = merge drafts by alpha-large { prompt: \"\"\"{{ drafts[0] }} {{ note }}\"\"\" }",
    );
    let folder = folder(&[("plan.ens", &text), ("b.ens", "profile low { timout: 5m }\n")]);
    let (status, stdout, stderr) = run(folder.path(), &["check", "--fix"]);
    assert_eq!(status, Some(0), "{stdout}{stderr}");
    assert!(stderr.contains("mended 1 place in 1 file"), "{stderr}");
    assert!(stderr.contains("left plan.ens:11 as it is"), "{stderr}");
    assert_eq!(fs::read_to_string(folder.path().join("plan.ens")).expect("it is there"), text);
    assert!(stdout.contains("L011"), "{stdout}");
}

#[test]
fn mending_keeps_permissions_and_follows_links() {
    let folder = folder(&[("real/plan.txt", &vote().replace("vote drafts", "vote drafts;"))]);
    let (real, link) = (folder.path().join("real/plan.txt"), folder.path().join("plan.ens"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::{PermissionsExt, symlink};
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("permissions");
        symlink(&real, &link).expect("a link");
        let (_, stdout, stderr) = run(folder.path(), &["check", "--fix"]);
        assert!(stderr.contains("mended 1 place"), "{stdout}{stderr}");
        assert!(fs::symlink_metadata(&link).expect("a link").is_symlink());
        assert_eq!(fs::metadata(&real).expect("a file").permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_to_string(&real).expect("it is there"), vote());
    }
    let left = fs::read_dir(folder.path().join("real")).expect("a folder").count();
    assert_eq!(left, 1, "nothing is left beside it");
}

#[test]
fn findings_are_sarif_and_annotations_with_paths_from_here() {
    let files = [("ensembles/plan.ens", vote())];
    let folder = folder(&files.each_ref().map(|(name, text)| (*name, text.as_str())));
    let (status, stdout, _) = run(folder.path(), &["check", "--format", "sarif"]);
    assert_eq!(status, Some(0));
    let log: serde_json::Value = serde_json::from_str(&stdout).expect("a log is JSON");
    let result = &log["runs"][0]["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&"L003".into(), &"warning".into()));
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "ensembles/plan.ens");
    assert_eq!(place["region"]["startLine"], 10);
    let (_, stdout, _) = run(folder.path(), &["check", "--format", "github", "--deny", "warnings"]);
    assert!(stdout.starts_with("::error file=ensembles/plan.ens,line=10,endLine=10,col=11,"), "{stdout}");
}

#[test]
fn an_upstream_that_is_not_this_host_is_found_before_the_daemon_starts() {
    let settings = |url: &str| format!("[serve]\nbase_url = \"{url}\"\n");
    let far = settings("http://models.example:4000/v1");
    check(&[("plan.ens", SOUND), ("ensc.toml", &far)], &["check"], 1, "", "ensc.toml: ");
    let near = settings("http://127.0.0.1:4000/v1");
    check(&[("plan.ens", SOUND), ("ensc.toml", &near)], &["check"], 0, "nothing wrong", "");
}
