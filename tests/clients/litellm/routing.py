"""LiteLLM's file: the exported handles, and beside them what a site writes by hand."""

import json
import re
import subprocess

from servers import Daemon

UNPROBED = {"disable_background_health_check": True}


class Routing:
    def __init__(self, ensc: str):
        self.ensc = ensc
        self.exported: list[str] = []
        self.by_hand: list[dict] = []

    def add_handles(self, daemon: Daemon):
        """As `ensc export litellm` prints them."""
        done = subprocess.run([
            self.ensc, "export", "litellm", "--ensembles", str(daemon.ensembles),
            "--daemon-url", f"{daemon.address}/v1",
        ], capture_output=True, text=True, timeout=20)
        if done.returncode != 0:
            raise RuntimeError(f"`ensc export litellm` failed\n{done.stderr}")
        entries = re.split(r"^model_list:.*\n", done.stdout, maxsplit=1, flags=re.MULTILINE)[-1]
        self.exported += re.split(r"^(?= *- model_name:)", entries, flags=re.MULTILINE)

    def shorten(self, handles: str, **timeouts: int):
        """Sets seconds in the exported entries whose handles begin so."""
        for at, entry in enumerate(self.exported):
            if f"- model_name: {handles}" in entry:
                for name, seconds in timeouts.items():
                    entry, changed = re.subn(rf"^( *{name}:) \d+", rf"\1 {seconds}", entry, flags=re.MULTILINE)
                    if not changed:
                        raise RuntimeError(f"the export has no `{name}`")
                self.exported[at] = entry

    def add(self, name: str, model: str, address: str, key: str, params: dict | None = None, info: dict | None = None):
        """A deployment by hand."""
        params = {"model": f"openai/{model}", "api_base": f"{address}/v1", "api_key": key, **(params or {})}
        self.by_hand.append({"model_name": name, "litellm_params": params, "model_info": {"mode": "chat", **(info or {})}})

    def text(self, **rest: dict) -> str:
        # JSON is YAML; one flow entry a line joins the exported block list whatever its indentation
        indent = re.search(r"^( *)- ", "".join(self.exported), re.MULTILINE).group(1)
        lines = ["model_list:", *self.exported, *(f"{indent}- {json.dumps(entry)}" for entry in self.by_hand)]
        return "\n".join([*lines, *(f"{key}: {json.dumps(value)}" for key, value in rest.items()), ""])
