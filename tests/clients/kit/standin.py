"""In the place of a daemon: says what a daemon would say only if something were wrong with it, or what it cannot be brought to."""

import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})


LISTING = Answer(200, b'{"object": "list", "data": []}')  # LiteLLM asks for it now and then


class StandIn:
    def __init__(self):
        self.answers: dict[str, Answer] = {}  # by model
        self.asked: Counter[str] = Counter()  # the same
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def say(self, model: str, answer: Answer):
        """To whoever asks for this model from now on; counts them anew."""
        self.answers[model], self.asked[model] = answer, 0

    def _handler(stand_in):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self._answer(LISTING)

            def do_POST(self):
                model = json.loads(self.rfile.read(int(self.headers["content-length"])))["model"]
                stand_in.asked[model] += 1
                self._answer(stand_in.answers[model])

            def _answer(self, answer: Answer):
                self.send_response(answer.status)
                for name, value in {**answer.headers, "content-length": str(len(answer.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_):
                pass

        return Handler
