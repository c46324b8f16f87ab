//! `ensc sync`: the whole platform at once, from one table.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{SOUND, ensc, folder};

/// What others have on a platform, and where.
const THEIRS: [(&str, &str); 4] = [
    ("layer-gateway/registry/handles.jsonl", "{\"handle\":\"theirs\",\"endpoint_ref\":\"ep_mlx\"}\n"),
    ("layer-gateway/litellm-orch/config/router.yaml", "# by hand\nmodel_list:\n  - model_name: mlx-a\n"),
    ("etc/env", "OPENAI_API_KEY=sk-secret\n"),
    ("docs/INTEGRATIONS.md", "# Integrations\n\nBy hand.\n"),
];

const TABLE: &str = "[sync]\nenv = \"etc/env\"\noptillm = false\n";

/// A platform, and ensembles beside it with this table.
fn platform(table: &str) -> TempDir {
    let mut files = vec![("ens/plan.ens".to_owned(), SOUND), ("ens/ensc.toml".to_owned(), table)];
    files.extend(THEIRS.iter().map(|(path, text)| (format!("site/{path}"), *text)));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
    folder(&files)
}

fn sync(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let done = ensc()
        .current_dir(folder)
        .env("HOME", folder.join("home"))
        .args(["sync", "--root", "site", "--ensembles", "ens"])
        .args(args)
        .output()
        .expect("the command starts");
    let text = |bytes| String::from_utf8(bytes).expect("what is printed is UTF-8");
    (done.status.code(), text(done.stdout), text(done.stderr))
}

/// Every file below a folder with what it holds.
fn all(root: &Path) -> BTreeMap<String, String> {
    fn walk(root: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(root, &path, found);
            } else {
                let name = path.strip_prefix(root).expect("below it").display().to_string();
                found.insert(name, fs::read_to_string(&path).expect("a text"));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(root, root, &mut found);
    found
}

#[test]
fn all_of_it_is_written_once_and_then_up_to_date() {
    let folder = platform(TABLE);
    let site = folder.path().join("site");
    let before = all(&site);
    let (code, diff, _) = sync(folder.path(), &["--check"]);
    assert_eq!((code, &all(&site)), (Some(1), &before), "a check changes nothing");
    assert!(!diff.contains("sk-secret"), "{diff}");
    let (code, told, warned) = sync(folder.path(), &[]);
    assert_eq!(code, Some(0), "{warned}");
    let wrote: Vec<&str> =
        told.lines().map(|line| line.strip_prefix("wrote site/").expect("wrote …")).collect();
    assert_eq!(
        wrote,
        [
            "layer-gateway/registry/handles.jsonl",
            "layer-gateway/litellm-orch/config/router.yaml",
            "etc/env",
            "layer-gateway/optillm-proxy/ENSEMBLES.md",
            "docs/foundation/opt-techniques.md",
            "docs/INTEGRATIONS.md",
            "docs/journal/optillm-proxy-ensc.md",
            "layer-gateway/optillm-proxy/SERVICE_SPEC.md",
        ]
    );
    for path in &wrote {
        assert!(diff.contains(&format!("+++ site/{path}\n")), "the check had not shown {path}");
    }
    let after = all(&site);
    for (path, text) in THEIRS {
        let kept = text.lines().all(|line| after[path].lines().any(|it| it == line));
        assert!(kept && after[path] != text, "{path}:\n{}", after[path]);
    }
    assert!(!folder.path().join("home").exists(), "what is left out is not written");
    let (code, told, _) = sync(folder.path(), &["--check"]);
    assert_eq!((code, told.as_str()), (Some(0), ""));
    let told = sync(folder.path(), &[]).1;
    assert_eq!(told.lines().filter(|line| line.ends_with(" is up to date")).count(), wrote.len(), "{told}");
    assert_eq!(all(&site), after);
}

#[test]
fn the_table_says_where_and_the_command_line_what() {
    let table = "[sync]\nhandles = \"registry.jsonl\"\nlitellm = false\ndocs-journal = \"notes/ensc.md\"\n[serve]\nbase_url = \"http://127.0.0.1:4444/v1\"\n";
    let folder = platform(table);
    let (code, told, _) = sync(folder.path(), &["handles", "optillm", "litellm"]);
    assert_eq!(code, Some(0));
    let home = folder.path().join("home/.optillm/proxy_config.yaml");
    assert_eq!(told, format!("wrote site/registry.jsonl\nwrote {}\n", home.display()));
    let config = fs::read_to_string(home).expect("it was written");
    assert!(config.contains("base_url: http://127.0.0.1:4444/v1"), "{config}");
    let (code, told, _) = sync(folder.path(), &["docs"]);
    assert!(code == Some(0) && told.contains("wrote site/notes/ensc.md\n"), "{told}");
}

#[test]
fn the_manual_shows_the_places_that_are_taken_anyway() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/exports.md"));
    let page = page.expect("there is the page");
    let shown = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a table");
    let home = |table: &str| {
        let table = table.replace("/etc/optillm-proxy/env", "etc/env");
        sync(platform(&table).path(), &["--check"]).1
    };
    let (shown, unsaid) = (home(shown), home("[sync]\nenv = \"/etc/optillm-proxy/env\"\n"));
    let files = |diff: &str| {
        let of = |line: &str| {
            line.strip_prefix("+++ ").map(|path| path.rsplit("/home/").next().map(str::to_owned))
        };
        diff.lines().filter_map(of).collect::<Vec<_>>()
    };
    assert_eq!(files(&shown), files(&unsaid));
    assert_eq!(files(&shown).len(), 9, "{shown}");
}

#[test]
fn one_file_that_cannot_be_understood_stops_them_all() {
    let folder = platform(TABLE);
    let site = folder.path().join("site");
    for (path, text) in [
        ("layer-gateway/registry/handles.jsonl", "# a comment\n"),
        ("docs/INTEGRATIONS.md", "<!-- # END ENSC AUTO -->\n"),
    ] {
        fs::write(site.join(path), text).expect("a file");
    }
    let before = all(&site);
    let (code, told, complained) = sync(folder.path(), &[]);
    assert_eq!((code, told.as_str(), &all(&site)), (Some(1), "", &before));
    for place in ["site/layer-gateway/registry/handles.jsonl:1: ", "site/docs/INTEGRATIONS.md:1: "] {
        assert!(complained.contains(&format!("error: {place}")), "{complained}");
    }
}

#[test]
fn what_the_table_cannot_say_is_refused() {
    for (table, part) in [
        ("[sync]\nhandels = \"x\"\n", "unknown field `handels`"),
        ("[sync]\nhandles = true\n", "`handles = true` says no place"),
        (
            "[sync]\ndocs-journal = \"docs/archive/ensc.md\"\n",
            "is in `docs/archive`, where nothing is changed",
        ),
        (
            "[sync]\nwarm-profiles = \"a\"\nensembles-md = \"a/../docs/archive/E.md\"\n",
            "is in `docs/archive`",
        ),
        (
            "[sync]\ndocs-journal = \"a.md\"\ndocs-techniques = \"a.md\"\n",
            "`site/a.md` stands twice in `[sync]`",
        ),
    ] {
        let folder = platform(&format!("{table}{}", "env = \"etc/env\"\noptillm = false\n"));
        let before = all(folder.path());
        for flag in [&["--check"][..], &[]] {
            let (code, _, complained) = sync(folder.path(), flag);
            assert!(code == Some(1) && complained.contains(part), "{table}\n{complained}");
        }
        assert_eq!(all(folder.path()), before);
    }
}

#[test]
fn a_root_that_is_none_is_not_made() {
    let folder = platform(TABLE);
    fs::remove_dir_all(folder.path().join("site")).expect("it can be removed");
    let (code, _, complained) = sync(folder.path(), &[]);
    assert_eq!((code, complained.as_str()), (Some(1), "error: `site` is no folder\n"));
    fs::create_dir(folder.path().join("site")).expect("a folder");
    let (code, _, complained) = sync(folder.path(), &[]);
    assert_eq!(code, Some(1));
    assert!(complained.contains("handles.jsonl` cannot be written: no such file"), "{complained}");
    assert!(all(&folder.path().join("site")).is_empty());
}

#[test]
fn a_warm_profile_of_a_handle_that_is_gone_is_told_of_and_stays() {
    let folder = platform(TABLE);
    let (code, _, warned) = sync(folder.path(), &[]);
    assert!(code == Some(0) && !warned.contains("it stays"), "{warned}");
    let gone = "platform/ops/ovctl/warm/opt-plan-high-l.txt";
    let path = folder.path().join("site").join(gone);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(&path, "ov-alpha\n").expect("a file");
    for args in [&["--check"][..], &[]] {
        let (code, _, warned) = sync(folder.path(), args);
        assert_eq!(code, Some(0), "{warned}");
        let told = format!("`site/{gone}` is of a handle that no ensemble has; it stays");
        assert!(warned.contains(&told), "{warned}");
    }
    assert!(path.exists());
}
