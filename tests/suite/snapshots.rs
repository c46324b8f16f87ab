//! What people and programs are shown of every handle that we ship, kept under `snapshots/`.

use ensc::explain;
use ensc::explain::picture::{dot, mermaid, svg};
use ensc::export::{DAEMON_URL, ensembles_md, env, handles, litellm, optillm};

use crate::ensembles::shipped;

fn kept(name: &str, text: &str) {
    insta::with_settings!({ snapshot_path => "../../snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn explained() {
    for plan in shipped() {
        kept(&format!("{}.explain", plan.handle), &explain::to_text(&plan, true));
        kept(&format!("{}.plan", plan.handle), &explain::to_json(&plan));
    }
}

#[test]
fn drawn() {
    for plan in shipped() {
        let picture = explain::picture(&plan);
        let (svg, chart, graph) = (svg::render(&picture), mermaid::render(&picture), dot::render(&picture));
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{}", plan.handle);
        if ["opt-architect-high-xl", "opt-clean-fast-s", "opt-chat-balanced-m"]
            .contains(&plan.handle.as_ref())
        {
            kept(&format!("{}.svg", plan.handle), &svg);
            kept(&format!("{}.mermaid", plan.handle), &chart);
        }
        for model in &plan.models {
            for drawing in [&svg, &chart, &graph] {
                assert!(drawing.contains(&*model.name), "{} does not show {}", plan.handle, model.name);
            }
        }
    }
}

#[test]
fn pages_keep_their_width() {
    for plan in shipped() {
        for line in explain::to_text(&plan, true).lines() {
            assert!(line.chars().count() <= explain::text::WIDTH, "{line}");
        }
    }
}

#[test]
fn exported() {
    let plans = shipped();
    if plans.is_empty() {
        return;
    }
    kept("handles.jsonl", &handles::place(&plans, "").expect("an empty file is fine"));
    kept("router.yaml", &litellm::place(&plans, DAEMON_URL, "").expect("an empty file is fine"));
    kept("env", &env::place(&plans, "").expect("an empty file is fine"));
    kept("ENSEMBLES.md", &ensembles_md::place(&plans, "").expect("an empty file is fine"));
    kept(
        "proxy_config.yaml",
        &optillm::place("http://127.0.0.1:4000/v1", "").expect("an empty file is fine"),
    );
}
