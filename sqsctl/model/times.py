"""Moments as AWS counts them: milliseconds since 1970, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def from_epoch_ms(value: object) -> datetime | None:
    """A number of milliseconds, or its text, as a moment; None where it is none.

    What another server than AWS's sends may be no number, or lie beyond what a date can say.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return datetime.fromtimestamp(float(value) / 1000, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None
