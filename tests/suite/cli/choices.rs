//! `--n`: what is explained for several answers is what is run for them.

use serde_json::Value;

use super::{folder, run};

/// Two drafts, merged; three answers are one call too many.
const LIMITED: &str = r#"
model alpha { runtime: mlx, memory: 60GB, context: 128k, max_output: 8k }
model beta { runtime: mlx, memory: 30GB, context: 128k, max_output: 8k }
tier s { memory: 100GB }
profile high { timeout: 1m }
ensemble names at high-s {
  limit: { calls: 4 }
  drafts = parallel [alpha, beta]
  reply = merge drafts by alpha
}
"#;

#[test]
fn the_plan_of_several_answers_is_shown_with_its_bound() {
    let folder = folder(&[("names.ens", LIMITED)]);
    let (code, page, stderr) = run(folder.path(), &["explain", "opt-names-high-s", "--n", "2"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{page}");
    assert!(page.lines().next().is_some_and(|title| title.ends_with("· n 2")), "{page}");
    assert!(page.contains("\n4 calls (at most 12 attempts) in 2 waves"), "{page}");
    assert!(page.contains("  2 answers by alpha, one is enough"), "{page}");

    let (_, page, stderr) = run(folder.path(), &["explain", "opt-names-high-s", "--n", "3"]);
    assert!(page.contains("\n5 calls "), "it is shown all the same: {page}");
    let why = "with `n` 3 the worst case of `opt-names-high-s` is calls 5; its limit is calls 4";
    assert!(stderr.contains(&format!("the daemon refuses this: {why}")), "{stderr}");

    let (_, json, _) = run(folder.path(), &["explain", "names", "--n", "2", "--format", "json"]);
    let document: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&document["choices"], &document["bounds"]["calls"]), (&Value::from(2), &Value::from(4)));
    let one = |more: &[&str]| run(folder.path(), &[&["explain", "opt-names-high-s"], more].concat()).1;
    assert_eq!(one(&["--n", "1"]), one(&[]));
}

#[test]
fn several_answers_are_printed_one_after_the_other() {
    let folder = folder(&[("names.ens", LIMITED)]);
    let ask = |more: &[&str]| {
        let args = ["run", "opt-names-high-s", "A name?", "--upstream", "sim"];
        run(folder.path(), &[&args, more].concat())
    };
    let (code, stdout, stderr) = ask(&["--n", "2"]);
    assert_eq!(code, Some(0), "{stderr}");
    let (first, second) = stdout.split_once("\n— 2 of 2 —\n").expect(&stdout);
    assert!(first.starts_with("— 1 of 2 —\n[simulated alpha]"), "{stdout}");
    assert!(second.starts_with("[simulated alpha]") && second.ends_with('\n'), "{stdout}");

    let (_, json, _) = ask(&["--n", "2", "--format", "json"]);
    let answer: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(answer["choices"].as_array().map(Vec::len), Some(2));
    assert_eq!(answer["choices"][0]["text"], answer["text"]);
    assert_eq!(answer["receipt"]["bound"]["calls"], 4);
    assert_eq!(answer["receipt"]["totals"]["calls"], 4);

    let (code, stdout, stderr) = ask(&["--n", "3"]);
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.contains("its limit is calls 4"), "{stderr}");
    assert_eq!(ask(&["--n", "9"]).0, Some(2), "a request takes no more than 8 either");
}

#[test]
fn where_there_are_fewer_answers_it_is_said_why() {
    let text = LIMITED.replace("merge drafts by alpha", "first(drafts)");
    let folder = folder(&[("names.ens", &text)]);
    let args = ["run", "opt-names-high-s", "A name?", "--n", "3", "--upstream", "sim"];
    let (code, stdout, stderr) = run(folder.path(), &args);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("\n— 2 of 2 —\n[simulated beta]"), "{stdout}");
    assert!(stderr.contains("fewer answers than asked for: "), "{stderr}");
}
