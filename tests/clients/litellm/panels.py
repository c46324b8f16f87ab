"""The lab's own ensembles: small, each with models of its own, so that one test's failures (retry budgets, circuit
breakers, LiteLLM's cooldowns) never reach another's."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Panel:
    """Members draft in parallel, the chief merges; `need` is the language's default, half of them."""

    name: str
    members: int = 3
    retries: int = 0
    member_timeout: str = ""
    member_names: tuple[str, ...] = ()

    @property
    def handle(self) -> str:
        return f"opt-{self.name}-fast-s"

    @property
    def panel(self) -> list[str]:
        return list(self.member_names) or [f"lab-{self.name}-m{n}" for n in range(self.members)]

    @property
    def chief(self) -> str:
        return f"lab-{self.name}-chief"

    @property
    def models(self) -> list[str]:
        return [*self.panel, self.chief]

    @property
    def attempts_if_all_fail(self) -> int:
        return len(self.panel) * (1 + self.retries)

    def source(self) -> str:
        timeout = f" {{ timeout: {self.member_timeout} }}" if self.member_timeout else ""
        models = "\n".join(
            f"model {model} {{ runtime: remote, memory: 1GB, context: 32_768, max_output: 4_096 }}"
            for model in self.models
        )
        return f"""\
{models}

/// {self.name}: {len(self.panel)} drafts, merged.
ensemble {self.name} at fast-s {{
  retries: {self.retries}
  drafts = parallel [{", ".join(self.panel)}]{timeout}
  reply = merge drafts by {self.chief}
}}
"""


CELLS = """\
tier s { memory: 50GB }
profile fast { timeout: 60s }
"""


def write(folder: Path, panels: list[Panel]):
    """One program of these panels."""
    folder.mkdir()
    (folder / "cells.ens").write_text(CELLS)
    for panel in panels:
        (folder / f"{panel.name}.ens").write_text(panel.source())
