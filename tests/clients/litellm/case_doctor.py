"""`ensc doctor` at a real LiteLLM: an installation that is sound, and three that are not."""

import json
import os
import subprocess
from pathlib import Path

from asked import ENSEMBLES
from cases import case, holds, same

ROOT = Path(__file__).resolve().parents[3]


def examined(lab, daemon, ensembles: Path, **env: str) -> tuple[int, dict, list[dict]]:
    """Exit code, report, and what is not as it should be. The platform's files and the unit are as they should be."""
    site, port, base = lab.folder / f"doctor-{daemon.name}", daemon.address.rsplit(":", 1)[1], f"{lab.litellm_address}/v1"
    for folder in ("layer-gateway/registry", "layer-gateway/litellm-orch/config", "platform/ops/ovctl/warm", "etc"):
        (site / folder).mkdir(parents=True, exist_ok=True)
    (site / "ensc.toml").write_text(f'[serve]\nport = {port}\nbase_url = "{base}"\n[sync]\nenv = "etc/env"\n')
    (site / "unit").write_text(f"EnvironmentFile={site}/etc/env\nExecStart={lab.ensc} serve --port {port} --base-url {base}\n")
    keys = {"OPENAI_API_KEY": lab.litellm_key, "OPTILLM_API_KEY": lab.daemon_key, **env}
    keys = {name: key for name, key in keys.items() if key}

    def ensc(*args: str) -> subprocess.CompletedProcess:
        there = ["--root", str(site), "--config", str(site / "ensc.toml"), "--ensembles", str(ensembles)]
        return subprocess.run([lab.ensc, *args, *there], capture_output=True, text=True, timeout=60,
                              env={"PATH": os.environ["PATH"], "HOME": str(site), **keys})

    synced = ensc("sync")
    same("the files are written", (synced.returncode, synced.stderr), (0, ""))
    done = ensc("doctor", "--format", "json", "--unit", str(site / "unit"))
    holds("nothing is complained of", done.stderr == "", done.stderr)
    holds("no key is shown", not any(key in done.stdout for key in keys.values()), done.stdout)
    report = json.loads(done.stdout)
    # where tests run, no systemd is asked
    return done.returncode, report, [check for check in report["checks"] if check["state"] not in ("ok", "skip")]


def codes(found: list[dict]) -> set[str]:
    return {check["code"] for check in found}


@case("the doctor finds a sound installation sound: all handles that we ship, through LiteLLM and back")
def _(lab):
    runs, calls = lab.site.runs(), len(lab.backend.ledger())
    code, report, found = examined(lab, lab.site, ROOT / "ensembles")
    same("findings", found, [])
    same("exit code", code, 0)
    said = "\n".join(check["message"] for check in report["checks"])
    for part in ("LiteLLM 1.106.2 answers", "takes our key", "sends each handle here", "went through LiteLLM to this daemon and back"):
        holds(f"it says that it {part}", part in said, said)
    same("runs", lab.site.runs() - runs, 0)
    same("calls of models", len(lab.backend.ledger()), calls)


@case("the doctor tells a key that LiteLLM refuses from one that is missing")
def _(lab):
    code, _, found = examined(lab, lab.site, ROOT / "ensembles", OPENAI_API_KEY="sk-another")
    same("another key", (code, codes(found)), (1, {"D104"}))
    code, _, found = examined(lab, lab.site, ROOT / "ensembles", OPENAI_API_KEY="")
    same("no key", (code, codes(found)), (1, {"D103"}))


@case("the doctor finds members that LiteLLM sends back to the daemon")
def _(lab):
    code, _, found = examined(lab, lab.looped, lab.looped.ensembles)
    same("what it finds", (code, codes(found)), (1, {"D204"}))
    same("each member", len(found), len(lab.loop.panel))


@case("the doctor finds handles that LiteLLM gives up too early, and models that it does not know")
def _(lab):
    code, _, found = examined(lab, lab.daemon, ENSEMBLES)
    same("exit code", code, 1)
    holds("LiteLLM waits shorter than the handle may take", "D304" in codes(found), found)
    holds("of nothing but the shortened ones", all("`opt-silent" in check["message"] for check in found if check["code"] == "D304"), found)
    code, _, found = examined(lab, lab.cut_off, ENSEMBLES)
    holds("the handles go to another daemon", {"D005", "D302"} <= codes(found), found)
