"""Times as they are typed: --since, --until, and what they mean."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from sqsctl.errors import UsageError

_RELATIVE = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>s|m|h|d)")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def _since(default: str) -> Any:
    return typer.Option(
        "--since",
        help="From when: 10m, 2h, 1d ago, or 2026-11-23T04:00:00Z.",
        metavar="TIME",
        show_default=default,
    )


SinceOption = Annotated[str | None, _since("10m")]
SinceADayAgoOption = Annotated[str | None, _since("1d")]
UntilOption = Annotated[
    str | None, typer.Option("--until", help="Until when.", metavar="TIME", show_default="now")
]


def moment(text: str, now: datetime) -> datetime:
    """``10m`` ago, or an ISO 8601 time; one without a zone is UTC."""
    match = _RELATIVE.fullmatch(text.strip())
    if match:
        try:
            return now - timedelta(seconds=float(match["number"]) * _UNITS[match["unit"]])
        except OverflowError as error:
            raise UsageError(f"{text!r} is too long ago") from error
    try:
        parsed = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError(
            f"{text!r} is not a time", hint="for example 10m, 2h, or 2026-11-23T04:00:00Z"
        ) from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def duration_s(text: str) -> float:
    """A length of time as it is typed: ``30s``, ``10m``, ``2h``, ``1d``."""
    match = _RELATIVE.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text!r} is not a length of time", hint="for example 30s, 10m or 2h")
    return float(match["number"]) * _UNITS[match["unit"]]


def beginning(text: str, now: datetime) -> datetime:
    """The same for a --since: raises UsageError, too, for a time that is still to come."""
    begin = moment(text, now)
    if begin > now:
        raise UsageError(f"--since {text} is in the future")
    return begin


def ending(text: str, begin: datetime | None, now: datetime) -> datetime:
    """The same for an --until: raises UsageError, too, where no time is left before it."""
    end = moment(text, now)
    if begin is not None and end <= begin:
        raise UsageError("no time is left: --until is not after --since")
    return end
