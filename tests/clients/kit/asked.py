"""The ensembles of `../lab`, and the simulated models behind them: what was asked, and how it ended."""

from pathlib import Path

from backend import Backend
from process import wait_until

ENSEMBLES = Path(__file__).resolve().parents[1] / "lab"
NOBODY = "http://127.0.0.1:1/v1"  # where nothing listens


def handle(ensemble: str) -> str:
    return f"opt-{ensemble}-try-s"


def user(content) -> list[dict]:
    return [{"role": "user", "content": content}]


class Asked:
    """Half of a lab. Each ensemble has models of its own, so calls are told apart by model."""

    models: Backend

    def calls(self, ensemble: str) -> list[dict]:
        """Calls that this ensemble made, oldest first."""
        own = [f"{ensemble}-{member}" for member in ("one", "two", "chief")]
        return [call for call in self.models.ledger() if call["model"] in own]

    def wait_for_calls(self, ensemble: str, count: int):
        """Until so many were made."""
        wait_until(lambda: len(self.calls(ensemble)) >= count, 10, f"no {count} calls of {ensemble}")

    def ends(self, ensemble: str, since: int = 0) -> list[tuple[str, str]]:
        """Waits until no call is under way; how each but the first so many ended, by model."""
        wait_until(lambda: all(call["outcome"] != "alive" for call in self.calls(ensemble)), 10, f"{ensemble} goes on")
        return sorted((call["model"], call["outcome"]) for call in self.calls(ensemble)[since:])
