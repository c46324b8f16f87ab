"""Runs the tests through a real LiteLLM; `../run.sh litellm` sets up what this needs."""

import os
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

import both_silence  # first, for they take longest
import both_contents
import both_cut
import both_gone
import both_receipts
import both_tools
import case_statuses
import case_answers
import case_failures
import case_gone
import case_node
import case_doctor
import case_guards
import case_stopping
import case_outage
import case_parsed
import case_written
import running
from cases import Case
from lab import Lab


def main() -> int:
    wanted = running.chosen()
    running.end_in_order()
    folder = Path(tempfile.mkdtemp(prefix="ensc-litellm-"))
    lab = Lab(os.environ["ENSC"], folder, case_failures.PANELS + case_answers.PANELS + case_gone.PANELS
              + case_guards.PANELS + case_outage.PANELS, case_guards.LOOP)
    together = [(case.name, lambda case=case: case.run(lab)) for case in wanted if case.together]
    alone = [(case.name, lambda case=case: run_alone(case, lab)) for case in wanted if not case.together]
    failed = len(wanted)
    try:
        begun = time.monotonic()
        lab.start()
        print(f"ready after {time.monotonic() - begun:.1f} s", flush=True)
        failed = running.count_failures(together, at_once=8) + running.count_failures(alone)
    except Exception:  # the lab itself did not come up
        traceback.print_exc()
    finally:
        lab.stop()
        if failed:
            lab.servers.print_logs()
            print(f"logs: {folder}")
        else:
            shutil.rmtree(folder)
    print(f"{len(wanted) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


def run_alone(case: Case, lab: Lab):
    """With a back end that has forgotten the others."""
    lab.backend.wait_for_silence(10)
    lab.backend.reset()
    case.run(lab)


if __name__ == "__main__":
    sys.exit(main())
