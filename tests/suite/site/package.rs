//! What the Debian package will hold, read from the manifest: packaging/deb.sh makes it, packaging/try.sh installs it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use super::{root, text};
use crate::cli::ensc;

/// Source, target and mode.
fn assets() -> Vec<[String; 3]> {
    let manifest: toml::Table = text("Cargo.toml").parse().expect("TOML");
    let assets = manifest["package"]["metadata"]["deb"]["assets"].as_array().expect("a list");
    assets.iter().map(|asset| asset.clone().try_into().expect("three texts")).collect()
}

/// Debian's list of changes, which is no asset.
fn changes() -> String {
    let manifest: toml::Table = text("Cargo.toml").parse().expect("TOML");
    manifest["package"]["metadata"]["deb"]["changelog"].as_str().expect("a path").to_owned()
}

/// Files below a folder of the tree, as paths from its root.
fn files(folder: &str) -> BTreeSet<String> {
    files_of(root().join(folder).as_path(), folder)
}

/// Files below a folder, which the paths call by a name.
fn files_of(folder: &Path, name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{name}: {error}")) {
        let entry = entry.expect("an entry").path();
        let path = format!("{name}/{}", entry.file_name().and_then(OsStr::to_str).expect("UTF-8"));
        match entry.is_dir() {
            true => found.extend(files_of(&entry, &path)),
            false => _ = found.insert(path),
        }
    }
    found
}

/// Where `packaging/generated.sh` writes for `packaging/deb.sh`.
const GENERATED: &str = "target/package";

/// Sources that the build makes.
fn is_built(source: &str) -> bool {
    source.starts_with("target/")
}

fn matches(pattern: &str, path: &str) -> bool {
    let (folder, name) = pattern.rsplit_once('/').expect("a folder");
    let Some(rest) = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')) else { return false };
    !rest.contains('/')
        && match name.strip_prefix('*') {
            Some(ending) => rest.ends_with(ending),
            None => rest == name,
        }
}

#[test]
fn everything_that_is_packed_is_there() {
    for [source, _, _] in assets().iter().filter(|[source, ..]| !is_built(source)) {
        let folder = Path::new(source).parent().and_then(Path::to_str).expect("a folder");
        assert!(files(folder).iter().any(|path| matches(source, path)), "{source} is nowhere");
    }
}

#[test]
fn everything_that_is_made_for_the_package_is_packed_and_nothing_else_is_wanted() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut script = Command::new(root().join("packaging/generated.sh"));
    script.arg(env!("CARGO_BIN_EXE_ensc")).arg(folder.path());
    let done = script.output().expect("bash");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));

    let mut wanted: Vec<String> = assets().into_iter().map(|[source, ..]| source).collect();
    wanted.retain(|source| is_built(source) && source != "target/release/ensc");
    wanted.push(changes());
    let made = files_of(folder.path(), GENERATED);
    for source in &wanted {
        assert!(made.iter().any(|path| matches(source, path)), "nothing makes {source}: {made:?}");
    }
    for path in &made {
        assert!(wanted.iter().any(|source| matches(source, path)), "{path} is made and not packed");
        let size =
            std::fs::metadata(folder.path().join(&path[GENERATED.len() + 1..])).expect("it is there").len();
        assert!(size > 0, "{path} is empty");
    }
}

#[test]
fn every_ensemble_is_packed_where_the_unit_looks_for_it() {
    let unit = super::services()[0].clone();
    let words = super::start_of(&unit);
    let looked_for = super::flag(&words, "--ensembles");
    for path in files("ensembles") {
        let target =
            assets().into_iter().find(|[source, ..]| matches(source, &path)).map(|[_, target, _]| target);
        let folder =
            Path::new(&path).parent().expect("a folder").strip_prefix("ensembles").expect("below it");
        let wanted = Path::new(looked_for).join(folder);
        let target = target.unwrap_or_else(|| panic!("{path} is not packed"));
        assert_eq!(
            Path::new("/").join(target).components().as_path(),
            wanted.components().as_path(),
            "{path}"
        );
    }
}

#[test]
fn nothing_that_is_packed_is_a_secret_or_an_environment_file() {
    for [source, target, mode] in assets() {
        assert!(!target.contains("optillm-proxy/env"), "{source}: an upgrade would touch it");
        assert!(matches!(mode.as_str(), "644" | "755"), "{source}: {mode}");
    }
}

fn printed(args: &[&str]) -> String {
    let done = ensc().args(args).output().expect("it starts");
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("UTF-8")
}

#[test]
fn every_verb_has_a_page_of_the_manual() {
    let help = printed(&["--help"]);
    let (_, verbs) = help.split_once("Commands:\n").expect("the help lists them");
    let verbs = verbs.lines().take_while(|line| !line.is_empty());
    let verbs: Vec<&str> =
        verbs.filter_map(|line| line.split_whitespace().next()).filter(|it| *it != "help").collect();
    assert!(verbs.contains(&"serve"), "{verbs:?}");
    let pages = printed(&["man", "--list"]);
    for verb in verbs {
        let name = format!("ensc-{verb}");
        assert!(pages.lines().any(|page| page == name), "{name} is not in {pages}");
        let page = printed(&["man", &name]);
        let title = format!(".TH {name} 1");
        assert!(page.contains(&title) && page.contains(".SH SYNOPSIS"), "{page}");
    }
    assert!(printed(&["man", "ensc-serve"]).contains("upstream\\-key\\-file"));
}

#[test]
fn a_page_that_does_not_exist_has_a_nearest_one() {
    let done = ensc().args(["man", "ensc-serv"]).output().expect("it starts");
    assert_eq!(done.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&done.stderr).contains("did you mean `ensc-serve`?"));
}

#[test]
fn shells_complete_verbs_and_flags() {
    for shell in ["bash", "zsh", "fish"] {
        let script = printed(&["completions", shell]);
        assert!(script.contains("explain") && script.contains("upstream-key-file"), "{shell}");
    }
}
