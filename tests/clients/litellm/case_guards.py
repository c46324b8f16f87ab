"""Nothing passes by LiteLLM, nothing turns in circles, nobody answers in another's place."""

import openai

from backend import fails, texts
from cases import case, holds, same
from case_answers import PLAIN, user
from case_failures import failed
from panels import Panel

# behind LiteLLM, both members are the handle itself (lab.py, `_router`)
LOOP = Panel("loop", members=2)
# LiteLLM is told to let `lab-substitute` answer where `lab-lent-m1` fails (lab.py, `_router`)
LENT = Panel("lent", members=2)
PANELS = [LENT]
LITELLM = "AsyncOpenAI/"  # the client library inside LiteLLM; the tests' own is the synchronous one


@case("a loop through LiteLLM ends at its first turn")
def _(lab):
    runs = lab.looped.runs()
    try:
        answer = lab.openai.chat.completions.create(model=LOOP.handle, messages=user("hi"))
        raise AssertionError(f"a loop was answered: {answer.to_dict()}")
    except openai.APIStatusError as error:
        holds("the caller is told once and for all", error.status_code in (400, 424), error)
    same("runs", lab.looped.ran(since=runs), 1)
    same("calls at the back end", lab.backend.ledger(), [])


@case("a loop through LiteLLM ends at its first turn, streamed")
def _(lab):
    runs = lab.looped.runs()
    try:
        answer = list(lab.openai.chat.completions.create(model=LOOP.handle, messages=user("hi"), stream=True))
        raise AssertionError(f"a loop was answered: {answer}")
    except openai.APIError:
        pass
    same("runs", lab.looped.ran(since=runs), 1)
    same("calls at the back end", lab.backend.ledger(), [])


@case("a request that has already passed an ensemble is refused with 400, the circle named")
def _(lab):
    runs = lab.looped.runs()
    answer = lab.looped.http.post("/v1/chat/completions", headers={"x-ensc-path": LOOP.handle},
                                  json={"model": LOOP.handle, "messages": user("hi")})
    same("status", answer.status_code, 400)
    message = answer.json()["error"]["message"]
    holds("the message names the circle", message.count(LOOP.handle) >= 2, message)
    same("runs", lab.looped.runs() - runs, 0)


@case("a member's LiteLLM fallback does not answer in its place")
def _(lab):
    lab.backend.script(*(fails(model, "unwell") for model in LENT.panel))
    direct = lab.openai.chat.completions.create(model=LENT.panel[1], messages=user("hi"))
    holds("asked directly, the substitute answers", direct.choices and lab.backend.ledger("lab-substitute"), direct)
    lab.backend.reset()
    lab.backend.script(*(fails(model, "unwell") for model in LENT.panel))
    failed(lab, LENT, stream=False)
    same("calls to the substitute", lab.backend.ledger("lab-substitute"), [])


@case("a client cannot smuggle orders for LiteLLM through the daemon")
def _(lab):
    orders = {"fallbacks": ["lab-substitute"], "headers": {"x-smuggled": "1"}, "extra_headers": {"x-smuggled": "2"},
              "mock_response": "mocked", "num_retries": 5}
    answer = lab.openai.chat.completions.create(model=PLAIN.handle, messages=user("hi"),
                                                extra_body={"extra_body": orders})
    holds("it was not mocked", answer.choices[0].message.content != "mocked", answer)
    calls = lab.backend.ledger()
    same("calls", len(calls), 4)
    same("smuggled headers", [call for call in calls if "x-smuggled" in call["headers"]], [])
    ignored = answer.model_extra["ensc"].get("ignored", [])
    holds("the receipt names what was dropped", {"fallbacks", "mock_response"} <= set(ignored), ignored)


@case("a client that smuggles our markers through LiteLLM gets less, not more")
def _(lab):
    runs = lab.lab.runs()
    try:
        ask(lab, headers={"x-ensc-path": LOOP.handle})
        raise AssertionError("a call that says it came from an ensemble was answered")
    except openai.BadRequestError as error:
        holds("the message names the circle", f"{LOOP.handle} → {PLAIN.handle}" in error.message, error.message)
    probed = ask(lab, headers={"x-ensc-probe": "1"})
    same("it says that it is a probe's answer", probed.model_extra["ensc"]["probe"], True)
    same("runs", lab.lab.runs() - runs, 0)
    same("calls at the back end", lab.backend.ledger(), [])


@case("an empty path that a client smuggles through LiteLLM hides no loop")
def _(lab):
    runs = lab.looped.runs()
    try:
        ask(lab, LOOP, headers={"x-ensc-path": ""})
        raise AssertionError("a loop was answered")
    except openai.APIStatusError as error:
        holds("the caller is told once and for all", error.status_code in (400, 424), error)
    same("runs", lab.looped.ran(since=runs), 1)
    same("calls at the back end", lab.backend.ledger(), [])


@case("the name of a run comes through LiteLLM, whatever the client calls it")
def _(lab):
    raw = lab.openai.chat.completions.with_raw_response.create(
        model=PLAIN.handle, messages=user("hi"), extra_headers={"x-request-id": "theirs"},
        extra_body={"headers": {"x-request-id": "theirs", "x-ensc-run": "theirs"}})
    run = raw.parse().model_extra["ensc"]["run"]
    same("the run's name", raw.headers["llm_provider-x-request-id"], run)
    same("the same under our own", raw.headers["llm_provider-x-ensc-run"], run)
    same("calls that are booked under it", len([
        call for call in lab.backend.ledger() if "theirs" in str(call["headers"])]), 0)


def ask(lab, panel=PLAIN, **smuggled):
    """`headers` of the body LiteLLM sends on as headers; what is nested once more, as the body's own."""
    return lab.openai.chat.completions.create(
        model=panel.handle, messages=user("hi"), extra_body={**smuggled, "extra_body": smuggled})


@case("LiteLLM's own health check runs no ensemble")
def _(lab):
    before = [daemon.runs() for daemon in (lab.site, lab.lab, lab.looped)]
    checked = lab.http.get("/health").json()
    holds("it did check the members", checked["healthy_count"] > 0, checked)
    same("runs", [daemon.runs() for daemon in (lab.site, lab.lab, lab.looped)], before)


@case("no daemon has logged a key, a prompt or an answer")
def _(lab):
    lab.servers.check_logs([lab.litellm_key, lab.daemon_key, lab.backend_key], texts(lab.backend.seen + lab.models.seen + lab.models.ledger()))


@case("every call at the back end came from LiteLLM")
def _(lab):
    lab.backend.http.post("/v1/chat/completions", json={"model": "lab-substitute", "messages": user("hi")})
    own = lab.backend.ledger("lab-substitute")
    holds("the ledger tells callers apart", own and not own[0]["headers"].get("user-agent", "").startswith(LITELLM), own)
    calls = lab.backend.seen + lab.models.seen + lab.models.ledger()
    holds("there were calls", len(calls) > 100, len(calls))
    strangers = [call for call in calls if not call["headers"].get("user-agent", "").startswith(LITELLM)]
    same("calls by others", strangers[:3], [])
