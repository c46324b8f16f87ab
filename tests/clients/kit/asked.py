"""The ensembles of `../lab`, and the simulated models behind them: what was asked, and how it ended."""

import contextlib
import threading
from pathlib import Path

from backend import Backend
from process import wait_until
from servers import Daemon

ENSEMBLES = Path(__file__).resolve().parents[1] / "lab"
NOBODY = "http://127.0.0.1:1/v1"  # where nothing listens


def handle(ensemble: str) -> str:
    return f"opt-{ensemble}-try-s"


def user(content) -> list[dict]:
    return [{"role": "user", "content": content}]


class Asked:
    """Half of a lab. Each ensemble has models of its own, so calls are told apart by model."""

    models: Backend
    daemon: Daemon
    headers: str  # what stands before the names of the daemon's own
    broken_by_silence: type[Exception]  # what ends a stream that nobody keeps alive

    def __init__(self):
        self.crowding = threading.Lock()

    def calls(self, ensemble: str) -> list[dict]:
        """Calls that this ensemble made, oldest first."""
        own = [f"{ensemble}-{member}" for member in ("one", "two", "chief")]
        return [call for call in self.models.ledger() if call["model"] in own]

    def wait_for_calls(self, ensemble: str, count: int):
        """Until so many were made."""
        wait_until(lambda: len(self.calls(ensemble)) >= count, 10, f"no {count} calls of {ensemble}")

    def wait_for_heads(self, ensemble: str, model: str):
        """Until this model of it, such as `chief`, is under way and has sent its head."""
        name = f"{ensemble}-{model}"
        begun = lambda call: (call["model"], call["outcome"], call["status"]) == (name, "alive", 200)
        wait_until(lambda: any(map(begun, self.calls(ensemble))), 10, f"no head of {name}")

    def heads(self, ensemble: str) -> dict[str, int | None]:
        """The status that each model of this ensemble has sent, if it has; each was called once."""
        return {call["model"].removeprefix(f"{ensemble}-"): call["status"] for call in self.calls(ensemble)}

    @contextlib.contextmanager
    def crowd(self):
        """As long as it lasts, the daemon's queue is full of calls to the two models of `crowd`. One at a time."""
        body = {"model": handle("crowd"), "messages": user("hi"), "stream": True}
        with self.crowding:
            with contextlib.ExitStack() as runs:
                for _ in range(6):
                    runs.enter_context(self.daemon.http.stream("POST", "/v1/chat/completions", json=body))
                self._wait_for_queue(4096)
                yield
            self._wait_for_queue(0)

    def _wait_for_queue(self, calls: int):
        is_so = lambda: f"\nensc_calls_queued {calls}\n" in self.daemon.http.get("/metrics").text
        wait_until(is_so, 20, f"no {calls} calls in the queue")

    def ends(self, ensemble: str, since: int = 0) -> list[tuple[str, str]]:
        """Waits until no call is under way; how each but the first so many ended, by model."""
        wait_until(lambda: all(call["outcome"] != "alive" for call in self.calls(ensemble)), 10, f"{ensemble} goes on")
        return sorted((call["model"], call["outcome"]) for call in self.calls(ensemble)[since:])
