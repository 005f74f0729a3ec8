"""sqsctl lab up, down, status, reset and template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.lab.local import active_on, bring_up, deploy_stack
from sqsctl.cli.lab.options import DryRunOption, NameOption
from sqsctl.cli.lab.view import status_answer, up_answer, would
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.output import Answer, lines
from sqsctl.errors import Exit, SqsctlError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.aws.lab_state import LabState


def register(group: typer.Typer) -> None:
    """Add the commands."""
    command(
        group,
        "up",
        target=False,
        epilog=examples(
            "sqsctl lab up",
            "sqsctl lab up --real-time        with the tutorial's 6 s and 36 s",
            "sqsctl lab up --runtime nodejs   the tutorial's own handlers, where node is installed",
            "sqsctl lab up --name two         a second one beside it",
        ),
    )(up)
    command(group, "down", target=False, epilog=examples("sqsctl lab down"))(down)
    command(group, "status", target=False, epilog=examples("sqsctl lab status -o json"))(status)
    command(group, "reset", target=False, epilog=examples("sqsctl lab reset"))(reset)
    command(
        group,
        "template",
        target=False,
        epilog=examples(
            "sqsctl lab template > stack.yaml",
            "aws cloudformation deploy --template-file stack.yaml --stack-name tutorial-step-2-dev "
            "--capabilities CAPABILITY_NAMED_IAM",
        ),
    )(template)


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
    """Start the lab, and deploy the tutorial's stack on it."""
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
            hint="`sqsctl lab down`, then `again`; or a second one beside it: `again --name NAME`",
            code="lab_running",
        )


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


def status(run: Run, name: NameOption = None) -> Answer:
    """Say whether the lab runs, where, and what is broken on it. Exit 5 if it does not."""
    from sqsctl.lab import server

    seen = server.status(name or run.lab_name)
    running = seen.condition == "running"
    broken = active_on(seen.lab) if running and seen.lab else []
    state = seen.lab
    data: dict[str, Any] = {
        "name": seen.name,
        "condition": seen.condition,
        "message": seen.message,
        "endpoint": state.endpoint if state else None,
        "region": state.region if state else None,
        "account": state.account if state else None,
        **_keys(state if running else None),
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
            seen.message, hint="`sqsctl lab up`", exit=Exit.NOT_FOUND, code=f"lab_{seen.condition}"
        )
        return Answer(data, None, Exit.NOT_FOUND, (error,))
    return status_answer(data)


def _keys(state: LabState | None) -> dict[str, Any]:
    """What another program needs to call a lab; it answers nobody else."""
    name, value = next(iter(state.call_headers.items())) if state else (None, None)
    return {
        "access_key_id": state.access_key_id if state else None,
        "secret_access_key": state.secret_access_key if state else None,
        "call_header": {"name": name, "value": value},
    }


def reset(run: Run, name: NameOption = None, dry_run: DryRunOption = False) -> Answer:
    """Empty the lab, and deploy the tutorial's stack on it afresh."""
    from sqsctl.lab import server

    chosen = name or run.lab_name
    if dry_run:
        return would(f"empty lab {chosen} and deploy the tutorial's stack afresh")
    with run.progress("emptying the lab"):
        state = server.reset(chosen)
    endpoints = deploy_stack(run, state)
    return up_answer(state, endpoints)


def template(
    run: Run,
    runtime: Annotated[
        str, typer.Option("--runtime", help="Language of the functions: python or nodejs.")
    ] = "python",
) -> Answer:
    """Print the stack as plain CloudFormation, for AWS or the lab."""
    del run
    from sqsctl.lab.template import render

    text = render(runtime)

    def human(console: Console) -> None:
        console.file.write(text)

    return Answer({"template": text}, human)
