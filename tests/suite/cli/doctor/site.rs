//! An installation that is sound: files, a daemon that serves them, a LiteLLM that knows members and handles, and a
//! `systemctl` that speaks of its unit.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::super::daemon::Server;
use super::super::{SOUND, ensc, folder};
use super::fake::Fake;

/// What the daemon asks of callers, and LiteLLM of the daemon.
const CALLER_KEY: &str = "key-of-callers";
const UPSTREAM_KEY: &str = "key-of-the-daemon";

/// The command that is tested, which the unit starts.
pub const ENSC: &str = env!("CARGO_BIN_EXE_ensc");

/// What the stand-in for `systemctl` prints, below the folder of it all.
pub const SHOWN: &str = "systemd/shown";

/// Stands in for `systemctl`, which has no systemd to speak to where tests run.
const SYSTEMCTL: &str = r#"#!/bin/sh
case "$1 $2 $3" in
"show --property="*" --") exec cat "$(dirname "$0")/shown" ;;
esac
echo "Unknown command verb $1." >&2
exit 1
"#;

/// Another ensemble, for a file of its own.
pub const SECOND: &str = r#"/// Notes: one draft after another.
ensemble notes at high-xl {
  draft = ask alpha-large
  reply = ask beta-large { prompt: """{{ draft }}""" }
}
"#;

pub struct Site {
    pub folder: TempDir,
    pub litellm: Fake,
    pub daemon: Option<Server>,
    /// Where the doctor looks for the daemon.
    pub port: u16,
    /// Where the doctor looks for LiteLLM.
    pub base: String,
    pub caller_key: String,
    pub upstream_key: Option<String>,
    models: Vec<Value>,
    pub deployments: Vec<Value>,
}

// === impl Site ===

impl Site {
    pub fn sound() -> Self {
        Self::with(&[("ensembles/plan.ens", SOUND)])
    }

    pub fn with(files: &[(&str, &str)]) -> Self {
        let litellm = Fake::start();
        let folder = folder(files);
        let base = litellm.base();
        let daemon = start(&folder, &base);
        let port = daemon.address.rsplit(':').next().and_then(|it| it.parse().ok()).expect("a port");
        let mut site = Self {
            folder,
            base,
            litellm,
            daemon: Some(daemon),
            port,
            caller_key: CALLER_KEY.to_owned(),
            upstream_key: Some(UPSTREAM_KEY.to_owned()),
            models: Vec::new(),
            deployments: Vec::new(),
        };
        for name in ["alpha-large", "beta-large"] {
            let info = json!({"max_input_tokens": 128_000, "max_output_tokens": 8_000});
            site.add(name, json!({"api_base": "http://127.0.0.1:8100/v1"}), info);
        }
        site.route("opt-plan-high-xl");
        site.litellm.ask_for(UPSTREAM_KEY);
        site.litellm.say("/health/liveliness", 200, "\"I'm alive!\"");
        site.litellm.say("/health/readiness", 200, json!({"status": "healthy", "db": "Not connected"}));
        site.litellm.say("/health/readiness/details", 200, json!({"litellm_version": "1.106.2"}));
        site.litellm.say("/v1/chat/completions", 200, json!({"choices": [], "ensc": {"probe": true}}));
        site.wait_until("/health/ready", "\"ready\"");
        for file in
            ["site/layer-gateway/registry/x", "site/layer-gateway/litellm-orch/config/x", "site/etc/x"]
        {
            site.put(file, "");
        }
        site.settle();
        site
    }

    /// The platform's files and the unit say where daemon and LiteLLM are by now.
    pub fn settle(&self) {
        let (port, base) = (self.port, self.litellm.base());
        let before = fs::read_to_string(self.path("ensembles/ensc.toml")).unwrap_or_default();
        let lints = before.split("[serve]").next().unwrap_or_default();
        let settings =
            format!("{lints}[serve]\nport = {port}\nbase_url = \"{base}\"\n[sync]\nenv = \"etc/env\"\n");
        self.put("ensembles/ensc.toml", &settings);
        let env = self.path("site/etc/env").display().to_string();
        let unit = format!(
            "[Service]\nEnvironmentFile={env}\nExecStart={ENSC} serve --host 127.0.0.1 --port {port} \\\n  --base-url {base}\n"
        );
        self.put("unit.service", &unit);
        self.put_program("systemd/systemctl", SYSTEMCTL);
        self.tell_of(self.daemon.as_ref().map_or(0, Server::process));
        let mut command = ensc();
        command.current_dir(self.folder.path()).env("HOME", self.path("home"));
        let (code, _, complained) = said(command.args(["sync", "--root", "site"]));
        assert_eq!(code, Some(0), "{complained}");
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file below the folder of it all.
    pub fn put(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// The same of one that can be run.
    pub fn put_program(&self, name: &str, text: &str) {
        self.put(name, text);
        let path = self.path(name);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    }

    /// systemd runs the unit as this process, and says so as version 252 does.
    pub fn tell_of(&self, process: u32) {
        let unit = self.path("unit.service").display().to_string();
        let shown = format!(
            "MainPID={process}\n\
             ExecStart={{ path={ENSC} ; argv[]={ENSC} serve ; ignore_errors=no ; start_time=[Sun 2026-11-29 05:02:11 UTC] ; \
             stop_time=[n/a] ; pid={process} ; code=(null) ; status=0/0 }}\n\
             LoadState=loaded\nActiveState=active\nFragmentPath={unit}\nDropInPaths=\nNeedDaemonReload=no\n"
        );
        self.put(SHOWN, &shown);
    }

    /// The same, with a part of what it says replaced.
    pub fn edit(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(name)).expect("it is there");
        assert!(text.contains(from), "{name} has no `{from}`:\n{text}");
        self.put(name, &text.replace(from, to));
    }

    fn add(&mut self, name: &str, params: Value, info: Value) {
        self.models.push(json!({"id": name, "object": "model"}));
        self.deployments.push(json!({"model_name": name, "litellm_params": params, "model_info": info}));
        self.tell();
    }

    /// A handle, as the exported file has it.
    pub fn route(&mut self, handle: &str) {
        let base = format!("http://127.0.0.1:{}/v1", self.port);
        let params = json!({"api_base": base, "num_retries": 0, "cooldown_time": 0, "timeout": 330.0, "stream_timeout": 330.0});
        self.add(handle, params, json!({"mode": "chat"}));
    }

    /// LiteLLM shows what it knows by now.
    pub fn tell(&self) {
        self.litellm.say("/v1/models", 200, json!({"data": self.models}));
        self.litellm.say("/v1/model/info", 200, json!({"data": self.deployments}));
    }

    pub fn unlist(&mut self, name: &str) {
        self.models.retain(|model| model["id"] != name);
        self.deployments.retain(|it| it["model_name"] != name);
        self.tell();
    }

    /// Something of a deployment is otherwise: `litellm_params/timeout`.
    pub fn set(&mut self, name: &str, place: &str, value: Value) {
        let deployment =
            self.deployments.iter_mut().find(|it| it["model_name"] == name).expect("it is there");
        let (part, key) = place.split_once('/').expect("a part and a key");
        deployment[part][key] = value;
        self.tell();
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join("ensembles").join(name), text).expect("a file");
    }

    /// Until the daemon's page has this in it.
    pub fn wait_until(&self, path: &str, part: &str) {
        let daemon = self.daemon.as_ref().expect("it runs");
        while !daemon.get(path).contains(part) {}
    }

    /// The daemon runs somewhere, and the doctor's report of the site with its exit code.
    pub fn doctor(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let mut command = self.command("doctor", args);
        command.args(["--port", &self.port.to_string()]);
        command.arg("--root").arg(self.path("site")).arg("--unit").arg(self.path("unit.service"));
        said(&mut command)
    }

    pub fn command(&self, verb: &str, args: &[&str]) -> Command {
        let mut command = ensc();
        command.current_dir(self.folder.path()).arg(verb).args(args).args(["--base-url", &self.base]);
        command.env("OPTILLM_API_KEY", &self.caller_key).env("HOME", self.path("home"));
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", self.path("systemd").display()));
        self.upstream_key.iter().for_each(|key| _ = command.env("OPENAI_API_KEY", key));
        command
    }

    /// `ensc list --format json` of its files.
    pub fn list(&self) -> Command {
        let mut command = ensc();
        command.current_dir(self.folder.path()).args(["list", "--format", "json"]);
        command
    }

    /// A daemon of the same files that looks for LiteLLM elsewhere.
    pub fn restart(&mut self, base: &str) {
        self.restart_with(ensc(), base);
    }

    /// The same, of this binary.
    pub fn restart_with(&mut self, command: Command, base: &str) {
        let daemon = start_with(command, &self.folder, base);
        let before = self.port;
        self.port = daemon.address.rsplit(':').next().and_then(|it| it.parse().ok()).expect("a port");
        let text = Value::from(self.deployments.clone()).to_string();
        let text = text.replace(&format!(":{before}/"), &format!(":{}/", self.port));
        self.deployments = serde_json::from_str(&text).expect("it was JSON");
        self.daemon = Some(daemon);
        self.tell();
        self.settle();
    }

    /// Something else listens where the doctor looks for the daemon.
    pub fn replace_daemon(&mut self, other: &Fake) {
        let text = Value::from(self.deployments.clone()).to_string();
        let text = text.replace(&format!(":{}/", self.port), &format!(":{}/", other.port));
        self.deployments = serde_json::from_str(&text).expect("it was JSON");
        self.port = other.port;
        self.tell();
        self.settle();
    }
}

fn start(folder: &TempDir, base: &str) -> Server {
    start_with(ensc(), folder, base)
}

fn start_with(mut command: Command, folder: &TempDir, base: &str) -> Server {
    command.current_dir(folder.path()).args(["serve", "--port", "0", "--base-url", base]);
    command.env("OPTILLM_API_KEY", CALLER_KEY).env("OPENAI_API_KEY", UPSTREAM_KEY);
    Server::start(command)
}

pub fn said(command: &mut Command) -> (Option<i32>, String, String) {
    let done = command.output().expect("the command starts");
    let text = |bytes| String::from_utf8(bytes).expect("what is printed is UTF-8");
    (done.status.code(), text(done.stdout), text(done.stderr))
}
