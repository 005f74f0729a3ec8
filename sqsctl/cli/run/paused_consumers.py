"""Consumers that a killed redrive left paused: told and offered by the next command there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqsctl.cli.screen import prompt

if TYPE_CHECKING:
    from sqsctl.aws.session import Session
    from sqsctl.cli.run.context import Run
    from sqsctl.operations.moving.pause import PutBack
    from sqsctl.operations.shared.paused_notes import Note, Where


def folder() -> Path:
    """Where the notes lie."""
    from sqsctl.aws.lab_state import state_home

    return state_home() / "paused"


def any_note() -> bool:
    """Whether there is one at all: the only thing that most commands have to look at."""
    return next(folder().glob("paused-*.json"), None) is not None


def offer(run: Run) -> None:
    """Ask whether what was left paused at this target is to be enabled; or say how to."""
    from sqsctl.cli.screen.command_lines import here
    from sqsctl.operations.moving.pause import forsaken

    session = run.session()
    mine, _ = forsaken(folder(), where(session, run.target.account if run.target else None))
    if not mine:
        return
    names = _names(mine)
    said = f"a redrive that was killed left {names} paused"
    if prompt.interactive() and not (run.yes or run.output.json or run.output.quiet):
        run.output.notice(said, style="yellow")
        if run.prompter.confirm("Enable again?", default=True):
            tell(run, enable(session, mine))
        return
    queue = mine[0].mappings[0].queue_arn.rpartition(":")[2]
    command = here(run, queue, "dlq", "redrive", "--resume-consumer")
    run.output.notice(f"{said}; {command} enables it again", style="yellow")


def where(session: Session, account: str | None) -> Where:
    """This target, as notes name it. The account is asked for only where a note may be its."""
    from sqsctl.aws.identity import account_of
    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.operations.shared.paused_notes import Where, notes

    place, region = QueueClient(session).place, session.target.region
    near = [
        each.where
        for each in notes(folder())
        if each.where and (each.where.place, each.where.region) == (place, region)
    ]
    if account is None and near:
        # A server of one's own has one account, whatever it is called.
        account = account_of(session) if place == "aws" else near[0].account
    return Where(place, account or "", region)


def enable(session: Session, found: tuple[Note, ...]) -> PutBack:
    """Enable what these notes are about."""
    from sqsctl.aws.mappings import MappingClient
    from sqsctl.operations.moving.pause import put_back

    return put_back(MappingClient(session), found)


def tell(run: Run, done: PutBack) -> None:
    """Say what became of each mapping."""
    for each in done.enabled:
        run.output.notice(f"{each.function_name or each.uuid} is enabled again")
    for each in done.missing:
        run.output.notice(f"the mapping {each.uuid} of {each.function_name} is not there any more")
    for each in done.left:
        run.output.notice(
            f"{each.function_name} could not be enabled: {done.why_left}", style="yellow"
        )


def tell_others(run: Run, others: tuple[Note, ...], here: Where) -> None:
    """Say which notes are about another AWS: they are left alone."""
    for each in others:
        about = f"at {each.where}" if each.where else "at an AWS that the note does not name"
        run.output.notice(
            f"{_names((each,))}, paused {about}, is left alone: this is {here} (note: {each.path})"
        )


def _names(found: tuple[Note, ...]) -> str:
    """Which consumers of which queues."""
    pairs = dict.fromkeys(
        f"{each.function_name or each.uuid} (of {each.queue_arn.rpartition(':')[2]})"
        for note in found
        for each in note.mappings
    )
    return ", ".join(pairs)
