//! `ensc doctor` on an installation that is broken in one way at a time: each finding of its table has its breakage here.

mod fake;
mod page;
mod site;

use std::collections::BTreeSet;
use std::net::TcpListener;

use ensc::cli::doctor::kind::{Kind, Level};
use serde_json::{Value, json};

use super::SOUND;
use crate::schemas;
use fake::Fake;
use site::{SECOND, Site, said};

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
];

fn found(report: &Value) -> Vec<&Value> {
    let checks = report["checks"].as_array().expect("a list");
    checks.iter().filter(|check| check["state"] != "ok").collect()
}

#[test]
fn a_sound_installation_has_no_findings() {
    let site = Site::sound();
    let (code, told, complained) = site.doctor(&["--json", "--deny", "warnings"]);
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
        let (code, told, complained) = site.doctor(&["--json"]);
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
fn people_get_a_line_each_and_what_to_do() {
    let (site, _, _) = sound(|site| site.unlist("beta-large"));
    let (code, told, _) = site.doctor(&[]);
    assert_eq!(code, Some(1));
    let at =
        told.lines().position(|line| line.starts_with("wrong  D201  models   `beta-large` is not known"));
    let advice = told.lines().nth(at.expect(&told) + 1).unwrap_or_default().trim_start();
    assert_eq!(advice, format!("→ {}", Kind::UnknownModel.row().advice));
    assert!(told.contains("\nok           litellm  LiteLLM 1.106.2 answers at "), "{told}");
    assert!(told.ends_with("\n1 wrong, 0 warnings, 17 ok\n"), "{told}");
    assert!(!told.contains('\x1b'));
    assert!(site.doctor(&["--color", "always"]).1.contains("\x1b[1;31mwrong\x1b[0m"));
}

#[test]
fn keys_are_never_shown() {
    for (site, _, _) in [
        sound(|site| site.upstream_key = Some("sk-not-to-see".into())),
        sound(|site| site.caller_key = "sk-not-to-see".into()),
    ] {
        for args in [&[][..], &["--json"]] {
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
fn without_a_root_only_what_lies_at_absolute_places_is_looked_at() {
    let site = Site::sound();
    let mut command = site.command("doctor", &["--port", &site.port.to_string()]);
    let (code, told, _) = said(command.arg("--unit").arg(site.path("unit.service")));
    assert!(code == Some(0) && told.contains("were not looked at: name it with --root"), "{told}");
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
