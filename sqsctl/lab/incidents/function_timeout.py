"""A consumer that works for 15 seconds and may run for fewer.

Step 3 adds ``await delay(15000)`` against a timeout of 6 s: every invocation times out,
every message comes back after the visibility timeout and is dead-lettered in the end.
"""

from __future__ import annotations

from sqsctl.lab.incidents.base import Incident
from sqsctl.lab.incidents.changes import AtMost, Code


class FunctionTimeout(Incident):
    name = "function-timeout"
    step = "step 3, items 1 to 4"
    breaks = "the consumer works for 15 s, more than its timeout"
    changes = (Code("consumer", "function_timeout"), AtMost("consumer", "Timeout", 6))
