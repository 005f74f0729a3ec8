"""sqsctl lab break, heal and incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sqsctl.cli.lab.local import active_on, incident_choices, running
from sqsctl.cli.lab.options import DryRunOption, NameOption, StackOption
from sqsctl.cli.lab.view import incidents_answer, would
from sqsctl.cli.run import completion
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.output import Answer, prose, styled
from sqsctl.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console


def _complete(incomplete: str) -> list[str]:
    return completion.starting((name for name, _ in incident_choices()), incomplete)


def register(group: typer.Typer) -> None:
    """Add the commands."""
    command(
        group,
        "break",
        target=False,
        epilog=examples(
            "sqsctl lab incidents",
            "sqsctl lab break import-module-missing",
            "sqsctl lab break function-timeout && sqsctl produce --count 5 && sqsctl doctor",
        ),
    )(break_)
    command(
        group,
        "heal",
        target=False,
        epilog=examples(
            "sqsctl lab heal                          everything that is broken",
            "sqsctl lab heal import-module-missing    one incident",
        ),
    )(heal)
    command(group, "incidents", target=False, epilog=examples("sqsctl lab incidents -o json"))(
        list_incidents
    )


def break_(
    run: Run,
    incident: Annotated[
        str,
        typer.Argument(
            help="Its name: `sqsctl lab incidents` lists them.",
            metavar="INCIDENT",
            autocompletion=_complete,
        ),
    ],
    queue: Annotated[
        str | None,
        typer.Option(
            "--queue", help="The queue, where the stack consumes several.", metavar="NAME"
        ),
    ] = None,
    stack: StackOption = None,
    name: NameOption = None,
    dry_run: DryRunOption = False,
) -> Answer:
    """Make an incident happen: what the tutorial ran into, for real, on the lab.

    It happens to the stack that the lab has: its queue, consumer and producer are found. What
    does not fit that stack is refused, with the reason.
    """
    from sqsctl.lab import incidents

    state, session = running(run, name, stack)
    chosen = incidents.get(incident)
    if dry_run:
        return would(f"break the lab: {chosen.breaks}")
    with run.progress(f"breaking: {incident}"):
        chosen.break_(session, queue)
    active = active_on(state, stack)

    def human(console: Console) -> None:
        prose(console, styled(f"broken: {chosen.breaks}", "yellow"))
        at = f" --stack {stack}" if stack else ""
        next_ = f"sqsctl produce --count 10{at}, then sqsctl doctor{at}"
        prose(console, styled(f"next: {next_}; sqsctl lab heal{at} mends it"))

    return Answer(
        {
            "incident": chosen.name,
            "breaks": chosen.breaks,
            "expects": chosen.expects,
            "active": active,
        },
        human,
    )


def heal(
    run: Run,
    incident: Annotated[
        str | None,
        typer.Argument(
            help="Its name; without one, all.",
            metavar="INCIDENT",
            autocompletion=_complete,
        ),
    ] = None,
    stack: StackOption = None,
    name: NameOption = None,
    dry_run: DryRunOption = False,
) -> Answer:
    """Mend what lab break broke."""
    from sqsctl.lab import incidents

    state, session = running(run, name, stack)
    active = active_on(state, stack)
    if incident is not None:
        incidents.get(incident)
        if incident not in active:
            raise UsageError(
                f"{incident} is not broken at the moment",
                hint=f"broken: {', '.join(active) or 'nothing'}",
                code="not_broken",
            )
    wanted = [incident] if incident else list(reversed(active))
    if dry_run:
        return would(f"mend {', '.join(wanted) or 'nothing: nothing is broken'}")
    with run.progress("mending", total=len(wanted)) as bar:
        for index, each in enumerate(wanted):
            bar.update(index, note=each)
            incidents.get(each).heal(session)
    said = f"mended: {', '.join(wanted)}" if wanted else "nothing was broken"
    return Answer(
        {"healed": wanted, "active": active_on(state, stack)},
        lambda console: console.print(styled(said, "green"), soft_wrap=True),
    )


def list_incidents(run: Run, name: NameOption = None) -> Answer:
    """List what can be broken: which step of the tutorial, what breaks, what doctor says."""
    from sqsctl.aws.lab_state import running_lab
    from sqsctl.lab import incidents

    state = running_lab(name or run.lab_name)
    active = active_on(state) if state else []
    rows = [
        {
            "name": each.name,
            "step": each.step,
            "breaks": each.breaks,
            "expects": each.expects,
            "active": each.name in active,
        }
        for each in incidents.incidents()
    ]
    return incidents_answer(rows)
