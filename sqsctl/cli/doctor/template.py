"""sqsctl doctor --template: what would be wrong of a packaged project, before its deploy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sqsctl.cli.doctor.answer import Wanted, answer
from sqsctl.cli.run.context import Run
from sqsctl.cli.screen.output import Answer, lines, styled
from sqsctl.model.plurals import counted

if TYPE_CHECKING:
    from rich.console import Console


def forecast(
    run: Run, place: Path, asked: Wanted, skip: Sequence[str], said: Sequence[str] = ()
) -> Answer:
    """Read the package, run the checks that need no run. No AWS and no lab is asked."""
    from sqsctl.operations.diagnosis.before_deploy import before_deploy
    from sqsctl.operations.packaged import find, parameters

    stage = run.settings.text("stage")
    stacks = find.packaged_stacks(place, stage=stage, stack=run.settings.text("stack"))
    given = parameters.chosen(said, stacks, stage)
    with run.progress("reading the package"):
        seen = before_deploy(
            stacks,
            folder=place if place.is_dir() else None,
            only=asked.checks,
            skip=skip,
            stage=stage,
            parameters=given,
        )
    told = answer(run, seen.checkup, asked)
    data = {
        **told.data,
        "places": [
            {"id": each.id, "subject": each.subject, "file": each.file, "line": each.line}
            for each in seen.places
        ],
        "need_a_run": list(seen.need_a_run),
        "undecided": [key for each in stacks for key in parameters.undecided(each, given)],
    }

    def human(console: Console) -> None:
        if told.human is not None:
            told.human(console)
        for each in seen.places:
            lines(console, [f"{each.file}:{each.line}: {each.id}: {each.subject}"])
        if data["undecided"]:
            lacking = " ".join(f"--parameter {each}=VALUE" for each in data["undecided"])
            console.print(styled(f"known only with {lacking}", "dim"), soft_wrap=True)
        if seen.need_a_run:
            more = f"{counted(len(seen.need_a_run), 'more check')} need a deployed stack"
            console.print(styled(more, "dim"), soft_wrap=True)

    return replace(told, data=data, human=human)
