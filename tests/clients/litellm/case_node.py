"""The official client for Node, through LiteLLM on both sides: its own suite, but for the plain answers, which LiteLLM changes."""

import json
import os
import subprocess
from pathlib import Path

from cases import case, same

NODE = Path(__file__).resolve().parents[1] / "node"
FILES = ["contents.test.js", "failures.test.js", "gone.test.js", "receipts.test.js", "silence.test.js", "tools.test.js"]


@case("the client for Node: contents, tools, failures, receipts, silence and leaving")
def _(lab):
    lab.models.forget()
    through = {
        "front": {"address": lab.litellm_address, "key": lab.litellm_key},
        "daemon": {"address": lab.daemon.address, "key": lab.daemon_key, "log": str(lab.daemon.process.log)},
        "cutOff": {"address": lab.cut_off.address, "log": str(lab.cut_off.process.log)},
        "models": {"address": lab.models.address},
    }
    done = subprocess.run(
        ["node", "--test", "--test-concurrency=8", "--test-reporter=spec", *FILES],
        cwd=NODE, env={**os.environ, "ENSC_THROUGH": json.dumps(through)}, capture_output=True, text=True, timeout=120,
    )
    same("exit code, after\n" + done.stdout[-3000:], done.returncode, 0)
