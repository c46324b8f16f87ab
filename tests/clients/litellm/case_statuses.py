"""Errors as the official client sees them through LiteLLM, with every retry left at its default: `../lab/statuses.json`."""

import statuses
from asked import handle
from cases import case, same


def add(row: dict, seen: dict):
    @case(f"error through LiteLLM: {row['what']}", together=True)
    def _(lab):
        ask, own = row["ask"], handle(row["ask"]["ensemble"])
        model = seen.get("stand_in") or seen.get("model", own)
        client = lab.client()
        if "stand_in" in seen:
            # LiteLLM asks in no way that is answered so
            ask = {}
            lab.stand_in.say(model, statuses.said_in_place(row))
        with statuses.surroundings(lab, ask):
            error = statuses.raised(client, {**ask, "headers": {}}, model)
        same("class", type(error).__name__, seen["python"])
        same("status", getattr(error, "status_code", None), seen["status"])
        same("code", error.code, str(seen["status"] or 500))
        same("requests", len(client.sent.requests), seen["requests"])
        if "stand_in" in seen:
            return same("requests that came", lab.stand_in.asked[model], seen["requests"])
        daemon = lab.cut_off if ask.get("daemon") == "cut off" else lab.daemon
        same("runs", daemon.ran_of(own, seen["runs"]), seen["runs"])


for row in statuses.ROWS:
    if seen := row.get("litellm"):
        add(row, seen)
