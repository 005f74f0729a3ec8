"""What a run is handed by the program above it: other command lines, and the lab.

``cli.main`` composes it. So a command can run another one, and offer a lab, without
importing either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sqsctl.cli.run.context import Run
    from sqsctl.errors import Exit


@dataclass(frozen=True)
class TutorialStack:
    """The tutorial's stack, ready to be deployed with its own times."""

    name: str
    text: str
    parameters: dict[str, str]


class Program(Protocol):
    """The program as a command sees it."""

    def execute(self, arguments: Sequence[str], run: Run) -> Exit:
        """Run one command line; the answer and its errors end up in ``run``."""
        ...

    def start_lab(self, run: Run) -> None:
        """Start the run's lab and deploy its stack."""
        ...

    def incidents(self) -> Sequence[tuple[str, str]]:
        """Name and description of each incident."""
        ...

    def broken_on(self, lab_name: str) -> Sequence[str]:
        """The incidents that are active on a lab."""
        ...

    def healing(self, lab_name: str, stack: str | None) -> Mapping[str, Sequence[str]]:
        """The words that heal each incident of a stack, by the check that finds it.

        None is the lab's own stack.
        """
        ...

    def tutorial_stack(self, runtime: str, stage: str | None) -> TutorialStack:
        """The template for ``stack deploy``: what the lab runs, in the tutorial's own time."""
        ...
