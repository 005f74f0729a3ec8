"""The local AWS for other commands: start it, deploy its stack, say what is broken on it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from sqsctl.cli.run.context import Run
from sqsctl.cli.run.program import TutorialStack

if TYPE_CHECKING:
    from sqsctl.aws.lab_state import LabState
    from sqsctl.aws.session import Session
    from sqsctl.model.deployed import Endpoints

FUNCTION_TYPE = "AWS::Lambda::Function"


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
    return active_on(state) if state else []


def healing(name: str, stack: str | None) -> dict[str, tuple[str, ...]]:
    """The words that heal each incident of a stack, by the check that finds it."""
    from sqsctl.aws.lab_state import DEFAULT_LAB, running_lab
    from sqsctl.lab import incidents

    state = running_lab(name)
    if state is None:
        return {}
    more: list[str] = []
    if stack and stack != state.stack:
        more += ["--stack", stack]
    if name != DEFAULT_LAB:
        more += ["--name", name]
    return {
        incidents.get(each).expects: ("lab", "heal", each, *more)
        for each in incidents.active(state, stack)
    }


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
        state = started(run, name, runtime=runtime, port=port, time_scale=time_scale)
        with server.deploying(name):
            return state, deploy_stack(run, state)
    except BaseException:
        if not there:
            server.stop(name)
        raise


def started(
    run: Run,
    name: str,
    *,
    runtime: str = "python",
    port: int | None = None,
    time_scale: float = 6.0,
) -> LabState:
    """A lab that runs, with nothing on it where it was started here."""
    from sqsctl.lab import server

    with run.progress("starting the lab"):
        return server.start(
            name, port=port, time_scale=time_scale, runtime=runtime, meanwhile=_loaded
        )


def _loaded() -> None:
    """Load what a deploy needs: the lab's server is loading, too."""
    from sqsctl.aws.session import Session
    from sqsctl.lab import settings
    from sqsctl.model.target import Target
    from sqsctl.operations.stacks import deploy, stack_outputs

    del deploy, stack_outputs
    # A client's model is read once in a process, whatever the client is for.
    target = Target("lab", settings.REGION, settings.ACCOUNT, None, f"http://{settings.HOST}:1")
    session = Session(target, credentials=settings.new_credentials())
    for make in (session.cloudformation, session.functions, session.http_apis, session.sqs):
        make()


def deploy_stack(run: Run, state: LabState) -> Endpoints:
    """Deploy the tutorial's stack; a lab that got another one by lab deploy keeps that."""
    from sqsctl.lab import settings
    from sqsctl.lab import template as source
    from sqsctl.operations.stacks import deploy

    session = lab_session(state)
    if state.stack != settings.STACK:
        return deploy.endpoints(session, state.stack)
    made: dict[str, None] = {}
    with run.progress(f"deploying {state.stack}") as bar:
        for event in deploy.deploy(
            session,
            state.stack,
            source.render(state.runtime),
            source.parameters(state.time_scale),
        ):
            bar.update(note=f"{event.logical_id} {event.status}")
            if event.type == FUNCTION_TYPE and event.physical_id:
                made[event.physical_id] = None
    with warming(run, state, list(made)):
        return deploy.endpoints(session, state.stack)


@contextmanager
def warming(run: Run, state: LabState, functions: Sequence[str]) -> Iterator[None]:
    """Initialise functions while something else is done, and wait for them at its end.

    The first request then does not wait for a cold start.
    """
    from sqsctl.lab import server

    at_work = threading.Thread(target=server.warm, args=(state, functions), daemon=True)
    at_work.start()
    with run.progress("warming the functions"):
        yield
        at_work.join()


def lab_session(state: LabState) -> Session:
    """An AWS session on a lab."""
    from sqsctl.aws.session import Session
    from sqsctl.model.target import Target

    target = Target("lab", state.region, state.account, state.stack, state.endpoint)
    return Session(target, credentials=state.credentials)


def running(run: Run, name: str | None, stack: str | None = None) -> tuple[LabState, Session]:
    """A lab that runs, and a session on its own stack, or on another one of it."""
    from sqsctl.aws.lab_state import running_lab
    from sqsctl.operations.target.targeting import no_lab

    chosen = name or run.lab_name
    state = running_lab(chosen)
    if state is None:
        raise no_lab(chosen)
    session = lab_session(replace(state, stack=stack) if stack else state)
    run.announce(session.target)
    return state, session


def active_on(state: LabState, stack: str | None = None) -> list[str]:
    """The incidents that are active on a stack of the lab, its own by default."""
    from sqsctl.lab import incidents

    return list(incidents.active(state, stack))
