//! The ensembles that we ship, compiled once for the tests that look at all of them.

use std::path::{Path, PathBuf};

use ensc::lint::Policy;
use ensc::plan::Plan;
use ensc::source::{SourceFile, Sources};

/// What the platform counts on, sorted.
pub const HANDLES: [&str; 10] = [
    "opt-architect-balanced-l",
    "opt-architect-high-xl",
    "opt-chat-balanced-m",
    "opt-clean-fast-s",
    "opt-code-balanced-l",
    "opt-extract-fast-s",
    "opt-privacy-fast-s",
    "opt-research-high-xl",
    "opt-route-fast-s",
    "opt-summarize-fast-s",
];

pub const FOLDER: &str = "ensembles";

/// Every plan that we ship; none as long as there is no folder.
pub fn shipped() -> Vec<Plan> {
    if !Path::new(FOLDER).exists() {
        return Vec::new();
    }
    let sources = sources();
    let compiled = ensc::compile(&sources, &Policy::default());
    let found = ensc::diagnostic::render::render(&sources, &compiled.diagnostics, false);
    assert!(compiled.diagnostics.is_empty(), "{found}");
    assert!(!compiled.plans.is_empty(), "`{FOLDER}` is there and holds no ensemble");
    compiled.plans
}

/// Every `.ens` file of a folder, by path.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    walk(folder, &mut paths);
    paths.sort();
    paths
}

/// The files that we ship.
pub fn sources() -> Sources {
    let folder = Path::new(FOLDER);
    let mut sources = Sources::default();
    for path in &files(folder) {
        let name = path.strip_prefix(folder).expect("below the folder").display().to_string();
        sources.add(SourceFile::new(name, std::fs::read_to_string(path).expect("an ensemble can be read")));
    }
    sources
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            walk(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "ens") {
            paths.push(path);
        }
    }
}

#[test]
fn the_ten_handles_of_the_platform_are_shipped() {
    if !Path::new(FOLDER).exists() {
        return;
    }
    let mut handles: Vec<String> = shipped().into_iter().map(|plan| plan.handle.to_string()).collect();
    handles.sort();
    assert_eq!(handles, HANDLES);
}
