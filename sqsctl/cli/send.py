"""sqsctl send: one message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sqsctl.cli.common.message_options import (
    AttributeOption,
    BodyFileOption,
    BodyJsonOption,
    DelayOption,
    GroupOption,
    PathOption,
    ViaOption,
)
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.output import Answer, lines, styled
from sqsctl.errors import Exit, SqsctlError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.model.transfer import Sent

DeduplicationOption = Annotated[
    str | None, typer.Option("--dedup-id", help="Message deduplication id (FIFO).")
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be sent, send nothing.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "send",
        epilog=examples(
            "sqsctl send '{\"input\": 1}'",
            "sqsctl send '{\"input\": 1}' --path /          step 1 of the tutorial",
            "sqsctl send --via sqs --attribute source=cli 'any text'",
            "cat order.json | sqsctl send -",
        ),
    )(send)


def send(
    run: Run,
    body: Annotated[
        str | None,
        typer.Argument(help="The message; - reads stdin.", metavar="BODY", show_default=False),
    ] = None,
    body_json: BodyJsonOption = None,
    body_file: BodyFileOption = None,
    via: ViaOption = None,
    path: PathOption = None,
    attribute: AttributeOption = None,
    group: GroupOption = None,
    dedup_id: DeduplicationOption = None,
    delay: DelayOption = None,
    dry_run: DryRunOption = False,
) -> Answer:
    """Send one message, through the API or into the queue."""
    from sqsctl.cli.common.routes import attributes_from, body_from, way_in
    from sqsctl.model.message import Outgoing
    from sqsctl.operations.sending.send import send_over_http, send_to_queue

    text = body_from(body, body_json, body_file)
    attributes = attributes_from(attribute)
    extras = bool(attributes or group or dedup_id or delay is not None)
    if extras and via is None and path is None:
        via = "sqs"
    way = way_in(run, via, path)
    if extras and way.via == "http":
        raise UsageError(
            "attributes, groups and delays travel over SQS only", hint="`again --via sqs`"
        )
    if dry_run:
        said = f"would send {len(text.encode(errors='surrogatepass'))} bytes to {way.label}"
        return Answer(
            {"dry_run": True, "via": way.via, "to": way.label},
            lambda console: lines(console, [said]),
        )
    if way.api is not None:
        return _answer(send_over_http(way.api, text), way.label)
    if way.queue is None:
        raise UsageError("there is no way to send")
    outgoing = Outgoing(text, attributes, group, dedup_id, None, delay)
    return _answer(send_to_queue(way.queue, outgoing, fifo=way.fifo), way.label)


def _answer(sent: Sent, label: str) -> Answer:
    data = {
        "message_id": sent.message_id,
        "via": sent.via,
        "to": label,
        "status_code": sent.status_code,
        "sequence_number": sent.sequence_number,
        "answer": sent.answer,
        "latency_ms": round(sent.latency_ms, 2),
        "possible_duplicate": sent.possible_duplicate,
    }
    code = Exit.OK
    errors: tuple[SqsctlError, ...] = ()
    if sent.status_code is not None and sent.status_code >= 300:
        code = Exit.UNAVAILABLE if sent.status_code in {429, 503} else Exit.FAILED
        errors = (
            SqsctlError(
                f"the API answered {sent.status_code} to {label}",
                hint="`sqsctl doctor` looks for the cause" if sent.status_code >= 500 else None,
                exit=code,
                code=f"http_{sent.status_code}",
            ),
        )
    elif sent.possible_duplicate:
        code = Exit.AMBIGUOUS

    def human(console: Console) -> None:
        if sent.status_code is not None:
            console.print(
                styled(
                    f"{sent.status_code} from {label} in {sent.latency_ms:.0f} ms",
                    "green" if sent.status_code < 300 else "red",
                ),
                soft_wrap=True,
            )
            if sent.answer:
                console.print(styled(sent.answer), soft_wrap=True)
        else:
            lines(console, [f"sent to {label}: {sent.message_id}"])
            if sent.sequence_number:
                lines(console, [f"sequence number {sent.sequence_number}"])
            if sent.possible_duplicate:
                console.print(
                    styled("an earlier try may have arrived too: a possible duplicate", "yellow"),
                    soft_wrap=True,
                )

    return Answer(data, human, code, errors)
