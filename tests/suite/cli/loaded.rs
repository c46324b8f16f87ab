//! `ensc models` and `ensc memory`, as people and scripts meet them.

use super::{SOUND, check};

const FILES: &[(&str, &str)] = &[("plan.ens", SOUND)];

#[test]
fn models_are_a_name_a_line() {
    check(FILES, &["models", "opt-plan-high-xl"], 0, "alpha-large\nbeta-large\n", "");
    check(FILES, &["models", "plan", "--runtime", "mlx"], 0, "alpha-large\nbeta-large\n", "");
    check(FILES, &["models", "opt-plan", "--json"], 1, "", "no handle `opt-plan`");
    check(FILES, &["models", "plan", "--runtime", "cuda"], 2, "", "[possible values: mlx, ov]");
}

/// The controllers of the platform say `--json`, the other verbs of this command `--format json`.
#[test]
fn programs_may_ask_for_models_in_two_ways() {
    for asked in [&["--json"][..], &["--format", "json"]] {
        check(FILES, &[&["models", "plan"][..], asked].concat(), 0, "\"handle\": \"opt-plan-high-xl\"", "");
    }
    check(FILES, &["models", "plan", "--json", "--format", "text"], 2, "", "cannot be used with");
}

#[test]
fn where_there_are_none_the_right_controller_is_named() {
    let said = "warning: `opt-plan-high-xl` needs no model of `ov`; use `mlxctl`\n";
    check(FILES, &["models", "plan", "--runtime", "ov"], 0, "", said);
    let remote = SOUND.replace("runtime: mlx", "runtime: remote");
    check(
        &[("plan.ens", &remote)],
        &["models", "plan", "--runtime", "ov"],
        0,
        "",
        "its models are on remote\n",
    );
}

#[test]
fn memory_takes_names_and_budgets() {
    check(FILES, &["memory"], 0, "  opt-plan-high-xl    100GB   2 models on mlx\n", "");
    check(
        FILES,
        &["memory", "plan"],
        0,
        "mlx, 200GB at once: what can be loaded together\n   100GB   opt-plan-high-xl\n",
        "",
    );
    check(FILES, &["memory", "--budget", "mlx=99GB"], 0, "  opt-plan-high-xl does not fit alone\n", "");
    check(FILES, &["memory", "other"], 1, "", "no handle `other`");
    for wrong in ["mlx", "mlx=x", "mlx=99", "mlx=-1GB", "mlx=99999999999999GB"] {
        check(FILES, &["memory", "--budget", wrong], 2, "", "write a runtime and gigabytes, as `mlx=400GB`");
    }
}
