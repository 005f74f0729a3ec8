"""A consumer that needs more memory than it has: it is killed in the middle of its work."""

from __future__ import annotations

from sqsctl.lab.incidents.base import Incident
from sqsctl.lab.incidents.changes import Code, Setting


class OutOfMemory(Incident):
    name = "out-of-memory"
    step = "step 3, item 4"
    breaks = "the consumer needs 400 MB and has 128"
    changes = (
        Setting("consumer", "MemorySize", 128),
        # Time enough to fill it on a busy machine: memory has to be the cause, not the timeout.
        Setting("consumer", "Timeout", 5),
        Code("consumer", "out_of_memory"),
    )
