//! `mlxctl ensemble HANDLE` and `ovctl ensemble HANDLE`, as they are described: what each loads comes from our files.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tempfile::TempDir;

use super::{printed, read, synced};
use crate::ensembles::{HANDLES, shipped};

/// Reads the document line by line: `- **HANDLE**`, and below it `- Base:` or `- Bases:`.
fn mlxctl(platform: &TempDir, handle: &str) -> Result<Vec<String>, &'static str> {
    let document = read(platform, "layer-gateway/optillm-proxy/ENSEMBLES.md");
    let mut lines = document.lines().map(str::trim_start);
    lines.find(|line| line.starts_with(&format!("- **{handle}**"))).ok_or("there is no such handle")?;
    let bases = lines
        .take_while(|line| !line.starts_with("- **opt-"))
        .find(|line| line.starts_with("- Base:") || line.starts_with("- Bases:"))
        .ok_or("it has no bases")?;
    let named = bases.split('`').skip(1).step_by(2);
    let models: Vec<String> = named.filter(|name| name.starts_with("mlx-")).map(str::to_owned).collect();
    if models.is_empty() { Err("use ovctl") } else { Ok(models) }
}

/// Reads the handle's own file, a name a line.
fn ovctl(platform: &TempDir, handle: &str) -> Result<Vec<String>, &'static str> {
    let path = platform.path().join(format!("platform/ops/ovctl/warm/{handle}.txt"));
    let profile = std::fs::read_to_string(path).map_err(|_| "use mlxctl")?;
    Ok(profile.lines().filter(|line| line.starts_with("ov-")).map(str::to_owned).collect())
}

#[test]
fn for_each_handle_one_controller_loads_all_that_it_can_call() {
    let platform = synced();
    let plans = shipped();
    let (mut on_mlx, mut on_ov) = (0, 0);
    for handle in HANDLES {
        let plan = plans.iter().find(|plan| &*plan.handle == handle).expect("we ship it");
        let (mlx, ov) = (mlxctl(&platform, handle), ovctl(&platform, handle));
        let loaded = match (&mlx, &ov) {
            (Ok(models), Err("use mlxctl")) => {
                on_mlx += 1;
                models
            }
            (Err("use ovctl"), Ok(models)) => {
                on_ov += 1;
                models
            }
            other => panic!("{handle}: {other:?}"),
        };
        let loaded: BTreeSet<&str> = loaded.iter().map(String::as_str).collect();
        assert_eq!(loaded, plan.models.iter().map(|model| &*model.name).collect(), "{handle}");
        for (runtime, models) in [("mlx", mlx), ("ov", ov)] {
            let asked = printed(&["models", handle, "--runtime", runtime]);
            let asked: BTreeSet<&str> = asked.lines().collect();
            assert_eq!(asked, models.iter().flatten().map(String::as_str).collect(), "{handle} on {runtime}");
        }
    }
    assert_eq!((on_mlx, on_ov), (5, 5));
}

#[test]
fn what_others_have_written_for_them_stays() {
    let platform = synced();
    assert_eq!(mlxctl(&platform, "opt-by-hand"), Ok(vec!["mlx-by-hand".to_owned()]));
    let profile = read(&platform, "platform/ops/ovctl/warm/opt-route-fast-s.txt");
    let mut lines = profile.lines();
    assert_eq!((lines.next(), lines.next()), (Some("# by hand"), Some("ov-qwen2-5-3b-instruct-fp16")));
    assert!(!profile.contains("ov-gone"), "{profile}");
}

#[test]
fn what_is_loaded_fits_where_the_memory_says_so() {
    let memory: Value = serde_json::from_str(&printed(&["memory", "--format", "json"])).expect("JSON");
    let plans = shipped();
    let tiers = memory["tiers"].as_array().expect("a list");
    let handles: usize = tiers.iter().map(|tier| tier["handles"].as_array().map_or(0, Vec::len)).sum();
    assert_eq!(handles, HANDLES.len());
    for tier in tiers {
        let budget = tier["budget_bytes"].as_u64().expect("each tier has one");
        for handle in tier["handles"].as_array().expect("a list") {
            assert!(handle["held_bytes"].as_u64().is_some_and(|held| held > 0 && held <= budget), "{handle}");
        }
    }
    for runtime in memory["runtimes"].as_array().expect("a list") {
        let budget = runtime["budget_bytes"].as_u64().expect("a budget");
        let sets = runtime["together"].as_array().expect("sets");
        assert!(!sets.is_empty());
        for set in sets {
            let names: Vec<&str> =
                set["handles"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
            let models: BTreeMap<&str, u64> = plans
                .iter()
                .filter(|plan| names.contains(&&*plan.handle))
                .flat_map(|plan| plan.models_on(runtime["runtime"].as_str().expect("a name")))
                .map(|model| (&*model.name, model.memory.expect("each says its size").0))
                .collect();
            let held: u64 = models.values().sum();
            assert_eq!(set["held_bytes"].as_u64(), Some(held), "{set}");
            assert_eq!(set["models"].as_u64(), Some(models.len() as u64), "{set}");
            assert!(held <= budget, "{set}");
        }
    }
}
