"""Runs every test with both clients of the library at once; `../run.sh python` sets up what this needs."""

import os
import shutil
import sys
import tempfile
import traceback
from pathlib import Path

import both_contents
import both_cut
import both_gone
import both_receipts
import both_silence
import both_tools
import case_answers
import case_failures
import running
from clients import Asynchronous, Synchronous
from lab import Lab


def main() -> int:
    wanted = running.chosen()
    running.end_in_order()
    folder = Path(tempfile.mkdtemp(prefix="ensc-python-"))
    labs = [Lab(kind, os.environ["ENSC"], folder) for kind in (Synchronous, Asynchronous)]
    tests = [(f"{lab.name}: {case.name}", lambda case=case, lab=lab: case.run(lab)) for lab in labs for case in wanted]
    last = [(f"{lab.name}: no daemon has logged a key, a prompt or an answer", lab.check_logs) for lab in labs]
    if sys.argv[1:]:
        last = []  # after a few tests there may be nothing in the logs
    count = failed = len(tests) + len(last)
    try:
        for lab in labs:
            lab.start()
        failed = running.count_failures(tests, at_once=len(tests))  # they mostly wait
        failed += running.count_failures(last)
    except Exception:  # a lab itself did not come up
        traceback.print_exc()
    finally:
        for lab in labs:
            lab.stop()
        if failed:
            for lab in labs:
                lab.servers.print_logs()
            print(f"logs: {folder}")
        else:
            shutil.rmtree(folder)
    print(f"{count - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
