"""Files of others, as a YAML parser sees them before and after `ensc export … --write`: theirs is the same, ours is added."""

import random
import subprocess

import yaml

from cases import case, holds, same

ABOVE = [
    "litellm_settings:\n  drop_params: true   # kept\n  callbacks: [a, 'b: c']",
    "anchors: &one\n  a: 1",
    "note: |\n  model_list:\n    # BEGIN ENSC AUTO\n  text",
    "folded: >-\n  general_settings:\n\n  more",
    "# BEGIN OTHER AUTO\nenv:\n- A\n- {B: 1}\n# END OTHER AUTO",
    "",
    "# a comment",
]
ENTRIES = [
    "- model_name: mlx-a\n  litellm_params: {model: openai/a, api_base: \"http://127.0.0.1:1/v1\"}   # one",
    "- litellm_params:\n    model: openai/b\n  model_name: 'mlx-b'",
    "- {model_name: mlx-c, litellm_params: {model: openai/c}}",
    "-\n  model_name: mlx-d\n  note: |\n    # END ENSC AUTO\n    - model_name: text",
    "# BEGIN MLXCTL AUTO\n- model_name: mlx-e\n  litellm_params:\n    model: openai/e\n# END MLXCTL AUTO",
    "- model_name: mlx-f\n  litellm_params: {}\n  note: |+\n    kept with its blank lines\n\n",
    "# between",
    "",
]
SETTINGS = [
    None,
    "general_settings:\n  master_key: x",
    "general_settings:\n    cancel_on_disconnect: true\n    nested:\n        cancel_on_disconnect: false",
    "general_settings: {health_check_skip_disabled_background_models: true, cancel_on_disconnect: true}",
    "general_settings:",
    "general_settings:\n  text: |+\n    kept\n\n",
    "general_settings:\n  list:\n  - a\n  - b\n  text: |\n    cancel_on_disconnect: false",
]


def indented(text: str, by: int) -> str:
    return "\n".join(" " * by + line if line else line for line in text.split("\n"))


def made(chance: random.Random) -> str:
    """A router as somebody might keep it."""
    indent = chance.choice([0, 2, 4])
    blocks = [chance.choice(ABOVE[1:]) for _ in range(chance.randrange(3))] + [ABOVE[0]]
    entries = [indented(chance.choice(ENTRIES), indent) for _ in range(chance.randrange(5))]
    blocks.append("\n".join(["model_list:" + chance.choice(["", "   # all of them"]), *entries]))
    if settings := chance.choice(SETTINGS):
        blocks.append(settings)
    chance.shuffle(blocks)
    text = "\n".join(dict.fromkeys(blocks))  # a key stands once
    return (text + chance.choice(["", "\n"])).replace("\n", chance.choice(["\n", "\r\n"]))


@case("sixty files of others, before and after the handles are written into them, are the same to a YAML parser but for ours")
def _(lab):
    chance = random.Random(7)
    router = lab.folder / "made.yaml"
    added = 0
    for _ in range(60):
        text = made(chance)
        router.write_bytes(text.encode())
        done = subprocess.run([lab.ensc, "export", "litellm", "--write", str(router), "--ensembles", str(lab.looped.ensembles)],
                              capture_output=True, text=True, timeout=20)
        same(f"exit code for\n{text}\n{done.stderr}", done.returncode, 0)
        before, after = yaml.safe_load(text), yaml.safe_load(router.read_bytes().decode())
        compare(before, after, text)
        added += len(after["model_list"]) - len(before["model_list"] or [])
    same("entries added", added, 60 * len(lab.looped.http.get("/v1/models").json()["data"]))


def compare(before: dict, after: dict, text: str):
    theirs = [entry for entry in after["model_list"] if not entry["model_name"].startswith("opt-")]
    same(f"entries of others in\n{text}", theirs, before["model_list"] or [])
    wanted = {"cancel_on_disconnect": True, "health_check_skip_disabled_background_models": True}
    same(f"settings in\n{text}", after["general_settings"], {**(before.get("general_settings") or {}), **wanted})
    rest = ("model_list", "general_settings")
    same(f"the rest of\n{text}", {k: v for k, v in after.items() if k not in rest}, {k: v for k, v in before.items() if k not in rest})
    for entry in after["model_list"]:
        holds("each has an address", "litellm_params" in entry or entry["model_name"] == "mlx-d", entry)
