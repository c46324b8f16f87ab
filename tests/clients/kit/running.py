"""Runs tests, one after the other or side by side, and says how each went."""

import signal
import sys
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from cases import ALL, Case


def chosen() -> list[Case]:
    """The tests with all words of the command line in their names."""
    wanted = [case for case in ALL if all(word in case.name for word in sys.argv[1:])]
    if not wanted:
        sys.exit(f"no test has {' '.join(sys.argv[1:])!r} in its name")
    return wanted


def end_in_order():
    """A signal ends the run as an exception does: what was started is stopped."""
    for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(sign, lambda number, _frame: sys.exit(128 + number))


def count_failures(tests: list[tuple[str, Callable[[], None]]], at_once: int = 1) -> int:
    """How many failed, of so many at once."""
    if not tests:
        return 0
    with ThreadPoolExecutor(at_once) as pool:
        return sum(not is_ok for is_ok in pool.map(lambda test: _passes(*test), tests))


def _passes(name: str, run: Callable[[], None]) -> bool:
    begun = time.monotonic()
    try:
        run()
    except Exception as error:
        reason = str(error) if isinstance(error, AssertionError) else traceback.format_exc(limit=-3)
        _say(f"FAILED  {name}\n        " + reason.strip().replace("\n", "\n        "))
        return False
    _say(f"ok      {name} ({time.monotonic() - begun:.1f} s)")
    return True


def _say(text: str):
    """In one piece, for many speak at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
