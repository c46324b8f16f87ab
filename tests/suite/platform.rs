//! The platform around the daemon, played from its description: who reads what we write, and finds what it needs.

mod controllers;
mod environment;
mod registry;

use std::path::Path;

use tempfile::TempDir;

use crate::cli::{ensc, folder};

/// What others have on a platform: each file with text of theirs before ours comes into it.
const THEIRS: [(&str, &str); 5] = [
    (
        "layer-gateway/registry/handles.jsonl",
        "{\"handle\":\"mlx-gpt-oss-20b\",\"kind\":\"model\",\"invoke\":\"openai-chat\",\"managed_by\":\"launchd\",\"endpoint_ref\":\"ep_mlx\",\"selector\":{\"model\":\"mlx-gpt-oss-20b\"}}\n",
    ),
    ("layer-gateway/litellm-orch/config/router.yaml", "# by hand\nmodel_list:\n  - model_name: mlx-a\n"),
    ("env", environment::THEIRS),
    (
        "layer-gateway/optillm-proxy/ENSEMBLES.md",
        "# By hand\n\n- **opt-by-hand**\n  - Base: `mlx-by-hand` and `other`\n\n```sh\nmlxctl ensemble opt-by-hand\n```\n",
    ),
    ("platform/ops/ovctl/warm/opt-route-fast-s.txt", "# by hand\nov-qwen2-5-3b-instruct-fp16\nov-gone\n"),
];

/// A platform into which `ensc sync` has written the ensembles that we ship.
fn synced() -> TempDir {
    let settings = ("ensc.toml", "[sync]\nenv = \"env\"\noptillm = \"proxy_config.yaml\"\n");
    let platform = folder(&[&THEIRS[..], &[settings]].concat());
    let done = ensc()
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["sync", "--root"])
        .arg(platform.path())
        .arg("--config")
        .arg(platform.path().join("ensc.toml"))
        .output()
        .expect("the command starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    platform
}

fn read(platform: &TempDir, path: &str) -> String {
    std::fs::read_to_string(platform.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What the command prints, run where the ensembles that we ship are.
fn printed(args: &[&str]) -> String {
    let done =
        ensc().current_dir(Path::new(env!("CARGO_MANIFEST_DIR"))).args(args).output().expect("it starts");
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("what is printed is UTF-8")
}
