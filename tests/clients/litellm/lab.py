"""What the tests run against: back end, LiteLLM and daemons on free loopback ports.

    client ── LiteLLM ── daemon "site" (the shipped ensembles), "lab" (panels.py), "loop" ──▶ LiteLLM ── back end
                     └── the daemon of `../lab` ──▶ LiteLLM ── its models
                     └── daemon "stopping" ──▶ the same, until a test stops it
                     ├── daemon "cut off" ──▶ nothing
                     └── a stand-in for a daemon
"""

import secrets
from pathlib import Path

import httpx
import openai

import panels
from asked import ENSEMBLES, NOBODY, Asked, handle
from backend import Backend
from clients import Asynchronous
from process import Process, free_port, wait_until
from routing import UNPROBED, Routing
from servers import Daemon, Servers
from standin import StandIn
from statuses import ROWS

ROOT = Path(__file__).resolve().parents[3]


class Lab(Asked):
    headers = "llm_provider-"
    broken_by_silence = openai.APIError

    def __init__(self, ensc: str, folder: Path, own: list[panels.Panel], loop: panels.Panel):
        super().__init__()
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
        self.stand_in = StandIn()
        self.backend = self._start_backend()
        self.site = self._start_daemon("site", ROOT / "ensembles")
        self.lab = self._start_daemon("lab", self.folder / "lab")
        self.looped = self._start_daemon("loop", self.folder / "loop")
        self.models = self.servers.sim("models", "--ensembles", str(ENSEMBLES), "--script", str(ENSEMBLES / "script.toml"))
        self.daemon = self._start_daemon("asked", ENSEMBLES)
        self.cut_off = self.servers.daemon("cut-off", ENSEMBLES, NOBODY, self.daemon_key, self.litellm_key)
        self.stopping = self._start_daemon("stopping", ENSEMBLES, "--grace", "1s")
        self.litellm = self._start_litellm()
        self.http = httpx.Client(
            base_url=self.litellm_address, timeout=60, trust_env=False,
            headers={"authorization": f"Bearer {self.litellm_key}"},
        )
        self.openai = openai.OpenAI(base_url=f"{self.litellm_address}/v1", api_key=self.litellm_key, timeout=60)
        for daemon in (self.site, self.lab, self.looped, self.daemon):
            wait_until(lambda: daemon.http.get("/health/ready").status_code == 200, 20,
                       f"daemon {daemon.name} did not become ready")

    def stop(self):
        self.servers.stop()

    def client(self, **options) -> Asynchronous:
        """The official client as it comes, but for what `options` say."""
        return Asynchronous(**{"base_url": f"{self.litellm_address}/v1", "api_key": self.litellm_key, **options})

    def to_models(self, **options) -> Asynchronous:
        """The same: its models are behind LiteLLM, too."""
        return self.client(**options)

    def _start_backend(self) -> Backend:
        backend = self.servers.sim("backend", "--ensembles", str(ROOT / "ensembles"))
        own = [model for panel in self.own for model in panel.models]
        backend.others = [*own, self.loop.chief, "lab-substitute"]
        backend.script()
        return backend

    def _start_daemon(self, name: str, ensembles: Path, *options: str) -> Daemon:
        upstream = f"{self.litellm_address}/v1"
        return self.servers.daemon(name, ensembles, upstream, self.daemon_key, self.litellm_key, *options)

    def _start_litellm(self) -> Process:
        router = self.folder / "router.yaml"
        router.write_text(self._router())
        return self.start_litellm("litellm", router, self.litellm_port, LITELLM_MASTER_KEY=self.litellm_key)

    def start_litellm(self, name: str, router: Path, port: int, **env: str) -> Process:
        """A LiteLLM with this file; gives it when it answers."""
        process = self.servers.start(name, [
            str(ROOT / ".clients/venv/bin/litellm"), "--config", str(router),
            "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False",
        ], OPTILLM_API_KEY=self.daemon_key, LITELLM_LOCAL_MODEL_COST_MAP="True", **env)
        wait_until(lambda: self._litellm_lives(process, port), 90, f"{name} did not start")
        return process

    def _litellm_lives(self, process: Process, port: int) -> bool:
        if not process.running():
            raise RuntimeError(f"LiteLLM ended\n{process.tail()}")
        try:
            return httpx.get(f"http://127.0.0.1:{port}/health/liveliness", timeout=5, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def _router(self) -> str:
        routing = Routing(self.ensc)
        for daemon in (self.site, self.lab, self.looped):
            routing.add_handles(daemon)
        for model in self.backend.models():
            routing.add(model, model, self.backend.address, self.backend_key)
        for model in self.loop.panel:  # behind LiteLLM, the members of the loop are the handle that asks them
            routing.add(model, self.loop.handle, self.looped.address, self.daemon_key, info=UNPROBED)
        self._route_asked(routing)
        return routing.text(
            router_settings={"fallbacks": [{"lab-lent-m1": ["lab-substitute"]}]},
            general_settings={
                "master_key": "os.environ/LITELLM_MASTER_KEY",
                "cancel_on_disconnect": True,
                "health_check_skip_disabled_background_models": True,
            },
        )

    def _route_asked(self, routing: Routing):
        """Where there is silence, LiteLLM waits no longer than the clients do."""
        silence = {"stream_timeout": 8}
        routing.add_handles(self.daemon)
        routing.shorten("opt-silent", **silence, timeout=8, keepalive_seconds=4)
        for model in self.models.models():
            # nobody keeps it alive, and LiteLLM is the first to lose patience
            params = {"stream_timeout": 6} if model == "unhelped" else None
            routing.add(model, model, self.models.address, self.backend_key, params, UNPROBED)
        once = {"num_retries": 0}
        for name in ("opt-words-try-s", *(row["litellm"]["stand_in"] for row in ROWS if "stand_in" in row.get("litellm", {}))):
            routing.add(name, name, self.stand_in.address, self.daemon_key, params=once, info=UNPROBED)
        probe = {**once, "extra_headers": {"x-ensc-probe": "1"}}
        routing.add(handle("cut-off-probed"), handle("probed"), self.cut_off.address, self.daemon_key, params=probe, info=UNPROBED)
        for name, model, address, key in (
            (handle("nowhere"), handle("nowhere"), self.daemon.address, self.daemon_key),
            (handle("another-key"), handle("refused"), self.daemon.address, "sk-another"),
            (handle("cut-off"), handle("refused"), self.cut_off.address, self.daemon_key),
            (handle("cut-off-stream"), handle("refused-stream"), self.cut_off.address, self.daemon_key),
            (handle("stopping-start"), handle("gone-start"), self.stopping.address, self.daemon_key),
            (handle("stopping-middle"), handle("gone-middle"), self.stopping.address, self.daemon_key),
        ):
            routing.add(name, model, address, key, params=once, info=UNPROBED)
