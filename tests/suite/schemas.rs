//! The published schemas: real outputs fit them, and they promise nothing that no output holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use ensc::explain;
use ensc::explain::diff::Diff;
use ensc::explain::grid::Grid;
use ensc::explain::memory::Memory;
use ensc::explain::models::Models;
use ensc::explain::why::Why;
use ensc::lint::Policy;
use ensc::plan::Plan;
use ensc::plan::several::several;
use ensc::source::{SourceFile, Sources};
use ensc::units::Bytes;

use crate::ensembles::shipped;

/// A program with every verb and every option that a document shows.
const EVERYTHING: &str = include_str!("schemas/everything.ens");

/// A program with mistakes of several kinds, and one that is only doubtful.
const MISTAKES: &str = include_str!("schemas/mistakes.ens");
const DOUBTFUL: &str = include_str!("schemas/doubtful.ens");

fn schema(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas").join(name);
    let text = std::fs::read_to_string(&path).expect("the schema is there");
    serde_json::from_str(&text).expect("a schema is JSON")
}

fn compiled(name: &str, text: &str) -> (Sources, ensc::Compiled) {
    let mut sources = Sources::default();
    sources.add(SourceFile::new(name, text));
    let compiled = ensc::compile(&sources, &Policy::default());
    (sources, compiled)
}

/// All plans that we ship, and one of everything else.
fn plans() -> Vec<Plan> {
    let (sources, compiled) = compiled("everything.ens", EVERYTHING);
    let found = ensc::diagnostic::render::render(&sources, &compiled.diagnostics, false);
    assert!(compiled.errors() == 0, "{found}");
    shipped().into_iter().chain(compiled.plans).collect()
}

pub fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("the output is JSON")
}

/// Every output fits, and every property of the schema is in one of them.
#[track_caller]
pub fn holds(name: &str, outputs: &[Value]) {
    let schema = schema(name);
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    for output in outputs {
        let wrong: Vec<String> = validator
            .iter_errors(output)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
    }
    let mut seen = BTreeSet::new();
    outputs.iter().for_each(|output| visit(&schema, &schema, "", output, &mut seen));
    let mut promised = BTreeSet::new();
    properties(&schema, "", &mut promised);
    for (place, definition) in schema["$defs"].as_object().into_iter().flatten() {
        properties(definition, place, &mut promised);
    }
    let missing: Vec<&String> = promised.difference(&seen).collect();
    assert!(missing.is_empty(), "{name} promises what no output holds: {missing:?}");
}

/// `node.members`: the properties that a schema declares.
fn properties(schema: &Value, place: &str, names: &mut BTreeSet<String>) {
    let declared = schema["properties"].as_object().into_iter().flatten();
    names.extend(declared.map(|(name, _)| format!("{place}.{name}")));
}

/// Notes which declared properties a value holds.
fn visit(root: &Value, schema: &Value, place: &str, value: &Value, seen: &mut BTreeSet<String>) {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
        return visit(root, &root["$defs"][name], name, value, seen);
    }
    for choice in schema["anyOf"].as_array().into_iter().flatten() {
        visit(root, choice, place, value, seen);
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| visit(root, &schema["items"], place, item, seen)),
        Value::Object(map) => {
            for (name, value) in map {
                if let Some(below) = schema["properties"].get(name) {
                    seen.insert(format!("{place}.{name}"));
                    visit(root, below, place, value, seen);
                }
            }
        }
        _ => (),
    }
}

#[test]
fn plans_fit_their_schema() {
    let plans = plans();
    let wide = plans.iter().map(|plan| several(plan, 3));
    let outputs: Vec<Value> =
        wide.chain(plans.iter().cloned()).map(|plan| json(&explain::to_json(&plan))).collect();
    holds("plan.json", &outputs);
}

#[test]
fn diagnostics_fit_their_schema() {
    let outputs = [("mistakes.ens", MISTAKES), ("doubtful.ens", DOUBTFUL)].map(|(name, text)| {
        let (sources, compiled) = compiled(name, text);
        ensc::diagnostic::json::to_json(&sources, &compiled.diagnostics)
    });
    assert!(
        outputs[0]["errors"].as_u64() > Some(5) && outputs[1]["warnings"].as_u64() > Some(0),
        "{outputs:?}"
    );
    holds("diagnostics.json", &outputs);
}

#[test]
fn grids_differences_and_uses_fit_their_schemas() {
    let plans = plans();
    let cells: Vec<&Plan> = plans.iter().filter(|plan| plan.ensemble == "twin").collect();
    assert!(cells.len() > 1);
    holds("grid.json", &[json(&Grid::of("twin", &cells).to_json())]);

    let documents: Vec<_> = plans.iter().map(explain::document).collect();
    let [a, b, ..] = &documents[..] else { panic!("we ship more than two") };
    let one = Diff::of(std::slice::from_ref(a), std::slice::from_ref(b));
    let several = Diff::of(&documents[..3], &documents[1..4]);
    let names = Diff::of(&documents[1..2], &documents[4..5]);
    holds("diff.json", &[one, several, names].map(|diff| json(&diff.to_json())));

    let why = Why::of("mlx-gpt-oss-120b-mxfp4-q4", &plans);
    holds("why.json", &[json(&why.to_json())]);
}

#[test]
fn models_and_memory_fit_their_schemas() {
    let plans = plans();
    let of = |runtime| plans.iter().map(move |plan| json(&Models::of(plan, runtime).to_json()));
    holds("models.json", &of(None).chain(of(Some("mlx"))).collect::<Vec<_>>());
    let all: Vec<&Plan> = plans.iter().collect();
    let tight = BTreeMap::from([("mlx".to_owned(), Bytes(100_000_000_000))]);
    let of = |budgets| json(&Memory::of(&all, budgets).to_json());
    holds("memory.json", &[of(&BTreeMap::new()), of(&tight)]);
}

#[test]
fn what_is_not_declared_does_not_fit() {
    let validator = jsonschema::validator_for(&schema("plan.json")).expect("the schema is one");
    let mut plan = json(&explain::to_json(&shipped()[0]));
    assert!(validator.is_valid(&plan));
    plan["nodes"][0]["call"]["surprise"] = Value::from(1);
    assert!(!validator.is_valid(&plan));
    plan = json(&explain::to_json(&shipped()[0]));
    plan["nodes"][0].as_object_mut().expect("a node").remove("call");
    assert!(!validator.is_valid(&plan), "an `ask` has a call");
}
