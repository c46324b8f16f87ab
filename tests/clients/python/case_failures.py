"""Errors as the official client raises them, and how often it asks when left to itself: `../lab/statuses.json`, row by row."""

import openai

import statuses
from asked import handle, user
from cases import case, holds, same


def add(row: dict):
    @case(f"error: {row['what']}")
    def _(lab):
        ask, model = row["ask"], handle(row["ask"]["ensemble"])
        server = {"cut off": lab.cut_off, "stand-in": lab.stand_in}.get(ask.get("daemon"), lab.daemon)
        if server is lab.stand_in:
            lab.stand_in.say(model, statuses.said_in_place(row))
        client = lab.client(server, **({"api_key": ask["key"]} if "key" in ask else {}))
        with statuses.surroundings(lab, ask):
            error = statuses.raised(client, ask, model)
        same("class", type(error).__name__, row["python"])
        same("status", getattr(error, "status_code", None), None if ask.get("stream") else row["status"])
        same("code", error.code, row["code"])
        holds("it has a message", len(error.message) > 10, error.message)
        same("requests", len(client.sent.requests), row["requests"])
        times = [at for at, _ in client.sent.requests]
        gaps = [later - earlier for earlier, later in zip(times, times[1:])]
        holds("it waits as it was told", all(gap >= row.get("retry_after", 0) for gap in gaps), gaps)
        name = getattr(error, "request_id", None) or ""
        if server is lab.stand_in:
            return same("requests that came", server.asked[model], row["requests"])
        same("its request id is a run's", name.startswith("run-"), row["runs"] > 0 and not ask.get("stream"))
        same("runs", server.ran_of(model, row["runs"]), row["runs"])


for row in statuses.ROWS:
    add(row)


def kept(client, run: str) -> dict:
    """The receipt that the daemon keeps, asked for with the library."""
    return client.wait(client.openai.get(f"/runs/{run}", cast_to=object))["receipt"]


def failures(receipt: dict) -> list[tuple]:
    return [(call["model"], call["outcome"], call["why"]) for call in receipt["calls"]]


def lost(ensemble: str) -> list[tuple]:
    return [(f"{ensemble}-one", "failed", "answered empty text"),
            (f"{ensemble}-two", "failed", "answered with a server error")]


@case("the receipt of a failure stands in the body of its error, and is kept under the error's request id")
def _(lab):
    client = lab.client()
    error = statuses.raised(client, {}, handle("told"))
    receipt = error.response.json()["ensc"]
    same("run", (receipt["run"], error.response.headers["x-ensc-run"]), (error.request_id, error.request_id))
    same("how the calls ended", failures(receipt), lost("told"))
    same("what is kept", kept(client, error.request_id), receipt)


@case("the receipt of a streamed failure is kept under the run that the head of the stream names")
def _(lab):
    client = lab.client()
    stream = client.wait(client.chat.create(model=handle("told-stream"), messages=user("hi"), stream=True))
    try:
        list(client.each(stream))
        raise AssertionError("an error was to be raised")
    except openai.APIError as error:
        same("class", type(error), openai.APIError)
    same("how the calls ended", failures(kept(client, stream.response.headers["x-ensc-run"])), lost("told-stream"))
