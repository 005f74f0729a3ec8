"""sqsctl dlq explain: one dead-letter message, from its sending to its death."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sqsctl.cli.common.insights import InsightsOption
from sqsctl.cli.dlq.bodies import FetchOption, opener
from sqsctl.cli.dlq.delivery_view import show_delivery
from sqsctl.cli.dlq.looking import look_through
from sqsctl.cli.run.context import Run
from sqsctl.cli.run.options import command, examples
from sqsctl.cli.screen.command_lines import aim, command_here
from sqsctl.cli.screen.json_shapes import message_shape
from sqsctl.cli.screen.output import Answer, iso, prose, safe_line, styled
from sqsctl.cli.screen.views import ago, clock
from sqsctl.errors import NotFoundError, SqsctlError
from sqsctl.model.plurals import counted
from sqsctl.model.unread import Unread

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from sqsctl.checks.support.failures.attribution import Match
    from sqsctl.model.dead_letters import MessageHistory
    from sqsctl.model.logline import Attempt, LogEvent
    from sqsctl.model.queues import Queue
    from sqsctl.operations.dead_letters.readable_bodies import Decoded
    from sqsctl.operations.stacks.queue_pairs import Pair


_PLATFORM = re.compile(r"(?:START|END|REPORT) RequestId: ")


def register(group: typer.Typer) -> None:
    """Add the command."""
    command(
        group,
        "explain",
        epilog=examples(
            "sqsctl dlq explain 1a645e0b-397d-4dd9-be7a-01bbca385b77",
            "sqsctl dlq explain 1a645e0b --all-attempts",
        ),
    )(explain)


def explain(
    run: Run,
    message_id: Annotated[
        str,
        typer.Argument(
            help="Its id, or the beginning of it that no other message has.", metavar="ID"
        ),
    ],
    scan: Annotated[
        int, typer.Option("--scan", min=1, help="Look at so many messages at most to find it.")
    ] = 1000,
    force: Annotated[
        bool, typer.Option("--force", help="Look even where a look could dead-letter a message.")
    ] = False,
    all_attempts: Annotated[
        bool,
        typer.Option(
            "--all-attempts", help="Also failed runs of that time that may be other messages'."
        ),
    ] = False,
    fetch: FetchOption = False,
    insights: InsightsOption = True,
) -> Answer:
    """Tell one dead letter's story: sent, each attempt with its log lines, dead, expires.

    Of what another service could not deliver: what failed where, and how to get at it again.
    """
    run.insights = insights
    from sqsctl.cli.dlq.causes import Causes, cause_finder, cause_shape
    from sqsctl.cli.dlq.message_view import forecast_shape
    from sqsctl.cli.dlq.short_ids import only_one, short
    from sqsctl.cli.dlq.source import dead_letters
    from sqsctl.operations.dead_letters.causes import earliest
    from sqsctl.operations.dead_letters.history import history_of

    opened = opener(run, fetch=fetch)
    client, pair = dead_letters(run)
    peeked, code = look_through(
        run,
        client,
        pair,
        limit=2 if short(message_id) else 1,  # a second one makes the beginning ambiguous
        scan=scan,
        force=force,
        select=lambda message: message.message_id.startswith(message_id),
    )
    if only_one(message_id, (each.message_id for each in peeked.matched)) is None:
        raise NotFoundError(
            f"message {message_id} was not among the {peeked.looked_at} that were looked at in "
            f"{pair.dead_letters.name}",
            hint="`sqsctl dlq peek` shows ids; --scan looks further",
            code="message_not_found",
        )
    message = peeked.matched[0]
    attempts: tuple[Attempt, ...] = ()
    found: Match | None = None
    try:
        with run.progress("reading its consumer's log"):
            finder = cause_finder(run, pair, since=earliest(peeked.matched))
            found = finder.of(message)
            attempts = finder.attempts(message)
            causes = Causes({}, () if found else finder.unread)
    except SqsctlError as error:
        causes = Causes({}, (Unread("the consumer", error.message, error.action),))
    causes.tell(run)
    source = _source(pair, message.dead_letter_source_arn)
    visibility = source.visibility_timeout_s if source else None
    story = history_of(
        message,
        pair.dead_letters,
        attempts,
        cause=found.cause if found else "",
        now=datetime.now(UTC),
        visibility=timedelta(seconds=visibility) if visibility else None,
        limit=source.max_receive_count if source else None,
    )
    inside = opened(message.body)
    data = {
        "queue": pair.dead_letters.name,
        "message": message_shape(message, cause_shape(found), inside),
        "origin": story.origin or (source.arn if source else None),
        "certain": story.certain,
        "attempts": [_attempt_shape(each) for each in story.attempts],
        "other_attempts": [_attempt_shape(e) for e in story.others] if all_attempts else [],
        "others": len(story.others),
        "forecast": forecast_shape(story.forecast),
        "unreleased": peeked.unreleased,
        "causes_unread": causes.shape(),
    }

    def human(console: Console) -> None:
        to = shlex.join(aim(run, pair.dead_letters.name))
        show_history(
            console,
            story,
            found,
            pair,
            aim=to,
            typed=lambda line: command_here(line, run),
            inside=inside,
            others=all_attempts,
        )

    return Answer(data, human, code)


def show_history(
    console: Console,
    story: MessageHistory,
    cause: Match | None,
    pair: Pair,
    *,
    aim: str,
    typed: Callable[[str], str],
    inside: Decoded | None = None,
    others: bool = False,
) -> None:
    """The message's way as a list of moments.

    ``aim`` names the stack or queue to a command, ``typed`` words a command for this AWS.
    ``others``: also the runs of that time which may be other messages'.
    """
    from sqsctl.cli.dlq.message_view import show_decoded
    from sqsctl.operations.dead_letters.failed_deliveries import failed_delivery

    message = story.message

    def say(text: str, style: str = "") -> None:
        console.print(styled(text, style), soft_wrap=True)

    say(message.message_id, "bold")
    say(f"  {safe_line(message.body, 200)}")
    show_decoded(console, inside, full=True)
    delivery = failed_delivery(message)
    if delivery is not None:
        show_delivery(console, story, delivery, cause, aim=aim, typed=typed)
        return
    source = _source(pair, story.origin)
    origin = story.origin.rpartition(":")[2] if story.origin else source.name if source else "?"
    say(f"{clock(message.sent_at)}  sent to {safe_line(origin)} ({ago(message.sent_at)})")
    if message.first_received_at:
        say(f"{clock(message.first_received_at)}  received for the first time")
    for number, attempt in enumerate(story.attempts, 1):
        _show_attempt(console, f"attempt {number}", attempt)
    for told in _caveats(story, aim):
        prose(console, styled(f"            {told}", "dim"))
    for attempt in story.others if others else ():
        _show_attempt(console, "perhaps another message's", attempt)
    say(f"          dead-lettered to {safe_line(pair.dead_letters.name)}{_after(story)}")
    until_now = counted(message.receive_count, "time")
    say(f"          received {until_now} until now, looks at dead letters included", "dim")
    if cause:
        said = (
            f"          cause: {cause.cause} ({cause.confidence.label} confidence); sqsctl doctor "
            f"{cause.cause} {aim} tells what to do"
        )
        prose(console, styled(said, "yellow"))
    if story.forecast.expires_at:
        say(f"{clock(story.forecast.expires_at)}  expires")


def _show_attempt(console: Console, name: str, attempt: Attempt) -> None:
    """A run with its first lines."""
    took = f", {attempt.duration_ms:.0f} ms" if attempt.duration_ms is not None else ""
    said = f"{clock(attempt.started_at)}  {name}: {_outcome(attempt)}{took}"
    said += f" (request {attempt.request_id})"
    console.print(styled(said, "red" if attempt.failure else ""), soft_wrap=True)
    for event in _own_lines(attempt)[:12]:
        for line in event.message.rstrip("\n").split("\n")[:6]:
            console.print(styled(f"            {line}", "dim"), soft_wrap=True)


def _own_lines(attempt: Attempt) -> list[LogEvent]:
    """What stands between START and REPORT, which the attempt's own line tells already."""
    own = [each for each in attempt.lines if not _PLATFORM.match(each.message)]
    return own or list(attempt.lines)


def _source(pair: Pair, origin: str | None) -> Queue | None:
    """The queue that it came from: as the message says, else the only one that there is."""
    named = next((each for each in pair.sources if each.arn == origin), None)
    return named or (pair.sources[0] if len(pair.sources) == 1 and not origin else None)


def _after(story: MessageHistory) -> str:
    """How often its queue gave it out; what SQS counts goes on where dead letters are looked at."""
    if story.receives is None:
        return ""
    return f" after {counted(story.receives, 'receive')} (its queue's limit)"


def _caveats(story: MessageHistory, aim: str) -> list[str]:
    """What the attempts do not tell."""
    number, receives = len(story.attempts), story.receives
    if not number:
        return ["no attempt was found in the consumer's log"]
    told = []
    if not story.certain:
        told.append("these attempts fit by time; their lines do not name the message")
    if story.others:
        count = counted(len(story.others), "failed run", "failed runs")
        told.append(f"{count} of that time may be other messages': --all-attempts shows them")
    if receives is not None and number < receives:
        left = counted(receives - number, "receive has no attempt", "receives have no attempt")
        told.append(f"{left} in the log: throttled before it ran, or not logged")
    if story.certain and not any(_failed(each) for each in story.attempts):
        told.append(
            "no attempt failed: it came back before they ended (visibility timeout), or they "
            f"reported it as failed; sqsctl doctor {aim} looks at both"
        )
    return told


def _failed(attempt: Attempt) -> bool:
    return attempt.failure is not None or attempt.status in {"timeout", "error"}


def _outcome(attempt: Attempt) -> str:
    if attempt.failure and attempt.failure.led_to == "records":
        return f"logged {attempt.failure.error_type or 'an error'} and reported failed records"
    if attempt.failure and attempt.status in {"", "error", None}:
        error = safe_line(attempt.failure.error_type or "", 80)
        return f"failed with {error}" if error else "failed"
    return attempt.status or ("failed" if attempt.failure else "succeeded")


def _attempt_shape(attempt: Any) -> dict[str, Any]:
    return {
        "request_id": attempt.request_id,
        "started_at": iso(attempt.started_at),
        "duration_ms": attempt.duration_ms,
        "status": attempt.status,
        "error_type": attempt.failure.error_type if attempt.failure else None,
        "error_message": attempt.failure.message if attempt.failure else None,
        "lines": [each.message.rstrip("\n") for each in attempt.lines],
    }
