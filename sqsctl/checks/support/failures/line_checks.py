"""Name the check for one log line, without a stack."""

from __future__ import annotations

import re

from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import owner
from sqsctl.logtext.limits import cut
from sqsctl.logtext.reader import read
from sqsctl.model.logline import LogEvent

# What no known failure is without; most lines of a log lack it.
_WORTH_READING = re.compile(
    r"rror|xception|denied|Denied|not authorized|timed out|timeout|exited|Traceback|signal: "
    r"|Unable to import|missing on module|Task timed|OutOfMemory|does not exist|[Tt]hrottl|Rate"
    r"|E[A-Z]{5,}|panic|FATAL|Queue visibility|no longer supported|differs from"
    r"|Unexpected |Cannot read|No module named|is undefined|is not defined|is missing"
    r"|Could not load|Missing required|specify a region|must be addressed|heap out of memory"
    r"|' not found|requires the handler"
)


def explain_line(event: LogEvent) -> str | None:
    """The id of the check that this line is a known failure of, else None. Cheap for others."""
    text = cut(event.message)
    if not _WORTH_READING.search(text):
        return None
    for failure in read((LogEvent(event.message, timestamp=event.timestamp),)).failures:
        found = owner(Case(failure, runtime=failure.runtime))
        if found:
            return found
    return None
