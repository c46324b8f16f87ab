"""A stand-in for the daemon that only ever says one sentence, with status 424."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Speaker:
    def __init__(self):
        self.sentence, self.asked = "", 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def say(self, sentence: str):
        self.sentence, self.asked = sentence, 0

    def _handler(speaker):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self._answer(200, {"object": "list", "data": []})

            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                speaker.asked += 1
                error = {"message": speaker.sentence, "type": "ensemble_error", "param": None, "code": "ensemble_failed"}
                self._answer(424, {"error": error})

            def _answer(self, status: int, body: dict):
                raw = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_):
                pass

        return Handler
