//! Nothing of `docs/plugins.md` is enabled: whatever would ask for it is refused.

use super::{SOUND, ensc, folder};

/// What a command says of the program `plan` with these settings; it fails.
#[track_caller]
fn refused(command: &[&str], plan: &str, settings: &str) -> String {
    let folder = folder(&[("plan.ens", plan), ("ensc.toml", settings)]);
    let done = ensc().current_dir(folder.path()).args(command).output().expect("the command starts");
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "{plan}\n{settings}\n{said}");
    said
}

#[test]
fn settings_have_no_place_for_them() {
    for (settings, name) in [
        ("[tools.docs]\nurl = \"http://127.0.0.1:4031/mcp\"\n", "tools"),
        ("[mcp]\nservers = []\n", "mcp"),
        ("[plugins]\npath = \"plugins\"\n", "plugins"),
        ("[serve]\nplugins = []\n", "plugins"),
    ] {
        let said = refused(&["check"], SOUND, settings);
        assert!(said.contains(&format!("unknown field `{name}`")), "{said}");
    }
}

#[test]
fn the_language_has_no_words_for_them() {
    for item in ["tool search { server: docs }", "mcp docs { port: 4031 }", "plugin router { path: \"x\" }"] {
        let said = refused(&["check"], &format!("{SOUND}\n{item}\n"), "");
        assert!(said.contains("S013"), "{item}: {said}");
    }
}

#[test]
fn no_call_lets_them_run_behind_us() {
    for field in [
        r#"tools: [{ type: "mcp", server_url: "litellm_proxy", require_approval: "never" }]"#,
        "functions: []",
        "mcp_servers: []",
        "plugins: []",
        "web_search_options: {}",
    ] {
        let plan = SOUND.replace("beta-large]", "beta-large] { params: { FIELD } }");
        let said = refused(&["check"], &plan.replace("FIELD", field), "");
        assert!(
            said.contains("L109") && said.contains("tools would run that no plan knows of"),
            "{field}: {said}"
        );
    }
}

#[test]
fn no_setting_passes_them_on() {
    for name in ["mcp_servers", "plugins", "web_search_options"] {
        let serve = ["serve", "--port", "0", "--upstream", "sim"];
        let said = refused(&serve, SOUND, &format!("[serve]\npass_fields = [\"{name}\"]\n"));
        assert!(said.contains(name), "{said}");
    }
}
