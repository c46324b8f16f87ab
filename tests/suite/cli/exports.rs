//! `ensc export --write` and `--check`, on files that are there.

use std::fs;
use std::path::Path;

use super::{SOUND, folder, run};

const WHAT: [(&str, &str, &str); 5] = [
    ("handles", "handles.jsonl", "{\"handle\":\"theirs\"}"),
    (
        "litellm",
        "router.yaml",
        "# by hand\r\ngeneral_settings: {cancel_on_disconnect: true, health_check_skip_disabled_background_models: true}\r\nmodel_list:\r\n  - model_name: mlx-a",
    ),
    ("env", "env", "OPENAI_API_KEY=sk-secret"),
    ("ensembles-md", "ENSEMBLES.md", "# By hand\r\n\r\ntext"),
    ("optillm", "proxy_config.yaml", "# by hand\r\nproviders:"),
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
        let is_shown = ["opt-plan", "OPT_PLAN", "name: litellm"].iter().any(|it| diff.contains(it));
        assert!(is_shown && !diff.contains("sk-secret"), "{diff}");
        assert_eq!(text(&path), old, "a check changes nothing");
        let write = ["export", what, "--write", name];
        let (code, told, warned) = run(folder.path(), &write);
        assert_eq!((code, told), (Some(0), format!("wrote {name}\n")));
        let is_mlx = what == "ensembles-md";
        assert_eq!(warned.contains("warning: `mlxctl` does not find `alpha-large`"), is_mlx, "{warned}");
        let new = text(&path);
        assert!(new.starts_with(old), "{new}");
        assert_eq!(run(folder.path(), &write).1, format!("{name} is up to date\n"));
        let (code, diff, _) = run(folder.path(), &["export", what, "--check", name]);
        assert_eq!((code, diff.as_str()), (Some(0), ""));
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
fn addresses_are_those_of_the_daemon_unless_they_are_said() {
    let settings = "[serve]\nport = 4444\nbase_url = \"http://127.0.0.1:5555/v1\"\n";
    let folder = folder(&[("plan.ens", SOUND), ("ensc.toml", settings)]);
    let printed = |args: &[&str]| run(folder.path(), args).1;
    assert!(printed(&["export", "litellm"]).contains("api_base: http://127.0.0.1:4444/v1\n"));
    assert!(printed(&["export", "optillm"]).contains("base_url: http://127.0.0.1:5555/v1\n"));
    let said = printed(&["export", "litellm", "--daemon-url", "http://127.0.0.1:6666/v1"]);
    assert!(said.contains("api_base: http://127.0.0.1:6666/v1\n"), "{said}");
}

/// Two models of the Mini, as `SOUND` has two of the Studio.
fn warm() -> String {
    SOUND.replace("alpha-large", "ov-alpha").replace("beta-large", "ov-beta").replace("mlx", "ov")
}

#[test]
fn a_folder_gets_a_file_for_each_handle_and_keeps_the_others() {
    let folder = folder(&[("plan.ens", &warm()), ("warm/theirs.txt", "whisper\n")]);
    let write = ["export", "warm-profiles", "--write", "warm"];
    let (code, diff, _) = run(folder.path(), &["export", "warm-profiles", "--check", "warm"]);
    assert_eq!(code, Some(1));
    assert!(diff.contains("+++ warm/opt-plan-high-xl.txt\n@@ -0,0 +1,2 @@\n+ov-alpha\n+ov-beta\n"), "{diff}");
    let told = "wrote warm/opt-plan-high-xl.txt\n".to_owned();
    assert_eq!(run(folder.path(), &write), (Some(0), told, String::new()));
    assert_eq!(text(&folder.path().join("warm/opt-plan-high-xl.txt")), "ov-alpha\nov-beta\n");
    assert_eq!(text(&folder.path().join("warm/theirs.txt")), "whisper\n");
    assert_eq!(run(folder.path(), &write).1, "warm/opt-plan-high-xl.txt is up to date\n");
    let gone = "opt-gone-fast-s.txt";
    fs::write(folder.path().join("warm").join(gone), "ov-alpha\n").expect("a file");
    for how in ["--check", "--write"] {
        let (code, told, warned) = run(folder.path(), &["export", "warm-profiles", how, "warm"]);
        assert_eq!(code, Some(0), "{told}");
        let warning = format!("warning: `warm/{gone}` is of a handle that no ensemble has; it stays");
        assert!(warned.contains(&warning) && !warned.contains("theirs.txt"), "{warned}");
        assert_eq!(text(&folder.path().join("warm").join(gone)), "ov-alpha\n");
    }
    let shown = run(folder.path(), &["export", "warm-profiles"]).1;
    assert_eq!(shown, "==> opt-plan-high-xl.txt <==\nov-alpha\nov-beta\n");
    // A handle that has moved to the Studio needs no profile: the one that is there loses its rows.
    fs::write(folder.path().join("plan.ens"), SOUND).expect("a file");
    assert_eq!(run(folder.path(), &write).0, Some(0));
    assert_eq!(text(&folder.path().join("warm/opt-plan-high-xl.txt")), "");
}

#[test]
fn a_folder_is_written_whole_or_not_at_all() {
    let journal = "docs/journal/optillm-proxy-ensc.md";
    let folder = folder(&[("plan.ens", SOUND), (journal, "```\n")]);
    let (code, _, told) = run(folder.path(), &["export", "docs", "--write", "."]);
    assert_eq!(code, Some(1));
    assert!(told.contains(&format!("error: {journal}:1: the code that begins here does not end")), "{told}");
    assert!(!folder.path().join("docs/INTEGRATIONS.md").exists());
    fs::write(folder.path().join(journal), "# Ours\n").expect("a file");
    let (code, told, _) = run(folder.path(), &["export", "docs", "--write", "."]);
    assert_eq!((code, told.lines().count()), (Some(0), 4), "{told}");
    assert!(text(&folder.path().join(journal)).starts_with("# Ours\n\n<!-- # BEGIN ENSC AUTO -->\n"));
    assert!(text(&folder.path().join("docs/INTEGRATIONS.md")).contains("| `opt-plan-high-xl` |"));
    assert_eq!(run(folder.path(), &["export", "docs", "--check", "."]).0, Some(0));
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
