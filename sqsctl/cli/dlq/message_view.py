"""One dead-letter message, for a person and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqsctl.cli.screen.output import (
    iso,
    prose,
    safe_line,
    styled,
)
from sqsctl.cli.screen.views import ago, clock
from sqsctl.model.plurals import counted

if TYPE_CHECKING:
    from rich.console import Console

    from sqsctl.checks.support.failures.attribution import Match
    from sqsctl.model.dead_letters import Forecast
    from sqsctl.model.message import Message
    from sqsctl.operations.dead_letters.readable_bodies import Decoded


BODY_WIDTH = 200


def forecast_shape(fate: Forecast) -> dict[str, Any]:
    """What will become of a message."""
    return {
        "attempt": fate.attempt,
        "max_attempts": fate.max_attempts,
        "visible_at": iso(fate.visible_at),
        "dead_at": iso(fate.dead_at),
        "expires_at": iso(fate.expires_at),
    }


def show_message(
    console: Console,
    message: Message,
    fate: Forecast,
    *,
    full: bool,
    cause: Match | None = None,
    inside: Decoded | None = None,
    origin: bool = True,
) -> None:
    """A dead letter: when, how often, why, what it carries, when it expires.

    ``origin``: also the queue that it came from, where there may be several.
    """
    from sqsctl.operations.dead_letters.failed_deliveries import failed_delivery, told

    console.print(styled(message.message_id, "bold"), soft_wrap=True)
    facts = [
        f"sent {clock(message.sent_at)} ({ago(message.sent_at)})",
        f"received {counted(message.receive_count, 'time')}",
    ]
    if fate.max_attempts is not None:
        facts.append(f"attempt {fate.attempt} of {fate.max_attempts}")
    if fate.expires_at is not None:
        facts.append(f"expires {clock(fate.expires_at)}")
    if message.group_id:
        facts.append(f"group {safe_line(message.group_id)}")
    if origin and message.dead_letter_source_arn:
        facts.append(f"from {safe_line(message.dead_letter_source_arn.rpartition(':')[2])}")
    prose(console, styled("  " + " · ".join(facts), "dim"))
    delivery = failed_delivery(message)
    if delivery is not None:
        prose(console, styled(f"  {told(delivery)}", "red"))
    if cause and cause.cause:
        said = f"  cause: {cause.cause} ({cause.confidence.label} confidence)"
        console.print(styled(said, "yellow"), soft_wrap=True)
    for line in _body(message.body, full=full):
        console.print(styled(f"  {line}"), soft_wrap=True)
    show_decoded(console, inside, full=full)
    for name, attribute in message.attributes.items():
        if isinstance(attribute.value, bytes):
            import hashlib

            digest = hashlib.sha256(attribute.value).hexdigest()[:12]
            shown = f"{len(attribute.value)} bytes, sha256 {digest}…"
        else:
            shown = safe_line(attribute.value, None if full else BODY_WIDTH)
        head = f"  {safe_line(name)} ({safe_line(attribute.data_type)})"
        console.print(styled(f"{head}: {shown}", "dim"), soft_wrap=True)


def show_decoded(console: Console, inside: Decoded | None, *, full: bool) -> None:
    """What the body holds once its wrappings are off, below it."""
    if inside is None:
        return
    import json

    head = f"  {' > '.join(inside.layers)}: "
    value = inside.value
    if isinstance(value, str):
        shown = value.split("\n") if full else [safe_line(value, BODY_WIDTH)]
    elif full:
        shown = json.dumps(value, ensure_ascii=False, indent=2).split("\n")
    else:
        shown = [safe_line(json.dumps(value, ensure_ascii=False), BODY_WIDTH)]
    for number, line in enumerate(shown):
        console.print(styled(f"{head if number == 0 else '  '}{line}", "cyan"), soft_wrap=True)
    if inside.note:
        console.print(styled(f"  {inside.note}", "yellow"), soft_wrap=True)
    elif inside.pointer is not None and inside.layers[-1] == "s3-pointer":
        hint = "  its body is in S3: --fetch reads it (s3:GetObject on the bucket)"
        console.print(styled(hint, "dim"), soft_wrap=True)


def _body(body: str, *, full: bool) -> list[str]:
    if not full:
        return [safe_line(body, BODY_WIDTH)]
    import json

    from sqsctl.operations.dead_letters.json_bodies import NOT_JSON, parsed

    document = parsed(body)
    if document is not NOT_JSON and isinstance(document, dict | list):
        return json.dumps(document, ensure_ascii=False, indent=2).split("\n")
    return body.split("\n")
