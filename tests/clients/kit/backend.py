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
        self.others: list[str] = []  # models beside the shipped ones

    def models(self) -> list[str]:
        return [model["id"] for model in self.http.get("/v1/models").raise_for_status().json()["data"]]

    def script(self, *entries: dict):
        """Replaces what the back end does; what no entry names answers at once with simulated text."""
        answer = self.http.post("/sim/script", content=toml(self.others, entries))
        if answer.status_code != 200:
            raise RuntimeError(answer.text)

    def ledger(self, model: str = "*") -> list[dict]:
        """The calls since the last reset, oldest first."""
        calls = self.http.get("/sim/ledger").raise_for_status().json()["calls"]
        return [call for call in calls if fnmatch.fnmatch(call["model"], model)]

    def alive(self, model: str = "*") -> list[dict]:
        return [call for call in self.ledger(model) if call["outcome"] == "alive"]

    def wait_for_calls(self, count: int, seconds: float, model: str = "*"):
        """Until `count` calls are under way at the same time."""
        wait_until(lambda: len(self.alive(model)) >= count, seconds, f"no {count} calls to {model} under way")

    def wait_for_heads(self, count: int, seconds: float, model: str = "*"):
        """The same, and each has sent its head."""
        begun = lambda: [call for call in self.alive(model) if call["status"] == 200]
        wait_until(lambda: len(begun()) >= count, seconds, f"no {count} heads from {model}")

    def wait_for_silence(self, seconds: float) -> float:
        """Until no call is alive; how long that took."""
        start = time.monotonic()
        wait_until(lambda: not self.alive(), seconds, "calls still alive at the back end")
        return time.monotonic() - start

    def forget(self):
        """Forgets the calls, and keeps them for the last test; the script begins anew."""
        self.seen += self.ledger()
        self.http.post("/sim/reset").raise_for_status()

    def reset(self):
        """Forgets calls and script."""
        self.forget()
        self.script()


def texts(calls: list[dict]) -> set[str]:
    """All that was said in these calls, prompts and answers shown to others, line by line; single words are names, too."""
    found = set()
    for call in calls:
        for message in call["body"]["messages"]:
            content = message.get("content") or ""
            parts = [content] if isinstance(content, str) else [part.get("text", "") for part in content]
            found |= {line.strip() for part in parts for line in part.splitlines()}
    return {text for text in found if len(text) >= 12 and " " in text}


def toml(models: list[str], entries) -> str:
    """A script as the back end reads it: the entries of one model are its replies, in order."""
    lines = [f"models = {json.dumps(models)}"]
    for entry in entries:
        lines.append(f"[[model.{json.dumps(entry['model'])}.reply]]")
        lines += [f"{key} = {inline(value)}" for key, value in entry.items() if key != "model"]
    return "\n".join(lines)


def inline(value) -> str:
    """A value of TOML; JSON but for tables."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {inline(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(inline(item) for item in value) + "]"
    return json.dumps(value)


def fails(model: str, fault: str, **more) -> dict:
    """`busy`, `unwell`, `gateway-timeout`, `cut`, …: the faults of the simulator."""
    return {"model": model, "fault": fault, **more}


def says(model: str, text: str, **more) -> dict:
    return {"model": model, "text": text, **more}


def delays(model: str, seconds: float) -> dict:
    """Sends nothing, no head either, for so long."""
    return {"model": model, "delay_ms": int(seconds * 1000)}


def stalls(model: str) -> dict:
    """Sends its head and half of its answer, and then nothing more."""
    return {"model": model, "fault": "stall"}


def trickles(model: str, tokens: int, gap: float) -> dict:
    """Streams so many tokens, one every `gap` seconds."""
    return {"model": model, "text": "word " * tokens, "token_ms": int(gap * 1000)}


def calls_tool(model: str, name: str, arguments: dict) -> dict:
    return {"model": model, "tool_calls": [{"name": name, "arguments": json.dumps(arguments)}]}
