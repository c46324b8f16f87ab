"""Errors as the official client sees them through LiteLLM, with every retry left at its default: `../lab/statuses.json`."""

import statuses
from asked import handle
from cases import case, same


def add(row: dict, seen: dict):
    @case(f"error through LiteLLM: {row['what']}", together=True)
    def _(lab):
        ask = row["ask"]
        daemon = lab.cut_off if ask.get("daemon") == "cut off" else lab.daemon
        client = lab.client()
        error = statuses.raised(client, {**ask, "headers": {}}, seen.get("model", handle(ask["ensemble"])))
        same("class", type(error).__name__, seen["python"])
        same("status", getattr(error, "status_code", None), seen["status"])
        same("code", error.code, str(seen["status"] or 500))
        same("requests", len(client.sent.requests), seen["requests"])
        same("runs", daemon.ran_of(handle(ask["ensemble"]), seen["runs"]), seen["runs"])


for row in statuses.ROWS:
    if seen := row.get("litellm"):
        add(row, seen)
