"""The simulated back end, seen from the tests: what it shall do, and what it was asked."""

import fnmatch
import json
import time

import httpx

from process import wait_until


class Backend:
    def __init__(self, address: str):
        self.address = address
        self.http = httpx.Client(base_url=address, timeout=10, trust_env=False)
        self.seen: list[dict] = []  # every call of the whole run, across resets

    def models(self) -> list[str]:
        return [model["id"] for model in self.http.get("/v1/models").json()["data"]]

    def script(self, *rules: dict):
        """Replaces what the back end does; what no rule names answers at once with a simulated text."""
        self.http.post("/sim/script", content=toml(rules)).raise_for_status()

    def ledger(self, model: str = "*") -> list[dict]:
        """The calls since the last reset, oldest first."""
        calls = self.http.get("/sim/ledger").json()
        calls = calls if isinstance(calls, list) else calls["calls"]
        return [call for call in calls if fnmatch.fnmatch(call["model"], model)]

    def alive(self, model: str = "*") -> list[dict]:
        return [call for call in self.ledger(model) if call["alive"]]

    def wait_for_calls(self, count: int, seconds: float, model: str = "*"):
        """Until `count` calls are under way at the same time."""
        wait_until(lambda: len(self.alive(model)) >= count, seconds, f"no {count} calls to {model} under way")

    def wait_for_silence(self, seconds: float) -> float:
        """Until no call is alive; how long that took."""
        start = time.monotonic()
        wait_until(lambda: not self.alive(), seconds, f"{len(self.alive())} calls still alive at the back end")
        return time.monotonic() - start

    def reset(self):
        """Forgets calls and script, and keeps the calls for the last test."""
        self.seen += self.ledger()
        self.http.post("/sim/reset").raise_for_status()
        self.script()


def toml(rules) -> str:
    """Rules as the back end reads them."""
    return "\n".join(
        "[[rule]]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in rule.items()) for rule in rules
    )


def fails(model: str, status: int, **more) -> dict:
    return {"model": model, "status": status, **more}


def says(model: str, text: str, **more) -> dict:
    return {"model": model, "text": text, **more}


def delays(model: str, seconds: float) -> dict:
    """Sends nothing, no head either, for so long."""
    return {"model": model, "delay_ms": int(seconds * 1000)}


def trickles(model: str, tokens: int, gap: float) -> dict:
    """Streams so many tokens, one every `gap` seconds; not streamed: the head at once, the rest at the end."""
    return {"model": model, "tokens": tokens, "gap_ms": int(gap * 1000)}


def calls_tool(model: str, name: str, arguments: dict) -> dict:
    return {"model": model, "tool": name, "arguments": json.dumps(arguments)}
