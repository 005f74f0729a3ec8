"""doctor --list-checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqsctl.cli.screen.output import Answer
from sqsctl.cli.screen.views import row, show_table, table

if TYPE_CHECKING:
    from rich.console import Console


def listed() -> Answer:
    """Every check: its id, how bad it is, what must hold."""
    from sqsctl.checks.registry import all_checks

    found = [each.meta for each in all_checks()]
    data = {
        "checks": [
            {
                "id": each.id,
                "title": each.title,
                "severity": each.severity.label,
                "kind": each.kind.value,
                "needs": sorted(fact.value for fact in each.needs),
                "reference": each.reference,
            }
            for each in found
        ]
    }

    def human(console: Console) -> None:
        grid = table("check", "severity", "what must hold")
        for each in found:
            row(grid, each.id, each.severity.label, each.title)
        show_table(console, grid)

    return Answer(data, human)
