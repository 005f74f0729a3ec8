"""A redrive, or its kin, in a process of its own, to be killed, stopped and interrupted.

    python -m tests.faults.victim ENDPOINT SOURCE TARGET JOURNALS [WORKERS [KIND]]

KIND is redrive, edit (each body is changed on its way), canary (three first), pause (the consumer
of a third queue, named after the target, is off meanwhile), restore (of the file ``archive`` beside
the journals), export (into it) or purge (every second message). Prints its summary as one JSON
line; exits as the program would.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from sqsctl.aws.mappings import MappingClient
from sqsctl.aws.sqs.queues import QueueClient
from sqsctl.errors import Exit
from sqsctl.model.dead_letters import ExportSummary, RestoreSummary
from sqsctl.model.message import Message, Outgoing
from sqsctl.model.queues import Queue
from sqsctl.model.transfer import RedriveSummary
from sqsctl.operations.dead_letters import survey
from sqsctl.operations.dead_letters.survey import Look
from sqsctl.operations.moving import removal
from sqsctl.operations.moving.canary import watch
from sqsctl.operations.moving.export import export
from sqsctl.operations.moving.pause import paused
from sqsctl.operations.moving.redrive import Redrive, RedriveStoppedError, redrive
from sqsctl.operations.moving.removal import Removed, remove
from sqsctl.operations.moving.restore import Restore, restore
from sqsctl.operations.shared.control import Control, interruptible
from tests.faults.bench import HOLD_S, POLICY, session_on

Summary = RedriveSummary | RestoreSummary | ExportSummary | Removed
EXPORT_HOLD_S = 3 * HOLD_S
PURGE_HOLD_S = 4 * HOLD_S


def main(
    endpoint: str,
    source: str,
    target: str,
    journals: str,
    workers: str = "2",
    kind: str = "redrive",
) -> int:
    client = QueueClient(session_on(endpoint))
    with interruptible(Control()) as control:
        one, other = (client.describe(client.resolve(each)) for each in (source, target))
        try:
            summary = work(kind, client, one, other, Path(journals), int(workers), control)
        except RedriveStoppedError as error:
            _print(error.summary)
            return error.exit
    _print(summary)
    return control.exit if summary.interrupted else Exit.OK


def work(
    kind: str,
    client: QueueClient,
    source: Queue,
    target: Queue,
    journals: Path,
    workers: int,
    control: Control | None = None,
) -> Summary:
    """What the victim does; a test that goes on where it was killed does the same."""
    if kind == "restore":
        return restore(
            journals.parent / "archive",
            client.open(target.ref),
            target,
            journal_folder=journals,
            options=Restore(concurrency=workers, place=client.place),
            policy=POLICY,
            control=control,
        )
    if kind == "purge":
        with _short_looks():
            return remove(client.open(source.ref), source, chosen, policy=POLICY, control=control)

    if kind == "export":
        with _short_looks():
            return export(
                client.open(source.ref),
                source,
                journals.parent / "archive",
                look=Look(limit=0, hold_s=EXPORT_HOLD_S),
                overwrite=True,
                control=control,
            )

    def moved(limit: int | None) -> RedriveSummary:
        return redrive(
            client,
            source,
            to=target,
            journal_folder=journals,
            options=Redrive(concurrency=workers, hold_s=HOLD_S, wait_s=0, limit=limit),
            edit=edited if kind == "edit" else None,
            policy=POLICY,
            control=control,
        )

    if kind == "canary":
        first = moved(3)
        watch(client, source, [target], first.copies, timeout_s=0.05, poll_s=0.01, control=control)
        rest = moved(None)
        return replace(
            rest, possible_duplicates=(*first.possible_duplicates, *rest.possible_duplicates)
        )
    if kind == "pause":
        with paused(
            MappingClient(client.session),
            [fed_by(target.arn)],
            place=client.place,
            folder=notes_beside(journals),
            control=control,
            poll_s=0.02,
        ):
            return moved(None)
    return moved(None)


@contextmanager
def _short_looks() -> Iterator[None]:
    """What a killed one held comes back soon, and the lab shows everything at the first poll."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(survey, "EMPTY_POLLS", 1)
        patch.setattr(removal, "EMPTY_POLLS", 1)
        patch.setattr(removal, "_HOLD_S", PURGE_HOLD_S)
        yield


def fed_by(target_arn: str) -> str:
    """The queue whose consumer is paused: one of its own, as nobody may eat what is counted."""
    return f"{target_arn}-fed"


def notes_beside(journals: Path) -> Path:
    return journals.parent / "paused"


def edited(_: Message, outgoing: Outgoing) -> Outgoing:
    return replace(outgoing, body=f"edited {outgoing.body}")


def chosen(message: Message) -> bool:
    """Every second message."""
    return int(json.loads(message.body)["n"]) % 2 == 0


def _print(summary: Summary) -> None:
    print(json.dumps(asdict(summary), default=str), flush=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
