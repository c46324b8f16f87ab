"""Members think for longer than the client reads from a silent connection: 11 s and 8 s. Heartbeats come every 5 s."""

import httpx
import openai

from asked import handle, user
from cases import case, holds, same

READ_TIMEOUT = httpx.Timeout(30, read=8)


def stream(client, model: str) -> list:
    return list(client.each(client.wait(client.chat.create(model=model, messages=user("hi"), stream=True))))


@case("silence is bridged before the first token", together=True)
def _(lab):
    chunks = stream(lab.client(timeout=READ_TIMEOUT), handle("silent-start"))
    same("finish", chunks[-1].choices[0].finish_reason, "stop")
    same("runs", lab.daemon.ran_of(handle("silent-start"), 1), 1)


@case("silence is bridged in the middle of an answer", together=True)
def _(lab):
    chunks = stream(lab.client(timeout=READ_TIMEOUT), handle("silent-middle"))
    same("text", "".join(chunk.choices[0].delta.content or "" for chunk in chunks), "so then")
    same("runs", lab.daemon.ran_of(handle("silent-middle"), 1), 1)


@case("silence breaks a stream that nobody keeps alive", together=True)
def _(lab):
    client = lab.to_models(timeout=READ_TIMEOUT)
    try:
        chunks = stream(client, "unhelped")
    except (httpx.HTTPError, openai.OpenAIError) as error:
        same("class", type(error), lab.broken_by_silence)
        if isinstance(error, openai.APIError):  # LiteLLM tells of its own read timeout, in an event
            same("code", error.code, "500")
            holds("the words of a read timeout", error.message.endswith("Timeout on reading data from socket"), error)
        return same("requests", len(client.sent.requests), 1)
    raise AssertionError(f"it was not to last; got {chunks}")


@case("silence that nothing can bridge ends in time: an answer in one piece", together=True)
def _(lab):
    client = lab.client(timeout=READ_TIMEOUT)
    try:
        answer = client.wait(client.chat.create(model=handle("silent-whole"), messages=user("hi")))
    except openai.APIStatusError as error:
        same("status", error.status_code, 424)
        same("requests", len(client.sent.requests), 1)
        same("runs", lab.daemon.ran_of(handle("silent-whole"), 1), 1)
        return
    raise AssertionError(f"it was to fail; got {answer}")
