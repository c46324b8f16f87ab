//! `ensc fmt` as people and scripts meet it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Stdio;

use crate::cli::{ensc, folder};

const LOOSE: &str = "model a{ memory:5GB } // kept\r\n";
const NEAT: &str = "model a { memory: 5GB } // kept\n";
const BROKEN: &str = "model a {\n  memory = = 5GB\n";

/// Runs in this folder, with this on standard input.
fn run(folder: &Path, args: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut command = ensc();
    command.current_dir(folder).arg("fmt").args(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the command starts");
    // A command that does not read its input may end before it is written.
    let _ = child.stdin.take().expect("it has an input").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("the command ends");
    let text = |bytes| String::from_utf8(bytes).expect("what is printed is UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).expect("the file is there")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn files_are_written_in_place_and_only_if_they_change() {
    let folder = folder(&[("a.ens", LOOSE), ("tiers/b.ens", NEAT), ("c.txt", LOOSE)]);
    let path = folder.path().join("a.ens");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("its mode can be set");
    let untouched = fs::metadata(folder.path().join("tiers/b.ens")).expect("it is there").ino();

    assert_eq!(
        run(folder.path(), &[], ""),
        (Some(0), "formatted a.ens\n2 files: 1 changed\n".into(), String::new())
    );
    assert_eq!(read(folder.path(), "a.ens"), NEAT);
    assert_eq!(fs::metadata(&path).expect("it is there").mode() & 0o777, 0o640);
    assert_eq!(fs::metadata(folder.path().join("tiers/b.ens")).expect("it is there").ino(), untouched);
    assert_eq!(read(folder.path(), "c.txt"), LOOSE);
    assert_eq!(names(folder.path()), ["a.ens", "c.txt", "tiers"]);

    let formatted = fs::metadata(&path).expect("it is there").ino();
    assert_eq!(run(folder.path(), &[], ""), (Some(0), "2 files: nothing to change\n".into(), String::new()));
    assert_eq!(fs::metadata(&path).expect("it is there").ino(), formatted);
}

#[test]
fn a_link_stays_a_link() {
    let folder = folder(&[("real/a.txt", LOOSE)]);
    let link = folder.path().join("a.ens");
    symlink("real/a.txt", &link).expect("a link");
    assert_eq!(run(folder.path(), &["a.ens"], "").0, Some(0));
    assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
    assert_eq!(read(folder.path(), "real/a.txt"), NEAT);
}

#[test]
fn check_shows_what_would_change_and_changes_nothing() {
    let folder = folder(&[("a.ens", LOOSE), ("b.ens", NEAT)]);
    let (code, stdout, stderr) = run(folder.path(), &["--check"], "");
    assert_eq!((code, stderr.as_str()), (Some(1), ""));
    let lines = "-model a{ memory:5GB } // kept\r\n+model a { memory: 5GB } // kept\n";
    assert_eq!(stdout, format!("--- a.ens\n+++ a.ens\n@@ -1 +1 @@\n{lines}2 files: 1 would change\n"));
    assert_eq!(read(folder.path(), "a.ens"), LOOSE);
    assert_eq!(run(folder.path(), &["--check", "b.ens"], "").0, Some(0));
}

#[test]
fn a_file_with_mistakes_is_left_alone_and_keeps_no_other_from_it() {
    let folder = folder(&[("a.ens", BROKEN), ("b.ens", LOOSE)]);
    fs::write(folder.path().join("latin.ens"), b"// caf\xe9\n").expect("a file");
    let (code, stdout, stderr) = run(folder.path(), &[], "");
    assert_eq!((code, stdout.as_str()), (Some(1), "formatted b.ens\n3 files: 1 changed, 2 left alone\n"));
    assert!(stderr.contains("a.ens:1:9") && stderr.contains("`a.ens` is left as it is"), "{stderr}");
    assert!(stderr.contains("`./latin.ens` is not UTF-8"), "{stderr}");
    assert_eq!(read(folder.path(), "a.ens"), BROKEN);
    assert_eq!(run(folder.path(), &["nowhere"], "").0, Some(1));
}

#[test]
fn a_file_that_may_not_be_written_is_named() {
    let folder = folder(&[("a.ens", LOOSE)]);
    fs::set_permissions(folder.path().join("a.ens"), fs::Permissions::from_mode(0o440))
        .expect("its mode can be set");
    let (code, _, stderr) = run(folder.path(), &[], "");
    assert_eq!(code, Some(1));
    assert!(stderr.contains("`./a.ens` cannot be written: it is read-only"), "{stderr}");
    assert_eq!(read(folder.path(), "a.ens"), LOOSE);
}

#[test]
fn standard_input_goes_to_standard_output() {
    let folder = folder(&[]);
    assert_eq!(run(folder.path(), &["-"], LOOSE), (Some(0), NEAT.into(), String::new()));
    let (code, stdout, stderr) = run(folder.path(), &["-"], BROKEN);
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.contains("`standard input` is left as it is"), "{stderr}");
    assert_eq!(run(folder.path(), &["--check", "-"], NEAT), (Some(0), String::new(), String::new()));
    assert_eq!(run(folder.path(), &["--check", "-"], LOOSE).0, Some(1));
    let (code, _, stderr) = run(folder.path(), &["-", "a.ens"], LOOSE);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("`-` stands alone"), "{stderr}");
}
