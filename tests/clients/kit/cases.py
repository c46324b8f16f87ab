"""A test is a function with a sentence; it takes the lab and raises when the sentence is false."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    name: str
    run: Callable
    together: bool


ALL: list[Case] = []


def case(name: str, together: bool = False):
    """`together`: it asks an ensemble of its own, so others may run beside it."""

    def keep(run: Callable) -> Callable:
        ALL.append(Case(name, run, together))
        return run

    return keep


def same(what: str, got, want):
    if got != want:
        raise AssertionError(f"{what}: got {got!r}, want {want!r}")


def holds(sentence: str, is_true, seen=""):
    if not is_true:
        raise AssertionError(f"not so: {sentence}" + (f"; saw {seen!r}" if seen != "" else ""))
