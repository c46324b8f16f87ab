"""What a caller gets when all is well."""

import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import jsonschema

from backend import calls_tool, delays, says, trickles
from cases import case, holds, same
from panels import Panel

HANDLES = [
    "opt-architect-high-xl", "opt-research-high-xl", "opt-architect-balanced-l", "opt-code-balanced-l",
    "opt-chat-balanced-m", "opt-route-fast-s", "opt-extract-fast-s", "opt-clean-fast-s", "opt-summarize-fast-s",
    "opt-privacy-fast-s",
]
PLAIN = Panel("plain")
PANELS = [PLAIN]

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
INVOICE = {
    "type": "object",
    "properties": {
        "number": {"type": "string"},
        "total": {"type": "number"},
        "paid": {"type": "boolean"},
        "lines": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["number", "total", "paid", "lines"],
    "additionalProperties": False,
}


def user(text: str) -> list[dict]:
    return [{"role": "user", "content": text}]


def curl(lab, path: str, *more: str) -> dict:
    """As the site's validation does it; `-f` makes every status from 400 a failure."""
    command = ["curl", "-fsS", lab.litellm_address + path, "-H", f"Authorization: Bearer {lab.litellm_key}", *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    same(f"curl {path} exit code ({done.stderr.strip()})", done.returncode, 0)
    return json.loads(done.stdout)


@case("the site's listing shows all ten handles")
def _(lab):
    listed = {model["id"] for model in curl(lab, "/v1/models")["data"]}
    same("handles that are missing", set(HANDLES) - listed, set())


@case("the site's ping of opt-architect-high-xl answers")
def _(lab):
    body = {"model": "opt-architect-high-xl", "messages": user("ping"), "max_tokens": 16}
    answer = curl(lab, "/v1/chat/completions", "-H", "Content-Type: application/json", "-d", json.dumps(body))
    same("model", answer["model"], "opt-architect-high-xl")
    holds("the answer has text", answer["choices"][0]["message"]["content"], answer)
    holds("members were asked", len(lab.backend.ledger()) >= 3, lab.backend.ledger())


@case("each of the ten handles answers, undegraded, with its receipt")
def _(lab):
    def ask(handle: str):
        return lab.openai.chat.completions.create(model=handle, messages=user("Mail ann@example.org about the invoice."))

    with ThreadPoolExecutor(4) as pool:
        for handle, answer in zip(HANDLES, pool.map(ask, HANDLES)):
            receipt = answer.model_extra["ensc"]
            same("handle in the receipt", receipt["handle"], handle)
            same(f"{handle} degraded because", receipt["degraded_because"], [])
            holds(f"{handle} answers text", answer.choices[0].message.content, answer)


@case("the official client: plain, with usage and receipt")
def _(lab):
    lab.backend.script(says(PLAIN.chief, "merged"))
    answer = lab.openai.chat.completions.create(model=PLAIN.handle, messages=user("hi"))
    same("text", answer.choices[0].message.content, "merged")
    same("finish", answer.choices[0].finish_reason, "stop")
    receipt = answer.model_extra["ensc"]
    same("calls in the receipt", receipt["totals"]["calls"], 4)
    same("calls at the back end", len(lab.backend.ledger()), 4)
    holds("usage is there", answer.usage.prompt_tokens > 0 and answer.usage.completion_tokens > 0, answer.usage)
    same("usage is the sum over the calls", answer.usage.completion_tokens, receipt["totals"]["completion_tokens"])


@case("the official client: streamed, with the receipt just before the finish")
def _(lab):
    lab.backend.script(says(PLAIN.chief, "one two three"))
    chunks = list(lab.openai.chat.completions.create(model=PLAIN.handle, messages=user("hi"), stream=True))
    same("text", text_of(chunks), "one two three")
    same("role", chunks[0].choices[0].delta.role, "assistant")
    at, receipt = receipt_of(chunks)
    same("handle in the receipt", receipt["handle"], PLAIN.handle)
    same("finish right behind the receipt", chunks[at + 1].choices[0].finish_reason, "stop")
    same("usage that nobody asked for", [chunk.usage for chunk in chunks if chunk.usage], [])


@case("the official client: streamed, with include_usage")
def _(lab):
    chunks = list(lab.openai.chat.completions.create(
        model=PLAIN.handle, messages=user("hi"), stream=True, stream_options={"include_usage": True}))
    usage = [chunk.usage for chunk in chunks if chunk.usage]
    same("chunks with usage", len(usage), 1)
    _, receipt = receipt_of(chunks)
    same("usage is the sum over the calls", usage[0].completion_tokens, receipt["totals"]["completion_tokens"])


@case("a direct stream carries the receipt on top, and usage on the finish chunk")
def _(lab):
    body = {"model": PLAIN.handle, "messages": user("hi"), "stream": True}
    events = [line[6:] for line in lab.lab.http.post("/v1/chat/completions", json=body).text.splitlines()
              if line.startswith("data: ")]
    same("last event", events[-1], "[DONE]")
    chunks = [json.loads(event) for event in events[:-1]]
    same("chunks with a receipt", [chunk["ensc"]["handle"] for chunk in chunks if "ensc" in chunk], [PLAIN.handle])
    same("finish", chunks[-1]["choices"][0]["finish_reason"], "stop")
    holds("usage stands there", chunks[-1]["usage"]["total_tokens"] > 0, chunks[-1])


@case("a stream begins before its members have answered, and flows token by token")
def _(lab):
    lab.backend.script(*(delays(model, 1.2) for model in PLAIN.panel), trickles(PLAIN.chief, tokens=8, gap=0.15))
    begun, times = time.monotonic(), []
    for chunk in lab.openai.chat.completions.create(model=PLAIN.handle, messages=user("hi"), stream=True):
        times.append((time.monotonic() - begun, bool(chunk.choices and chunk.choices[0].delta.content)))
    holds("the first chunk comes at once", times[0][0] < 1.0, times[:2])
    words = [at for at, has_text in times if has_text]
    holds("the text came in several pieces", len(words) >= 6, words)
    holds("they came as they were written", words[-1] - words[0] > 0.6, words)


@case("tool calls of the final call come through, whole and streamed")
def _(lab):
    lab.backend.script(calls_tool(PLAIN.chief, "get_weather", {"city": "Paris"}))
    ask = {"model": PLAIN.handle, "messages": user("Weather in Paris?"), "tools": [WEATHER]}
    choice = lab.openai.chat.completions.create(**ask).choices[0]
    same("finish", choice.finish_reason, "tool_calls")
    same("function", choice.message.tool_calls[0].function.name, "get_weather")
    same("arguments", json.loads(choice.message.tool_calls[0].function.arguments), {"city": "Paris"})
    drafts = lab.backend.ledger(f"lab-{PLAIN.name}-m*")
    same("drafts", len(drafts), 3)

    chunks = list(lab.openai.chat.completions.create(**ask, stream=True))
    deltas = [call for chunk in chunks for choice in chunk.choices for call in choice.delta.tool_calls or []]
    same("names", [delta.function.name for delta in deltas if delta.function.name], ["get_weather"])
    holds("the call has an id", deltas[0].id, deltas[0])
    same("arguments", json.loads("".join(delta.function.arguments or "" for delta in deltas)), {"city": "Paris"})
    finishes = [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason]
    same("finish", finishes, ["tool_calls"])


@case("opt-extract-fast-s answers what the caller's schema asks for")
def _(lab):
    answer = lab.openai.chat.completions.create(
        model="opt-extract-fast-s",
        messages=user("Invoice R-17: two chairs, one desk. Total 431.50, not paid yet."),
        response_format={"type": "json_schema", "json_schema": {"name": "invoice", "strict": True, "schema": INVOICE}},
    )
    jsonschema.validate(json.loads(answer.choices[0].message.content), INVOICE)


@case("opt-route-fast-s names one of the other nine handles, and nothing else")
def _(lab):
    for question in ("Rename this variable.", "Summarise the meeting."):
        answer = lab.openai.chat.completions.create(model="opt-route-fast-s", messages=user(question))
        holds("the answer is a handle", answer.choices[0].message.content in set(HANDLES) - {"opt-route-fast-s"},
              answer.choices[0].message.content)


def text_of(chunks) -> str:
    return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)


def receipt_of(chunks) -> tuple[int, dict]:
    """Where it stands in the stream, and the receipt; there is exactly one."""
    found = []
    for at, chunk in enumerate(chunks):
        for choice in chunk.choices:
            fields = (choice.delta.model_extra or {}).get("provider_specific_fields") or {}
            found += [(at, fields["ensc"])] if "ensc" in fields else []
    same("chunks with a receipt", len(found), 1)
    return found[0]
