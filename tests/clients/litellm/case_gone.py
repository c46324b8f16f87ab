"""A client that goes away takes its calls at the back end with it, through both passes of LiteLLM."""

import json
import re
import socket

from backend import delays, stalls, trickles
from cases import case, holds, same
from case_answers import user
from panels import Panel

GONE = Panel("gone")
PANELS = [GONE]

SOON = 4.0  # seconds; a closed connection passes LiteLLM in tens of milliseconds, on a busy machine in more


class Caller:
    """A client on a bare socket, so that leaving is one `close`."""

    def __init__(self, lab, stream: bool):
        body = json.dumps({"model": GONE.handle, "messages": user("hi"), "stream": stream}).encode()
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{lab.litellm_port}\r\n"
            f"authorization: Bearer {lab.litellm_key}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        self.socket = socket.create_connection(("127.0.0.1", lab.litellm_port), timeout=20)
        self.socket.sendall(head.encode() + body)
        self.got = b""

    def read_until(self, pattern: bytes):
        while not re.search(pattern, self.got):
            piece = self.socket.recv(65536)
            holds(f"the answer goes on until {pattern!r}", piece, self.got[-300:])
            self.got += piece

    def leave(self):
        self.socket.close()


def all_cancelled(lab, model: str, count: int, head: int | None):
    """`head` is the status that they had sent by then, if they had."""
    lab.backend.wait_for_silence(SOON)
    calls = lab.backend.ledger(model)
    same(f"calls to {model} that were cut", [call["outcome"] for call in calls], ["cancelled"] * count)
    same(f"heads from {model}", [call["status"] for call in calls], [head] * count)


@case("client gone, not streamed, while the members are silent")
def _(lab):
    lab.backend.script(*(delays(model, 30) for model in GONE.panel))
    caller = Caller(lab, stream=False)
    lab.backend.wait_for_calls(3, 10)
    caller.leave()
    all_cancelled(lab, "lab-gone-m*", 3, None)


@case("client gone, streamed, while the members are silent")
def _(lab):
    lab.backend.script(*(delays(model, 30) for model in GONE.panel))
    caller = Caller(lab, stream=True)
    lab.backend.wait_for_calls(3, 10)
    caller.leave()
    all_cancelled(lab, "lab-gone-m*", 3, None)


@case("client gone, streamed, while the members are in mid-body")
def _(lab):
    lab.backend.script(*(stalls(model) for model in GONE.panel))
    caller = Caller(lab, stream=True)
    caller.read_until(b"data:")
    lab.backend.wait_for_heads(3, 10)
    caller.leave()
    all_cancelled(lab, "lab-gone-m*", 3, 200)


@case("client gone, streamed, after the head and before the first token")
def _(lab):
    lab.backend.script(delays(GONE.chief, 30))
    caller = Caller(lab, stream=True)
    caller.read_until(b"data:")
    lab.backend.wait_for_calls(1, 10, GONE.chief)
    caller.leave()
    all_cancelled(lab, GONE.chief, 1, None)


@case("client gone, not streamed, while the chief is silent")
def _(lab):
    lab.backend.script(delays(GONE.chief, 30))
    caller = Caller(lab, stream=False)
    lab.backend.wait_for_calls(1, 10, GONE.chief)
    caller.leave()
    all_cancelled(lab, GONE.chief, 1, None)


@case("client gone, not streamed, while the chief is in mid-body")
def _(lab):
    lab.backend.script(stalls(GONE.chief))
    caller = Caller(lab, stream=False)
    lab.backend.wait_for_heads(1, 10, GONE.chief)
    caller.leave()
    all_cancelled(lab, GONE.chief, 1, 200)


@case("client gone, streamed, in mid-body")
def _(lab):
    lab.backend.script(trickles(GONE.chief, tokens=300, gap=0.1))
    caller = Caller(lab, stream=True)
    caller.read_until(rb'"content": ?"[^"]')
    caller.leave()
    all_cancelled(lab, GONE.chief, 1, 200)
