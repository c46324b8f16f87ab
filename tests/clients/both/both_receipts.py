"""What the daemon tells beside the answer: that a member was lost, and how far the run is."""

import re

from asked import handle, user
from cases import case, holds, same

LOST = ["`drafts[0]` (watched-one) answered empty text"]


@case("the receipt of an answer tells that a member was lost, and so does the head", together=True)
def _(lab):
    client = lab.client()
    raw = client.wait(client.chat.with_raw_response.create(model=handle("watched"), messages=user("hi")))
    answer = raw.parse()
    same("text", answer.choices[0].message.content, "so then")
    receipt = answer.model_extra["ensc"]
    same("degraded", (receipt["degraded"], receipt["degraded_because"]), (True, LOST))
    same("head", (raw.headers[f"{lab.headers}x-ensc-degraded"], raw.headers[f"{lab.headers}x-ensc-calls"]), ("true", "3"))


@case("the receipt of a stream tells that a member was lost", together=True)
def _(lab):
    deltas = [chunk.choices[0].delta for chunk in stream(lab)]
    told = [(delta.model_extra or {}).get("provider_specific_fields") or {} for delta in deltas]
    [receipt] = [fields["ensc"] for fields in told if "ensc" in fields]
    same("degraded", (receipt["degraded"], receipt["degraded_because"]), (True, LOST))


@case("a stream tells how far its calls are, if asked, until the reply begins", together=True)
def _(lab):
    deltas = [chunk.choices[0].delta for chunk in stream(lab, {"ensc": {"progress": True}})]
    kinds = ["progress" if getattr(delta, "reasoning_content", None) else "text" if delta.content else "" for delta in deltas]
    lines = [delta.reasoning_content for delta, kind in zip(deltas, kinds) if kind == "progress"]
    holds("it begins with none", re.fullmatch(r"0 of 2 calls, \d\.\d s\n", lines[0]), lines)
    holds("it goes on", len(lines) > 1, lines)
    same("in this order", [kind for kind in kinds if kind], ["progress"] * len(lines) + ["text"] * kinds.count("text"))
    same("text", "".join(delta.content or "" for delta in deltas), "so then")


def stream(lab, body: dict | None = None) -> list:
    client = lab.client()
    asked = client.chat.create(model=handle("watched"), messages=user("hi"), stream=True, extra_body=body)
    return list(client.each(client.wait(asked)))
