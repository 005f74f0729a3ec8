"""What time it is where messages are kept: the Date header of answers.

Machines' clocks are set, moved and wrong; only the server's own tells how long ago something
was at the server.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime


class ServerClock:
    """The latest Date that was seen. Safe to share between threads."""

    def __init__(self) -> None:
        self._text = ""
        self.latest: float | None = None

    def note(self, date: object) -> None:
        """A Date header; what is none says nothing."""
        if not isinstance(date, str) or date == self._text:
            return
        moment = epoch_of(date)
        if moment is not None:
            self._text = date
            self.latest = moment if self.latest is None else max(self.latest, moment)


def epoch_of(date: object) -> float | None:
    """A Date header as seconds since 1970; None for what is none."""
    try:
        return parsedate_to_datetime(str(date)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
