"""Errors as the official client raises them, and how often it asks when left to itself: `../lab/statuses.json`, row by row."""

import statuses
from asked import handle
from cases import case, holds, same


def add(row: dict):
    @case(f"error: {row['what']}")
    def _(lab):
        ask = row["ask"]
        daemon = lab.cut_off if ask.get("daemon") == "cut off" else lab.daemon
        client = lab.client(daemon, **({"api_key": ask["key"]} if "key" in ask else {}))
        error = statuses.raised(client, ask, handle(ask["ensemble"]))
        same("class", type(error).__name__, row["python"])
        same("status", getattr(error, "status_code", None), None if ask.get("stream") else row["status"])
        same("code", error.code, row["code"])
        holds("it has a message", len(error.message) > 10, error.message)
        name = getattr(error, "request_id", None) or ""
        same("its request id is a run's", name.startswith("run-"), row["runs"] > 0 and not ask.get("stream"))
        same("requests", len(client.sent.requests), row["requests"])
        times = [at for at, _ in client.sent.requests]
        gaps = [later - earlier for earlier, later in zip(times, times[1:])]
        holds("it waits as it was told", all(gap >= row.get("retry_after", 0) for gap in gaps), gaps)
        same("runs", daemon.ran_of(handle(ask["ensemble"]), row["runs"]), row["runs"])


for row in statuses.ROWS:
    add(row)
