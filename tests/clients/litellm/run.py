"""Runs the end-to-end tests: `run.sh` sets up what this needs and calls it."""

import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

import cases
import case_answers
import case_failures
import case_gone
import case_guards
import case_outage
from lab import Lab


def main() -> int:
    wanted = [case for case in cases.ALL if all(word in case.name for word in sys.argv[1:])]
    if not wanted:
        sys.exit(f"no test has {' '.join(sys.argv[1:])!r} in its name")
    for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(sign, lambda number, _frame: sys.exit(128 + number))
    folder = Path(tempfile.mkdtemp(prefix="ensc-litellm-"))
    lab = Lab(os.environ["ENSC"], folder, case_failures.PANELS + case_answers.PANELS + case_gone.PANELS
              + case_guards.PANELS + case_outage.PANELS, case_guards.LOOP)
    failed = len(wanted)
    try:
        begun = time.monotonic()
        lab.start()
        print(f"ready after {time.monotonic() - begun:.1f} s", flush=True)
        failed = sum(not passes(case, lab) for case in wanted)
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


def passes(case: cases.Case, lab: Lab) -> bool:
    begun = time.monotonic()
    try:
        lab.backend.wait_for_silence(10)
        lab.backend.reset()
        case.run(lab)
    except Exception as error:
        reason = str(error) if isinstance(error, AssertionError) else traceback.format_exc(limit=-3)
        print(f"FAILED  {case.name}\n        " + reason.strip().replace("\n", "\n        "), flush=True)
        return False
    print(f"ok      {case.name} ({time.monotonic() - begun:.1f} s)", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
