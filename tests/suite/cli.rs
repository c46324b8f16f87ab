//! The command as people and scripts meet it: exit codes, streams, colours, and what is said about bad files.

mod approaches;
mod choices;
pub mod daemon;
mod doctor;
mod exports;
mod life;
mod limits;
mod lints;
mod loaded;
mod logs;
mod new;
mod plugins;
mod sync;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// Two models, one ensemble, nothing wrong.
const SOUND: &str = r#"model alpha-large { runtime: mlx, memory: 40GB, context: 128k, max_output: 8k }
model beta-large { runtime: mlx, memory: 60GB, context: 128k, max_output: 8k }
tier xl { memory: 200GB }
profile high { timeout: 5m }
defaults { handle: "opt-{name}-{profile}-{tier}" }

/// Plans: two drafts, one synthesis.
ensemble plan at high-xl {
  drafts = parallel [alpha-large, beta-large]
  reply = merge drafts by alpha-large
}
"#;

/// `SOUND` with a mistake in line 10.
fn broken() -> String {
    SOUND.replace("merge drafts", "merge draft")
}

pub fn ensc() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ensc"));
    for name in [
        "OPENAI_API_KEY",
        "OPTILLM_API_KEY",
        "NO_COLOR",
        "CLICOLOR_FORCE",
        "RUST_LOG",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
    ] {
        command.env_remove(name);
    }
    command.env("TERM", "xterm-256color").stdin(Stdio::null());
    command
}

pub fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

pub fn sound() -> TempDir {
    folder(&[("plan.ens", SOUND)])
}

fn run(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } =
        ensc().current_dir(folder).args(args).output().expect("the command starts");
    let text = |bytes| String::from_utf8(bytes).expect("what is printed is UTF-8");
    (status.code(), text(stdout), text(stderr))
}

/// Runs in a folder with these files and expects the exit code, and a part of each stream.
#[track_caller]
fn check(files: &[(&str, &str)], args: &[&str], code: i32, stdout_has: &str, stderr_has: &str) {
    let folder = folder(files);
    let (status, stdout, stderr) = run(folder.path(), args);
    assert_eq!(status, Some(code), "{args:?}\n{stdout}\n{stderr}");
    assert!(stdout.contains(stdout_has), "{args:?} printed\n{stdout}");
    assert!(stderr.contains(stderr_has), "{args:?} complained\n{stderr}");
}

#[test]
fn sound_files_are_nothing_wrong() {
    check(&[("plan.ens", SOUND)], &["check"], 0, "1 file, 1 handle: nothing wrong", "");
    check(&[("ensembles/plan.ens", SOUND), ("other.ens", "nonsense")], &["check"], 0, "1 file", "");
}

#[test]
fn a_mistake_is_shown_with_its_place_and_fails() {
    check(&[("a/plan.ens", &broken())], &["check"], 1, "a/plan.ens:10", "");
}

#[test]
fn findings_are_json_where_that_is_asked_for() {
    for (text, code) in [(SOUND.to_owned(), 0), (broken(), 1)] {
        let folder = folder(&[("plan.ens", &text)]);
        let (status, stdout, stderr) = run(folder.path(), &["check", "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&stdout).expect("the report is JSON");
        assert_eq!((status, stderr.as_str()), (Some(code), ""), "{stdout}");
        assert_eq!(report["errors"], code);
    }
}

#[test]
fn a_mistake_in_a_policy_is_an_error_and_can_be_lowered() {
    let echo = SOUND.replace("[alpha-large, beta-large]", "[alpha-large, alpha-large]");
    check(&[("plan.ens", &echo)], &["check"], 1, "L101", "");
    let lowered = ("ensc.toml", "[lints]\nlone-model = \"warn\"\n");
    check(&[("plan.ens", &echo), lowered], &["check"], 0, "L101", "");
    check(&[("plan.ens", &echo), lowered], &["check", "--deny", "warnings"], 1, "L101", "");
    let wrong = ("ensc.toml", "[lints]\nlone-mode = \"warn\"\n");
    check(&[("plan.ens", SOUND), wrong], &["check"], 1, "", "did you mean `lone-model`?");
    check(&[("plan.ens", SOUND), ("ensc.toml", "[serve]\nprot = 1\n")], &["check"], 1, "", "prot");
}

#[test]
fn files_that_cannot_be_used_are_named_with_the_reason() {
    let large = format!("// {}", "x".repeat(1 << 20));
    check(&[("big.ens", &large)], &["check"], 1, "", "`./big.ens` is too large: 1048579 bytes");
    check(&[], &["check"], 1, "", "`.` holds no `.ens` file");
    check(&[], &["check", "nowhere"], 1, "", "`nowhere` does not exist");
    let folder = folder(&[("plan.ens", SOUND)]);
    fs::write(folder.path().join("latin.ens"), b"// caf\xe9\n").expect("a file");
    let (status, _, stderr) = run(folder.path(), &["check"]);
    assert_eq!(status, Some(1));
    assert!(stderr.contains("`./latin.ens` is not UTF-8: byte 6 (0xe9)"), "{stderr}");
}

#[test]
fn every_unusable_file_is_named_at_once() {
    let folder = folder(&[]);
    let (_, _, stderr) = run(folder.path(), &["check", "one", "two"]);
    assert!(stderr.contains("`one`") && stderr.contains("`two`"), "{stderr}");
}

#[test]
fn a_file_that_is_given_twice_is_read_once() {
    check(&[("plan.ens", SOUND)], &["check", ".", "plan.ens"], 0, "1 file, 1 handle", "");
}

#[test]
fn a_handle_is_explained_on_a_page_and_as_json() {
    let folder = sound();
    let (status, page, _) = run(folder.path(), &["explain", "opt-plan-high-xl"]);
    assert_eq!(status, Some(0));
    assert!(page.starts_with("opt-plan-high-xl "), "{page}");
    let (_, json, _) = run(folder.path(), &["explain", "moa-plan-high-xl", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("the document is JSON");
    assert_eq!(json["handle"], "opt-plan-high-xl");
    assert_eq!(json["members"], serde_json::json!(["alpha-large", "beta-large"]));
    for absolute in [folder.path().display().to_string(), "/".to_owned()] {
        assert!(!page.contains(&absolute), "{page}");
    }
}

#[test]
fn a_handle_that_is_not_there_is_met_with_the_nearest() {
    check(
        &[("plan.ens", SOUND)],
        &["explain", "opt-plan-hihg-xl"],
        1,
        "",
        "did you mean `opt-plan-high-xl`?",
    );
    check(&[("plan.ens", SOUND)], &["explain", "zebra"], 1, "", "`ensc list` shows all of them");
}

#[test]
fn an_ensemble_of_several_cells_is_explained_as_a_grid() {
    let two = format!(
        "{}\nprofile fast {{ timeout: 30s }}\nprofile brisk {{ timeout: 30s }}\n",
        SOUND.replace("at high-xl", "at high-xl, fast-xl, brisk-xl")
    );
    let folder = folder(&[("plan.ens", &two)]);
    let (status, page, _) = run(folder.path(), &["explain", "plan"]);
    assert_eq!(status, Some(0));
    assert_eq!(
        page,
        "\
plan: 3 handles
Plans: two drafts, one synthesis.

  handle              calls   waves   time   out   models   memory
  opt-plan-high-xl        3       2     5m   72k        2   100GB of 200GB
  opt-plan-fast-xl        3       2    30s   72k        2   100GB of 200GB
  opt-plan-brisk-xl       3       2    30s   72k        2   100GB of 200GB

calls, waves, time and tokens out: the most that one run can take
opt-plan-brisk-xl is opt-plan-fast-xl under another name
"
    );
    let (_, json, _) = run(folder.path(), &["explain", "plan", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("the grid is JSON");
    assert_eq!(json["cells"][2]["same_as"], "opt-plan-fast-xl");
    check(&[("plan.ens", &two)], &["run", "plan", "hi"], 1, "", "`plan` has 3 handles; name one of");
}

#[test]
fn a_model_is_traced_to_the_handles_that_can_call_it() {
    let text = SOUND.replace("by alpha-large", "by alpha-large else ask beta-large");
    let folder = folder(&[("plan.ens", &text)]);
    let (status, page, _) = run(folder.path(), &["why", "beta-large"]);
    assert_eq!(status, Some(0));
    assert_eq!(
        page,
        "\
beta-large: 1 of 1 handle can call it

  opt-plan-high-xl   plan.ens:8   drafts[1] (ask) · reply.else (ask, if something fails)
"
    );
    let (_, json, _) = run(folder.path(), &["why", "beta-large", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(json["handles"][0]["only_as_fallback"], false);
    check(&[("plan.ens", SOUND)], &["why", "beta-lagre"], 1, "", "did you mean `beta-large`?");
}

#[test]
fn a_technique_is_shown_as_it_is_written_with_its_prompts() {
    let moa = &["explain", "--prelude", "moa"];
    check(&[], moa, 0, "technique moa(panel: models, chief: model, write: prompt = synthesize) {", "");
    check(&[], moa, 0, "\nprompt synthesize(answers) \"\"\"\n", "");
    check(&[], &["explain", "--prelude", "choose"], 0, "prompt choose(answers, rubric)", "");
    check(&[], &["explain", "--prelude", "moar"], 1, "", "the prelude has no `moar`; did you mean `moa`?");
    check(&[], &["explain", "--prelude", "opt-chat-balanced-m"], 1, "", "techniques: moa, moa-critique, ");
}

#[test]
fn two_plans_are_told_apart() {
    let slower =
        SOUND.replace("[alpha-large, beta-large]", "[alpha-large, beta-large] { timeout: 90s, need: 2 }");
    let folder = folder(&[("plan.ens", SOUND), ("later/plan.ens", &slower)]);
    let (status, page, _) = run(folder.path(), &["explain", "plan.ens", "--diff", "later"]);
    assert_eq!((status, page.as_str()), (Some(1), ""), "a source is no plan file");
    let (_, json, _) = run(folder.path(), &["explain", "plan", "--ensembles", "later", "--format", "json"]);
    fs::write(folder.path().join("later.json"), json).expect("a plan file");
    let shown = "\
opt-plan-high-xl
the same bounds

steps
  ~ drafts[0], drafts[1]
      deadline_ms: none -> 90000
  ~ drafts
      need: 1 -> 2
";
    fs::remove_file(folder.path().join("plan.ens")).expect("it is there");
    fs::create_dir(folder.path().join("before")).expect("a folder");
    fs::write(folder.path().join("before/plan.ens"), SOUND).expect("a source");
    for other in ["later", "later.json"] {
        let (status, page, told) = run(folder.path(), &["explain", "before", "--diff", other]);
        assert_eq!((status, page.as_str()), (Some(0), shown), "{told}");
    }
    let (_, same, _) = run(folder.path(), &["explain", "later", "--diff", "later.json"]);
    assert_eq!(same, "no difference\n");
}

#[test]
fn the_bodies_that_would_be_sent_are_shown() {
    let text = SOUND.replace("by alpha-large", "by alpha-large { prompt: \"\"\"Join: {{ drafts }}\"\"\" }");
    let folder = folder(&[("plan.ens", &text)]);
    let (status, page, told) = run(folder.path(), &["explain", "plan", "--requests"]);
    assert_eq!(status, Some(0), "{told}");
    let last = page.split("\n\n").last().expect("there are bodies");
    assert_eq!(
        last,
        r#"reply · wave 2 · at most 3 sent
{
  "model": "alpha-large",
  "messages": [
    {
      "role": "user",
      "content": "‹conversation›"
    },
    {
      "role": "user",
      "content": "Join: ‹drafts[0]›\n\n‹drafts[1]›"
    }
  ],
  "max_tokens": 8000,
  "num_retries": 0,
  "timeout": 301,
  "disable_fallbacks": true,
  "headers": {
    "x-ensc-path": "opt-plan-high-xl"
  }
}
"#
    );
    let (_, json, _) = run(folder.path(), &["explain", "plan", "--requests", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(json[0]["body"]["model"], "alpha-large");
    assert_eq!(json[1]["steps"], serde_json::json!(["drafts[1]"]));
}

#[test]
fn a_plan_is_drawn_for_people_and_for_other_programs() {
    for (format, start) in [("svg", "<svg "), ("mermaid", "flowchart TB\n"), ("dot", "digraph ")] {
        let folder = sound();
        let (status, drawing, _) = run(folder.path(), &["explain", "plan", "--format", format]);
        assert_eq!(status, Some(0));
        assert!(drawing.starts_with(start), "{drawing}");
    }
}

#[test]
fn a_code_is_explained_by_its_page() {
    check(&[], &["explain", "l101"], 0, "# L101 lone-model", "");
    check(&[], &["explain", "N999"], 1, "", "no code is called `N999`");
}

#[test]
fn handles_are_listed_with_what_they_are_for() {
    check(&[("plan.ens", SOUND)], &["list"], 0, "plan.ens:8  Plans: two drafts, one synthesis", "");
    check(&[("plan.ens", SOUND)], &["list", "--format", "json"], 0, "\"selector\": \"moa-plan-high-xl\"", "");
}

#[test]
fn exports_go_to_standard_output_and_only_if_all_is_well() {
    for (what, has) in [
        ("handles", "\"endpoint_ref\":\"ep_optillm_proxy_4020\""),
        ("litellm", "- model_name: opt-plan-high-xl"),
        ("env", "OPT_PLAN_HIGH_XL_MODEL=moa-plan-high-xl\n"),
    ] {
        check(&[("plan.ens", SOUND)], &["export", what], 0, has, "");
        let folder = folder(&[("plan.ens", &broken())]);
        let (status, stdout, stderr) = run(folder.path(), &["export", what]);
        assert_eq!((status, stdout.as_str()), (Some(1), ""), "{stderr}");
    }
}

#[test]
fn a_question_is_answered_and_its_trace_goes_to_standard_error() {
    let sim = ["--upstream", "sim"];
    let ask = |args: &[&str]| run(sound().path(), &[&["run", "plan", "hello"][..], &sim, args].concat());
    let (status, answer, stderr) = ask(&[]);
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    assert!(answer.contains("simulated") && answer.ends_with('\n'), "{answer}");
    let (_, _, trace) = ask(&["--trace"]);
    assert!(trace.contains("drafts[0]") && trace.contains("ask"), "{trace}");
    let (_, json, _) = ask(&["--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("answer and receipt are JSON");
    assert_eq!(json["receipt"]["totals"]["calls"], 3);
    assert_eq!(json["text"].as_str().map(str::trim_end), Some(answer.trim_end()));
}

#[test]
fn a_run_without_an_answer_fails_with_the_reason() {
    let folder =
        folder(&[("plan.ens", SOUND), ("down.toml", "[[model.\"*\".reply]]\nfault = \"key-refused\"\n")]);
    let (status, stdout, stderr) = run(folder.path(), &["run", "plan", "hi", "--upstream", "sim:down.toml"]);
    assert_eq!((status, stdout.as_str()), (Some(1), ""), "{stderr}");
    assert!(stderr.contains("alpha-large"), "{stderr}");
}

#[test]
fn a_command_line_that_makes_no_sense_is_code_2() {
    for args in [&["chekc"][..], &["check", "--format", "xml"], &["explain"], &["run", "plan"], &[]] {
        let folder = sound();
        assert_eq!(run(folder.path(), args).0, Some(2), "{args:?}");
    }
}

#[test]
fn help_shows_examples() {
    for verb in ["check", "explain", "why", "list", "run", "serve", "sim", "export", "doctor"] {
        check(&[], &[verb, "--help"], 0, "Examples:", "");
    }
}

#[test]
fn colour_is_for_terminals_unless_it_is_asked_for() {
    let folder = folder(&[("plan.ens", &broken())]);
    let is_coloured = |args: &[&str]| run(folder.path(), args).1.contains('\x1b');
    assert!(!is_coloured(&["check"]));
    assert!(is_coloured(&["check", "--color", "always"]));
    assert!(!is_coloured(&["check", "--color", "never"]));
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let folder = sound();
    for args in [&["explain", "opt-plan-high-xl"][..], &["list"], &["export", "litellm"], &["--help"]] {
        let mut child = ensc()
            .current_dir(folder.path())
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command starts");
        drop(child.stdout.take());
        let done = child.wait_with_output().expect("the command ends");
        assert_eq!(done.status.code(), Some(0), "{args:?}");
        assert_eq!(String::from_utf8_lossy(&done.stderr), "", "{args:?}");
    }
}

/// Two tests of `SOUND`: one that passes, one that does not.
const TESTS: &str = r#"
test "two drafts and a plan" {
  run plan
  mock drafts -> "one", "two"
  mock reply -> "both"
  expect reply.text == "both" and calls == 3
}
test "nobody is lost" {
  run plan
  mock drafts -> "one", fail 503
  mock reply -> "both"
  expect not degraded
}
"#;

#[test]
fn tests_are_run_and_counted() {
    let files = [("plan.ens", SOUND), ("tests/plan.ens", TESTS)];
    check(&files, &["test"], 1, "2 tests: 1 passed, 1 failed", "");
    check(&files, &["test"], 1, "tests/plan.ens:12", "");
    check(&files, &["test", "--filter", "TWO drafts"], 0, "1 test passed", "");
    check(&files, &["test", "--filter", "plan.ens:8"], 1, "1 test failed", "");
    check(&files, &["test", "--filter", "none such"], 1, "", "no test has `none such`");
    check(&[("plan.ens", SOUND)], &["test"], 0, "no tests", "");
    check(&files, &["test", "--coverage"], 1, "0 of 0 ways", "");
    check(&files, &["test", "--mutate"], 1, "a degraded answer", "");
    check(&files, &["test", "nowhere"], 1, "", "`nowhere` does not exist");
    check(&files, &["test", "--fromat", "json"], 2, "", "--format");
}

#[test]
fn a_mistake_in_a_test_is_a_mistake_of_the_program() {
    let wrong = TESTS.replace("mock drafts", "mock drafst");
    let files = [("plan.ens", SOUND), ("tests/plan.ens", wrong.as_str())];
    check(&files, &["check"], 1, "did you mean `drafts`?", "");
    check(&files, &["test"], 1, "", "did you mean `drafts`?");
}
