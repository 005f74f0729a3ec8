"""A consumer that was switched off by reserving nothing for it.

Every invocation is throttled; each receive counts, so the messages are dead-lettered
without the function having run once.
"""

from __future__ import annotations

from sqsctl.lab.incidents.base import Incident
from sqsctl.lab.incidents.changes import Reserved


class ReservedConcurrency(Incident):
    name = "reserved-concurrency"
    step = "step 3, item 5"
    breaks = "the consumer has a reserved concurrency of 0"
    changes = (Reserved("consumer", 0),)
