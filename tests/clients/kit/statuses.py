"""What each client makes of each failure: written by hand, played by the suites, shown in `docs/clients.md`."""

import contextlib
import json
from pathlib import Path

import openai

from asked import user
from standin import Answer

ROWS: list[dict] = json.loads((Path(__file__).resolve().parents[1] / "lab/statuses.json").read_text())


def raised(client, ask: dict, model: str) -> openai.APIError:
    """Asks as the row says, and returns the error that the library raises."""
    try:
        answer = client.wait(begun(client, ask, model))
        got = list(client.each(answer)) if ask.get("stream") else answer
    except openai.APIError as error:
        return error
    raise AssertionError(f"an error was to be raised; got {got}")


def begun(client, ask: dict, model: str):
    match ask.get("call", "create a chat completion"):
        case "create a chat completion":
            many = {f"x-{number}": "" for number in range(ask.get("many_headers", 0))}
            return client.chat.create(
                model=model, messages=user("hi".ljust(ask.get("mebibytes", 0) << 20, ".")),
                stream=ask.get("stream", False), extra_body=ask.get("body"), extra_headers={**many, **ask.get("headers", {})})
        case "create a completion":
            return client.openai.completions.create(model=model, prompt="hi")
        case "delete a model":
            return client.openai.models.delete(model)
        case "list files":
            return client.openai.files.list()
        case call:
            raise ValueError(call)


def surroundings(lab, ask: dict):
    """What must be so while the row is played."""
    return lab.crowd() if ask.get("crowded") else contextlib.nullcontext()


def said_in_place(row: dict) -> Answer:
    """What a stand-in says where the daemon cannot be brought to say it."""
    told = row["stand_in"]
    if row["code"] is None:
        return Answer(row["status"], b"", {})
    error = {"message": told["message"], "type": told["type"], "param": None, "code": row["code"]}
    headers = {"content-type": "application/json", **told.get("headers", {})}
    return Answer(row["status"], json.dumps({"error": error}).encode(), headers)
