"""Times as log lines write them."""

from __future__ import annotations

from datetime import UTC, datetime


def parse_stamp(text: str) -> datetime | None:
    """An ISO-like time (``2024-01-29T16:41:15.998Z``, ``… 16:41:15,998 (+09:00)``) in UTC.

    Without an offset it is taken as UTC, as CloudWatch writes it. None where it is no time.
    """
    cleaned = text.strip().replace(",", ".").replace(" (", "").replace("(", "").replace(")", "")
    try:
        moment = datetime.fromisoformat(cleaned)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
