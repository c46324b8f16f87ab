"""What each client makes of each failure: written by hand, played by the suites, shown in `docs/clients.md`."""

import json
from pathlib import Path

import openai

from asked import user

ROWS: list[dict] = json.loads((Path(__file__).resolve().parents[1] / "lab/statuses.json").read_text())


def raised(client, ask: dict, model: str) -> openai.APIError:
    """Asks as the row says, and returns the error that the library raises."""
    try:
        answer = client.wait(client.chat.create(
            model=model, messages=user("hi".ljust(ask.get("mebibytes", 0) << 20, ".")),
            stream=ask.get("stream", False), extra_body=ask.get("body"), extra_headers=ask.get("headers")))
        got = list(client.each(answer)) if ask.get("stream") else answer
    except openai.APIError as error:
        return error
    raise AssertionError(f"an error was to be raised; got {got}")
