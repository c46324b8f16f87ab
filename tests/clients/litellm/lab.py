"""What the tests run against: back end, LiteLLM and daemons on free loopback ports.

    client ── LiteLLM ── daemon "site" (the shipped ensembles), "lab" (panels.py), "loop" ──▶ LiteLLM ── back end
"""

import json
import re
import secrets
import subprocess
from pathlib import Path

import httpx
import openai

import panels
from backend import Backend
from process import Process, free_port, wait_until
from servers import Daemon, Servers
from speaker import Speaker

ROOT = Path(__file__).resolve().parents[3]
UNPROBED = {"disable_background_health_check": True}


class Lab:
    def __init__(self, ensc: str, folder: Path, own: list[panels.Panel], loop: panels.Panel):
        self.ensc, self.folder, self.own, self.loop = ensc, folder, own, loop
        self.servers = Servers(ensc, folder)
        self.litellm_key = f"sk-{secrets.token_hex(16)}"
        self.daemon_key = f"sk-{secrets.token_hex(16)}"
        self.backend_key = f"sk-{secrets.token_hex(16)}"
        self.litellm_port = free_port()
        self.litellm_address = f"http://127.0.0.1:{self.litellm_port}"

    # === up and down ===

    def start(self):
        panels.write(self.folder / "lab", self.own)
        panels.write(self.folder / "loop", [self.loop])
        self.speaker = Speaker()
        self.backend = self._start_backend()
        self.site = self._start_daemon("site", ROOT / "ensembles")
        self.lab = self._start_daemon("lab", self.folder / "lab")
        self.looped = self._start_daemon("loop", self.folder / "loop")
        self.litellm = self._start_litellm()
        self.http = httpx.Client(
            base_url=self.litellm_address, timeout=60, trust_env=False,
            headers={"authorization": f"Bearer {self.litellm_key}"},
        )
        self.openai = openai.OpenAI(base_url=f"{self.litellm_address}/v1", api_key=self.litellm_key, timeout=60)
        for daemon in (self.site, self.lab, self.looped):
            wait_until(lambda: daemon.http.get("/health/ready").status_code == 200, 20,
                       f"daemon {daemon.name} did not become ready")

    def stop(self):
        self.servers.stop()

    def _start_backend(self) -> Backend:
        backend = self.servers.sim("backend", "--ensembles", str(ROOT / "ensembles"))
        own = [model for panel in self.own for model in panel.models]
        backend.others = [*own, self.loop.chief, "lab-substitute"]
        backend.script()
        return backend

    def _start_daemon(self, name: str, ensembles: Path) -> Daemon:
        return self.servers.daemon(name, ensembles, f"{self.litellm_address}/v1", self.daemon_key, self.litellm_key)

    def _start_litellm(self) -> Process:
        router = self.folder / "router.yaml"
        router.write_text(self._router())
        process = self.servers.start("litellm", [
            str(ROOT / ".clients/venv/bin/litellm"), "--config", str(router),
            "--host", "127.0.0.1", "--port", str(self.litellm_port), "--telemetry", "False",
        ], LITELLM_MASTER_KEY=self.litellm_key, OPTILLM_API_KEY=self.daemon_key, LITELLM_LOCAL_MODEL_COST_MAP="True")
        wait_until(lambda: self._litellm_lives(process), 90, "LiteLLM did not start")
        return process

    def _litellm_lives(self, process: Process) -> bool:
        if not process.running():
            raise RuntimeError(f"LiteLLM ended\n{process.tail()}")
        try:
            return httpx.get(f"{self.litellm_address}/health/liveliness", timeout=5, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    # === the routing ===

    def _router(self) -> str:
        """The exported handles, and beside them what a site writes by hand: its member models."""
        entries = [self._exported(daemon) for daemon in (self.site, self.lab, self.looped)]
        members = [self._member(model) for model in self.backend.models()]
        members += [  # behind LiteLLM, the members of the loop are the handle that asks them
            deployment(model, self.loop.handle, self.looped.address, self.daemon_key, **UNPROBED)
            for model in self.loop.panel
        ]
        words = "opt-words-fast-s"
        members.append(deployment(words, words, self.speaker.address, self.daemon_key, **UNPROBED))
        rest = {
            "router_settings": {"fallbacks": [{"lab-lent-m1": ["lab-substitute"]}]},
            "general_settings": {
                "master_key": "os.environ/LITELLM_MASTER_KEY",
                "cancel_on_disconnect": True,
                "health_check_skip_disabled_background_models": True,
            },
        }
        # JSON is YAML; one flow entry a line joins the exported block list whatever its indentation
        indent = re.search(r"^( *)- ", entries[0], re.MULTILINE).group(1)
        lines = ["model_list:", *entries, *(f"{indent}- {json.dumps(member)}" for member in members)]
        return "\n".join([*lines, *(f"{key}: {json.dumps(value)}" for key, value in rest.items()), ""])

    def _exported(self, daemon: Daemon) -> str:
        done = subprocess.run([
            self.ensc, "export", "litellm", "--ensembles", str(daemon.ensembles),
            "--daemon-url", f"{daemon.address}/v1",
        ], capture_output=True, text=True, timeout=20)
        if done.returncode != 0:
            raise RuntimeError(f"`ensc export litellm` failed\n{done.stderr}")
        return re.split(r"^model_list:.*\n", done.stdout, maxsplit=1, flags=re.MULTILINE)[-1]

    def _member(self, model: str) -> dict:
        return deployment(model, model, self.backend.address, self.backend_key)


def deployment(name: str, model: str, address: str, key: str, **info) -> dict:
    params = {"model": f"openai/{model}", "api_base": f"{address}/v1", "api_key": key}
    return {"model_name": name, "litellm_params": params, "model_info": {"mode": "chat", **info}}
