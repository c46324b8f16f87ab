"""One failed question is one run, with every retry in front of it left at its default."""

import re
from pathlib import Path

import openai

from backend import delays, fails
from cases import case, holds, same
from case_answers import user
from panels import Panel

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


@case("every word of the vocabulary passes LiteLLM as 424, once")
def _(lab):
    words = vocabulary()
    holds("the vocabulary was found", len(words) >= 40, words)
    for word in words:
        lab.speaker.say(f"`opt-words-fast-s` failed: `drafts` has 0 of the 2 answers it needs; `drafts[0]` (lab-one) {word}")
        try:
            lab.openai.chat.completions.create(model="opt-words-fast-s", messages=user("hi"))
            raise AssertionError(f"no error with {word!r}")
        except openai.APIStatusError as error:
            same(f"status with {word!r}", error.status_code, 424)
            holds(f"the client reads {word!r}", word in error.message, error.message)
        same(f"requests with {word!r}", lab.speaker.asked, 1)


def vocabulary() -> list[str]:
    """All of it, from the page; the crate's own tests hold the page to the code."""
    page = (Path(__file__).parents[3] / "docs/traces.md").read_text()
    section = page.split("## Why something failed\n")[1].split("\n## ")[0]
    return re.findall(r"^- (.+)$", section, re.MULTILINE)
