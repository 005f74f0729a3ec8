"""A dead letter that no queue's consumer had: what could not be delivered, for a person."""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import TYPE_CHECKING

from sqsctl.cli.screen.output import iso, prose, styled
from sqsctl.cli.screen.views import ago, clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from sqsctl.checks.support.failures.attribution import Match
    from sqsctl.model.dead_letters import MessageHistory
    from sqsctl.model.failed_delivery import FailedDelivery, StreamBatch

_INDENT = " " * 10
_LONGEST_RUN = timedelta(minutes=16)  # Lambda ends an invocation after 15


def show_delivery(
    console: Console,
    story: MessageHistory,
    delivery: FailedDelivery,
    cause: Match | None,
    *,
    aim: str,
    typed: Callable[[str], str],
) -> None:
    """What the message itself tells: there are no attempts of a consumer.

    ``aim`` names the stack or queue to a command; ``typed`` words a command for this AWS.
    """
    from sqsctl.operations.dead_letters.failed_deliveries import told

    message = story.message
    said = f"{clock(message.sent_at)}  {told(delivery)} ({ago(message.sent_at)})"
    prose(console, styled(said, "red"))
    for line in delivery.trace[:12]:
        console.print(styled(f"{_INDENT}  {line.rstrip()}", "dim"), soft_wrap=True)
    if delivery.request_id:
        console.print(styled(f"{_INDENT}request {delivery.request_id}", "dim"), soft_wrap=True)
    if cause and cause.cause:
        doctor = f"sqsctl doctor {cause.cause} {aim}"
        advice = f"{_INDENT}cause: {cause.cause}; {doctor} tells what to do"
        prose(console, styled(advice, "yellow"))
    if delivery.batch is not None:
        _show_batch(console, delivery.batch, typed)
        _show_log_command(console, story, delivery, typed)
    if story.forecast.expires_at:
        console.print(styled(f"{clock(story.forecast.expires_at)}  expires"), soft_wrap=True)


def _show_batch(console: Console, batch: StreamBatch, typed: Callable[[str], str]) -> None:
    from sqsctl.operations.dead_letters.stream_records import absence, place, reading

    where = place(batch)
    if where:
        prose(console, styled(f"{_INDENT}{where}", "dim"))
    prose(console, styled(f"{_INDENT}{absence(batch)}", "yellow"))
    command = reading(batch)
    if command:
        prose(console, styled(f"{_INDENT}to read them from there:", "dim"))
        prose(console, styled(f"{_INDENT}$ {typed(command)}"))


def _show_log_command(
    console: Console,
    story: MessageHistory,
    delivery: FailedDelivery,
    typed: Callable[[str], str],
) -> None:
    """The command that shows the run that failed: the message does not tell its error."""
    from sqsctl.model.arns import resource_name

    if not delivery.request_id or not delivery.target_arn:
        return
    name = resource_name(delivery.target_arn).partition(":")[0]
    sent = story.message.sent_at
    since = ["--since", iso(sent - _LONGEST_RUN) or ""] if sent else []
    words = ["sqsctl", "logs", "tail", "--no-follow", "--log-group", f"/aws/lambda/{name}"]
    words += ["--request-id", delivery.request_id, *since]
    prose(console, styled(f"{_INDENT}what the run logged that failed:", "dim"))
    prose(console, styled(f"{_INDENT}$ {typed(shlex.join(words))}"))
