"""A call that the run no longer needs is closed while the others go on, counted at the models."""

import openai

from asked import handle, user
from cases import case, same
from process import wait_until

# What the run stops a call for → the receipt's word for it. It is always the call of the second model.
CAUSES = {
    "quorum": "grace is over",
    "shortfall": "the quorum cannot be met any more",
    "vote": "the vote is decided",
    "contest": "it lost the race",
}
# Where that call stands → the status that its model has sent by then.
MOMENTS = {"start": None, "middle": 200}


def ask(client, ensemble: str, stream: bool):
    try:
        answer = client.wait(client.chat.create(model=handle(ensemble), messages=user("hi"), stream=stream))
        if stream:
            list(client.each(answer))
        same("it was answered", ensemble.startswith("shortfall"), False)
    except openai.APIError as error:
        same(f"it failed with {error}", ensemble.startswith("shortfall"), True)


def receipt(lab, ensemble: str, runs: int) -> dict:
    """Of the last run of this ensemble, which is the one of this number."""

    def ids() -> list[str]:
        listed = lab.daemon.http.get("/v1/runs").json()["data"]
        return [run["id"] for run in listed if run["handle"] == handle(ensemble)]

    wait_until(lambda: len(ids()) >= runs, 10, f"no {runs} runs of {ensemble}")
    same("runs", len(ids()), runs)
    return lab.daemon.http.get(f"/v1/runs/{ids()[0]}").json()["receipt"]


def add(cause: str, moment: str):
    ensemble, why = f"{cause}-{moment}", CAUSES[cause]
    where = "before its head" if moment == "start" else "in the middle of its body"

    @case(f"a call is closed {where}: {why}", together=True)
    def _(lab):
        for runs, stream in enumerate((False, True), start=1):
            before = len(lab.calls(ensemble))
            ask(lab.client(max_retries=0), ensemble, stream)
            ends = dict(lab.ends(ensemble, since=before))
            same("the one that is cut off", ends.pop(f"{ensemble}-two"), "cancelled")
            same("the others", set(ends.values()), {"finished"})
            cut = [call for call in lab.calls(ensemble)[before:] if call["outcome"] == "cancelled"]
            same("how far it was", [call["status"] for call in cut], [MOMENTS[moment]])
            calls = receipt(lab, ensemble, runs)["calls"]
            told = [(call["model"], call["why"]) for call in calls if call["outcome"] == "cancelled"]
            same("the receipt", told, [(f"{ensemble}-two", why)])


for cause in CAUSES:
    for moment in MOMENTS:
        add(cause, moment)
