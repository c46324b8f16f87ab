//! The architecture as two tables: which module may name which, and where an outside crate may appear.
//!
//! The sources are read as text. Tests inside `src` are held to the second half only: they may build what they test
//! with anything.

mod circles;
pub mod rust;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use rust::{SourceText, sources};

/// Which module may name which. A row names only rows above it, so there can be no circle.
const MODULES: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("units", &[]),
    ("diagnostic", &["source"]),
    ("template", &["source", "units"]),
    ("syntax", &["source", "diagnostic"]),
    ("fmt", &["source", "diagnostic", "syntax"]),
    ("prelude", &["source", "syntax"]),
    ("program", &["source", "units", "diagnostic", "template", "syntax", "prelude"]),
    ("plan", &["source", "units", "template", "program"]),
    ("upstream", &["units"]),
    ("lint", &["source", "units", "diagnostic", "template", "syntax", "plan"]),
    ("approach", &["source", "diagnostic", "syntax", "program", "plan", "lint"]),
    ("explain", &["units", "template", "plan"]),
    ("export", &["units", "plan"]),
    ("run", &["source", "units", "template", "plan", "upstream"]),
    ("test", &["source", "units", "diagnostic", "template", "syntax", "program", "plan", "upstream", "run"]),
    ("serve", &["units", "diagnostic", "plan", "approach", "upstream", "explain", "run"]),
    (
        "cli",
        &[
            "approach",
            "source",
            "units",
            "diagnostic",
            "fmt",
            "prelude",
            "plan",
            "upstream",
            "lint",
            "explain",
            "export",
            "run",
            "test",
            "serve",
        ],
    ),
];

/// Where an outside crate, or a part of the standard library, may be named: paths begin with one of these.
const CRATES: &[(&str, &[&str])] = &[
    // the language
    ("pest", &["syntax/grammar.rs"]),
    ("pest_derive", &["syntax/grammar.rs"]),
    ("ariadne", &["diagnostic/render.rs"]),
    ("strsim", &["diagnostic/suggest.rs"]),
    ("minijinja", &["template"]),
    ("indexmap", &["program", "plan", "export/handles.rs"]),
    ("sha2", &["plan/hash.rs"]),
    // data
    ("serde", WIRE),
    (
        "serde_json",
        &[
            "diagnostic/json.rs",
            "diagnostic/sarif.rs",
            "template",
            "program",
            "explain",
            "export",
            "upstream",
            "run",
            "test",
            "serve",
            "cli",
        ],
    ),
    ("bytes", &["upstream", "run", "serve"]),
    ("jsonschema", &["program/returns/schema.rs", "run"]),
    ("toml", &["upstream/sim/script.rs", "cli/config.rs"]),
    ("saphyr", &["cli/doctor/rerouted.rs"]),
    // the run
    ("tokio", ASYNC),
    ("futures_util", ASYNC),
    ("fastrand", &["upstream", "run", "serve", "cli/run.rs"]),
    ("reqwest", &["upstream/client.rs"]),
    // the daemon
    ("axum", &["serve"]),
    ("hyper", SPEAKERS),
    ("hyper_util", SPEAKERS),
    ("http_body_util", SPEAKERS),
    ("tower", &["serve"]),
    ("prometheus_client", &["serve/metrics.rs", "serve/respond.rs"]),
    ("subtle", &["upstream/secret.rs"]),
    ("rustix", &["cli/world.rs", "cli/output.rs"]),
    ("listenfd", &["cli/signal.rs"]),
    ("sd_notify", &["cli/manager.rs"]),
    // the command line
    ("mimalloc", &["main.rs"]),
    ("clap", &["cli"]),
    ("anstream", &["cli/output.rs", "cli/world/log.rs"]),
    ("clap_complete", &["cli/completions.rs"]),
    ("clap_mangen", &["cli/man.rs"]),
    ("tracing", ASYNC),
    ("tracing_appender", &["cli/world/log.rs"]),
    ("tracing_subscriber", &["cli/world/log.rs"]),
    // the world
    ("std::fs", &["cli/world.rs"]),
    ("std::env", &["cli/world.rs"]),
    ("std::time::SystemTime", &["serve", "cli/world.rs"]),
    ("std::time::Instant", &[]),
    ("std::thread", &["cli/world/log.rs"]),
    ("std::process", &["main.rs", "cli.rs", "cli/world/program.rs"]),
    ("tokio::time", ASYNC),
];

/// The only places where something waits.
const ASYNC: &[&str] = &["upstream", "run", "test", "serve", "cli"];

/// What speaks HTTP.
const SPEAKERS: &[&str] =
    &["serve", "upstream/sim/server.rs", "upstream/client.rs", "upstream/connection.rs"];

/// Files that give JSON or TOML its shape.
const WIRE: &[&str] = &[
    "diagnostic/json.rs",
    "explain",
    "export",
    "run/receipt.rs",
    "upstream/wire",
    "upstream/sim/script.rs",
    "upstream/sim/ledger.rs",
    "test/report/json.rs",
    "serve/wire",
    "cli/config.rs",
    "cli/limits.rs",
    // minijinja's values are made of serde.
    "template",
];

/// Names that say nothing, and so attract everything.
const NOUNS_THAT_SAY_NOTHING: [&str; 7] = ["util", "utils", "common", "helpers", "misc", "types", "mod"];

#[test]
fn modules_name_only_what_lies_below_them() {
    let mut wrong = Vec::new();
    for file in sources().iter().filter(|file| !file.is_test && file.module != "lib" && file.module != "main")
    {
        let Some((_, allowed)) = MODULES.iter().find(|(module, _)| *module == file.module) else {
            wrong.push(format!("{}: the module `{}` has no row", file.path, file.module));
            continue;
        };
        for (line, name) in file.crate_names() {
            let is_module = MODULES.iter().any(|(module, _)| *module == name);
            if is_module && name != file.module && !allowed.contains(&name.as_str()) {
                wrong.push(format!("{}:{line}: `{}` may not name `{name}`", file.path, file.module));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_row_names_only_rows_above_it() {
    let mut above = BTreeSet::new();
    for (module, allowed) in MODULES {
        for name in *allowed {
            assert!(above.contains(name), "`{module}` names `{name}`, which has no row above it");
        }
        assert!(above.insert(module), "`{module}` has two rows");
    }
}

#[test]
fn outside_crates_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for file in sources().iter().filter(|file| !file.is_test) {
        for (name, places) in CRATES {
            let is_home = places.iter().any(|place| within(&file.path, place));
            if let (false, Some(line)) = (is_home, file.line_that_names(name)) {
                wrong.push(format!("{}:{line}: `{name}` belongs in {}", file.path, places.join(", ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `template` stands for `template.rs` and all that lies in `template/`.
fn within(path: &str, place: &str) -> bool {
    path == place
        || path.strip_prefix(place).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        || place.strip_suffix(".rs").is_some_and(|folder| path.starts_with(&format!("{folder}/")))
}

#[test]
fn nothing_in_the_language_waits() {
    let tower = [
        "source",
        "units",
        "diagnostic",
        "template",
        "syntax",
        "fmt",
        "program",
        "plan",
        "lint",
        "explain",
        "export",
    ];
    for file in sources().iter().filter(|file| tower.contains(&file.module.as_str())) {
        for word in ["async fn", ".await", "async move", "async {"] {
            assert!(!file.code.contains(word), "{}: `{word}`", file.path);
        }
    }
}

#[test]
fn every_dependency_has_a_reason_and_a_row() {
    let manifest = fs::read_to_string("Cargo.toml").expect("there is a manifest");
    let mut wrong = Vec::new();
    for (section, line) in dependencies(&manifest) {
        let (name, rest) = line.split_once('=').expect("a dependency has a version");
        let name = name.trim();
        if rest.split_once('#').is_none_or(|(_, reason)| reason.trim().is_empty()) {
            wrong.push(format!("`{name}` does not say what it is for"));
        }
        let row = name.replace('-', "_");
        if section == "dependencies" && !CRATES.iter().any(|(krate, _)| *krate == row) {
            wrong.push(format!("`{name}` has no row in the table of outside crates"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Lines of `[dependencies]` and `[dev-dependencies]`, each with its section.
fn dependencies(manifest: &str) -> Vec<(&str, &str)> {
    let mut section = "";
    let mut lines = Vec::new();
    for line in manifest.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        } else if section.ends_with("dependencies") && !line.starts_with('#') && !line.trim().is_empty() {
            lines.push((section, line));
        }
    }
    lines
}

#[test]
fn files_are_named_after_one_thing() {
    for file in sources() {
        for part in file.path.trim_end_matches(".rs").split('/') {
            assert!(!NOUNS_THAT_SAY_NOTHING.contains(&part), "{}: `{part}` says nothing", file.path);
        }
    }
}

#[test]
fn a_folder_has_its_file_beside_it() {
    let files: BTreeMap<String, SourceText> =
        sources().into_iter().map(|file| (file.path.clone(), file)).collect();
    for path in files.keys() {
        let mut folder = Path::new(path);
        while let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            let beside = format!("{}.rs", parent.display());
            assert!(
                files.contains_key(&beside),
                "`src/{}` has no `src/{beside}` beside it",
                parent.display()
            );
            folder = parent;
        }
    }
}

#[test]
fn every_file_says_what_it_is() {
    for file in sources().iter().filter(|file| !file.is_test) {
        assert!(file.text.starts_with("//! "), "{} does not begin with what it is", file.path);
    }
}

#[test]
fn no_file_grows_without_end() {
    for file in sources() {
        let lines = file.text.lines().count();
        assert!(lines <= 700, "{} has {lines} lines: more than one noun?", file.path);
    }
}
