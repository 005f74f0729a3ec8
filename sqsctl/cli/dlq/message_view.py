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

    from sqsctl.checks.support.failures.dead_letter_match import Match
    from sqsctl.model.dead_letters import Forecast
    from sqsctl.model.message import Message


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
) -> None:
    """A dead letter: when, how often, why, what it carries, when it expires."""
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
    if message.dead_letter_source_arn:
        facts.append(f"from {safe_line(message.dead_letter_source_arn.rpartition(':')[2])}")
    prose(console, styled("  " + " · ".join(facts), "dim"))
    if cause:
        said = f"  cause: {cause.cause} ({cause.confidence.label} confidence)"
        console.print(styled(said, "yellow"), soft_wrap=True)
    for line in _body(message.body, full=full):
        console.print(styled(f"  {line}"), soft_wrap=True)
    for name, attribute in message.attributes.items():
        if isinstance(attribute.value, bytes):
            import hashlib

            digest = hashlib.sha256(attribute.value).hexdigest()[:12]
            shown = f"{len(attribute.value)} bytes, sha256 {digest}…"
        else:
            shown = safe_line(attribute.value, None if full else BODY_WIDTH)
        head = f"  {safe_line(name)} ({safe_line(attribute.data_type)})"
        console.print(styled(f"{head}: {shown}", "dim"), soft_wrap=True)


def _body(body: str, *, full: bool) -> list[str]:
    if not full:
        return [safe_line(body, BODY_WIDTH)]
    import json

    from sqsctl.operations.dead_letters.json_bodies import NOT_JSON, parsed

    document = parsed(body)
    if document is not NOT_JSON and isinstance(document, dict | list):
        return json.dumps(document, ensure_ascii=False, indent=2).split("\n")
    return body.split("\n")
