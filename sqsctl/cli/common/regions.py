"""--all-regions: the option, and what it shows of regions that could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.run.context import Run

if TYPE_CHECKING:
    from sqsctl.operations.stacks.all_regions import InRegion

AllRegionsOption = Annotated[
    bool,
    typer.Option("--all-regions", help="Every region of the partition, at the same time."),
]


def unread_regions(answers: Sequence[InRegion[Any]]) -> list[dict[str, str]]:
    """The ``regions_unread`` of a command's data."""
    return [{"region": each.region, "reason": each.unread} for each in answers if each.unread]


def tell_unread(run: Run, answers: Sequence[InRegion[Any]]) -> None:
    """Say which regions are not enabled, and which could not be read, on stderr."""
    disabled = [each.region for each in answers if each.unread == "disabled"]
    if disabled:
        run.output.notice(f"not enabled for this account, it seems: {', '.join(disabled)}")
    for each in answers:
        if each.unread and each.unread != "disabled":
            run.output.notice(f"{each.region} could not be read: {each.unread}", style="yellow")


def all_read(answers: Sequence[InRegion[Any]]) -> bool:
    """Whether nothing is missing but regions that the account does not use."""
    return all(each.unread in {"", "disabled"} for each in answers)
