"""What the suite runs against, once for each of the two clients of the library.

    openai ── daemon ── simulated models (`../lab/script.toml`)
          ├── daemon "cut off" ── nothing
          └── a stand-in for a daemon
"""

import secrets
from pathlib import Path

import httpx

from asked import ENSEMBLES, NOBODY, Asked
from backend import Backend, texts
from clients import Asynchronous, Synchronous
from servers import Daemon, Servers
from standin import StandIn

UPSTREAM_KEY = f"sk-{secrets.token_hex(16)}"


class Lab(Asked):
    headers = ""
    broken_by_silence = httpx.ReadTimeout

    def __init__(self, kind: type[Synchronous | Asynchronous], ensc: str, folder: Path):
        super().__init__()
        self.kind, self.name = kind, kind.__name__.lower()
        self.servers = Servers(ensc, folder / self.name)
        self.key = f"sk-{secrets.token_hex(16)}"

    def start(self):
        script = str(ENSEMBLES / "script.toml")
        self.models = self.servers.sim("models", "--ensembles", str(ENSEMBLES), "--script", script)
        self.daemon = self._daemon("whole", f"{self.models.address}/v1")
        self.cut_off = self._daemon("cut-off", NOBODY)
        self.stand_in = StandIn()

    def _daemon(self, name: str, upstream: str) -> Daemon:
        return self.servers.daemon(name, ENSEMBLES, upstream, self.key, UPSTREAM_KEY)

    def client(self, server: Daemon | StandIn | Backend | None = None, **options) -> Synchronous | Asynchronous:
        """The official client as it comes, but for what `options` say."""
        address = (server or self.daemon).address
        return self.kind(**{"base_url": f"{address}/v1", "api_key": self.key, **options})

    def to_models(self, **options) -> Synchronous | Asynchronous:
        """The same, and nothing between it and the models."""
        return self.client(self.models, **options)

    def check_logs(self):
        self.servers.check_logs([self.key, UPSTREAM_KEY], texts(self.models.ledger()))

    def stop(self):
        self.servers.stop()
