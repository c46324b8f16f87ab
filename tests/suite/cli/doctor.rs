//! `ensc doctor` on an installation that is broken in one way at a time: each finding of its table has its breakage here.

mod fake;
mod page;
mod site;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::Command;

use ensc::cli::doctor::kind::{Kind, Level};
use serde_json::{Value, json};

use super::SOUND;
use crate::schemas;
use fake::Fake;
use site::{ENSC, SECOND, SHOWN, Site, said};

const HANDLE: &str = "opt-plan-high-xl";
const ROUTER: &str = "site/layer-gateway/litellm-orch/config/router.yaml";

/// What breaks a sound installation, what is found then, and a part of the message.
struct Breakage {
    kind: Kind,
    /// What is found beside it.
    and: &'static [Kind],
    says: &'static str,
    broken: fn() -> (Site, Vec<Fake>, Vec<TcpListener>),
}

/// A sound installation, changed.
fn sound(change: impl FnOnce(&mut Site)) -> (Site, Vec<Fake>, Vec<TcpListener>) {
    let mut site = Site::sound();
    change(&mut site);
    (site, Vec::new(), Vec::new())
}

/// A sound one with a stand-in where the daemon should be, that shows the daemon's pages, changed.
fn posing(change: impl FnOnce(&Fake, &str)) -> (Site, Vec<Fake>, Vec<TcpListener>) {
    let mut site = Site::sound();
    let fake = Fake::start();
    let (_, told, _) = said(&mut site.list());
    let plan = schemas::json(&told)[0]["plan"].clone();
    let model = json!({"id": HANDLE, "owned_by": "ensc", "plan": plan});
    fake.say("/health", 200, json!({"status": "ok"}));
    fake.say("/health/ready", 200, json!({"status": "ready"}));
    fake.say("/v1/models", 200, json!({"data": [model]}));
    change(&fake, HANDLE);
    site.replace_daemon(&fake);
    (site, vec![fake], Vec::new())
}

/// A sound one whose LiteLLM has these lines at the end of its file.
fn routed(lines: &str) -> (Site, Vec<Fake>, Vec<TcpListener>) {
    sound(|site| {
        let text = std::fs::read_to_string(site.path(ROUTER)).expect("it is there");
        site.put(ROUTER, &format!("{text}{lines}"));
    })
}

/// A sound one whose unit starts another command.
fn starting(command: &str) -> (Site, Vec<Fake>, Vec<TcpListener>) {
    sound(|site| site.edit("unit.service", &format!("ExecStart={ENSC}"), &format!("ExecStart={command}")))
}

/// A sound one of which `systemctl` says something else.
fn shown(from: &str, to: &str) -> (Site, Vec<Fake>, Vec<TcpListener>) {
    sound(|site| site.edit(SHOWN, from, to))
}

const BREAKAGES: &[Breakage] = &[
    Breakage {
        kind: Kind::DaemonDown,
        and: &[],
        says: "refused the connection",
        broken: || sound(|site| site.daemon = None),
    },
    Breakage {
        kind: Kind::AnotherServer,
        and: &[],
        says: "is no `ensc serve`",
        broken: || {
            posing(|fake, _| {
                fake.say("/v1/models", 200, json!({"data": [{"id": "gpt-4o", "owned_by": "openai"}]}));
            })
        },
    },
    Breakage {
        kind: Kind::CallerKey,
        and: &[],
        says: "answers status 401",
        broken: || sound(|site| site.caller_key = "another".into()),
    },
    Breakage {
        kind: Kind::OpenPort,
        and: &[],
        says: "is open beyond 127.0.0.1",
        broken: || {
            let (site, fakes, _) = sound(|_| ());
            // Another address of this host, though none that others reach.
            let listener = TcpListener::bind(("127.0.0.2", site.port)).expect("nobody listens there");
            (site, fakes, vec![listener])
        },
    },
    Breakage {
        kind: Kind::NotReady,
        and: &[],
        says: "LiteLLM did not answer it",
        broken: || sound(|site| site.restart("http://127.0.0.1:1/v1")),
    },
    Breakage {
        kind: Kind::Stale,
        and: &[],
        says: "the last reload failed: ",
        broken: || {
            sound(|site| {
                site.write("plan.ens", &SOUND.replace("merge drafts", "merge draft"));
                site.daemon.as_ref().expect("it runs").signal("-HUP");
                site.wait_until("/health", "stale");
                site.write("plan.ens", SOUND);
            })
        },
    },
    Breakage {
        kind: Kind::OtherVersion,
        and: &[],
        says: "the daemon is 0.0.9",
        broken: || posing(|fake, _| fake.say("/metrics", 200, "ensc_build_info{version=\"0.0.9\"} 1\n")),
    },
    Breakage {
        kind: Kind::OtherPlan,
        and: &[],
        says: "`opt-plan-high-xl` runs plan ",
        broken: || {
            sound(|site| {
                site.write("plan.ens", &SOUND.replace("by alpha-large", "by beta-large"));
                site.settle();
            })
        },
    },
    Breakage {
        kind: Kind::MissingHandle,
        and: &[],
        says: "`opt-notes-high-xl` is not served (",
        broken: || {
            sound(|site| {
                site.write("notes.ens", SECOND);
                site.route("opt-notes-high-xl");
                site.settle();
            })
        },
    },
    Breakage {
        kind: Kind::ExtraHandle,
        and: &[],
        says: "`opt-notes-high-xl` is served, and stands in no file",
        broken: || {
            let site = Site::with(&[("ensembles/plan.ens", SOUND), ("ensembles/notes.ens", SECOND)]);
            std::fs::remove_file(site.path("ensembles/notes.ens")).expect("it is there");
            site.settle();
            (site, Vec::new(), Vec::new())
        },
    },
    Breakage {
        kind: Kind::LitellmDown,
        and: &[Kind::Provider, Kind::UnitElsewhere],
        says: "http://127.0.0.1:1/v1 refused the connection",
        broken: || sound(|site| site.base = "http://127.0.0.1:1/v1".into()),
    },
    Breakage {
        kind: Kind::NoLitellm,
        and: &[],
        says: "is not LiteLLM",
        broken: || sound(|site| site.litellm.say("/health/liveliness", 200, "ok")),
    },
    Breakage {
        kind: Kind::NoLitellm,
        and: &[],
        says: "is `ensc sim`",
        broken: || sound(|site| site.litellm.say("/health/readiness", 200, json!({"simulated": true}))),
    },
    Breakage {
        kind: Kind::KeyMissing,
        and: &[],
        says: "OPENAI_API_KEY is not set",
        broken: || sound(|site| site.upstream_key = None),
    },
    Breakage {
        kind: Kind::KeyRefused,
        and: &[],
        says: "refuses OPENAI_API_KEY (status 400)",
        broken: || sound(|site| site.upstream_key = Some("another".into())),
    },
    Breakage {
        kind: Kind::LitellmOld,
        and: &[],
        says: "is 1.97.3",
        broken: || {
            sound(|site| site.litellm.say("/health/readiness", 200, json!({"litellm_version": "1.97.3"})))
        },
    },
    Breakage {
        kind: Kind::VersionUnknown,
        and: &[],
        says: "does not say its version",
        broken: || sound(|site| site.litellm.forget("/health/readiness/details")),
    },
    Breakage {
        kind: Kind::PageUnread,
        and: &[],
        says: "`/v1/model/info` cannot be read (status 403)",
        broken: || sound(|site| site.litellm.say("/v1/model/info", 403, "{}")),
    },
    Breakage {
        kind: Kind::PageUnread,
        and: &[],
        says: "`/v1/models` cannot be read: status 502",
        broken: || sound(|site| site.litellm.say("/v1/models", 502, "{}")),
    },
    Breakage {
        kind: Kind::UnknownModel,
        and: &[],
        says: "`beta-large` is not known to LiteLLM; asked by `opt-plan-high-xl`",
        broken: || sound(|site| site.unlist("beta-large")),
    },
    Breakage {
        kind: Kind::SmallerLimit,
        and: &[],
        says: "`alpha-large`: LiteLLM says max_output_tokens 4096, the files say 8000",
        broken: || sound(|site| site.set("alpha-large", "model_info/max_output_tokens", 4096.into())),
    },
    Breakage {
        kind: Kind::LargerLimit,
        and: &[],
        says: "`alpha-large`: LiteLLM says max_input_tokens 262144, the files say 128000",
        broken: || sound(|site| site.set("alpha-large", "model_info/max_input_tokens", 262_144.into())),
    },
    Breakage {
        kind: Kind::Loop,
        and: &[],
        says: "`alpha-large` is sent to http://localhost:",
        broken: || {
            sound(|site| {
                let here = format!("http://localhost:{}/v1", site.port);
                site.set("alpha-large", "litellm_params/api_base", here.into());
            })
        },
    },
    Breakage {
        kind: Kind::NotRouted,
        and: &[],
        says: "`opt-plan-high-xl` is not known to LiteLLM",
        broken: || sound(|site| site.unlist(HANDLE)),
    },
    Breakage {
        kind: Kind::RoutedElsewhere,
        and: &[],
        says: "`opt-plan-high-xl` is sent to http://127.0.0.1:8100/v1, not to port ",
        broken: || {
            sound(|site| site.set(HANDLE, "litellm_params/api_base", "http://127.0.0.1:8100/v1".into()))
        },
    },
    Breakage {
        kind: Kind::AskedAgain,
        and: &[],
        says: "`opt-plan-high-xl`: `num_retries` is 2, `cooldown_time` is not set",
        broken: || {
            sound(|site| {
                site.set(HANDLE, "litellm_params/num_retries", 2.into());
                site.set(HANDLE, "litellm_params/cooldown_time", Value::Null);
            })
        },
    },
    Breakage {
        kind: Kind::ShortTimeout,
        and: &[],
        says: "`timeout` is 300 s, its deadline and grace are 330 s",
        broken: || sound(|site| site.set(HANDLE, "litellm_params/timeout", 300.into())),
    },
    Breakage {
        kind: Kind::Canary,
        and: &[],
        says: "a probe of `opt-plan-high-xl` through LiteLLM: status 401",
        broken: || sound(|site| site.litellm.say("/v1/chat/completions", 401, "{}")),
    },
    Breakage {
        kind: Kind::Canary,
        and: &[],
        says: "it was answered, but not as a probe",
        broken: || sound(|site| site.litellm.say("/v1/chat/completions", 200, json!({"choices": []}))),
    },
    Breakage {
        kind: Kind::Replaced,
        and: &[],
        says: ": `litellm_settings.fallbacks` lets `gpt-4o`, `gpt-4o-mini` answer for `opt-plan-high-xl`",
        broken: || {
            routed(
                "litellm_settings:\n  fallbacks: [{\"opt-plan-high-xl\": [\"gpt-4o\", {model: gpt-4o-mini}]}]\n",
            )
        },
    },
    Breakage {
        kind: Kind::Replaced,
        and: &[],
        says: ": `router_settings.context_window_fallbacks` lets `gpt-4o` answer for `opt-plan-high-xl`",
        broken: || {
            routed("router_settings:\n  context_window_fallbacks:\n  - openai/opt-plan-high-xl: [gpt-4o]\n")
        },
    },
    Breakage {
        kind: Kind::Replaced,
        and: &[],
        says: ": `litellm_settings.content_policy_fallbacks` lets `gpt-4o` answer for every handle",
        broken: || routed("litellm_settings:\n  content_policy_fallbacks:\n  - '*': [gpt-4o]\n"),
    },
    Breakage {
        kind: Kind::Replaced,
        and: &[],
        says: ": `litellm_settings.default_fallbacks` lets `gpt-4o` answer for every handle",
        broken: || routed("litellm_settings: {default_fallbacks: [gpt-4o]}\n"),
    },
    Breakage {
        kind: Kind::Renamed,
        and: &[],
        says: ": `router_settings.model_group_alias` sends `opt-plan-high-xl` to `alpha-large`",
        broken: || routed("router_settings:\n  model_group_alias: {opt-plan-high-xl: alpha-large}\n"),
    },
    Breakage {
        kind: Kind::Renamed,
        and: &[],
        says: ": `router_settings.model_group_alias` sends `opt-old-high-xl` to `gpt-4o`",
        broken: || {
            routed(
                "router_settings:\n  model_group_alias:\n    opt-old-high-xl: {model: gpt-4o, hidden: true}\n    ensemble: opt-plan-high-xl\n    opt-older-high-xl: opt-plan-high-xl\n",
            )
        },
    },
    Breakage {
        kind: Kind::GoneClients,
        and: &[],
        says: "router.yaml: `general_settings` do not say what they must",
        broken: || sound(|site| site.edit(ROUTER, "  cancel_on_disconnect: true", "  # nothing")),
    },
    Breakage {
        kind: Kind::Memory,
        and: &[],
        says: "the models of `opt-plan-high-xl` need 100GB, tier `xl` has 90GB",
        broken: || {
            let small = SOUND.replace("memory: 200GB", "memory: 90GB");
            let lowered = "[lints]\nmemory = \"allow\"\n";
            let site = Site::with(&[("ensembles/plan.ens", &small), ("ensembles/ensc.toml", lowered)]);
            (site, Vec::new(), Vec::new())
        },
    },
    Breakage {
        kind: Kind::FallsBackHere,
        and: &[],
        says: ": `router_settings.fallbacks` lets `opt-plan-high-xl` answer for `alpha-large`",
        broken: || {
            routed(
                "router_settings:\n  fallbacks:\n  - gpt-4o: [opt-plan-high-xl]\n  - alpha-large: [beta-large, opt-plan-high-xl]\n",
            )
        },
    },
    Breakage {
        kind: Kind::FallsBackHere,
        and: &[],
        says: ": `router_settings.fallbacks` lets `opt-plan-high-xl` (as `backup`) answer for `alpha-large`",
        broken: || {
            routed(
                "router_settings:\n  model_group_alias: {backup: opt-plan-high-xl}\n  fallbacks:\n  - alpha-large: [backup]\n",
            )
        },
    },
    Breakage {
        kind: Kind::FallsBackHere,
        and: &[Kind::Replaced],
        says: ": `router_settings.default_fallbacks` lets `opt-plan-high-xl` answer for every model",
        broken: || routed("router_settings:\n  default_fallbacks: [opt-plan-high-xl]\n"),
    },
    Breakage {
        kind: Kind::AliasHere,
        and: &[],
        says: ": `router_settings.model_group_alias` sends `beta-large` to `opt-plan-high-xl`",
        broken: || routed("router_settings:\n  model_group_alias:\n    beta-large: opt-plan-high-xl\n"),
    },
    Breakage {
        kind: Kind::Registry,
        and: &[],
        says: "handles.jsonl differs: it lacks `{",
        broken: || sound(|site| site.edit("site/layer-gateway/registry/handles.jsonl", "systemd", "docker")),
    },
    Breakage {
        kind: Kind::Registry,
        and: &[],
        says: "handles.jsonl:1: this is no JSON object",
        broken: || sound(|site| site.put("site/layer-gateway/registry/handles.jsonl", "# by hand\n")),
    },
    Breakage {
        kind: Kind::Router,
        and: &[],
        says: "router.yaml differs: it lacks `num_retries: 0",
        broken: || sound(|site| site.edit(ROUTER, "num_retries: 0 ", "num_retries: 3 ")),
    },
    Breakage {
        kind: Kind::Router,
        and: &[Kind::GoneClients],
        says: "router.yaml differs: it lacks `",
        broken: || sound(|site| site.put(ROUTER, "model_list:\n- model_name: by-hand\n")),
    },
    Breakage {
        kind: Kind::Env,
        and: &[],
        says: "etc/env differs: it lacks `OPT_PLAN_HIGH_XL_MODEL=moa-plan-high-xl`",
        broken: || sound(|site| site.edit("site/etc/env", "=moa-plan", "=bon-plan")),
    },
    Breakage {
        kind: Kind::EnsemblesMd,
        and: &[],
        says: "ENSEMBLES.md differs: it lacks `- Bases: ",
        broken: || {
            sound(|site| {
                site.edit("site/layer-gateway/optillm-proxy/ENSEMBLES.md", "beta-large", "gamma-large");
            })
        },
    },
    Breakage {
        kind: Kind::WarmProfiles,
        and: &[],
        says: "opt-plan-high-xl.txt differs",
        broken: || {
            sound(|site| {
                let profile = "# BEGIN ENSC AUTO\nov-of-yesterday\n# END ENSC AUTO\n";
                site.put("site/platform/ops/ovctl/warm/opt-plan-high-xl.txt", profile);
            })
        },
    },
    Breakage {
        kind: Kind::Provider,
        and: &[],
        says: "every call goes through LiteLLM",
        broken: || {
            let other = "providers:\n- name: elsewhere\n  base_url: https://models.example/v1\n";
            sound(|site| site.put("home/.optillm/proxy_config.yaml", other))
        },
    },
    Breakage {
        kind: Kind::Provider,
        and: &[],
        says: "proxy_config.yaml differs: it lacks `base_url: http://127.0.0.1:",
        broken: || {
            sound(|site| {
                site.edit("home/.optillm/proxy_config.yaml", "http://127.0.0.1:", "http://127.0.0.9:");
            })
        },
    },
    Breakage {
        kind: Kind::Documents,
        and: &[],
        says: "INTEGRATIONS.md is missing",
        broken: || {
            sound(|site| std::fs::remove_file(site.path("site/docs/INTEGRATIONS.md")).expect("it is there"))
        },
    },
    Breakage {
        kind: Kind::FileUnread,
        and: &[],
        says: "router.yaml` is not UTF-8",
        broken: || sound(|site| std::fs::write(site.path(ROUTER), b"# caf\xe9\n").expect("a file")),
    },
    Breakage {
        kind: Kind::FileUnread,
        and: &[],
        says: "router.yaml:",
        broken: || routed("litellm_settings: {a: [b}\n"),
    },
    Breakage {
        kind: Kind::OldProfile,
        and: &[],
        says: "opt-gone-fast-s.txt is of a handle that no ensemble has",
        broken: || {
            sound(|site| {
                site.put("site/platform/ops/ovctl/warm/opt-gone-fast-s.txt", "# kept\nov-alpha\n");
                // Nobody's, as far as we can tell.
                for (name, text) in [
                    ("theirs.txt", "ov-alpha\n"),
                    ("opt-notes.md", "ov-alpha\n"),
                    ("opt-speech.txt", "whisper\n"),
                    ("opt-empty.txt", "\n"),
                    ("opt-plan-high-xl.txt", ""),
                ] {
                    site.put(&format!("site/platform/ops/ovctl/warm/{name}"), text);
                }
            })
        },
    },
    Breakage {
        kind: Kind::NoUnit,
        and: &[],
        says: "unit.service",
        broken: || sound(|site| std::fs::remove_file(site.path("unit.service")).expect("it is there")),
    },
    Breakage {
        kind: Kind::UnitFlags,
        and: &[],
        says: "unexpected argument '--prot' found",
        broken: || sound(|site| site.edit("unit.service", "--port", "--prot")),
    },
    Breakage {
        kind: Kind::UnitFlags,
        and: &[],
        says: "does not start `ensc serve`",
        broken: || {
            sound(|site| {
                site.put(
                    "unit.service",
                    &format!(
                        "EnvironmentFile={}\nExecStart=ensc list\n",
                        site.path("site/etc/env").display()
                    ),
                );
            })
        },
    },
    Breakage {
        kind: Kind::UnitElsewhere,
        and: &[],
        says: "says port 1, not ",
        broken: || sound(|site| site.edit("unit.service", &format!("--port {}", site.port), "--port 1")),
    },
    Breakage {
        kind: Kind::UnitElsewhere,
        and: &[],
        says: "says `http://127.0.0.1:4000/v1`, not `",
        broken: || sound(|site| site.edit("unit.service", &site.base, "http://127.0.0.1:4000/v1")),
    },
    Breakage {
        kind: Kind::UnitEnv,
        and: &[],
        says: "unit.service does not read ",
        broken: || sound(|site| site.edit("unit.service", "EnvironmentFile=", "EnvironmentFile=/etc/other")),
    },
    Breakage {
        kind: Kind::NotReloaded,
        and: &[],
        says: "unit.service was changed, and systemd goes by what it had read",
        broken: || shown("NeedDaemonReload=no", "NeedDaemonReload=yes"),
    },
    Breakage {
        kind: Kind::NoBinary,
        and: &[],
        says: "`/nowhere/ensc` does not exist",
        broken: || starting("/nowhere/ensc"),
    },
    Breakage {
        kind: Kind::NoBinary,
        and: &[],
        says: "unit.service` is no file that can be run",
        broken: || {
            sound(|site| site.edit("unit.service", ENSC, &site.path("unit.service").display().to_string()))
        },
    },
    Breakage {
        kind: Kind::NoBinary,
        and: &[],
        says: "systemd refuses `bin/ensc`: it takes a whole path",
        broken: || starting("bin/ensc"),
    },
    Breakage {
        kind: Kind::NoBinary,
        and: &[],
        says: "`ensc-of-nobody` is in none of the folders that systemd searches, whatever PATH says (/usr/local/sbin, ",
        broken: || {
            let broken = starting("ensc-of-nobody");
            broken.0.edit(SHOWN, &format!("path={ENSC} "), "path=ensc-of-nobody ");
            broken.0.put_program("systemd/ensc-of-nobody", "#!/bin/sh\necho ensc 0.1.0\n");
            broken
        },
    },
    Breakage {
        kind: Kind::NoBinary,
        and: &[],
        says: "broken` says: it is broken",
        broken: || {
            sound(|site| {
                site.put_program("broken", "#!/bin/sh\necho it is broken >&2\nexit 1\n");
                site.edit("unit.service", ENSC, &site.path("broken").display().to_string());
            })
        },
    },
    Breakage {
        kind: Kind::OtherBinary,
        and: &[Kind::OldBinary],
        says: "older is 0.0.9, this command 0.",
        broken: || {
            sound(|site| {
                site.put_program("older", "#!/bin/sh\necho ensc 0.0.9\n");
                site.edit("unit.service", ENSC, &site.path("older").display().to_string());
            })
        },
    },
    Breakage {
        kind: Kind::OtherBinary,
        and: &[Kind::OldBinary],
        says: "other says no version of `ensc`",
        broken: || {
            sound(|site| {
                site.put_program("other", "#!/bin/sh\necho optillm 0.3.12\n");
                site.edit("unit.service", ENSC, &site.path("other").display().to_string());
            })
        },
    },
    Breakage {
        kind: Kind::OldBinary,
        and: &[],
        says: "installed that was replaced since",
        broken: || {
            sound(|site| {
                let installed = site.path("installed");
                std::fs::copy(ENSC, &installed).expect("a copy");
                let base = site.litellm.base();
                site.restart_with(Command::new(&installed), &base);
                site.wait_until("/health/ready", "\"ready\"");
                std::fs::remove_file(&installed).expect("it is there");
                site.edit("unit.service", ENSC, &installed.display().to_string());
                site.put_program("installed", &format!("#!/bin/sh\nexec {ENSC} \"$@\"\n"));
            })
        },
    },
    Breakage {
        kind: Kind::NotRun,
        and: &[],
        says: "systemd does not run ",
        broken: || {
            let broken = shown("ActiveState=active", "ActiveState=failed");
            broken.0.tell_of(0);
            broken.0.edit(SHOWN, "ActiveState=active", "ActiveState=failed");
            broken
        },
    },
    Breakage {
        kind: Kind::UnitRefused,
        and: &[],
        says: "unit.service: bad-setting",
        broken: || shown("LoadState=loaded", "LoadState=bad-setting"),
    },
];

fn found(report: &Value) -> Vec<&Value> {
    let checks = report["checks"].as_array().expect("a list");
    checks.iter().filter(|check| check["state"] != "ok").collect()
}

#[test]
fn a_sound_installation_has_no_findings() {
    let site = Site::sound();
    let (code, told, complained) = site.doctor(&["--format", "json", "--deny", "warnings"]);
    assert_eq!((code, complained.as_str()), (Some(0), ""), "{told}");
    let report = schemas::json(&told);
    assert!(found(&report).is_empty(), "{told}");
    let looked: BTreeSet<&str> =
        report["checks"].as_array().expect("a list").iter().filter_map(|it| it["part"].as_str()).collect();
    assert!(
        ["daemon", "files", "handles", "litellm", "models", "unit"].iter().all(|part| looked.contains(part)),
        "{told}"
    );
}

#[test]
fn each_breakage_is_found_and_nothing_else() {
    let (mut reports, mut wrong) = (Vec::new(), Vec::new());
    for breakage in BREAKAGES {
        match breakage.played() {
            Ok(report) => reports.push(report),
            Err(why) => wrong.push(format!("{:?}: {why}", breakage.kind)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let played: BTreeSet<Kind> = BREAKAGES.iter().map(|it| it.kind).collect();
    assert_eq!(played.into_iter().collect::<Vec<_>>(), Kind::ALL, "a finding without a breakage");
    schemas::holds("doctor.json", &reports);
}

impl Breakage {
    /// The report, if it says what it should and nothing else.
    fn played(&self) -> Result<Value, String> {
        let (site, _fakes, _listeners) = (self.broken)();
        let (code, told, complained) = site.doctor(&["--format", "json"]);
        if !complained.is_empty() {
            return Err(complained);
        }
        let report = schemas::json(&told);
        let found = found(&report);
        let codes: BTreeSet<&str> = found.iter().filter_map(|it| it["code"].as_str()).collect();
        let kinds = || self.and.iter().chain([&self.kind]);
        let wanted: BTreeSet<&str> = kinds().map(|kind| kind.row().code).collect();
        let says = |it: &&Value| it["message"].as_str().is_some_and(|it| it.contains(self.says));
        let is_wrong = kinds().any(|kind| kind.row().level == Level::Wrong);
        if codes != wanted || !found.iter().any(says) || code != Some(i32::from(is_wrong)) {
            return Err(format!("wanted {wanted:?} and `{}`, got {code:?} and {found:#?}", self.says));
        }
        match is_wrong || site.doctor(&["--deny", "warnings"]).0 == Some(1) {
            true => Ok(report),
            false => Err("`--deny warnings` does not fail".into()),
        }
    }
}

#[test]
fn what_leads_past_a_handle_is_told_with_its_line() {
    let (site, _, _) =
        routed("router_settings:\n  # by hand\n  model_group_alias: {opt-plan-high-xl: gpt-4o}\n");
    let text = std::fs::read_to_string(site.path(ROUTER)).expect("it is there");
    let at = text.lines().position(|line| line.contains("model_group_alias")).expect("it was written") + 1;
    let (_, told, _) = site.doctor(&[]);
    assert!(
        told.contains(&format!("router.yaml:{at}: `router_settings.model_group_alias` sends ")),
        "{told}"
    );
}

/// Checks of the unit that were not made.
fn skipped(told: &str) -> Vec<String> {
    let report = schemas::json(told);
    let checks = report["checks"].as_array().expect("a list");
    let skipped = checks.iter().filter(|it| it["state"] == "skip" && it["part"] == "unit");
    skipped.filter_map(|it| it["message"].as_str().map(str::to_owned)).collect()
}

#[test]
fn what_systemd_does_not_say_is_not_told_as_sound() {
    let site = Site::sound();
    site.edit(SHOWN, "FragmentPath=", "FragmentPath=/elsewhere");
    let elsewhere = site.doctor(&["--format", "json"]);
    site.put(
        SHOWN,
        "MainPID=0\nLoadState=not-found\nActiveState=inactive\nFragmentPath=\nNeedDaemonReload=no\n",
    );
    let unknown = site.doctor(&["--format", "json"]);
    let complaint = "System has not been booted with systemd as init system (PID 1). Can't operate.";
    site.put_program("systemd/systemctl", &format!("#!/bin/sh\necho \"{complaint}\" >&2\nexit 1\n"));
    let unreachable = site.doctor(&["--format", "json"]);
    let mut command = site.command("doctor", &["--format", "json", "--port", &site.port.to_string()]);
    command.arg("--root").arg(site.path("site")).arg("--unit").arg(site.path("unit.service"));
    let missing = said(command.env("PATH", site.path("home")));
    for ((code, told, _), part) in [
        (elsewhere, "systemd has /elsewhere/"),
        (unknown, "systemd has no unit of the name of "),
        (unreachable, "`systemctl` says: System has not been booted with systemd as init system (PID 1)"),
        (missing, "`systemctl` cannot be run: no such file or directory"),
    ] {
        let skipped = skipped(&told);
        assert!(code == Some(0) && skipped.len() == 1, "{told}");
        assert!(skipped[0].contains(part) && skipped[0].ends_with(" was not looked at"), "{skipped:?}");
        assert!(!told.contains("it is what runs") && !told.contains("as it is, and runs it"), "{told}");
    }
}

#[test]
fn a_process_that_cannot_be_seen_is_told_as_skipped() {
    let site = Site::sound();
    // The largest number that no process can have.
    site.tell_of(u32::MAX);
    let (code, told, _) = site.doctor(&["--format", "json"]);
    let skipped = skipped(&told);
    assert!(code == Some(0) && skipped.len() == 1, "{told}");
    assert!(
        skipped[0].contains(&format!("which binary process {} runs cannot be seen", u32::MAX)),
        "{skipped:?}"
    );
}

#[test]
fn the_unit_is_where_systemd_has_it_with_its_drop_ins() {
    let site = Site::sound();
    let port = site.port.to_string();
    let doctor = || said(site.command("doctor", &["--port", &port]).arg("--root").arg(site.path("site")));
    let (code, told, _) = doctor();
    assert!(code == Some(0) && told.contains("unit.service starts the daemon as the settings say"), "{told}");
    let drop_in = site.path("override.conf").display().to_string();
    site.edit(SHOWN, "DropInPaths=", &format!("DropInPaths={drop_in}"));
    site.put("override.conf", &format!("[Service]\nExecStart=\nExecStart={ENSC} serve --port 1\n"));
    let (code, told, _) = doctor();
    assert!(code == Some(1) && told.contains("unit.service says port 1, not "), "{told}");
    site.put("override.conf", "[Service]\nEnvironmentFile=\nLoadCredential=key:/etc/key\n");
    let (_, told, _) = doctor();
    assert!(!told.contains("D504"), "{told}");
}

#[test]
fn a_root_may_be_said_from_where_we_are() {
    let site = Site::sound();
    let args =
        ["--port", &site.port.to_string(), "--root", "site", "--unit", "unit.service", "--deny", "warnings"];
    let (code, told, _) = said(&mut site.command("doctor", &args));
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn a_code_of_the_doctor_has_a_page() {
    let site = Site::sound();
    let explain = |code: &str| said(super::ensc().current_dir(site.folder.path()).args(["explain", code]));
    for kind in Kind::ALL {
        let row = kind.row();
        let (code, told, complained) = explain(&row.code.to_lowercase());
        assert_eq!((code, complained.as_str()), (Some(0), ""), "{}", row.code);
        for part in [row.code, row.name, row.level.word(), row.means, row.advice] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
    for (code, advice) in [
        ("D011", "no code is called `D011`; did you mean `D001`?"),
        ("D999", "no code is called `D999`; `docs/doctor.md` has them all"),
        // `D201` is as near, and about something else.
        ("L201", "no code is called `L201`; did you mean `L001`?"),
        ("L999", "no code is called `L999`; did you mean `L099`?"),
    ] {
        let (status, _, complained) = explain(code);
        assert!(status == Some(1) && complained.contains(advice), "{complained}");
    }
}

#[test]
fn people_get_a_line_each_and_what_to_do() {
    let (site, _, _) = sound(|site| site.unlist("beta-large"));
    let (code, told, _) = site.doctor(&[]);
    assert_eq!(code, Some(1));
    let at =
        told.lines().position(|line| line.starts_with("wrong  D201  models   `beta-large` is not known"));
    let advice = told.lines().nth(at.expect(&told) + 1).unwrap_or_default().trim_start();
    assert_eq!(advice, format!("→ {}", Kind::UnknownModel.row().advice));
    assert!(told.contains("\nok           litellm  LiteLLM 1.106.2 answers at "), "{told}");
    assert!(told.ends_with("\n1 wrong, 0 warnings, 20 ok\n"), "{told}");
    assert!(!told.contains('\x1b'));
    assert!(site.doctor(&["--color", "always"]).1.contains("\x1b[1;31mwrong\x1b[0m"));
}

#[test]
fn keys_are_never_shown() {
    for (site, _, _) in [
        sound(|site| site.upstream_key = Some("sk-not-to-see".into())),
        sound(|site| site.caller_key = "sk-not-to-see".into()),
    ] {
        for args in [&[][..], &["--format", "json"]] {
            let (_, told, complained) = site.doctor(args);
            assert!(!told.contains("not-to-see") && !complained.contains("not-to-see"), "{told}");
        }
    }
}

#[test]
fn keys_are_found_in_the_environment_file_of_the_unit() {
    let mut site = Site::sound();
    site.upstream_key = None;
    let (code, told, _) = site.doctor(&[]);
    assert!(code == Some(1) && told.contains("D103"), "{told}");
    site.edit("site/etc/env", "# BEGIN", "OPENAI_API_KEY=\"key-of-\\\nthe-daemon\"\n# BEGIN");
    let (code, told, _) = site.doctor(&[]);
    assert_eq!(code, Some(0), "{told}");
    assert!(!told.contains("key-of-"), "{told}");
}

#[test]
fn what_the_router_includes_is_told_as_skipped() {
    let (site, _fakes, _listeners) = routed("include: [more.yaml, models/extra.yaml]\n");
    let (code, told, _) = site.doctor(&[]);
    assert!(
        code == Some(0) && told.contains("router.yaml includes more.yaml, models/extra.yaml, not looked at"),
        "{told}"
    );
}

#[test]
fn without_a_root_only_what_lies_at_absolute_places_is_looked_at() {
    let site = Site::sound();
    let mut command = site.command("doctor", &["--port", &site.port.to_string()]);
    let (code, told, _) = said(command.arg("--unit").arg(site.path("unit.service")));
    assert!(code == Some(0) && told.contains("were not looked at: name it with --root"), "{told}");
    let untold =
        "skip         litellm  whether `cancel_on_disconnect` is on, which LiteLLM does not tell, and where";
    assert!(told.contains(untold), "{told}");
    assert!(!told.contains("handles.jsonl") && told.contains("proxy_config.yaml"), "{told}");
}

#[test]
fn what_cannot_be_looked_at_is_code_2() {
    let site = Site::sound();
    for (args, part) in [
        (&["--ensembles", "nowhere"][..], "`nowhere` does not exist"),
        (&["--api-key-file", "nowhere"], "`nowhere` cannot be read"),
        (&["--nonsense"], "--nonsense"),
    ] {
        let (code, _, complained) = site.doctor(args);
        assert!(code == Some(2) && complained.contains(part), "{args:?}: {complained}");
    }
    site.write("plan.ens", &SOUND.replace("merge drafts", "merge draft"));
    let (code, told, complained) = site.doctor(&[]);
    assert_eq!((code, told.as_str()), (Some(2), ""));
    assert!(complained.contains("N001") && complained.contains("the files have mistakes"), "{complained}");
}

#[test]
fn a_check_may_ask_litellm_about_the_models() {
    let mut site = Site::sound();
    let live = |site: &Site| said(&mut site.command("check", &["--live"]));
    let (code, told, _) = live(&site);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("nothing wrong") && told.contains("LiteLLM knows each of the 2 members"), "{told}");
    assert!(!told.contains("daemon  ") && !told.contains("handles"), "{told}");
    site.set("beta-large", "model_info/max_output_tokens", 16_384.into());
    assert_eq!(live(&site).0, Some(0));
    assert_eq!(said(&mut site.command("check", &["--live", "--deny", "warnings"])).0, Some(1));
    site.unlist("alpha-large");
    let (code, told, _) = live(&site);
    assert!(code == Some(1) && told.contains("D201"), "{told}");
    assert_eq!(said(&mut site.command("check", &["--live", "--format", "json"])).0, Some(2));
    site.write("plan.ens", &SOUND.replace("merge drafts", "merge draft"));
    let (code, told, _) = live(&site);
    assert!(code == Some(1) && !told.contains("D201"), "mistakes come first: {told}");
}
