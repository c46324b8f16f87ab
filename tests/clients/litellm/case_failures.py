"""One failed question is one run, with every retry in front of it left at its default."""

import json
import re
from dataclasses import replace
from pathlib import Path

import openai

from asked import handle
from backend import delays, fails
from cases import case, holds, same
from case_answers import user
from panels import Panel
from standin import Answer

# Two members, one needed: neither is stopped because the other has failed.
FIVES, FIVES_STREAM = Panel("fives", members=2, retries=1), Panel("fives-stream", members=2, retries=1)
MIXED, MIXED_STREAM = Panel("mixed"), Panel("mixed-stream")
SLOW, SLOW_STREAM = Panel("slow", member_timeout="1s"), Panel("slow-stream", member_timeout="1s")
CHIEF, CHIEF_STREAM = Panel("chief", retries=1), Panel("chief-stream", retries=1)
BROKEN, BUSY = Panel("broken"), Panel("busy")

# What a member does → the words for it, behind a real LiteLLM. The other member fails plainly, so that the run fails.
FAULTS = {
    "busy": "busy",
    "gateway-timeout": "timed out",
    "unwell": "answered with a server error",
    "unavailable": "answered with a server error",
    "rejected": "rejected the request",
    "key-refused": "refused our key",
    "unknown-model": "is not known upstream",
    "context-full": "context full",
    "filtered": "withheld its answer",
    "empty": "answered empty text",
    "no-choices": "answered what is not a completion",
    "garbage": "answered with a server error",  # as LiteLLM tells it
    "reset": "answered with a server error",
    "cut": "answered with a server error",
    "too-long": "answered more than is taken",
}
WORD_PANELS = {fault: Panel(f"word-{fault}", members=2) for fault in FAULTS}
PANELS = [FIVES, FIVES_STREAM, MIXED, MIXED_STREAM, SLOW, SLOW_STREAM, CHIEF, CHIEF_STREAM, BROKEN, BUSY,
          *WORD_PANELS.values()]


def failed(lab, panel: Panel, stream: bool) -> openai.APIError:
    """Asks once, with the client as it comes, and returns the error it raises; the daemon ran exactly once."""
    runs = lab.lab.runs()
    try:
        answer = lab.openai.chat.completions.create(model=panel.handle, messages=user("hi"), stream=stream)
        got = [chunk.to_dict() for chunk in answer] if stream else answer.to_dict()
    except openai.APIError as error:
        same("runs for one question", lab.lab.ran(since=runs), 1)
        if not stream:
            same("status", getattr(error, "status_code", None), 424)
        return error
    raise AssertionError(f"the client was told nothing; it got {got}")


def attempts_are(lab, panel: Panel, want: int):
    same("attempts at the back end", len(lab.backend.ledger(f"lab-{panel.name}-m*")), want)


def mixed(panel: Panel) -> list[dict]:
    faults = ("busy", "gateway-timeout", "unwell")
    return [fails(model, fault) for model, fault in zip(panel.panel, faults)]


@case("members that answer 500: 424, one run, retries only as written")
def _(lab):
    lab.backend.script(*(fails(model, "unwell") for model in FIVES.panel))
    failed(lab, FIVES, stream=False)
    attempts_are(lab, FIVES, FIVES.attempts_if_all_fail)


@case("members that answer 500, streamed: an error, one run")
def _(lab):
    lab.backend.script(*(fails(model, "unwell") for model in FIVES_STREAM.panel))
    failed(lab, FIVES_STREAM, stream=True)
    attempts_are(lab, FIVES_STREAM, FIVES_STREAM.attempts_if_all_fail)


@case("members that answer 429, 408 and 500: 424, one run")
def _(lab):
    lab.backend.script(*mixed(MIXED))
    failed(lab, MIXED, stream=False)
    attempts_are(lab, MIXED, 3)


@case("members that answer 429, 408 and 500, streamed: an error, one run")
def _(lab):
    lab.backend.script(*mixed(MIXED_STREAM))
    failed(lab, MIXED_STREAM, stream=True)
    attempts_are(lab, MIXED_STREAM, 3)


@case("members that never answer: 424, one run, and nothing left alive")
def _(lab):
    lab.backend.script(*(delays(model, 30) for model in SLOW.panel))
    failed(lab, SLOW, stream=False)
    attempts_are(lab, SLOW, 3)
    lab.backend.wait_for_silence(3)


@case("members that never answer, streamed: an error, one run, and nothing left alive")
def _(lab):
    lab.backend.script(*(delays(model, 30) for model in SLOW_STREAM.panel))
    failed(lab, SLOW_STREAM, stream=True)
    attempts_are(lab, SLOW_STREAM, 3)
    lab.backend.wait_for_silence(3)


@case("a chief that answers 500: 424, one run, the drafts are not bought twice")
def _(lab):
    lab.backend.script(fails(CHIEF.chief, "unwell"))
    failed(lab, CHIEF, stream=False)
    attempts_are(lab, CHIEF, 3)
    same("attempts of the chief", len(lab.backend.ledger(CHIEF.chief)), 2)


@case("a chief that answers 500, streamed: an error, one run, the drafts are not bought twice")
def _(lab):
    lab.backend.script(fails(CHIEF_STREAM.chief, "unwell"))
    failed(lab, CHIEF_STREAM, stream=True)
    attempts_are(lab, CHIEF_STREAM, 3)
    same("attempts of the chief", len(lab.backend.ledger(CHIEF_STREAM.chief)), 2)


@case("an answer that breaks off in mid-stream is an error for the client, not a short answer")
def _(lab):
    lab.backend.script(fails(BROKEN.chief, "cut", after_tokens=4))
    failed(lab, BROKEN, stream=True)
    attempts_are(lab, BROKEN, 3)
    same("attempts of the chief", len(lab.backend.ledger(BROKEN.chief)), 1)


@case("all members answer 429: 429 with Retry-After, one run for each question")
def _(lab):
    lab.backend.script(*(fails(model, "busy") for model in BUSY.panel))
    runs = lab.lab.runs()
    answer = lab.http.post("/v1/chat/completions", json={"model": BUSY.handle, "messages": user("hi")})
    same("status", answer.status_code, 429)
    same("Retry-After, as LiteLLM passes it on", answer.headers.get("llm_provider-retry-after"), "1")
    same("Retry-After by its own name", answer.headers.get("retry-after"), None)
    same("runs", lab.lab.ran(since=runs), 1)
    attempts_are(lab, BUSY, 3)


@case("every way for a member to fail stays 424 and one run, in words of ours")
def _(lab):
    for fault, words in FAULTS.items():
        panel = WORD_PANELS[fault]
        lab.backend.script(fails(panel.panel[0], fault), fails(panel.panel[1], "unwell"))
        message = str(failed(lab, panel, stream=False))
        told = f"({panel.panel[0]}) {words}"
        holds(f"{fault} is told as {told!r}", told in message.replace("`", ""), message)
        holds("no upstream text is quoted", "simulated" not in message, message)
        attempts_are(lab, panel, 2)


SPEAKER = "opt-words-try-s"
SPOKEN = "answered empty text"  # what the calls of `worded` fail with


def asked_of_speaker(lab, answer: Answer, stream: bool) -> openai.APIError:
    """The stand-in says it, and is asked once."""
    lab.stand_in.say(SPEAKER, answer)
    try:
        got = lab.openai.chat.completions.create(model=SPEAKER, messages=user("hi"), stream=stream)
        got = list(got) if stream else got
    except openai.APIError as error:
        same(f"requests of the speaker, who said {answer.body!r}", lab.stand_in.asked[SPEAKER], 1)
        return error
    raise AssertionError(f"no error, but {got}, after {answer.body!r}")


def recorded(lab, stream: bool) -> Answer:
    """A failure as the daemon tells it, its receipt in it."""
    body = {"model": handle("worded"), "messages": user("hi"), "stream": stream}
    told = lab.daemon.http.post("/v1/chat/completions", json=body)
    same("status", told.status_code, 200 if stream else 424)
    holds("error and receipt hold the words", told.text.count(SPOKEN) >= 4, told.text)
    holds("the receipt is there", '"ensc":{"run":' in told.text, told.text)
    return Answer(told.status_code, told.content, {"content-type": told.headers["content-type"]})


def with_words(answer: Answer, words: str) -> Answer:
    """The same failure for another reason, wherever that stands."""
    return replace(answer, body=answer.body.replace(SPOKEN.encode(), json.dumps(words)[1:-1].encode()))


@case("every word of the vocabulary passes LiteLLM as 424, once, with its receipt")
def _(lab):
    failure, words = recorded(lab, stream=False), vocabulary()
    holds("the vocabulary was found", len(words) >= 40, words)
    for word in words:
        error = asked_of_speaker(lab, with_words(failure, word), stream=False)
        same(f"class with {word!r}", type(error), openai.APIStatusError)
        same(f"status with {word!r}", (error.status_code, error.code), (424, "424"))
        holds(f"the client reads {word!r}", word in error.message, error.message)


@case("every word of the vocabulary passes LiteLLM in a stream, once, with its receipt")
def _(lab):
    failure = recorded(lab, stream=True)
    for word in vocabulary():
        error = asked_of_speaker(lab, with_words(failure, word), stream=True)
        same(f"class with {word!r}", type(error), openai.APIError)
        same(f"code with {word!r}", error.code, "500")
        holds(f"the client reads {word!r}", word in error.message, error.message)


@case("a bare 429 in a name leaves a failure 424, once")
def _(lab):
    error = asked_of_speaker(lab, with_words(recorded(lab, stream=False), "needs `area-429`, which failed"), stream=False)
    same("status", error.status_code, 424)


# LiteLLM does not know the status that a stream would have had. No client sends again what broke after its head: one run.
@case("a bare 429 in a name makes the code of a streamed failure 429, once")
def _(lab):
    error = asked_of_speaker(lab, with_words(recorded(lab, stream=True), "needs `area-429`, which failed"), stream=True)
    same("class", type(error), openai.APIError)
    same("code", error.code, "429")


@case("through LiteLLM the receipt of a failure is kept under the run that its head names, streamed and not")
def _(lab):
    for ensemble, stream in (("told", False), ("told-stream", True)):
        asked = lab.openai.chat.completions.with_raw_response
        try:
            raw = asked.create(model=handle(ensemble), messages=user("hi"), stream=stream)
            head = raw.headers
            list(raw.parse())
            raise AssertionError("an error was to be raised")
        except openai.APIStatusError as error:
            head = error.response.headers
            holds("LiteLLM keeps the receipt in the body to itself", "ensc" not in error.response.json(), error.response.text)
        except openai.APIError:
            pass
        kept = lab.daemon.http.get(f"/v1/runs/{head['llm_provider-x-ensc-run']}").json()["receipt"]
        same("how the calls ended", [(call["model"], call["outcome"], call["why"]) for call in kept["calls"]], [
            (f"{ensemble}-one", "failed", "answered empty text"),
            (f"{ensemble}-two", "failed", "answered with a server error"),
        ])


def vocabulary() -> list[str]:
    """All of it, from the page; the crate's own tests hold the page to the code."""
    page = (Path(__file__).parents[3] / "docs/traces.md").read_text()
    section = page.split("## Why something failed\n")[1].split("\n## ")[0]
    return re.findall(r"^- (.+)$", section, re.MULTILINE)
