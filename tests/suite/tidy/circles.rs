//! Files that import each other in a circle: found from their paths, re-exports followed.
//!
//! What a file takes from the files of the folders that it lies in is not counted: `a/b.rs` is a part of `a.rs`.

use std::collections::{BTreeMap, BTreeSet};

use super::rust::{SourceText, first_word, parts, sources};

/// The walks that go down a tree whose parts hold parts of every kind: what checks a step checks the body in it, what runs a
/// node runs those that it waits for. Each is named by one of its files.
const WALKS: [&str; 2] = ["program/steps.rs", "run/interpreter.rs"];

/// Re-exports of re-exports that are followed; more are a circle of their own.
const PASSED_ON_MAX: usize = 8;

/// A module's path: `["run", "call"]` for `run/call.rs`.
type Module = Vec<String>;

/// What each file names, as paths from the root of the crate.
struct Names(BTreeMap<Module, BTreeSet<Module>>);

// === impl Names ===

impl Names {
    fn of(files: &[SourceText]) -> Self {
        let modules: BTreeSet<Module> = files.iter().map(|file| module(&file.path)).collect();
        Self(files.iter().map(|file| (module(&file.path), paths(file, &modules))).collect())
    }

    /// The file that holds what a path names.
    fn home(&self, path: &[String], depth: usize) -> Option<Module> {
        let length = (0..=path.len()).rev().find(|&length| self.0.contains_key(&path[..length]))?;
        let (module, rest) = path.split_at(length);
        let passed_on = rest.first().filter(|_| depth < PASSED_ON_MAX).and_then(|name| {
            let there = self.0[module].iter().find(|other| other.last() == Some(name) && *other != path)?;
            self.home(there, depth + 1)
        });
        passed_on.or_else(|| Some(module.to_vec()))
    }

    fn imports(&self) -> BTreeMap<&Module, BTreeSet<Module>> {
        let homes = |module: &Module, paths: &BTreeSet<Module>| {
            let homes = paths.iter().filter_map(|path| self.home(path, 0));
            homes.filter(|home| !module.starts_with(home)).collect()
        };
        self.0.iter().map(|(module, paths)| (module, homes(module, paths))).collect()
    }
}

fn module(path: &str) -> Module {
    let path = path.trim_end_matches(".rs");
    if matches!(path, "lib" | "main") { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
}

/// Every path in the code that begins with `crate`, `super` or `self`, and those of `use` that begin with a part of the file.
fn paths(file: &SourceText, modules: &BTreeSet<Module>) -> BTreeSet<Module> {
    let own = module(&file.path);
    let mut found = BTreeSet::new();
    for (at, _) in file.code.match_indices("::") {
        let start = file.code[..at].rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1);
        let is_first = !file.code[..start].ends_with("::");
        let is_use = file.code[..start].trim_end().ends_with("use");
        let rest = &file.code[at + 2..];
        let mut base = own.clone();
        match &file.code[start..at] {
            "crate" if is_first => base.clear(),
            "super" if is_first => _ = base.pop(),
            "self" if is_first => {}
            child if is_first && is_use => {
                base.push(child.to_owned());
                if !modules.contains(&base) {
                    continue;
                }
            }
            _ => continue,
        }
        spread(rest, base, &mut found);
    }
    found
}

/// The paths of `a::{b, c::d}`, below a base.
fn spread(text: &str, mut base: Module, found: &mut BTreeSet<Module>) {
    let text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        for part in parts(group) {
            spread(part, base.clone(), found);
        }
        return;
    }
    let word = first_word(text);
    let rest = &text[word.len()..];
    match word.as_str() {
        "" | "self" => {}
        "super" => _ = base.pop(),
        _ => base.push(word),
    }
    match rest.strip_prefix("::") {
        Some(rest) => spread(rest, base, found),
        None => _ = found.insert(base),
    }
}

/// All that can be reached from a file by its imports.
fn reached<'m>(from: &'m Module, imports: &'m BTreeMap<&Module, BTreeSet<Module>>) -> BTreeSet<&'m Module> {
    let mut open = vec![from];
    let mut seen = BTreeSet::new();
    while let Some(module) = open.pop() {
        for next in &imports[module] {
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    seen
}

/// Circles, each as the files in it.
fn circles(files: &[SourceText]) -> Vec<BTreeSet<String>> {
    let names = Names::of(files);
    let imports = names.imports();
    let reach: BTreeMap<&Module, BTreeSet<&Module>> =
        imports.keys().map(|&module| (module, reached(module, &imports))).collect();
    let mut found: BTreeSet<BTreeSet<String>> = BTreeSet::new();
    for (module, far) in reach.iter().filter(|(module, far)| far.contains(*module)) {
        let circle = far.iter().filter(|other| reach[**other].contains(module));
        found.insert(circle.map(|other| format!("{}.rs", other.join("/"))).collect());
    }
    found.into_iter().collect()
}

fn file(path: &str, code: &str) -> SourceText {
    SourceText {
        path: path.to_owned(),
        module: path.split(['/', '.']).next().unwrap_or_default().to_owned(),
        is_test: false,
        text: code.to_owned(),
        code: code.to_owned(),
    }
}

#[test]
fn only_walks_down_a_tree_are_circles() {
    let files: Vec<SourceText> = sources().into_iter().filter(|file| !file.is_test).collect();
    let mut unmet = WALKS.to_vec();
    let mut wrong = Vec::new();
    for circle in circles(&files) {
        match unmet.iter().position(|walk| circle.contains(*walk)) {
            Some(walk) => _ = unmet.swap_remove(walk),
            None => wrong.push(format!("these import each other: {circle:?}")),
        }
    }
    wrong.extend(unmet.iter().map(|walk| format!("{walk} is in no circle any more")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_circle_is_found_through_groups_re_exports_and_paths_in_the_code() {
    let files = [
        file("lib.rs", "pub mod a; pub mod b; pub mod c; pub mod d;"),
        // through what `b` passes on
        file("a.rs", "mod x;\nuse x::X;\nuse crate::{b::{Y}};"),
        file("a/x.rs", "use super::Own;\nfn x() { crate::c::look() }"),
        file("b.rs", "mod y;\npub use y::Y;"),
        file("b/y.rs", "use crate::c::C;"),
        file("c.rs", "use crate::a::Own;"),
        file("d.rs", "use crate::a;"),
    ];
    let found: Vec<Vec<String>> =
        circles(&files).into_iter().map(|circle| circle.into_iter().collect()).collect();
    assert_eq!(found, [["a.rs", "a/x.rs", "b/y.rs", "c.rs"]]);
}
