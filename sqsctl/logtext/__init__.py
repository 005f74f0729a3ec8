"""Log text to attempts and failures: pure, total, linear in its input.

``events_from_text`` takes what a person pasted, ``read`` what either gave, ``unwrapped``
joins what a copy broke over lines, ``explain_line`` names the check for a single line.
Nothing here raises, whatever the text holds.
"""

from __future__ import annotations

from sqsctl.logtext.paste import events_from_text
from sqsctl.logtext.reader import Reading, merge, read
from sqsctl.logtext.wrapped import unwrapped
from sqsctl.model.logline import LogEvent

__all__ = ["Reading", "events_from_text", "explain_line", "merge", "read", "unwrapped"]


def explain_line(event: LogEvent) -> str | None:
    """The check id of a log line that is a known failure, else None. Cheap for other lines."""
    # The checks read with this package: they can only be looked up when all is loaded.
    from sqsctl.checks.support.line_checks import explain

    return explain(event)
