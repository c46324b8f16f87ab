"""A file that others write, too, after `ensc export litellm --write`: a real LiteLLM starts with it and does what it says."""

import json
import secrets
import subprocess

import httpx

from backend import delays
from cases import case, holds, same
from case_answers import user
from process import free_port

HANDLE = "opt-architect-high-xl"
MEMBERS = ["mlx-gpt-oss-120b-mxfp4-q4", "mlx-qwen3-next-80b-a3b-instruct-mxfp4", "mlx-llama-3-1-70b-instruct-4bit"]

THEIRS = """\
# The site's router, by hand.
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY   # from the unit's environment
litellm_settings:
  drop_params: true
model_list:
  # BEGIN MLXCTL AUTO
  - model_name: mlx-by-others
    litellm_params: {model: openai/mlx-by-others, api_base: "http://127.0.0.1:1/v1", api_key: none}
    model_info:
      note: |
        # BEGIN ENSC AUTO
        is no marker here
  # END MLXCTL AUTO

# the end
router_settings:
  num_retries: 1
"""


def ensc(lab, *words: str) -> str:
    done = subprocess.run([
        lab.ensc, *words, "--ensembles", str(lab.site.ensembles), "--daemon-url", f"{lab.site.address}/v1",
    ], capture_output=True, text=True, timeout=20)
    same(f"{words}: {done.stdout}{done.stderr}", done.returncode, 0)
    return done.stdout


@case("LiteLLM starts with a file of others into which the handles were written, routes all of them, and ends what its clients leave")
def _(lab):
    router = lab.folder / "written.yaml"
    router.write_text(THEIRS)
    ensc(lab, "export", "litellm", "--write", str(router))
    ensc(lab, "export", "litellm", "--check", str(router))
    written = router.read_text().splitlines()
    same("lines of others that are gone", [line for line in THEIRS.splitlines() if line not in written], [])

    key, port = f"sk-{secrets.token_hex(16)}", free_port()
    process = lab.start_litellm("written", router, port, LITELLM_MASTER_KEY=key)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False,
                          headers={"authorization": f"Bearer {key}"}) as http:
            handles = json.loads(subprocess.check_output(
                [lab.ensc, "list", "--format", "json", "--ensembles", str(lab.site.ensembles)]))
            routed(lab, http, sorted(row["handle"] for row in handles))
            answers(lab, http)
            ends_what_is_left(lab, http)
    finally:
        process.stop()


def routed(lab, http: httpx.Client, handles: list[str]):
    names = sorted(row["id"] for row in http.get("/v1/models").raise_for_status().json()["data"])
    same("models", names, sorted([*handles, "mlx-by-others"]))
    rows = {row["model_name"]: row for row in http.get("/v1/model/info").raise_for_status().json()["data"]}
    served = {row["id"]: row for row in lab.site.http.get("/v1/models").raise_for_status().json()["data"]}
    for handle in handles:
        params, info = rows[handle]["litellm_params"], rows[handle]["model_info"]
        same(f"model of {handle}", (params["model"], params["custom_llm_provider"]), (handle, "openai"))
        same(f"address of {handle}", params["api_base"], f"{lab.site.address}/v1")
        same(f"retries of {handle}", params["num_retries"], 0)
        same(f"costs of {handle}", (info["input_cost_per_token"], info["output_cost_per_token"]), (0, 0))
        same(f"mode of {handle}", info["mode"], "chat")
        said = served[handle]["max_output_tokens"]
        same(f"limits of {handle}", info["max_output_tokens"], said)


def answers(lab, http: httpx.Client):
    answer = http.post("/v1/chat/completions", json={"model": HANDLE, "messages": user("ping"), "max_tokens": 16})
    same(f"status: {answer.text}", answer.status_code, 200)
    body = answer.json()
    holds("the reply is the chief's", body["choices"][0]["message"]["content"].startswith("[simulated mlx-gpt-oss-120b"), body)
    same("calls", body["ensc"]["totals"]["calls"], 4)
    lab.backend.reset()


def ends_what_is_left(lab, http: httpx.Client):
    """Not streamed, nothing sent yet: only `cancel_on_disconnect` tells the daemon that the client is gone."""
    lab.backend.script(*(delays(model, 30) for model in MEMBERS))
    try:
        http.post("/v1/chat/completions", json={"model": HANDLE, "messages": user("hi")}, timeout=3)
    except httpx.ReadTimeout:
        pass
    lab.backend.wait_for_silence(4)
    same("members", sorted((call["model"], call["outcome"]) for call in lab.backend.ledger()),
         sorted((model, "cancelled") for model in MEMBERS))
