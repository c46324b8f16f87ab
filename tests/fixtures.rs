//! One test a file: programs with the diagnostics that they must give, and programs with their one layout.
//!
//! `ENSC_BLESS=1 cargo test --test fixtures` writes what is found into the files; read the change before you commit it.

// The harness reads and writes the fixtures; what it tests does neither.
#![allow(clippy::disallowed_methods, clippy::print_stderr)]

#[path = "fixtures/check.rs"]
mod check;
#[path = "fixtures/format.rs"]
mod format;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let bless = std::env::var_os("ENSC_BLESS").is_some();
    if bless && std::env::var_os("CI").is_some() {
        eprintln!("ENSC_BLESS is for people: a CI run compares, it never writes");
        return ExitCode::FAILURE;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut trials = Vec::new();
    trials.extend(files(root, "tests/check", "ens").map(|(name, path)| {
        Trial::test(name.clone(), move || check::fixture(&name, &path, bless).map_err(Into::into))
    }));
    trials
        .extend(files(root, "tests/fmt", "ens").map(|(name, path)| {
            Trial::test(name, move || format::fixture(&path, bless).map_err(Into::into))
        }));
    trials.extend(files(root, "ensembles", "ens").map(|(name, path)| {
        Trial::test(format!("clean: {name}"), move || check::clean(&name, &path).map_err(Into::into))
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// The files below `folder` that end in `.extension`, in order, with their names as they are shown.
fn files(root: &Path, folder: &str, extension: &str) -> impl Iterator<Item = (String, PathBuf)> {
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        // A folder that is not there has no fixtures.
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|other| other == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    let root = root.to_owned();
    found.into_iter().map(move |path| (path.strip_prefix(&root).unwrap_or(&path).display().to_string(), path))
}
