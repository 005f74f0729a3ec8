"""sqsctl lab: the local AWS, its stack, and the incidents that break it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.lab.view import incidents_answer, status_answer, up_answer, would
from sqsctl.cli.run import completion
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.output import Answer, lines, styled
from sqsctl.errors import Exit, SqsctlError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.aws.lab_state import LabState
    from sqsctl.aws.session import Session
    from sqsctl.model.deployed import Endpoints

group = typer.Typer(
    help="A local AWS with the tutorial's stack: start, break, heal.",
    no_args_is_help=True,
)

NameOption = Annotated[
    str | None,
    typer.Option(
        "--name", help="Which lab, where several run.", metavar="NAME", show_default="default"
    ),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would happen, and do nothing.")
]


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="lab")


@command(
    group,
    "up",
    target=False,
    epilog=examples(
        "sqsctl lab up",
        "sqsctl lab up --real-time        with the tutorial's 6 s and 36 s",
        "sqsctl lab up --runtime nodejs   the tutorial's own handlers, where node is installed",
        "sqsctl lab up --name two         a second one beside it",
    ),
)
def up(
    run: Run,
    name: NameOption = None,
    runtime: Annotated[
        str | None,
        typer.Option(
            "--runtime", help="Language of the functions: python or nodejs.", show_default="python"
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", min=1, max=65535, help="Port on 127.0.0.1.", show_default="a free one"
        ),
    ] = None,
    real_time: Annotated[
        bool,
        typer.Option("--real-time", help="Timeouts as the tutorial has them, not 6 times faster."),
    ] = False,
    dry_run: DryRunOption = False,
) -> Answer:
    """Start the lab and deploy the tutorial's stack on it through CloudFormation."""
    from sqsctl.aws.lab_state import running_lab

    chosen = name or run.lab_name
    there = running_lab(chosen)
    if there is not None:
        _refuse_other(there, runtime, port, real_time=real_time)
    if dry_run:
        return would(f"start lab {chosen} and deploy its stack")
    state, endpoints = bring_up(
        run,
        chosen,
        runtime=runtime or (there.runtime if there else "python"),
        port=port,
        time_scale=1.0 if real_time else 6.0,
    )
    return up_answer(state, endpoints)


def _refuse_other(
    state: LabState, runtime: str | None, port: int | None, *, real_time: bool
) -> None:
    """A lab that runs is not made another one by asking for it."""
    other = [
        f"port {state.port}" if port not in {None, state.port} else "",
        f"{state.runtime} functions" if runtime not in {None, state.runtime} else "",
        f"a time scale of {state.time_scale:g}" if real_time and state.time_scale != 1.0 else "",
    ]
    if any(other):
        raise UsageError(
            f"lab {state.name} runs already, with {', '.join(filter(None, other))}",
            hint="sqsctl lab down, then up again; or a second one beside it: --name NAME",
            code="lab_running",
        )


@command(group, "down", target=False, epilog=examples("sqsctl lab down"))
def down(run: Run, name: NameOption = None, dry_run: DryRunOption = False) -> Answer:
    """Stop the lab. Nothing of it is left: no process, no port, no folder."""
    from sqsctl.lab import server

    chosen = name or run.lab_name
    if dry_run:
        return would(f"stop lab {chosen} and everything it started")
    with run.progress("stopping the lab"):
        stopped = server.stop(chosen)
    said = f"lab {chosen} is down" if stopped else f"lab {chosen} was not running"
    return Answer({"name": chosen, "stopped": stopped}, lambda console: lines(console, [said]))


@command(group, "status", target=False, epilog=examples("sqsctl lab status -o json"))
def status(run: Run, name: NameOption = None) -> Answer:
    """Say whether the lab runs, where, and what is broken on it. Exit 5 if it does not."""
    from sqsctl.lab import server

    seen = server.status(name or run.lab_name)
    running = seen.condition == "running"
    broken = _active(seen.lab) if running and seen.lab else []
    state = seen.lab
    data: dict[str, Any] = {
        "name": seen.name,
        "condition": seen.condition,
        "message": seen.message,
        "endpoint": state.endpoint if state else None,
        "region": state.region if state else None,
        "stack": state.stack if state else None,
        "runtime": state.runtime if state else None,
        "time_scale": state.time_scale if state else None,
        "pid": state.pid if state else None,
        "memory_mb": seen.memory_mb,
        "processes": seen.processes,
        "log": state.log if state else None,
        "incidents": broken,
    }
    if not running:
        error = SqsctlError(
            seen.message, hint="sqsctl lab up", exit=Exit.NOT_FOUND, code=f"lab_{seen.condition}"
        )
        return Answer(data, None, Exit.NOT_FOUND, (error,))
    return status_answer(data)


@command(group, "reset", target=False, epilog=examples("sqsctl lab reset"))
def reset(run: Run, name: NameOption = None, dry_run: DryRunOption = False) -> Answer:
    """Empty the lab, queues, logs and incidents included, and deploy its stack afresh."""
    from sqsctl.lab import server

    chosen = name or run.lab_name
    if dry_run:
        return would(f"empty lab {chosen} and deploy its stack afresh")
    with run.progress("emptying the lab"):
        state = server.reset(chosen)
    endpoints = _deploy(run, state)
    return up_answer(state, endpoints)


@command(
    group,
    "break",
    target=False,
    epilog=examples(
        "sqsctl lab incidents",
        "sqsctl lab break import-module-missing",
        "sqsctl lab break function-timeout && sqsctl produce --count 5 && sqsctl doctor",
    ),
)
def break_(
    run: Run,
    incident: Annotated[
        str,
        typer.Argument(
            help="Its name: sqsctl lab incidents lists them.",
            metavar="INCIDENT",
            autocompletion=completion.incidents,
        ),
    ],
    name: NameOption = None,
    dry_run: DryRunOption = False,
) -> Answer:
    """Make an incident happen: what the tutorial ran into, for real, on the lab."""
    from sqsctl.lab import incidents

    state, session = _running(run, name)
    chosen = incidents.get(incident)
    if dry_run:
        return would(f"break the lab: {chosen.breaks}")
    with run.progress(f"breaking: {incident}"):
        chosen.break_(session)
    active = _active(state)

    def human(console: Console) -> None:
        console.print(styled(f"broken: {chosen.breaks}", "yellow"), soft_wrap=True)
        lines(console, ["next: sqsctl produce --count 10, then sqsctl doctor; sqsctl lab heal"])

    return Answer(
        {
            "incident": chosen.name,
            "breaks": chosen.breaks,
            "expects": chosen.expects,
            "active": active,
        },
        human,
    )


@command(
    group,
    "heal",
    target=False,
    epilog=examples(
        "sqsctl lab heal                          everything that is broken",
        "sqsctl lab heal import-module-missing    one incident",
    ),
)
def heal(
    run: Run,
    incident: Annotated[
        str | None,
        typer.Argument(
            help="Its name; without one, all.",
            metavar="[INCIDENT]",
            autocompletion=completion.incidents,
        ),
    ] = None,
    name: NameOption = None,
    dry_run: DryRunOption = False,
) -> Answer:
    """Mend what lab break broke."""
    from sqsctl.lab import incidents

    state, session = _running(run, name)
    active = _active(state)
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
        {"healed": wanted, "active": _active(state)},
        lambda console: console.print(styled(said, "green"), soft_wrap=True),
    )


@command(group, "incidents", target=False, epilog=examples("sqsctl lab incidents -o json"))
def list_incidents(run: Run, name: NameOption = None) -> Answer:
    """List what can be broken: which step of the tutorial, what breaks, what doctor says."""
    from sqsctl.aws.lab_state import running_lab
    from sqsctl.lab import incidents

    state = running_lab(name or run.lab_name)
    active = _active(state) if state else []
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


@command(
    group,
    "template",
    target=False,
    epilog=examples(
        "sqsctl lab template > stack.yaml",
        "aws cloudformation deploy --template-file stack.yaml --stack-name tutorial-step-2-dev "
        "--capabilities CAPABILITY_NAMED_IAM",
    ),
)
def template(
    run: Run,
    runtime: Annotated[
        str, typer.Option("--runtime", help="Language of the functions: python or nodejs.")
    ] = "python",
) -> Answer:
    """Print the stack as plain CloudFormation, for AWS as well as for the lab."""
    del run
    from sqsctl.lab.template import render

    text = render(runtime)

    def human(console: Console) -> None:
        console.file.write(text)

    return Answer({"template": text}, human)


@dataclass(frozen=True)
class TutorialStack:
    """The tutorial's stack, ready to be deployed with its own times."""

    name: str
    text: str
    parameters: dict[str, str]


def tutorial_stack(runtime: str = "python", stage: str | None = None) -> TutorialStack:
    """The template for ``stack deploy``: what the lab runs, in the tutorial's own time."""
    from sqsctl.lab import template as source

    chosen = stage or source.STAGE
    return TutorialStack(
        source.stack_name(stage=chosen),
        source.render(runtime),
        source.parameters(1.0, stage=chosen),
    )


def incident_choices() -> list[tuple[str, str]]:
    """Name and description of each incident, for menus and completion."""
    from sqsctl.lab import incidents

    return [(each.name, each.breaks) for each in incidents.incidents()]


def broken_on(name: str) -> list[str]:
    """The incidents that are active on a lab, for the session's state line."""
    from sqsctl.aws.lab_state import running_lab

    state = running_lab(name)
    return _active(state) if state else []


def bring_up(
    run: Run,
    name: str,
    *,
    runtime: str = "python",
    port: int | None = None,
    time_scale: float = 6.0,
) -> tuple[LabState, Endpoints]:
    """Start a lab, deploy its stack, and say where everything is.

    A lab that was started here and did not get its stack is stopped again.
    """
    from sqsctl.aws.lab_state import running_lab
    from sqsctl.lab import server

    there = running_lab(name) is not None
    try:
        with run.progress("starting the lab"):
            state = server.start(name, port=port, time_scale=time_scale, runtime=runtime)
        with server.deploying(name):
            return state, _deploy(run, state)
    except BaseException:
        if not there:
            server.stop(name)
        raise


def _deploy(run: Run, state: LabState) -> Endpoints:
    from sqsctl.lab import template as source
    from sqsctl.operations.stacks import deploy

    session = lab_session(state)
    with run.progress(f"deploying {state.stack}") as bar:
        for event in deploy.deploy(
            session,
            state.stack,
            source.render(state.runtime),
            source.parameters(state.time_scale),
        ):
            bar.update(note=f"{event.logical_id} {event.status}")
        return deploy.endpoints(session, state.stack)


def lab_session(state: LabState) -> Session:
    """An AWS session on a lab."""
    from sqsctl.aws.session import Session
    from sqsctl.model.target import Target

    target = Target("lab", state.region, state.account, state.stack, state.endpoint)
    return Session(target, credentials=state.credentials)


def _running(run: Run, name: str | None) -> tuple[LabState, Session]:
    from sqsctl.aws.lab_state import running_lab
    from sqsctl.operations.target.targeting import no_lab

    chosen = name or run.lab_name
    state = running_lab(chosen)
    if state is None:
        raise no_lab(chosen)
    session = lab_session(state)
    run.announce(session.target)
    return state, session


def _active(state: LabState) -> list[str]:
    from sqsctl.lab import incidents

    return list(incidents.active(state))
