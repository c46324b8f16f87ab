"""Child processes: started, waited for, always stopped. Knows nothing of what they do."""

import ctypes
import os
import random
import re
import signal
import socket
import subprocess
import time
from pathlib import Path


class Process:
    """A child with its own session; what it prints goes to a file."""

    def __init__(self, name: str, command: list[str], log: Path, env: dict[str, str]):
        self.name, self.log = name, log
        with log.open("ab") as out:
            self.child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env,
                start_new_session=True, preexec_fn=_die_with_parent,
            )

    def wait_for_line(self, pattern: str, seconds: float) -> re.Match:
        """The first match of `pattern` in what the child printed."""
        return wait_until(lambda: self._searched(pattern), seconds, f"{self.name} printed no {pattern!r}")

    def _searched(self, pattern: str):
        found = re.search(pattern, self.text())
        if not found and self.child.poll() is not None:
            raise RuntimeError(f"{self.name} ended with {self.child.returncode}\n{self.tail()}")
        return found

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def tail(self, lines: int = 25) -> str:
        return "\n".join(self.text().splitlines()[-lines:])

    def running(self) -> bool:
        return self.child.poll() is None

    def stop(self):
        """Asks, waits, and then insists."""
        for sign, seconds in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            if not self.running():
                return
            os.killpg(self.child.pid, sign)
            try:
                self.child.wait(seconds)
            except subprocess.TimeoutExpired:
                pass


def _die_with_parent():
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_until(ready, seconds: float, otherwise: str):
    """Polls `ready` until it gives something true; raises with `otherwise` when the time is over."""
    end = time.monotonic() + seconds
    while True:
        value = ready()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{otherwise} within {seconds:g} s")
        time.sleep(0.03)


def free_port() -> int:
    """A port nobody listens on, below those that outgoing connections get."""
    for _ in range(200):
        port = random.randrange(18_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free port in 200 tries")
