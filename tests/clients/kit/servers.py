"""`ensc sim` and `ensc serve` as children, and whatever else runs beside them."""

import json
import os
import time
from pathlib import Path

import httpx

from backend import Backend
from cases import holds, same
from process import Process, wait_until

ADDRESS = r"listening on http://(127\.0\.0\.1:\d+)"


class Servers:
    """Started one by one, stopped together, the last first; each writes its own log into `folder`."""

    def __init__(self, ensc: str, folder: Path):
        self.ensc, self.folder = ensc, folder
        folder.mkdir(exist_ok=True)
        self.processes: list[Process] = []

    def start(self, name: str, command: list[str], **env: str) -> Process:
        inherited = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR", "LANG") if key in os.environ}
        process = Process(name, command, self.folder / f"{name}.log", {**inherited, **env})
        self.processes.append(process)
        return process

    def sim(self, name: str, *options: str) -> Backend:
        """Simulated models on a port of their own."""
        process = self.start(name, [self.ensc, "sim", "--port", "0", *options])
        return Backend("http://" + process.wait_for_line(ADDRESS, 20).group(1))

    def daemon(self, name: str, ensembles: Path, upstream: str, key: str, upstream_key: str, *options: str) -> "Daemon":
        """`upstream` is its base URL, `key` is asked of callers."""
        process = self.start(f"daemon-{name}", [
            self.ensc, "serve", "--port", "0", "--base-url", upstream, "--ensembles", str(ensembles), "--log", "json",
            *options,
        ], OPENAI_API_KEY=upstream_key, OPTILLM_API_KEY=key)
        return Daemon(name, process, ensembles, key)

    def stop(self):
        for process in reversed(self.processes):
            process.stop()

    def check_logs(self, secrets: list[str], said: set[str]):
        """Raises if a daemon logged a key, or what was asked or answered."""
        daemons = [process for process in self.processes if process.name.startswith("daemon-")]
        logs = {process.name: process.text() for process in daemons}
        holds("the daemons logged their runs", sum(log.count("run-") for log in logs.values()) > 10, logs)
        holds("something was said", len(said) > 10, said)
        for name, log in logs.items():
            same(f"what {name} should not have logged", [text for text in [*secrets, *said] if text in log], [])

    def print_logs(self):
        for process in self.processes:
            if tail := process.tail().strip():
                print(f"--- {process.name}\n{tail}")


class Daemon:
    """A running `ensc serve`."""

    def __init__(self, name: str, process: Process, ensembles: Path, key: str):
        self.name, self.process, self.ensembles = name, process, ensembles
        self.address = "http://" + process.wait_for_line(ADDRESS, 20).group(1)
        self.http = httpx.Client(
            base_url=self.address, timeout=30, trust_env=False, headers={"authorization": f"Bearer {key}"}
        )

    def runs(self, handle: str | None = None) -> int:
        """How many runs of this handle, or of all, have ended; each writes one line in the log."""
        lines = [json.loads(line) for line in self.process.text().splitlines() if line.startswith("{") and line.endswith("}")]
        return sum("run" in line and handle in (None, line["handle"]) for line in lines)

    def ran(self, since: int) -> int:
        """How many runs have ended since then: waits for the first, and a moment for those that must not come."""
        wait_until(lambda: self.runs() > since, 5, f"daemon {self.name} logged no run")
        time.sleep(0.2)
        return self.runs() - since

    def ran_of(self, handle: str, count: int) -> int:
        """Waits for the lines of so many runs of a handle, and says how many there are. All their requests are over."""
        wait_until(lambda: self.runs(handle) >= count, 10, f"no {count} runs of {handle} logged, but {self.runs(handle)}")
        return self.runs(handle)
