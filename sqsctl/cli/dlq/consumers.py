"""The consumers of a redrive: kept away while it runs, and put back where a killed one left off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqsctl.cli.run import paused_consumers
from sqsctl.cli.run.context import Run
from sqsctl.cli.screen.hints import completed
from sqsctl.cli.screen.output import Answer, lines
from sqsctl.errors import Exit, NotFoundError, SqsctlError

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.model.paused import PausedMapping
    from sqsctl.operations.moving.pause import PutBack
    from sqsctl.operations.shared.control import Control
    from sqsctl.operations.shared.paused_notes import Where


@contextmanager
def kept_away(
    run: Run, client: QueueClient, arns: Sequence[str], control: Control
) -> Iterator[None]:
    """Disable the consumers of these queues inside the block."""
    from sqsctl.aws.mappings import MappingClient
    from sqsctl.operations.moving import pause

    with pause.paused(
        MappingClient(run.session()),
        arns,
        place=client.place,
        folder=paused_consumers.folder(),
        control=control,
        notice=lambda text: run.output.notice(completed(text, run), style="yellow"),
    ) as names:
        run.output.notice(f"paused: {', '.join(names) or 'nothing: no consumer is enabled'}")
        yield


def put_back(run: Run, where: Where) -> PutBack:
    """Enable what a killed run left paused at this AWS; say what is about another one."""
    from sqsctl.operations.moving.pause import PutBack, forsaken

    mine, others = forsaken(paused_consumers.folder(), where)
    paused_consumers.tell_others(run, others, where)
    if not mine:
        return PutBack()
    done = paused_consumers.enable(run.session(), mine)
    paused_consumers.tell(run, done)
    return done


def resume_consumer(run: Run) -> Answer:
    """``dlq redrive --resume-consumer``: that alone."""
    session = run.session(changing=True)
    where = paused_consumers.where(session, run.target.account if run.target else None)
    run.announce()
    done = put_back(run, where)
    if not (done.enabled or done.missing or done.left):
        raise NotFoundError(
            f"no consumer is noted as paused at {where}",
            hint="`sqsctl doctor mapping-disabled` tells of every mapping that is off",
            code="nothing_paused",
        )
    data: dict[str, Any] = {
        "enabled": [_shape(each) for each in done.enabled],
        "missing": [_shape(each) for each in done.missing],
        "left": [_shape(each) for each in done.left],
    }
    error = (
        SqsctlError(
            f"{len(done.left)} could not be enabled: {done.why_left}",
            hint="the note stays: `again`",
            exit=Exit.PARTIAL,
            code="partial",
        )
        if done.left
        else None
    )

    def human(console: Console) -> None:
        lines(console, [f"✓ {each.function_name} is enabled again" for each in done.enabled])

    return Answer(data, human, error.exit if error else Exit.OK, (error,) if error else ())


def _shape(mapping: PausedMapping) -> dict[str, str]:
    return {
        "uuid": mapping.uuid,
        "function": mapping.function_name,
        "queue_arn": mapping.queue_arn,
        "paused_at": mapping.at,
    }
