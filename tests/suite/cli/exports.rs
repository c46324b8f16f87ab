//! `ensc export --write` and `--check`, on files that are there.

use std::fs;
use std::path::Path;

use super::{SOUND, folder, run};

const WHAT: [(&str, &str, &str); 3] = [
    ("handles", "handles.jsonl", "{\"handle\":\"theirs\"}"),
    ("litellm", "router.yaml", "# by hand\r\nmodel_list:\r\n  - model_name: mlx-a"),
    ("env", "env", "OPENAI_API_KEY=sk-secret"),
];

fn text(path: &Path) -> String {
    fs::read_to_string(path).expect("the file can be read")
}

#[test]
fn what_is_written_once_is_up_to_date() {
    for (what, name, old) in WHAT {
        let folder = folder(&[("plan.ens", SOUND), (name, old)]);
        let path = folder.path().join(name);
        let (code, diff, _) = run(folder.path(), &["export", what, "--check", name]);
        assert_eq!((code, diff.contains(&format!("--- {name}\n+++ {name}\n"))), (Some(1), true), "{diff}");
        assert!(
            !diff.contains("sk-secret") && diff.contains("opt-plan") || diff.contains("OPT_PLAN"),
            "{diff}"
        );
        assert_eq!(text(&path), old, "a check changes nothing");
        let write = ["export", what, "--write", name];
        assert_eq!(run(folder.path(), &write), (Some(0), format!("wrote {name}\n"), String::new()));
        let new = text(&path);
        assert!(new.starts_with(old), "{new}");
        assert_eq!(run(folder.path(), &write).1, format!("{name} is up to date\n"));
        assert_eq!(
            run(folder.path(), &["export", what, "--check", name]),
            (Some(0), String::new(), String::new())
        );
        assert_eq!(text(&path), new);
        let names: Vec<_> =
            fs::read_dir(folder.path()).expect("the folder").flatten().map(|it| it.file_name()).collect();
        assert_eq!(names.len(), 2, "nothing is left beside it: {names:?}");
    }
}

#[test]
fn a_new_file_is_what_standard_output_would_be() {
    for (what, name, _) in WHAT {
        let folder = folder(&[("plan.ens", SOUND)]);
        assert_eq!(run(folder.path(), &["export", what, "--check", name]).0, Some(1));
        assert_eq!(run(folder.path(), &["export", what, "--write", name]).0, Some(0));
        assert_eq!(text(&folder.path().join(name)), run(folder.path(), &["export", what]).1);
    }
}

#[test]
fn what_cannot_be_understood_is_left_alone() {
    let old = "model_list:\n  - model_name: opt-plan-high-xl\n";
    let folder = folder(&[("plan.ens", SOUND), ("router.yaml", old)]);
    for flag in ["--write", "--check"] {
        let (code, shown, told) = run(folder.path(), &["export", "litellm", flag, "router.yaml"]);
        assert_eq!((code, shown.as_str()), (Some(1), ""));
        assert!(told.starts_with("error: router.yaml:2: `opt-plan-high-xl` has an entry outside"), "{told}");
        assert!(told.ends_with("`router.yaml` is left as it is\n"), "{told}");
        assert_eq!(text(&folder.path().join("router.yaml")), old);
    }
    let (code, _, told) = run(folder.path(), &["export", "env", "--write", "nowhere/env"]);
    assert_eq!((code, told.contains("`nowhere/env` cannot be written")), (Some(1), true), "{told}");
    assert_eq!(run(folder.path(), &["export", "env", "--write", "a", "--check", "b"]).0, Some(2));
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = folder(&[("plan.ens", SOUND), ("real/env", "A=1\n")]);
    let (real, link) = (folder.path().join("real/env"), folder.path().join("link"));
    symlink("real/env", &link).expect("a link");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("permissions");
    assert_eq!(run(folder.path(), &["export", "env", "--write", "link"]).0, Some(0));
    assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
    assert!(text(&real).starts_with("A=1\n") && text(&real).contains("OPT_PLAN"));
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&real), 0o640);
    assert_eq!(run(folder.path(), &["export", "env", "--write", "new"]).0, Some(0));
    assert_eq!(mode(&folder.path().join("new")), 0o600, "secrets will stand in it");
}

#[cfg(unix)]
#[test]
fn the_archive_is_never_changed() {
    let folder = folder(&[("plan.ens", SOUND), ("docs/archive/old", ""), ("docs/new", "")]);
    std::os::unix::fs::symlink("docs/archive", folder.path().join("link")).expect("a link");
    for path in [
        "docs/archive/old",
        "docs/archive/new",
        "docs/x/../archive/new",
        "link/old",
        "link/new",
        "docs/../docs/archive/old",
    ] {
        let (code, _, told) = run(folder.path(), &["export", "handles", "--write", path]);
        assert_eq!((code, told.contains("in `docs/archive`")), (Some(1), true), "{path}: {told}");
    }
    assert_eq!(run(folder.path(), &["export", "handles", "--write", "docs/new"]).0, Some(0));
    assert_eq!(text(&folder.path().join("docs/archive/old")), "");
}
