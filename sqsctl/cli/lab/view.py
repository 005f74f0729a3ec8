"""What the lab's commands answer, for a person and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqsctl.cli.screen.output import Answer, lines, styled
from sqsctl.cli.screen.views import row, show_table, table

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.aws.lab_state import LabState
    from sqsctl.model.deployed import Endpoints


def up_answer(state: LabState, endpoints: Endpoints) -> Answer:
    """A lab that is up, and where everything on it is."""
    from sqsctl.cli.screen.endpoints import endpoints_shape, show_endpoints

    data = {
        "name": state.name,
        "endpoint": state.endpoint,
        "region": state.region,
        "account": state.account,
        "pid": state.pid,
        "log": state.log,
        "runtime": state.runtime,
        "time_scale": state.time_scale,
        **endpoints_shape(endpoints),
        "notice": state.notice or None,
    }

    def human(console: Console) -> None:
        console.print(
            styled(f"lab {state.name} is up at {state.endpoint}", "bold green"), soft_wrap=True
        )
        show_endpoints(console, endpoints)
        if state.notice:
            console.print(styled(state.notice, "yellow"), soft_wrap=True)

    return Answer(data, human)


def status_answer(data: dict[str, Any]) -> Answer:
    """A lab that runs: its server, and what is broken on it."""

    def human(console: Console) -> None:
        broken = data["incidents"]
        console.print(styled(data["message"], "bold"), soft_wrap=True)
        grid = table()
        grid.add_column()
        grid.add_column(overflow="fold")
        row(grid, "stack", data["stack"])
        row(grid, "region", data["region"])
        row(grid, "server", f"pid {data['pid']}, {data['memory_mb']} MB")
        row(grid, "log", data["log"])
        row(grid, "broken", ", ".join(broken) or "nothing", style="yellow" if broken else "")
        show_table(console, grid)

    return Answer(data, human)


def incidents_answer(rows: Sequence[dict[str, Any]]) -> Answer:
    """What can be broken, and what is."""

    def human(console: Console) -> None:
        grid = table("incident", "step", "breaks")
        for each in rows:
            mark = " (broken now)" if each["active"] else ""
            row(
                grid,
                f"{each['name']}{mark}",
                each["step"],
                each["breaks"],
                style="yellow" if each["active"] else "",
            )
        show_table(console, grid)

    return Answer({"incidents": list(rows)}, human)


def would(what: str) -> Answer:
    """A dry run's answer."""
    return Answer(
        {"dry_run": True, "would": what}, lambda console: lines(console, [f"would {what}"])
    )
