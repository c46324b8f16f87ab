//! `ensc new`: what it writes is right, tested, and never in the place of something else.

use std::fs;

use super::run;

#[test]
fn what_is_written_checks_without_a_warning_and_its_tests_pass() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (code, printed, complaint) = run(folder.path(), &["new"]);
    assert_eq!(code, Some(0), "{complaint}");
    // The commands that it names are the ones that work.
    let next: Vec<&str> = printed.lines().filter_map(|line| line.strip_prefix("  ensc ")).collect();
    assert_eq!(next.len(), 4, "{printed}");
    for command in next {
        let (line, question) = command.split_once('"').unwrap_or((command, ""));
        let (question, rest) = question.split_once('"').unwrap_or_default();
        let words = line.split_whitespace().chain((!question.is_empty()).then_some(question));
        let words: Vec<&str> = words.chain(rest.split_whitespace()).collect();
        let (code, printed, complaint) = run(folder.path(), &words);
        assert_eq!(code, Some(0), "{command}\n{printed}\n{complaint}");
    }
    let (code, printed, _) = run(folder.path(), &["check", "--deny", "warnings"]);
    assert_eq!((code, printed.contains("nothing wrong")), (Some(0), true), "{printed}");
    let (code, printed, _) = run(folder.path(), &["fmt", "--check"]);
    assert_eq!(code, Some(0), "{printed}");
}

#[test]
fn another_folder_is_named_in_what_comes_next() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (code, printed, _) = run(folder.path(), &["new", "mine/first"]);
    assert_eq!(code, Some(0));
    assert!(printed.contains("ensc explain opt-second-opinion-fast-m --ensembles mine/first"), "{printed}");
    let (code, printed, _) = run(folder.path(), &["check", "mine/first"]);
    assert_eq!(code, Some(0), "{printed}");
}

#[test]
fn nothing_is_overwritten() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let own = folder.path().join("ensembles/deep/own.ens");
    fs::create_dir_all(own.parent().expect("it has a folder")).expect("a folder");
    fs::write(&own, "model m { }\n").expect("a file");
    let (code, printed, complaint) = run(folder.path(), &["new"]);
    assert_eq!((code, printed.as_str()), (Some(1), ""));
    assert!(complaint.contains("`ensembles` holds `.ens` files already"), "{complaint}");
    let names: Vec<_> = fs::read_dir(folder.path().join("ensembles"))
        .expect("the folder")
        .flatten()
        .map(|e| e.file_name())
        .collect();
    assert_eq!(names, ["deep"]);
}
