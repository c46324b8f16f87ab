"""A daemon that is stopped closes what outlives its grace, through LiteLLM on both sides."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

from asked import handle
from cases import case, holds, same
from case_answers import user
from process import wait_until


@case("the daemon is stopped: every call is closed, streamed and not, before its head and in the middle of its body")
def _(lab):
    asked = [(ensemble, stream) for ensemble in ("start", "middle") for stream in (False, True)]
    before = {name: len(lab.calls(name)) for name in ("gone-start", "gone-middle")}

    def calls(name: str) -> list[dict]:
        return lab.calls(name)[before[name]:]

    def ask(ensemble: str, stream: bool):
        body = {"model": handle(f"stopping-{ensemble}"), "messages": user("hi"), "stream": stream}
        return lab.http.post("/v1/chat/completions", json=body)

    def under_way() -> bool:
        silent = [call for call in calls("gone-start") if call["outcome"] == "alive" and call["status"] is None]
        begun = [call for call in calls("gone-middle") if call["outcome"] == "alive" and call["status"] == 200]
        return (len(silent), len(begun)) == (4, 2)

    with ThreadPoolExecutor(len(asked)) as pool:
        answers = [pool.submit(ask, *question) for question in asked]
        wait_until(under_way, 10, "the calls are not under way")
        os.kill(lab.stopping.process.child.pid, signal.SIGTERM)
        wait_until(lambda: not lab.stopping.process.running(), 10, "the daemon did not end")
        same("exit code", lab.stopping.process.child.returncode, 0)
        start, middle = lab.ends("gone-start", before["gone-start"]), lab.ends("gone-middle", before["gone-middle"])
        for (_, stream), answer in zip(asked, answers):
            tell(stream, answer.result())
    same("members that had not begun", start, [(f"gone-start-{who}", "cancelled") for who in ("one", "one", "two", "two")])
    chiefs = [outcome for model, outcome in middle if model == "gone-middle-chief"]
    same("chiefs that had", chiefs, ["cancelled", "cancelled"])
    same("calls in all, none made again", len(start) + len(middle), 4 + 6)


def tell(stream: bool, answer):
    """What the client is told must not look like an answer."""
    if stream:
        holds("the stream tells of an error", '"error"' in answer.text, answer.text)
    else:
        holds("the status is an error's", answer.status_code >= 500, answer.text)
