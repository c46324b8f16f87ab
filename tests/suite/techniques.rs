//! The techniques that come with the language: what each costs at most, who sees what in it, and the page about them.
//!
//! `ENSC_BLESS=1 cargo test --test suite techniques` writes the graphs and the page; read the change before you commit it.

mod page;
mod played;

use std::path::Path;
use std::sync::Arc;

use ensc::lint::Policy;
use ensc::plan::Plan;
use ensc::prelude::{Piece, PieceKind, pieces};
use ensc::source::{SourceFile, Sources};

use crate::cli::ensc;
use crate::ensembles::HANDLES;
use crate::stage;

/// What a technique may cost at most: with letters, and with the sizes that it has by itself and a panel of three.
pub struct Cost {
    pub name: &'static str,
    pub calls: &'static str,
    pub waves: &'static str,
    pub at_default: (u32, u32),
}

const fn cost(name: &'static str, calls: &'static str, waves: &'static str, at_default: (u32, u32)) -> Cost {
    Cost { name, calls, waves, at_default }
}

/// `n` models of the panel, or samples (`width`); `r` rounds.
pub const COSTS: &[Cost] = &[
    cost("moa", "n + 1", "2", (4, 2)),
    cost("moa-critique", "n + 2", "3", (5, 3)),
    cost("moa-layers", "n (r + 1) + 1", "r + 2", (10, 4)),
    cost("self-moa", "n + 1", "2", (6, 2)),
    cost("debate", "n (r + 1) + 1", "r + 2", (10, 4)),
    cost("council", "2n + 1", "3", (7, 3)),
    cost("bon", "2n", "2", (6, 2)),
    cost("genselect", "n + 1", "2", (5, 2)),
    cost("self-consistency", "n", "1", (5, 1)),
    cost("majority-vote", "n", "1", (8, 1)),
    cost("universal-self-consistency", "n + 1", "2", (6, 2)),
    cost("re2", "1", "1", (1, 1)),
    cost("cot-reflection", "1", "1", (1, 1)),
    cost("plansearch", "4", "4", (4, 4)),
    cost("leap", "2 most + 3", "5", (13, 5)),
    cost("rto", "4", "4", (4, 4)),
    cost("deepthink", "n + 4", "4", (7, 4)),
    cost("refine", "2r + 1", "2r + 1", (5, 5)),
    cost("verify", "2r + 1", "2r + 1", (5, 5)),
    cost("pvg", "4n + (4n + 1) r", "3r + 2", (25, 5)),
    cost("tree-search", "2n + 2 beam r", "2r + 2", (14, 6)),
    cost("cepo", "n (2 plans + 3)", "5", (45, 5)),
    cost("cepo-branch", "2 plans + 2", "4", (14, 4)),
    cost("mars", "16 + 15 r", "2r + 4", (46, 8)),
    cost("ladder", "3", "3", (3, 3)),
    cost("router", "1 + its arm", "1 + its arm", (9, 6)),
    cost("map-reduce", "most + 9", "4", (25, 4)),
    cost("privacy", "n", "1", (3, 1)),
    cost("incognito", "n + 1", "2", (4, 2)),
    cost("compact", "2", "2", (2, 2)),
];

/// A program whose only ensemble is a technique, with a role for each parameter that has no default.
const WORLD: &str = "
    model ash { context: 128k, max_output: 8k }
    model birch { context: 128k, max_output: 8k }
    model cedar { context: 128k, max_output: 8k }
    model oak { context: 128k, max_output: 8k }
    model elm { context: 128k, max_output: 8k }
    model reed { context: 128k, max_output: 8k }
    tier forest { panel = [ash, birch, cedar], chief = oak, judge = elm, cheap = reed }
    profile plain { timeout: 1h }
";

fn techniques() -> Vec<Piece> {
    pieces().into_iter().filter(|piece| piece.kind == PieceKind::Technique).collect()
}

/// A technique with every size that it has by itself.
fn probe(technique: &str) -> String {
    format!("{WORLD}\nensemble probe at plain-forest = {technique}\n")
}

fn plan(technique: &str) -> Arc<Plan> {
    stage::plan(&probe(technique))
}

/// Whether a check refuses it as an ensemble of its own, because all of it is one model's.
fn is_of_one_model(technique: &str) -> bool {
    let mut sources = Sources::default();
    sources.add(SourceFile::new("probe.ens", probe(technique)));
    let compiled = ensc::compile(&sources, &Policy::default());
    compiled.diagnostics.iter().any(|found| found.code.0 == "L101")
}

#[test]
fn every_technique_costs_what_the_table_says() {
    let names: Vec<String> = techniques().into_iter().map(|technique| technique.name).collect();
    let told: Vec<&str> = COSTS.iter().map(|cost| cost.name).collect();
    assert_eq!(names, told, "the table has a row for each technique");
    let wrong: Vec<String> = COSTS
        .iter()
        .filter_map(|cost| {
            let plan = plan(cost.name);
            let found = (plan.bounds.calls, plan.bounds.waves);
            (found != cost.at_default).then(|| format!("{}: {found:?}, not {:?}", cost.name, cost.at_default))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn in_every_technique_each_call_sees_what_it_should() {
    let graphs: Vec<String> = COSTS.iter().map(|cost| played::graph(cost.name, &plan(cost.name))).collect();
    kept(Path::new("tests/suite/techniques/graphs.txt"), &graphs.join("\n"));
    // The longest way that was found is the bound, but where the dearest arm and the longest are two, and where a fold leaves
    // fewer than it may.
    for (cost, graph) in COSTS.iter().zip(&graphs) {
        let (calls, waves) = cost.at_default;
        let whole = graph.starts_with(&format!("{}: {calls} calls in {waves} waves\n", cost.name));
        assert!(whole || ["router", "map-reduce"].contains(&cost.name), "{graph}");
    }
}

#[test]
fn the_page_about_the_techniques_is_true() {
    kept(Path::new("docs/techniques.md"), &page::page(&techniques()));
}

/// Each technique has tests of its good path, of a lost member, and of a lost decider where it has one.
#[test]
fn the_tests_of_the_techniques_and_of_what_we_ship_pass() {
    for args in [&["test", "--prelude"][..], &["test", "ensembles"]] {
        let output = ensc().args(args).output().expect("the command starts");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{args:?}\n{printed}{}", String::from_utf8_lossy(&output.stderr));
        let names = match args {
            [_, "--prelude"] => {
                COSTS.iter().map(|cost| cost.name).filter(|name| *name != "cepo-branch").collect()
            }
            _ => HANDLES.to_vec(),
        };
        for name in names {
            let tests =
                printed.lines().filter(|line| line.split_whitespace().any(|word| word == name)).count();
            assert!(tests >= 2, "{name} has {tests} tests");
        }
    }
}

/// Compares with what is written, or writes it.
#[track_caller]
fn kept(path: &Path, text: &str) {
    if std::env::var_os("ENSC_BLESS").is_some() {
        assert!(std::env::var_os("CI").is_none(), "a CI run compares, it never writes");
        std::fs::write(path, text).expect("the file can be written");
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(written == text, "{} is not up to date: ENSC_BLESS=1 writes it", path.display());
}
