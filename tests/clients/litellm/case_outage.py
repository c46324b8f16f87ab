"""LiteLLM is gone. Runs last: LiteLLM is not started again."""

from cases import case, holds, same
from case_answers import PLAIN, user
from process import wait_until

PANELS = []


@case("LiteLLM stopped: 503 with Retry-After, and the body says so")
def _(lab):
    lab.litellm.stop()
    answer = lab.lab.http.post("/v1/chat/completions", json={"model": PLAIN.handle, "messages": user("hi")})
    same("status, of " + answer.text[:600], answer.status_code, 503)
    holds("Retry-After is a number", answer.headers.get("retry-after", "").isdigit(), dict(answer.headers))
    message = answer.json()["error"]["message"]
    holds("the message names LiteLLM", "LiteLLM" in message, message)
    same("calls at the back end", lab.backend.ledger(), [])


@case("LiteLLM stopped, streamed: an error event, and no end mark")
def _(lab):
    lab.litellm.stop()
    body = {"model": PLAIN.handle, "messages": user("hi"), "stream": True}
    text = lab.lab.http.post("/v1/chat/completions", json=body).text
    holds("there is an error event", 'data: {"error":' in text.replace('{ "', '{"'), text[-400:])
    holds("the stream is not called done", "[DONE]" not in text, text[-400:])


@case("LiteLLM stopped: the daemon lives, and is not ready")
def _(lab):
    lab.litellm.stop()
    wait_until(lambda: lab.lab.http.get("/health/ready").status_code == 503, 25, "/health/ready did not turn 503")
    same("/health/live", lab.lab.http.get("/health/live").status_code, 200)
    same("/v1/models", lab.lab.http.get("/v1/models").status_code, 200)
